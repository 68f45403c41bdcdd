/** Reading a binary header from front to back, a stretch of the file at a time, never beyond its end. */
import type { FileHandle } from 'node:fs/promises';
import type { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import { fill } from '../tensorFiles';

/** Bytes read at a time. */
const STRETCH = 1 << 20;

export class Cursor {
  private buffer = new Uint8Array(0);
  private view = new DataView(this.buffer.buffer);
  /** Place in the file of the buffer's first byte, and of the next byte to read. */
  private start = 0;
  private at = 0;

  /**
   * @param limit where reading must end: the file's end, or what a header may take.
   * @param wrong makes the failure that names the file, of what is the matter with it.
   */
  constructor(
    private readonly handle: FileHandle,
    readonly limit: number,
    private readonly pace: Pace,
    readonly wrong: (what: string) => RunFailure,
  ) {}

  get position(): number {
    return this.at;
  }

  /** Goes on elsewhere. */
  seek(position: number): void {
    this.at = position;
  }

  /** Refuses `count` bytes that are not there, before anything is made of that size. */
  expect(count: number | bigint, what: string): void {
    if (BigInt(this.at) + BigInt(count) > BigInt(this.limit)) {
      throw this.wrong(
        `${what} at byte ${this.at} takes ${count} bytes, and ${this.limit - this.at} are left: ` +
          'it is cut off, or no such header',
      );
    }
  }

  async u8(): Promise<number> {
    const at = await this.take(1);
    return this.view.getUint8(at);
  }

  async i8(): Promise<number> {
    const at = await this.take(1);
    return this.view.getInt8(at);
  }

  async u16(): Promise<number> {
    const at = await this.take(2);
    return this.view.getUint16(at, true);
  }

  async i16(): Promise<number> {
    const at = await this.take(2);
    return this.view.getInt16(at, true);
  }

  async u32(): Promise<number> {
    const at = await this.take(4);
    return this.view.getUint32(at, true);
  }

  async i32(): Promise<number> {
    const at = await this.take(4);
    return this.view.getInt32(at, true);
  }

  async f32(): Promise<number> {
    const at = await this.take(4);
    return this.view.getFloat32(at, true);
  }

  async f64(): Promise<number> {
    const at = await this.take(8);
    return this.view.getFloat64(at, true);
  }

  async u64(): Promise<bigint> {
    const at = await this.take(8);
    return this.view.getBigUint64(at, true);
  }

  async i64(): Promise<bigint> {
    const at = await this.take(8);
    return this.view.getBigInt64(at, true);
  }

  /** A length of 8 bytes and as many bytes of UTF-8. */
  async text(longest: number, what: string): Promise<string> {
    const length = await this.textLength(longest, what);
    const from = await this.take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.buffer.subarray(from, from + length),
      );
    } catch {
      throw this.wrong(`${what} at byte ${this.at - length} is not UTF-8`);
    }
  }

  /** Passes over what `text` would read. */
  async skipText(longest: number, what: string): Promise<void> {
    const length = await this.textLength(longest, what);
    this.at += length;
  }

  private async textLength(longest: number, what: string): Promise<number> {
    const length = await this.u64();
    if (length > BigInt(longest)) {
      throw this.wrong(
        `${what} at byte ${this.at} claims ${length} bytes, more than the ${longest} that are read`,
      );
    }
    this.expect(length, what);
    return Number(length);
  }

  /** Makes `count` bytes present; returns where they are in the buffer. */
  private async take(count: number): Promise<number> {
    if (this.at < this.start || this.at + count > this.start + this.buffer.length) {
      this.expect(count, 'a value');
      await this.pace.step();
      const wanted = Math.min(Math.max(count, STRETCH), this.limit - this.at);
      const buffer = new Uint8Array(wanted);
      const got = await fill(this.handle, buffer, wanted, this.at);
      if (got < wanted) throw this.wrong('it has become shorter while it was read');
      this.buffer = buffer;
      this.view = new DataView(buffer.buffer);
      this.start = this.at;
    }
    const from = this.at - this.start;
    this.at += count;
    return from;
  }
}

/**
 * What the engine and the Python helper say to each other: frames of a length (8 bytes, little-endian) and so many bytes
 * that are a safetensors file. The message is JSON under "message" in its metadata, its tensors are the file's; nothing
 * that comes in can be anything but numbers and text.
 */
import { RunFailure } from '../failure';
import { Pace } from '../pace';
import type { Shape } from '../tensor';
import { headerLength, parseHeader } from '../weights/header';

export interface FrameTensor {
  readonly dtype: 'F32' | 'I32' | 'U8';
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

export interface Frame {
  readonly message: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, FrameTensor>;
}

/** Bytes of a frame: the map of one head over 16,384 tokens. */
const LONGEST_FRAME = 2 ** 30;
const WORD = 8;

export function encodeFrame({ message, tensors }: Frame): Uint8Array[] {
  const entries: Record<string, unknown> = { __metadata__: { message: JSON.stringify(message) } };
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    entries[name] = { dtype, shape, data_offsets: [end, (end += bytes.length)] };
  }
  const text = Buffer.from(JSON.stringify(entries));
  const header = Buffer.alloc(Math.ceil(text.length / WORD) * WORD, ' ');
  text.copy(header);
  const lengths = Buffer.alloc(2 * WORD);
  lengths.writeBigUInt64LE(BigInt(WORD + header.length + end), 0);
  lengths.writeBigUInt64LE(BigInt(header.length), WORD);
  return [lengths, header, ...Array.from(tensors.values(), ({ bytes }) => bytes)];
}

/** Cuts a stream into frames. */
export class FrameReader {
  private readonly chunks: Buffer[] = [];
  private held = 0;
  private wanted: number | undefined;

  /** The payloads that are whole with this chunk; throws where a length can't be one. */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.held += chunk.length;
    const whole: Buffer[] = [];
    for (;;) {
      if (this.wanted === undefined) {
        if (this.held < WORD) return whole;
        const length = this.take(WORD).readBigUInt64LE();
        if (length < WORD || length > LONGEST_FRAME) throw wrong(`it claims ${length} bytes`);
        this.wanted = Number(length);
      }
      if (this.held < this.wanted) return whole;
      whole.push(this.take(this.wanted));
      this.wanted = undefined;
    }
  }

  private take(length: number): Buffer {
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks.length = 0;
    this.held -= length;
    if (this.held > 0) this.chunks.push(all.subarray(length));
    return all.subarray(0, length);
  }
}

/** The message and tensors of a payload; rejects what is no safetensors file with a message in it. */
export async function decodeFrame(payload: Buffer): Promise<Frame> {
  try {
    const file = 'frame';
    const length = headerLength(file, payload.subarray(0, WORD), payload.length);
    const data = payload.subarray(WORD + length);
    const header = payload.subarray(WORD, WORD + length);
    const entries = await parseHeader(file, header, data.length, new Pace());
    const tensors = new Map<string, FrameTensor>();
    for (const [name, { dtype, shape, begin, end }] of entries) {
      if (dtype !== 'F32' && dtype !== 'I32' && dtype !== 'U8')
        throw new Error(`tensor "${name}" is ${dtype}`);
      tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
    }
    return { message: messageIn(header), tensors };
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

function messageIn(header: Buffer): Frame['message'] {
  const { __metadata__: metadata } = JSON.parse(header.toString()) as { __metadata__?: { message?: string } };
  const message: unknown = JSON.parse(metadata?.message ?? 'null');
  if (typeof message !== 'object' || message === null) throw new Error('there is no message in it');
  return message as Frame['message'];
}

function wrong(what: string): RunFailure {
  return new RunFailure('pytorch', `Python's answer is no frame: ${what}`);
}

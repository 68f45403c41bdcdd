/** Writes model folders for tests, right ones and wrong ones. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

export const fixtures = path.join(import.meta.dirname, '../../fixtures/attention');

const folders: string[] = [];

/** A folder that `removeFolders` takes away again. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'headlight-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A header of safetensors, as JSON has it. */
export type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** A file of this header text and data. */
export function file(header: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** Float32 tensors, one after the other. */
export function floats(tensors: Record<string, { shape: number[]; values: ArrayLike<number> }>): Buffer {
  const header: Header = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const bytes = Buffer.from(Float32Array.from(values).buffer);
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  return file(JSON.stringify(header), Buffer.concat(parts));
}

/** The header and data of a file. */
export function split(bytes: Buffer): { header: Header; data: Buffer } {
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, end)) as Header;
  delete header['__metadata__'];
  return { header, data: bytes.subarray(end) };
}

/** A copy of a fixture whose weights went through `change`. */
export function changed(
  fixture: string,
  change: (header: Header, data: Buffer) => { header: Header; data: Buffer },
): string {
  const folder = temporaryFolder();
  for (const name of ['config.json', 'reference.safetensors']) {
    copyFileSync(path.join(fixtures, fixture, name), path.join(folder, name));
  }
  const { header, data } = split(readFileSync(path.join(fixtures, fixture, 'model.safetensors')));
  const result = change(header, Buffer.from(data));
  writeFileSync(path.join(folder, 'model.safetensors'), file(JSON.stringify(result.header), result.data));
  return folder;
}

/** The same tensors under other names; undefined keeps a tensor out of the header and cuts its bytes away. */
export function renamed(fixture: string, rename: (name: string) => string | undefined): string {
  return changed(fixture, (header, data) => {
    const kept: Header = {};
    const parts: Buffer[] = [];
    let at = 0;
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ] of Object.entries(header)) {
      const newer = rename(name);
      if (newer === undefined) continue;
      kept[newer] = { dtype, shape, data_offsets: [at, at + end - begin] };
      parts.push(data.subarray(begin, end));
      at += end - begin;
    }
    return { header: kept, data: Buffer.concat(parts) };
  });
}

export function configText(fixture: string): string {
  return readFileSync(path.join(fixtures, fixture, 'config.json'), 'utf8');
}

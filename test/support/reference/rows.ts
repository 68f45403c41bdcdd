/** Rows of reference values: what real classes say of configs. See test/fixtures/reference/README.md. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** A line of a reference file; each file has some of these. */
export interface Row {
  /** A config.json's values; where there are none, the class's defaults are meant. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly model_type?: string;
  readonly architecture?: string;
  /** Unique trainable parameters. */
  readonly total?: number;
  /** Name → shape; `{0-11}` stands for the indices of equal layers. */
  readonly params?: Shapes;
  /** Name → the name it shares with. */
  readonly tied?: Readonly<Record<string, string>>;
  /** Shapes of the inputs of the counted forward pass (`shapes` in the table of defaults). */
  readonly inputs?: Shapes;
  readonly shapes?: Shapes;
  readonly flops?: number;
  /** Why the real class could not be built. */
  readonly error?: string;
}

/** The committed files. */
export type Fixture = 'parameters-defaults' | 'flops-defaults' | 'variations';

export function fixture(name: Fixture): string {
  return path.join(import.meta.dirname, '../../fixtures/reference', `${name}.jsonl.gz`);
}

export interface Rows {
  readonly rows: readonly Row[];
  /** Lines that are no JSON object. */
  readonly unreadable: number;
}

/** Reads a file of rows, compressed or not; a line that can't be read is left out and counted. */
export function readRows(file: string): Rows {
  const bytes = readFileSync(file);
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const lines = (compressed ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
  const rows: Row[] = [];
  let unreadable = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const row = parsed(line);
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) rows.push(row);
    else unreadable++;
  }
  return { rows, unreadable };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The config.json that a row is about. */
export function configOf(row: Row): Readonly<Record<string, unknown>> {
  return row.config ?? { model_type: row.model_type, architectures: [row.architecture] };
}

/** Model type and class of a row, as far as it names them. */
export function identityOf(row: Row): { readonly type: string; readonly architecture: string } {
  const { model_type, architectures } = configOf(row);
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  return { type: named(model_type), architecture: named(first) };
}

function named(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}

/** More names than any model has: a row that asks for them is wrong. */
const MOST_NAMES = 50_000;

/** `layer.{0-1}.weight` → `layer.0.weight`, `layer.1.weight`; several braces are every combination. */
export function expand(name: string): string[] {
  let names = [''];
  for (const [index, part] of name.split(/\{([^}]*)\}/).entries()) {
    const choices = index % 2 === 0 ? [part] : indices(part);
    if (names.length * choices.length > MOST_NAMES) throw new RangeError(`${name} names too many tensors`);
    names = names.flatMap((start) => choices.map((choice) => start + choice));
  }
  return names;
}

/** `0-2,5` → 0, 1, 2, 5. */
function indices(text: string): string[] {
  return text.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    if (!(to - from < MOST_NAMES)) throw new RangeError(`{${text}} names too many tensors`);
    return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
  });
}

/** Names and shapes of a row, each tensor by itself. */
export function expanded(params: Shapes): Map<string, readonly number[]> {
  const all = new Map<string, readonly number[]>();
  for (const [name, shape] of Object.entries(params)) {
    for (const each of expand(name)) all.set(each, shape);
  }
  return all;
}

/** Stands for the ties that a row with very many leaves out: its value is their number. */
export const AND_MORE = '…';

/** Ties of a row, each by itself: `{0-1}` on both sides means the same index. */
export function expandedTies(tied: Readonly<Record<string, string>>): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, owner] of Object.entries(tied)) {
    if (name === AND_MORE) continue;
    const owners = expand(owner);
    expand(name).forEach((each, index) => all.set(each, owners.length === 1 ? owners[0]! : owners[index]!));
  }
  return all;
}

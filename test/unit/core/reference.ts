/** Reads the reference tables and compares a tree with a row of them. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Model } from '../../../src/core/model/module';
import { namedParameters } from '../../../src/core/model/walk';

export interface ParameterRow {
  readonly model_type: string;
  readonly architecture: string;
  readonly total: number;
  readonly params: Readonly<Record<string, readonly number[]>>;
  readonly tied: Readonly<Record<string, string>>;
  readonly error?: string;
}

export interface FlopRow {
  readonly model_type: string;
  readonly architecture: string;
  readonly main: string;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly flops: number;
}

/** A drawn config with what its class says. */
export interface VariationRow {
  readonly config: { readonly architectures: readonly string[] };
  readonly params: ParameterRow['params'];
  readonly tied: ParameterRow['tied'];
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  readonly flops?: number;
}

export function rows<T>(name: 'parameters-defaults' | 'flops-defaults' | 'variations'): T[] {
  const file = path.join(import.meta.dirname, '../../fixtures/reference', `${name}.jsonl.gz`);
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** `layer.{0-1}.weight` → `layer.0.weight`, `layer.1.weight`. */
export function expand(name: string): string[] {
  const match = /\{([^}]*)\}/.exec(name);
  if (match === null) return [name];
  const [braces, inside = ''] = match;
  return inside.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i).flatMap((index) =>
      expand(name.replace(braces, String(index))),
    );
  });
}

/** Trainable tensors and ties of a model, as a row has them. */
export function tensors(model: Model): {
  params: Record<string, readonly number[]>;
  tied: Record<string, string>;
} {
  const params: Record<string, readonly number[]> = {};
  const tied: Record<string, string> = {};
  for (const { parameter, names } of namedParameters(model.root)) {
    if (parameter.buffer) continue;
    params[names[0]] = parameter.shape;
    for (const other of names.slice(1)) tied[other] = names[0];
  }
  return { params, tied };
}

export function expandedParams(row: Pick<ParameterRow, 'params'>): Record<string, readonly number[]> {
  const params: Record<string, readonly number[]> = {};
  for (const [name, shape] of Object.entries(row.params)) {
    for (const each of expand(name)) params[each] = shape;
  }
  return params;
}

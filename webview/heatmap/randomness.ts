/** Which layers' maps come from random weights, where files lack some of the tensors. */
import type { RunHead } from '../../src/protocol/run';

/** Modules that only change what comes after the layers beside them. */
const ends =
  /^(?:ln_f|norm|layernorm|final_layer_norm|pooler|lm_head|score|classifier|qa_outputs|cls|predictions|seq_relationship|sop_classifier)$/;

/** `model.layers.3.self_attn.q_proj` is in the fourth of `model.layers`. */
const numbered = /^(.+?)\.(\d+)(?=\.|$)/;

/** The first layer, in the order of execution, that random weights have a part in; all after it depend on it. */
export function firstRandomLayer({ weights, missing, layers }: RunHead): number {
  if (weights.type === 'seeded') return 0;
  return Math.min(layers.length, ...missing.map((name) => firstAfter(name, layers)));
}

function firstAfter(name: string, layers: RunHead['layers']): number {
  const block = blockOf(name);
  if (block !== undefined) {
    const own = layers.map(({ path }) => blockOf(path));
    const first = own.findIndex((other) => other?.stack === block.stack && other.number >= block.number);
    if (first >= 0) return first;
    // The block stands after the last one with attention.
    return own.findLastIndex((other) => other?.stack === block.stack) + 1;
  }
  const parts = name.split('.');
  const end = parts.findIndex((part) => ends.test(part));
  if (end < 0) return 0;
  const beside = parts
    .slice(0, end)
    .map((part) => `${part}.`)
    .join('');
  const last = layers.findLastIndex(({ path }) => path.startsWith(beside));
  return last < 0 ? layers.length : last + 1;
}

function blockOf(path: string): { readonly stack: string; readonly number: number } | undefined {
  const [, stack, number] = numbered.exec(path) ?? [];
  return stack === undefined ? undefined : { stack, number: Number(number) };
}

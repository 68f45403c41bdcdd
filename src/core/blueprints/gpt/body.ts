/** Bodies of GPT's kin: tables, layers, a norm. */
import { block, listed } from '../../model/build';
import type { Block, Module, Norm, Rotary } from '../../model/module';
import type { Decoder } from '../blocks/decoder';
import { embedding } from '../blocks/layers';

/** GPT-2's, under its names, with a table of positions: ids [b, s] → [b, s, width]. */
export function positionedDecoder(parts: {
  readonly vocabulary: number;
  readonly positions: number;
  readonly width: number;
  readonly layers: readonly Block[];
  readonly norm: Norm;
}): Decoder {
  const wte = embedding('tokens', parts.vocabulary, parts.width);
  const wpe = embedding('positions', parts.positions, parts.width);
  const { layers, norm: ln_f } = parts;
  const stack = block('stack', { wte, wpe, ...listed('h', layers), ln_f }, (trace, ids) => {
    const positions = trace.run(wpe, trace.run({ op: 'positions' }, ids));
    return trace.chain(trace.add(trace.run(wte, ids), positions), ...layers, ln_f);
  });
  return { block: stack, embedding: wte, width: parts.width };
}

/** Ids [b, s] → [b, s, width] without a position table: positions come in with attention. */
export function rotatedDecoder(
  parts: {
    readonly vocabulary: number;
    readonly width: number;
    readonly layers: readonly Block[];
    /** Between the table and the layers (BLOOM). */
    readonly embeddingNorm?: Norm;
    readonly norm: Norm;
    /** Angles that the body computes once; absent where they are kept from the start, or positions are biases. */
    readonly rotary?: Rotary;
  },
  names: {
    readonly tokens: string;
    readonly embeddingNorm?: string;
    readonly layers: string;
    readonly norm: string;
  },
): Decoder {
  const tokens = embedding('tokens', parts.vocabulary, parts.width);
  const { layers, norm, embeddingNorm, rotary } = parts;
  const children: Record<string, Module> = { [names.tokens]: tokens };
  if (embeddingNorm !== undefined) children[names.embeddingNorm ?? 'norm'] = embeddingNorm;
  Object.assign(children, listed(names.layers, layers), { [names.norm]: norm });
  if (rotary !== undefined) children['rotary_emb'] = rotary;
  const first = embeddingNorm === undefined ? [] : [embeddingNorm];
  const stack = block('stack', children, (trace, ids) => {
    const x = trace.chain(ids, tokens, ...first);
    if (rotary !== undefined) trace.run(rotary, x);
    return trace.chain(x, ...layers, norm);
  });
  return { block: stack, embedding: tokens, width: parts.width };
}

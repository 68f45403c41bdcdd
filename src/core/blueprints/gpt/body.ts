/** GPT-2's body: tables of tokens and positions, layers, a norm, under its names. */
import { block, listed } from '../../model/build';
import type { Block, Norm } from '../../model/module';
import type { Decoder } from '../blocks/decoder';
import { embedding } from '../blocks/layers';

/** Ids [b, s] → [b, s, width]. */
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

/** Ids [b, s] → [b, s, width] without a position table: positions come in with attention, or in `before`. */
export function tokenDecoder(
  parts: {
    readonly vocabulary: number;
    readonly width: number;
    readonly layers: readonly Block[];
    /** Between the table and the layers (BLOOM). */
    readonly embeddingNorm?: Norm;
    readonly norm: Norm;
  },
  names: {
    readonly tokens: string;
    readonly embeddingNorm?: string;
    readonly layers: string;
    readonly norm: string;
  },
): Decoder {
  const tokens = embedding('tokens', parts.vocabulary, parts.width);
  const { layers, norm, embeddingNorm } = parts;
  const first = embeddingNorm === undefined ? [] : [embeddingNorm];
  const children = {
    [names.tokens]: tokens,
    ...(embeddingNorm === undefined ? {} : { [names.embeddingNorm ?? '']: embeddingNorm }),
    ...listed(names.layers, layers),
    [names.norm]: norm,
  };
  const stack = block('stack', children, (trace, ids) => trace.chain(ids, tokens, ...first, ...layers, norm));
  return { block: stack, embedding: tokens, width: parts.width };
}

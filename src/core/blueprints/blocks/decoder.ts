/** The causal decoder of Llama and its kin. */
import { block, listed, type Chain } from '../../model/build';
import type {
  Attention,
  Block,
  Experts,
  MaskPattern,
  Mlp,
  Norm,
  PositionScheme,
  Rotary,
} from '../../model/module';
import { anyActivation, tie } from '../../config/common';
import { depth, optionalSize, real, size, type Values } from '../../config/keys';
import { groupedQueryAttention, type AttentionShape, type ExtraNames, type Extras } from './attention';
import type { Decoder } from './decoderHeads';
import { preNorm, type LayerStyle } from './decoderLayer';
import { embedding, rmsNorm } from './layers';
import { rotary, rotaryKeys } from './rotary';

// A family needs the parts of a decoder together.
export { decoderArchitectures, GENERATION_ONLY, headed, vocabularyHead, type Decoder } from './decoderHeads';
export { parallelLayer, preNorm, preNormLayer, residualLayer, type LayerStyle } from './decoderLayer';
export { fusedGateMlp, gatedMlp, plainMlp } from './feedForward';

interface DecoderParts {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: readonly Block[];
  readonly norm: Norm;
  /** Default: `norm`. */
  readonly normName?: string;
  /** One for all layers, or several by name. */
  readonly rotary: Rotary | Readonly<Record<string, Rotary>>;
  /** Factor on what the table gives. */
  readonly scaleEmbedding?: number;
  /** What the tokens go through before the first layer. */
  readonly start?: Chain;
}

/** Embedding → layers → norm; ids [b, s] → [b, s, width]. */
export function decoder(parts: DecoderParts): Decoder {
  const table = embedding('tokens', parts.vocabulary, parts.width);
  const rotaries = ('kind' in parts.rotary ? { rotary_emb: parts.rotary } : parts.rotary) as Readonly<
    Record<string, Rotary>
  >;
  const children = {
    embed_tokens: table,
    ...listed('layers', parts.layers),
    [parts.normName ?? 'norm']: parts.norm,
    ...rotaries,
  };
  const model = block('stack', children, (trace, ids) => {
    const by = parts.scaleEmbedding;
    const scaled: Chain = by === undefined || by === 1 ? [] : [{ op: 'scale', by }];
    const x = trace.chain(ids, table, ...scaled, ...(parts.start ?? []));
    for (const each of Object.values(rotaries)) trace.run(each, x);
    return trace.chain(x, ...parts.layers, parts.norm);
  });
  return { block: model, embedding: table, width: parts.width };
}

/** A class's defaults of the keys that all decoders have. */
interface DecoderDefaults {
  readonly vocabulary: number;
  readonly width: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly positions: number;
  /** Default: 0.02. */
  readonly initializerRange?: number;
  /** Default: false. */
  readonly tied?: boolean;
}

/** Keys that Llama and its kin have in common, but for the name of the activation. */
export function decoderSizes(defaults: DecoderDefaults) {
  return {
    vocab_size: size(defaults.vocabulary),
    hidden_size: size(defaults.width, { role: 'width' }),
    intermediate_size: size(defaults.intermediate),
    num_hidden_layers: depth(defaults.layers),
    num_attention_heads: size(defaults.heads),
    max_position_embeddings: size(defaults.positions),
    initializer_range: real(defaults.initializerRange ?? 0.02),
    tie_word_embeddings: tie(defaults.tied ?? false),
  } as const;
}

/** Keys that Llama and its kin have in common. */
export function decoderKeys(defaults: DecoderDefaults, activation = 'silu') {
  return { ...decoderSizes(defaults), hidden_act: anyActivation(activation), ...rotaryKeys } as const;
}

/** `num_key_value_heads` of classes that take as many as heads where it is missing or null. */
export const keyValueHeads = { num_key_value_heads: optionalSize({ role: 'keyValueHeads' }) } as const;

const CAUSAL: MaskPattern = { type: 'causal' };

/** What Llama and its kin read for their body. */
interface RotaryDecoderKeys extends Values<typeof rotaryKeys> {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | null | undefined;
  readonly head_dim?: number | null | undefined;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps?: number;
}

/** Dimensions of a head: `head_dim`, or the width over the heads. */
export function headDimension(
  c: Pick<RotaryDecoderKeys, 'hidden_size' | 'num_attention_heads' | 'head_dim'>,
): number {
  return c.head_dim ?? Math.floor(c.hidden_size / c.num_attention_heads);
}

/** Where a family departs from Llama's decoder. */
interface RotaryDecoderOptions {
  /** `num_key_value_heads` where it is left out, and as many as heads where that is null or not read. */
  readonly keyValueHeads?: number;
  /** One for all layers, or a layer's own; causal where it is left out. */
  readonly mask?: MaskPattern | ((layer: number) => MaskPattern);
  /** 10,000 where it is left out. */
  readonly defaultTheta?: number;
  /** Angles by name and the ones of a layer, where layers differ in them. */
  readonly rotaries?: {
    readonly all: Readonly<Record<string, Rotary>>;
    readonly of: (layer: number) => Rotary | undefined;
  };
  /** True where the family's own angles read `partial_rotary_factor` too, and its default there. */
  readonly partialRotary?: number;
  /** False in layers without positions. */
  readonly rotates?: (layer: number) => boolean;
  readonly pairs?: Rotary['pairs'];
  /** Vectors turn the other way. */
  readonly reversed?: true;
  /** Of query, key and value, and of the output where it is not told apart. */
  readonly attentionBias?: boolean;
  readonly outputBias?: boolean;
  readonly scale?: number;
  /** Makes a layer's attention, where it is not grouped-query attention with a matrix each. */
  readonly attention?: (
    shape: AttentionShape & { readonly keyValueHeads: number },
    layer: number,
  ) => Attention;
  /** What attention does besides; made for each layer, for it holds tensors. */
  readonly extras?: (headDim: number, layer: number) => Extras;
  readonly extraNames?: ExtraNames;
  readonly feedForward: (layer: number) => Mlp | Experts;
  /** The norm around a layer's parts and at the end; RMSNorm with `rms_norm_eps` where it is left out. */
  readonly norm?: () => Norm;
  /** A layer of its parts; pre-norm where it is left out. */
  readonly layer?: LayerStyle;
  /** Name of the last norm; `norm` where it is left out. */
  readonly normName?: string;
  /** Made of the looked-up tokens before the first layer. */
  readonly scaleEmbedding?: number;
  /** The last norm stands before the first layer too (nanochat). */
  readonly normsEmbedding?: true;
}

/** Llama's decoder: grouped-query attention with rotary positions, RMSNorm, and a feed-forward of the family's own. */
export function rotaryDecoder(c: RotaryDecoderKeys, own: RotaryDecoderOptions): Decoder {
  const width = c.hidden_size;
  const headDim = headDimension(c);
  const angles =
    own.rotaries === undefined
      ? rotary(c, {
          dim: headDim,
          defaultTheta: own.defaultTheta ?? 10000,
          positions: c.max_position_embeddings,
          ...(own.pairs === undefined ? {} : { pairs: own.pairs }),
          ...(own.reversed === undefined ? {} : { reversed: own.reversed }),
          ...(own.partialRotary === undefined ? {} : { partial: own.partialRotary }),
        })
      : undefined;
  const norm = own.norm ?? (() => rmsNorm(width, c.rms_norm_eps!));
  const attention = (layer: number) => {
    const rotates = own.rotates?.(layer) ?? true;
    const turned = rotates ? (angles ?? own.rotaries?.of(layer)) : undefined;
    const position: PositionScheme =
      turned === undefined ? { type: 'none' } : { type: 'rotary', rotary: turned };
    const shape = {
      heads: c.num_attention_heads,
      keyValueHeads: own.keyValueHeads ?? c.num_key_value_heads ?? c.num_attention_heads,
      headDim,
      mask: typeof own.mask === 'function' ? own.mask(layer) : (own.mask ?? CAUSAL),
      position,
      ...(own.scale === undefined ? {} : { scale: own.scale }),
      ...(own.extras === undefined ? {} : { extras: own.extras(headDim, layer) }),
    };
    return own.attention === undefined
      ? groupedQueryAttention(width, shape, own.attentionBias ?? false, own.outputBias, own.extraNames)
      : own.attention(shape, layer);
  };
  const last = norm();
  const layer = own.layer ?? preNorm();
  return decoder({
    vocabulary: c.vocab_size,
    width,
    layers: Array.from({ length: c.num_hidden_layers }, (_, index) =>
      layer({ self_attn: attention(index), feedForward: own.feedForward(index), norm }),
    ),
    norm: last,
    ...(own.normsEmbedding ? { start: [last] } : {}),
    ...(own.normName === undefined ? {} : { normName: own.normName }),
    rotary: angles ?? own.rotaries!.all,
    ...(own.scaleEmbedding === undefined ? {} : { scaleEmbedding: own.scaleEmbedding }),
  });
}

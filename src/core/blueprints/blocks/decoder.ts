/** The pre-norm causal decoder of Llama and its kin, and the heads that transformers puts on it. */
import { block, listed } from '../../model/build';
import type {
  Attention,
  Block,
  Embedding,
  Experts,
  Linear,
  MaskPattern,
  Mlp,
  Norm,
  Rotary,
} from '../../model/module';
import { labels, type Common } from '../../config/common';
import type { Values } from '../../config/keys';
import { tokenInput, type Blueprint } from '../family';
import { groupedQueryAttention, type ExtraNames, type Extras } from './attention';
import { embedding, linear, mlp, rmsNorm } from './layers';
import { sequential } from './residual';
import type { rotaryKeys } from './rotary';
import { rotary } from './rotary';

/** x + attention(norm x), then x + mlp(norm x). */
export function preNormLayer(parts: {
  readonly self_attn: Attention;
  readonly mlp: Mlp | Experts;
  readonly input_layernorm: Norm;
  readonly post_attention_layernorm: Norm;
}): Block {
  return block('layer', parts, (trace, x) =>
    sequential(
      trace,
      x,
      [parts.input_layernorm, parts.self_attn],
      [parts.post_attention_layernorm, parts.mlp],
    ),
  );
}

/** down(act(gate x) ⊙ up x) under Llama's names. */
export function gatedMlp(width: number, intermediate: number, activation: string, bias = false): Mlp {
  return mlp(
    activation,
    {
      gate: linear(width, intermediate, { bias }),
      up: linear(width, intermediate, { bias }),
      down: linear(intermediate, width, { bias }),
    },
    { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
  );
}

/** A decoder and what its heads need of it. */
export interface Decoder {
  readonly block: Block;
  readonly embedding: Embedding;
  readonly width: number;
}

/** Embedding → layers → norm; ids [b, s] → [b, s, width]. */
export function decoder(parts: {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: readonly Block[];
  readonly norm: Norm;
  readonly rotary: Rotary;
  /** Factor on what the table gives. */
  readonly scaleEmbedding?: number;
}): Decoder {
  const table = embedding('tokens', parts.vocabulary, parts.width);
  const children = {
    embed_tokens: table,
    ...listed('layers', parts.layers),
    norm: parts.norm,
    rotary_emb: parts.rotary,
  };
  const model = block('stack', children, (trace, ids) => {
    const tokens = trace.run(table, ids);
    const by = parts.scaleEmbedding;
    const x = by === undefined ? tokens : trace.run({ op: 'scale', by }, tokens);
    trace.run(parts.rotary, x);
    return trace.chain(x, ...parts.layers, parts.norm);
  });
  return { block: model, embedding: table, width: parts.width };
}

/** What Llama and its kin read for their body. */
interface RotaryDecoderKeys extends Values<typeof rotaryKeys> {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly head_dim: number | undefined;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
}

/** Where a family departs from Llama's decoder. */
interface RotaryDecoderOptions {
  readonly keyValueHeads: number;
  /** One for all layers, or a layer's own. */
  readonly mask: MaskPattern | ((layer: number) => MaskPattern);
  readonly defaultTheta: number;
  /** True where the family's own angles read `partial_rotary_factor` too, and its default there. */
  readonly partialRotary?: number;
  /** False in layers without positions. */
  readonly rotates?: (layer: number) => boolean;
  readonly pairs?: Rotary['pairs'];
  /** Of query, key and value, and of the output where it is not told apart. */
  readonly attentionBias: boolean;
  readonly outputBias?: boolean;
  readonly scale?: number;
  /** What attention does besides; made for each layer, for it holds tensors. */
  readonly extras?: (headDim: number, layer: number) => Extras;
  readonly extraNames?: ExtraNames;
  readonly feedForward: (layer: number) => Mlp | Experts;
  /** The norm around a layer's parts and at the end; RMSNorm with `rms_norm_eps` where it is left out. */
  readonly norm?: () => Norm;
  /** A layer of its parts; pre-norm where it is left out. */
  readonly layer?: (parts: { self_attn: Attention; feedForward: Mlp | Experts; norm: () => Norm }) => Block;
  /** Made of the looked-up tokens before the first layer. */
  readonly scaleEmbedding?: number;
}

/** Llama's decoder: grouped-query attention with rotary positions, RMSNorm, and a feed-forward of the family's own. */
export function rotaryDecoder(c: RotaryDecoderKeys, own: RotaryDecoderOptions): Decoder {
  const width = c.hidden_size;
  const headDim = c.head_dim ?? Math.floor(width / c.num_attention_heads);
  const angles = rotary(c, {
    dim: headDim,
    defaultTheta: own.defaultTheta,
    positions: c.max_position_embeddings,
    ...(own.pairs === undefined ? {} : { pairs: own.pairs }),
    ...(own.partialRotary === undefined ? {} : { partial: own.partialRotary }),
  });
  const norm = own.norm ?? (() => rmsNorm(width, c.rms_norm_eps));
  const attention = (layer: number) =>
    groupedQueryAttention(
      width,
      {
        heads: c.num_attention_heads,
        keyValueHeads: own.keyValueHeads,
        headDim,
        mask: typeof own.mask === 'function' ? own.mask(layer) : own.mask,
        position: (own.rotates?.(layer) ?? true) ? { type: 'rotary', rotary: angles } : { type: 'none' },
        ...(own.scale === undefined ? {} : { scale: own.scale }),
        ...(own.extras === undefined ? {} : { extras: own.extras(headDim, layer) }),
      },
      own.attentionBias,
      own.outputBias,
      own.extraNames,
    );
  const layer = own.layer ?? llamaLayer;
  return decoder({
    vocabulary: c.vocab_size,
    width,
    layers: Array.from({ length: c.num_hidden_layers }, (_, index) =>
      layer({ self_attn: attention(index), feedForward: own.feedForward(index), norm }),
    ),
    norm: norm(),
    rotary: angles,
    ...(own.scaleEmbedding === undefined ? {} : { scaleEmbedding: own.scaleEmbedding }),
  });
}

function llamaLayer(parts: { self_attn: Attention; feedForward: Mlp | Experts; norm: () => Norm }): Block {
  return preNormLayer({
    self_attn: parts.self_attn,
    mlp: parts.feedForward,
    input_layernorm: parts.norm(),
    post_attention_layernorm: parts.norm(),
  });
}

/** What the classes of a decoder family read besides the body's own keys. */
interface HeadKeys {
  readonly tie_word_embeddings: boolean;
  readonly max_position_embeddings: number;
}

/**
 * The classes that transformers makes of a decoder, `LlamaModel` to `LlamaForQuestionAnswering`.
 *
 * @param prefix the family's name in its classes: `Llama`.
 * @param questionAnswering what that class calls the body, in the families that have it.
 */
export function decoderArchitectures<C extends HeadKeys>(
  prefix: string,
  body: (config: C) => Decoder,
  questionAnswering?: 'model' | 'transformer',
): Record<string, (config: C & Common) => Blueprint> {
  const withHead = (head: (decoder: Decoder, config: C & Common) => Block) => (config: C & Common) => ({
    root: head(body(config), config),
    inputs: tokenInput(config.max_position_embeddings),
  });
  return {
    [`${prefix}Model`]: withHead((decoder) => ({ ...decoder.block, role: 'model' })),
    [`${prefix}ForCausalLM`]: withHead((decoder, config) =>
      headed('model', decoder, 'lm_head', vocabularyHead(decoder, config.tie_word_embeddings)),
    ),
    [`${prefix}ForSequenceClassification`]: withHead((decoder, config) =>
      headed('model', decoder, 'score', linear(decoder.width, labels(config), { bias: false })),
    ),
    [`${prefix}ForTokenClassification`]: withHead((decoder, config) =>
      headed('model', decoder, 'score', linear(decoder.width, labels(config))),
    ),
    ...(questionAnswering === undefined
      ? {}
      : {
          [`${prefix}ForQuestionAnswering`]: withHead((decoder) =>
            headed(questionAnswering, decoder, 'qa_outputs', linear(decoder.width, 2)),
          ),
        }),
  };
}

/** [b, s, width] → [b, s, vocabulary]. */
export function vocabularyHead(
  body: { readonly embedding: Embedding; readonly width: number },
  tied: boolean,
  bias = false,
): Linear {
  const weight = tied ? { weight: body.embedding.weight } : {};
  return linear(body.width, body.embedding.rows, { bias, ...weight });
}

/** A body and one linear head over every token. */
export function headed(
  bodyName: string,
  body: { readonly block: Block },
  headName: string,
  head: Linear,
): Block {
  return block('model', { [bodyName]: body.block, [headName]: head }, (trace, ids) =>
    trace.chain(ids, body.block, head),
  );
}

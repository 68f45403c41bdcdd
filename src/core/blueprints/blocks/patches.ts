/** Encoders of images: patches as tokens, pre-norm layers of full attention, and the heads that families share. */
import { activation, labels, type Common } from '../../config/common';
import { depth, flag, optionalSize, real, size, sizePair, type Values } from '../../config/keys';
import { block, listed, parameter, type Chain } from '../../model/build';
import type { Attention, Block, Linear, ModelInput, Module, Operation, Parameter } from '../../model/module';
import type { Blueprint } from '../family';
import { separateAttention } from './attention';
import { layerNorm, linear, mlp, patchConvolution } from './layers';
import { sequential } from './residual';

/** Keys of ViT that most encoders of patches read. */
export const patchKeys = {
  hidden_size: size(768, { role: 'width' }),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  intermediate_size: size(3072),
  hidden_act: activation('gelu'),
  layer_norm_eps: real(1e-12),
  initializer_range: real(0.02),
  image_size: sizePair(224),
  patch_size: sizePair(16),
  num_channels: size(3),
  qkv_bias: flag(true),
  /** Not declared by the config classes, and read all the same. */
  head_dim: optionalSize(),
} as const;

export type PatchKeys = Values<typeof patchKeys>;

interface Geometry {
  readonly image_size: readonly [number, number];
  readonly patch_size: readonly [number, number];
}

/** Rows and columns of patches. */
export function gridOf({ image_size: image, patch_size: patch }: Geometry): readonly [number, number] {
  return [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])];
}

/** Pixels of the config's size; of a video, with its frames. */
export function pixelInput(
  c: { readonly image_size: readonly [number, number]; readonly num_channels: number },
  frames?: number,
): ModelInput[] {
  const [height, width] = c.image_size;
  const input = { name: 'pixel_values', type: 'pixels', channels: c.num_channels, height, width } as const;
  return [frames === undefined ? input : { ...input, frames }];
}

/** A learned tensor that the embeddings hold under a name. */
export interface Learned {
  readonly name: string;
  readonly parameter: Parameter;
}

/** Learned tokens [1, count, width]. */
export function learnedTokens(name: string, count: number, width: number): Learned {
  return { name, parameter: parameter(1, count, width) };
}

interface EmbeddingParts {
  readonly channels: number;
  readonly width: number;
  /** Height and width, with frames before them for a video. */
  readonly patch: readonly number[];
  /** Name of the convolution. */
  readonly projection: string;
  readonly bias?: boolean;
  /** Tokens before the patches; the first stands first. */
  readonly before?: readonly Learned[];
  readonly after?: readonly Learned[];
  /** Tokens without positions, behind those before the patches. */
  readonly registers?: Learned;
  /** Table of positions, added to all of them. */
  readonly table?: Learned;
  /** Positions are sines and cosines, computed and not saved. */
  readonly sinusoids?: true;
  /** Where the table counts patches alone it is added before the other tokens come. */
  readonly tableOf?: 'all' | 'patches';
  /** Tensors that this forward pass leaves alone. */
  readonly unused?: readonly Learned[];
}

/** Pixels [b, c, h, w] → patches, other tokens and positions [b, s, width]. */
export function patchEmbeddings(parts: EmbeddingParts): Block {
  const { before = [], after = [], registers, unused = [], table, tableOf = 'all' } = parts;
  const projection = patchConvolution(parts.channels, parts.width, parts.patch, parts.bias ?? true);
  const add: Operation[] = table === undefined ? [] : [{ op: 'addTable', table: table.parameter }];
  const sines = {
    op: 'sinusoids',
    width: parts.width,
    first: 0,
    form: 'vaswani',
    interleaved: true,
  } as const;
  const own = [...before, ...unused, ...after, ...[table, registers].filter((each) => each !== undefined)];
  return block(
    'embeddings',
    { [parts.projection]: projection },
    (trace, pixels) => {
      const x = trace.chain(
        pixels,
        ...(parts.patch.length === 3 ? [{ op: 'swapFramesAndChannels' } as const] : []),
        projection,
        { op: 'patchesToTokens' },
        ...(tableOf === 'patches' ? add : []),
        ...[...before].reverse().map(({ parameter }) => ({ op: 'prependTokens', token: parameter }) as const),
        ...after.map(({ parameter }) => ({ op: 'appendTokens', token: parameter }) as const),
        ...(tableOf === 'all' ? add : []),
        ...(registers === undefined
          ? []
          : [{ op: 'prependTokens', token: registers.parameter, behind: before.length } as const]),
      );
      return parts.sinusoids ? trace.add(x, trace.run(sines, x)) : x;
    },
    Object.fromEntries(own.map((each) => [each.name, each.parameter])),
  );
}

interface LayerShape {
  readonly width: number;
  readonly heads: number;
  /** Default: width / heads. */
  readonly headDim?: number | undefined;
  readonly intermediate: number;
  readonly activation: string;
  readonly epsilon: number;
  /** Default: all true. */
  readonly biases?: { readonly query: boolean; readonly key: boolean; readonly value: boolean };
  readonly outputBias?: boolean;
  readonly mlpBias?: boolean;
  readonly gated?: boolean;
  readonly position?: Attention['position'];
  readonly mask?: Attention['mask'];
}

/** What a checkpoint calls the parts of a layer. */
export interface LayerNames {
  readonly attention: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly attentionNorm: string;
  readonly mlp: string;
  readonly gate?: string;
  readonly up: string;
  readonly down: string;
  readonly mlpNorm: string;
}

/** ViT and its kin. */
export const VIT_NAMES: LayerNames = {
  attention: 'attention',
  query: 'q_proj',
  key: 'k_proj',
  value: 'v_proj',
  output: 'o_proj',
  attentionNorm: 'layernorm_before',
  mlp: 'mlp',
  up: 'fc1',
  down: 'fc2',
  mlpNorm: 'layernorm_after',
};

/** The names of BERT, in the families that keep them. */
export const BERT_LIKE_NAMES: LayerNames = {
  ...VIT_NAMES,
  query: 'attention.query',
  key: 'attention.key',
  value: 'attention.value',
  output: 'output.dense',
  mlp: '(mlp)',
  up: 'intermediate.dense',
  down: 'output.dense',
};

/** CLIP, SigLIP and what came of them. */
export const CLIP_NAMES: LayerNames = {
  ...VIT_NAMES,
  attention: 'self_attn',
  output: 'out_proj',
  attentionNorm: 'layer_norm1',
  mlpNorm: 'layer_norm2',
};

/** The shape of a layer of a family that reads ViT's keys. */
export function layerShape(c: Omit<PatchKeys, 'image_size' | 'patch_size' | 'num_channels'>): LayerShape {
  const bias = c.qkv_bias;
  return {
    width: c.hidden_size,
    heads: c.num_attention_heads,
    headDim: c.head_dim,
    intermediate: c.intermediate_size,
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
    biases: { query: bias, key: bias, value: bias },
  };
}

/** x + attention(norm x), then x + mlp(norm x); each branch times its learned scale, where there is one. */
export function patchLayer(
  shape: LayerShape,
  names: LayerNames,
  scales?: readonly [Learned, Learned],
  own: Readonly<Record<string, Parameter>> = {},
): Block {
  const { width, heads, intermediate, biases } = shape;
  const headDim = shape.headDim ?? Math.floor(width / heads);
  const inner = heads * headDim;
  const bias = shape.mlpBias ?? true;
  const attention = separateAttention(
    {
      heads,
      headDim,
      mask: shape.mask ?? { type: 'full' },
      ...(shape.position === undefined ? {} : { position: shape.position }),
    },
    {
      query: linear(width, inner, { bias: biases?.query ?? true }),
      key: linear(width, inner, { bias: biases?.key ?? true }),
      value: linear(width, inner, { bias: biases?.value ?? true }),
      output: linear(inner, width, { bias: shape.outputBias ?? true }),
    },
    names,
  );
  const feedForward = mlp(
    shape.activation,
    {
      ...(shape.gated ? { gate: linear(width, intermediate, { bias }) } : {}),
      up: linear(width, intermediate, { bias }),
      down: linear(intermediate, width, { bias }),
    },
    names,
  );
  const norms = [layerNorm(width, shape.epsilon), layerNorm(width, shape.epsilon)] as const;
  const scaled = (index: 0 | 1): Chain =>
    scales === undefined ? [] : [{ op: 'scaleChannels', by: scales[index].parameter }];
  const children = {
    [names.attentionNorm]: norms[0],
    [names.attention]: attention,
    [names.mlpNorm]: norms[1],
    [names.mlp]: feedForward,
  };
  return block(
    'layer',
    children,
    (trace, x) =>
      sequential(trace, x, [norms[0], attention, ...scaled(0)], [norms[1], feedForward, ...scaled(1)]),
    { ...own, ...Object.fromEntries((scales ?? []).map((each) => [each.name, each.parameter])) },
  );
}

/** A stack of layers under `encoder.layer.0` …, where the checkpoint has them so. */
export function layerStack(name: string, layers: readonly Block[]): Block {
  return block('stack', listed(name, layers), (trace, x) => trace.chain(x, ...layers));
}

/** First token → dense → activation, beside the output of a base model. */
export function firstTokenPooler(
  width: number,
  outputs: number,
  act: string,
): { readonly children: Record<string, Module>; readonly chain: Chain } {
  const dense = linear(width, outputs);
  return {
    children: { 'pooler.dense': dense },
    chain: [{ op: 'firstToken' }, dense, { op: 'activation', activation: act }],
  };
}

/** A linear head over `labels`; without labels the classes put an identity in its place. */
export function labelHead(c: Common, width: number): readonly Linear[] {
  const count = labels(c);
  return count === 0 ? [] : [linear(width, count)];
}

/** A body, what is done with its output, and a head with as many outputs as labels. */
export function imageClassification(
  bodyName: string,
  body: Block,
  reduce: Chain,
  c: Common & { readonly image_size: readonly [number, number]; readonly num_channels: number },
  width: number,
  frames?: number,
): Blueprint {
  const head = labelHead(c, width);
  const children = { [bodyName]: body, ...(head[0] === undefined ? {} : { classifier: head[0] }) };
  return {
    root: block('model', children, (trace, pixels) => trace.chain(pixels, body, ...reduce, ...head)),
    inputs: pixelInput(c, frames),
  };
}

/** Predicts the pixels of masked patches (SimMIM): `skip` tokens left out, then one convolution to pixels. */
export function maskedImageModeling(
  bodyName: string,
  body: Block,
  c: PatchKeys & { readonly encoder_stride: number },
  skip: number,
): Blueprint {
  const [rows, columns] = gridOf(c);
  // The classes take the patches for a square.
  const side = Math.floor(Math.sqrt(rows * columns));
  const [height, width] = side * side === rows * columns ? [side, side] : [rows, columns];
  const pixels = patchConvolution(c.hidden_size, c.encoder_stride ** 2 * c.num_channels, [1, 1]);
  const root = block('model', { [bodyName]: body, 'decoder.0': pixels }, (trace, x) =>
    trace.chain(
      x,
      body,
      { op: 'dropTokens', count: skip },
      { op: 'tokensToPatches', height, width },
      pixels,
      { op: 'pixelShuffle', factor: c.encoder_stride },
    ),
  );
  return { root, inputs: pixelInput(c) };
}

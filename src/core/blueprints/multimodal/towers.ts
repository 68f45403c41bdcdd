/** The two towers of CLIP and its kin: patches and tokens through the same kind of layer, and their similarity. */
import { block, parameter, type Chain } from '../../model/build';
import type { Attention, Block, Module, Similarity, Starts } from '../../model/module';
import { NO_CHILDREN } from '../../model/module';
import { embedding, layerNorm } from '../blocks/layers';
import { CLIP_NAMES, layerStack, patchEmbeddings, patchLayer, type Learned } from '../blocks/patches';

/** Keys that both towers read. */
export interface TowerKeys {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly hidden_act: string;
  readonly layer_norm_eps: number;
}

export interface VisionKeys extends TowerKeys {
  readonly image_size: number;
  readonly patch_size: number;
  readonly num_channels: number;
}

export interface TextKeys extends TowerKeys {
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
}

export function layersOf(c: TowerKeys, mask: Attention['mask']): Block {
  const shape = {
    width: c.hidden_size,
    heads: c.num_attention_heads,
    intermediate: c.intermediate_size,
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
    mask,
  };
  const layers = Array.from({ length: c.num_hidden_layers }, () => patchLayer(shape, CLIP_NAMES));
  return layerStack('layers', layers);
}

/** Pixels → patches with positions, behind a class token where there is one. */
export function towerEmbeddings(c: VisionKeys, classToken: boolean): Block {
  const patches = Math.floor(c.image_size / c.patch_size) ** 2;
  const token: Learned[] = classToken
    ? [{ name: 'class_embedding', parameter: parameter(c.hidden_size) }]
    : [];
  return patchEmbeddings({
    channels: c.num_channels,
    width: c.hidden_size,
    patch: [c.patch_size, c.patch_size],
    projection: 'patch_embedding',
    bias: !classToken,
    before: token,
    table: {
      name: 'position_embedding.weight',
      parameter: parameter(patches + token.length, c.hidden_size),
    },
  });
}

/** Ids [b, s] → tokens and positions, layers, norm; then what pools them, where asked. */
export function textTower(
  c: TextKeys,
  mask: Attention['mask'],
  pool: {
    readonly children: Readonly<Record<string, Module>>;
    readonly chain: Chain;
    readonly returned: boolean;
  },
): Block {
  const tokens = embedding('tokens', c.vocab_size, c.hidden_size);
  const positions = embedding('positions', c.max_position_embeddings, c.hidden_size);
  const embeddings = block(
    'embeddings',
    { token_embedding: tokens, position_embedding: positions },
    (trace, ids) =>
      trace.add(trace.run(tokens, ids), trace.run(positions, trace.run({ op: 'positions' }, ids))),
  );
  const encoder = layersOf(c, mask);
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const children = { embeddings, encoder, final_layer_norm: norm, ...pool.children };
  return block('model', children, (trace, ids) => {
    const x = trace.chain(ids, embeddings, encoder, norm);
    const pooled = trace.chain(x, ...pool.chain);
    return pool.returned ? pooled : x;
  });
}

/** What tensors under `name` start as. */
export function under(name: string, starts: Starts): Starts {
  return starts.map(([ending, start]) => [new RegExp(`^${name}\\..*(?:${ending.source})`), start] as const);
}

/** Every text with every image. */
export function similarity(): Similarity {
  return { kind: 'similarity', parameters: {}, children: NO_CHILDREN };
}

/** One image of a tower's size. */
export function imageInput(c: Pick<VisionKeys, 'num_channels' | 'image_size'>) {
  const { num_channels: channels, image_size: side } = c;
  return { name: 'pixel_values', type: 'pixels', channels, height: side, width: side } as const;
}

/** Token ids, and an image. */
export function pairInputs(text: TextKeys, vision: VisionKeys) {
  return [
    { name: 'input_ids', type: 'tokens', stream: 'tokens', limit: text.max_position_embeddings } as const,
    imageInput(vision),
  ];
}

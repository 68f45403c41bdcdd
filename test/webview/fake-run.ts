/** Attention of a model that does not exist: seeded, with the shapes and rules of a real run. */
import type { HeadMap, LayerThumbnails, RunHead, RunLayer, Token } from '../../src/protocol/run';

export type FakeLayer = Pick<RunLayer, 'place' | 'heads' | 'keyValueHeads' | 'mask'>;

/** What the fake model is; everything it answers follows from this. */
export interface FakeModel {
  readonly modelType: string;
  readonly architecture: string;
  readonly layers: readonly FakeLayer[];
  readonly weights: RunHead['weights'];
  readonly tokenizer: RunHead['tokenizer'];
  readonly missing?: readonly string[];
  readonly window?: number;
}

export function decoderLayers(layers: number, heads: number, keyValueHeads = heads): FakeLayer[] {
  return Array.from({ length: layers }, () => ({ place: 'self', heads, keyValueHeads, mask: 'causal' }));
}

/** Words with the space before them made visible. */
export function tokenise(text: string): Token[] {
  const words = text.match(/\s*\S+/g) ?? [];
  return words.map((word, id) => ({ id: 100 + id, text: word.replace(/\s/g, '·') }));
}

export function runHead(
  model: FakeModel,
  run: number,
  seed: number,
  text: string,
  decoder?: string,
): RunHead {
  const tokens = tokenise(text);
  const decoderTokens = decoder === undefined ? undefined : tokenise(decoder);
  const layers = model.layers.map((layer, index): RunLayer => {
    const inDecoder = layer.place === 'decoder' || layer.place === 'cross';
    const queries = inDecoder ? (decoderTokens ?? tokens).length : tokens.length;
    const keys = layer.place === 'decoder' ? (decoderTokens ?? tokens).length : tokens.length;
    return { ...layer, index, path: `model.layers.${index}.self_attn`, queries, keys };
  });
  return {
    run,
    engine: { name: 'headlight', device: 'cpu' },
    modelType: model.modelType,
    architecture: model.architecture,
    weights: model.weights.type === 'seeded' ? { type: 'seeded', seed } : model.weights,
    tokenizer: model.tokenizer,
    missing: model.missing ?? [],
    unused: [],
    tokens,
    ...(decoderTokens === undefined ? {} : { decoderTokens }),
    layers,
    maps: 'kept',
  };
}

/** The same numbers from the same seed, in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Probabilities of one head: noise, and by its number a look at the previous token, the first one or itself. */
export function attention(layer: RunLayer, head: number, seed: number, window = 4): Float32Array {
  const { queries, keys, mask } = layer;
  const next = random(seed * 7919 + layer.index * 131 + head);
  const values = new Float32Array(queries * keys);
  for (let query = 0; query < queries; query++) {
    const scores = Array.from({ length: keys }, (_, key) => {
      const favourite = [Math.max(0, query - 1), 0, query, -1][head % 4]!;
      return next() * 2 + (key === favourite ? 4 : 0);
    });
    const sees = (key: number): boolean =>
      mask === 'full' || (key <= query && (mask === 'causal' || query - key < window));
    let sum = 0;
    for (let key = 0; key < keys; key++) if (sees(key)) sum += Math.exp(scores[key]!);
    for (let key = 0; key < keys; key++) {
      values[query * keys + key] = sees(key) ? Math.exp(scores[key]!) / sum : NaN;
    }
  }
  return values;
}

export function headMap(head: RunHead, layer: number, index: number, seed: number): HeadMap {
  const { queries, keys } = head.layers[layer]!;
  const values = attention(head.layers[layer]!, index, seed);
  return { run: head.run, layer, head: index, first: 0, queries, keys, values: values.buffer as ArrayBuffer };
}

/** Max-pooled bytes as the protocol has them: 254 for the layer's largest probability, 255 for masked. */
export function thumbnails(head: RunHead, layer: number, size: number, seed: number): LayerThumbnails {
  const { heads, queries, keys } = head.layers[layer]!;
  const rows = Math.min(size, queries);
  const columns = Math.min(size, keys);
  const all = Array.from({ length: heads }, (_, index) => attention(head.layers[layer]!, index, seed));
  let maximum = 0;
  for (const values of all) for (const value of values) if (value > maximum) maximum = value;
  const bytes = new Uint8Array(heads * rows * columns).fill(255);
  all.forEach((values, index) => {
    for (let query = 0; query < queries; query++) {
      for (let key = 0; key < keys; key++) {
        const value = values[query * keys + key]!;
        if (Number.isNaN(value)) continue;
        const row = Math.floor((query * rows) / queries);
        const at = (index * rows + row) * columns + Math.floor((key * columns) / keys);
        const byte = Math.round((value / maximum) * 254);
        if (bytes[at] === 255 || byte > bytes[at]!) bytes[at] = byte;
      }
    }
  });
  return { run: head.run, layer, heads, rows, columns, bytes: bytes.buffer, maximum };
}

/** An attention run: what a panel asks for and what it gets. */

export interface RunRequest {
  /** The config's text as in the editor, saved or not. */
  readonly configText: string;
  /** Folder with the weights and the tokenizer, on the machine of the extension host. */
  readonly folder?: string;
  readonly input: RunInput;
  /** Whether hidden states and the model's output are wanted too; otherwise the run ends with the last maps. */
  readonly output?: true;
  /** Seed of the weights where there are none beside the config. */
  readonly seed: number;
  /** Present where PyTorch is to run it in place of the worker's own engine. */
  readonly pytorch?: PyTorchEngine;
}

/** The user's Python with torch and transformers, and how a model runs there. */
export interface PyTorchEngine {
  /** Path of the interpreter, or its name on PATH. */
  readonly interpreter: string;
  readonly dtype: 'float32' | 'bfloat16' | 'float16';
  /** Bytes that weights and maps may take on this machine; what is free where it is left out. */
  readonly memory?: number;
  /** A Ray cluster for models that take more, with so many actors; 0: one for each of its nodes. */
  readonly ray?: { readonly address: string; readonly workers: number };
}

export type RunInput =
  /** Text for the model's tokenizer, or bytes; `decoder` for an encoder–decoder, `pair` for a second segment. */
  | { readonly type: 'text'; readonly text: string; readonly pair?: string; readonly decoder?: string }
  | { readonly type: 'ids'; readonly ids: readonly number[]; readonly decoder?: readonly number[] };

export interface Token {
  readonly id: number;
  /** As a reader should see it: spaces and line ends made visible. */
  readonly text: string;
  /**
   * [start, end) of the input's text, or with `pair` of the second one, in UTF-16 units; absent for what the tokenizer
   * put in.
   */
  readonly start?: number;
  readonly end?: number;
  readonly pair?: true;
}

/** Which weights were run. `seeded` must be said on every picture. */
export type WeightsOrigin =
  | {
      readonly type: 'files';
      readonly files: readonly string[];
      readonly dtype: string;
      readonly tensors: number;
    }
  /** `by` torch: its generator and the class's own initialisation, whose numbers are not the worker's. */
  | { readonly type: 'seeded'; readonly seed: number; readonly by?: 'torch' };

export type TokenizerOrigin =
  | 'tokenizer.json'
  | 'vocab.txt'
  | 'vocab.json'
  | 'sentencepiece'
  | 'gguf'
  | 'bytes'
  | 'characters'
  | 'ids'
  | 'none';

/** One attention module of the model, in the order of execution. */
export interface RunLayer {
  readonly index: number;
  /** `model.layers.0.self_attn`. */
  readonly path: string;
  readonly place: 'self' | 'encoder' | 'decoder' | 'cross';
  /** Maps of the layer: its heads; where it looks at several sequences apart, the first one's heads, the next one's … */
  readonly heads: number;
  /** Sequences that it looks at apart, the windows of a grid; `heads` are so many times the attention's. */
  readonly sequences?: number;
  readonly keyValueHeads: number;
  readonly mask:
    | 'full'
    | 'causal'
    | 'slidingWindow'
    | 'chunked'
    | 'localBlocks'
    | 'ownBlock'
    | 'nearChunks'
    | 'hashed'
    | 'localWindow'
    | 'windowGlobal'
    | 'blockSparse'
    /** Known by its masked cells alone, not by a rule. */
    | 'computed';
  readonly queries: number;
  readonly keys: number;
  /** Keys are places of a window or sums of tokens, and not the tokens themselves. */
  readonly slots?: true;
}

/** Which engine ran, and where. */
export interface EngineLabel {
  readonly name: 'headlight' | 'pytorch';
  /** `cpu`, `cuda:0 + cuda:1`, `Ray: 2 actors on …`. */
  readonly device: string;
  /** Of the engine's own parts: torch and transformers. */
  readonly version?: string;
}

export interface RunHead {
  readonly run: number;
  readonly engine: EngineLabel;
  readonly modelType: string;
  readonly architecture: string;
  readonly weights: WeightsOrigin;
  readonly tokenizer: TokenizerOrigin;
  /** With `bytes`: the vocabulary has fewer than 256 rows, so ids are bytes modulo its size. */
  readonly folded?: true;
  /** Tensors that the model wants and the files lack (then seeded), and tensors in the files that nothing wants. */
  readonly missing: readonly string[];
  readonly unused: readonly string[];
  /** Attention that the engine does not hand out, each with the reason. */
  readonly withheld?: readonly string[];
  readonly tokens: readonly Token[];
  /** For the decoder of an encoder–decoder. */
  readonly decoderTokens?: readonly Token[];
  readonly layers: readonly RunLayer[];
  /** Whether maps are kept, or too large for that and computed again whenever one is asked for. */
  readonly maps: 'kept' | 'again';
}

/** Attention of one layer as bytes: 0–254 is probability / `maximum` · 254, 255 is masked. */
export interface LayerThumbnails {
  readonly run: number;
  readonly layer: number;
  readonly heads: number;
  /** Rows and columns of a thumbnail: pooled where the map is larger. */
  readonly rows: number;
  readonly columns: number;
  /** [heads, rows, columns]. */
  readonly bytes: ArrayBuffer;
  /** The largest probability of the layer's maps: what 254 stands for. */
  readonly maximum: number;
}

/** What is asked of one head's map. */
export interface MapPart {
  /** Queries [from, to); all where left out. */
  readonly queries?: readonly [number, number];
  /** Scores as the softmax gets them, instead of probabilities. */
  readonly scores?: true;
}

/** Exact values of one head, float32 [queries, keys]; masked cells are NaN. */
export interface HeadMap {
  readonly run: number;
  readonly layer: number;
  readonly head: number;
  /** The first query. */
  readonly first: number;
  readonly queries: number;
  readonly keys: number;
  readonly values: ArrayBuffer;
}

/** A hidden state or an output: float32 of this shape, positions first. */
export interface RunValues {
  readonly run: number;
  readonly shape: readonly number[];
  readonly values: ArrayBuffer;
}

/** What attention may look at, where the model can't be run: attentions that are alike as one. */
export interface Pattern {
  readonly layers: readonly PatternLayers[];
}

export interface PatternLayers extends Omit<RunLayer, 'index' | 'path'> {
  /** Of the attentions, in the order of execution. */
  readonly indices: readonly number[];
  /** Sequences that are looked at apart (windows of an image, frames of a video). */
  readonly sequences: number;
  /** Pairs of query and key that the mask shows, in each of them. */
  readonly visible: number;
  /** [rows, columns]: the share of a cell's pairs that the mask shows, up to 254; 255 where it shows none. */
  readonly rows: number;
  readonly columns: number;
  readonly bytes: ArrayBuffer;
}

export type RunState =
  | { readonly type: 'running'; readonly done: number; readonly of: number }
  | { readonly type: 'done' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly error: RunError };

/** Why a run can't go on, in codes; `detail` names file, tensor or op. */
export interface RunError {
  readonly code:
    'config' | 'unsupported' | 'weights' | 'tokenizer' | 'tooLong' | 'memory' | 'engine' | 'pytorch';
  readonly detail: string;
}

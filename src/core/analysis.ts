/** What the core says of one config text: plain data, in codes and numbers; the host words it. */

/** Offsets into the text, in UTF-16 units: [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a property stands in the text. */
export interface Anchor {
  readonly key: Span;
  /** Absent while the value is not typed yet. */
  readonly value?: Span;
}

export type Outcome =
  /** Figures are there and exact. */
  | 'counted'
  /** A model's config without a blueprint here; `problems` says which and why. */
  | 'unknown'
  /** A value makes counting impossible; `problems` stand at the keys. */
  | 'invalid'
  /** The text is no JSON at the moment. */
  | 'syntax'
  /** Not a model's config. */
  | 'none';

export interface Analysis {
  readonly outcome: Outcome;
  /** Dotted path of a key (`text_config.hidden_size`) → where it stands, as far as the text parses. */
  readonly anchors: Readonly<Record<string, Anchor>>;
  readonly problems: readonly Problem[];
  /** With `counted` alone. */
  readonly figures?: Figures;
}

export type Severity = 'error' | 'warning' | 'information';

/** What a key takes; a `pair` is a whole number or a list of two, a `list` one of whole numbers, an `array` any list. */
export type ValueType = 'integer' | 'pair' | 'list' | 'array' | 'number' | 'flag' | 'text' | 'object';

/** Codes of problems, with the arguments that their wording takes. */
export interface ProblemArguments {
  'json.syntax': { readonly detail: string };
  'key.type': { readonly key: string; readonly expected: ValueType; readonly found: string };
  'key.range': { readonly key: string; readonly min: number; readonly max: number; readonly found: number };
  'key.null': { readonly key: string };
  /** A list that has to have as many items as another key says. */
  'key.length': {
    readonly key: string;
    readonly found: number;
    readonly of: string;
    readonly wanted: number;
  };
  /** Two keys that the class does not take together. */
  'key.conflict': { readonly key: string; readonly other: string };
  'key.value': { readonly key: string; readonly allowed: readonly string[]; readonly found: string };
  /** `key` has to be a multiple of `of`. */
  'key.multiple': {
    readonly key: string;
    readonly found: number;
    readonly of: string;
    readonly divisor: number;
  };
  /** The product of numbers of layers is beyond what is built. */
  'key.product': { readonly keys: readonly string[]; readonly found: number; readonly max: number };
  'model.unknownType': { readonly modelType: string };
  'model.remoteCode': { readonly modelType: string; readonly reference: string };
  'model.unknownArchitecture': {
    readonly modelType: string;
    readonly architecture: string;
    readonly known: readonly string[];
  };
  'model.tooLarge': { readonly key: string };
  /** The class itself refuses the config; `detail` is what it says. */
  'model.refused': { readonly className: string; readonly detail: string };
  /** The class takes its structure from where the file does not say. */
  'model.unknowable': { readonly detail: string };
}

export type ProblemCode = keyof ProblemArguments;

export type Problem = {
  [C in ProblemCode]: {
    readonly code: C;
    readonly severity: Severity;
    readonly span: Span;
    readonly arguments: ProblemArguments[C];
  };
}[ProblemCode];

/** What a forward pass is asked to do. */
export interface Workload {
  readonly batch: number;
  /** Tokens of a sequence (of the encoder, where there are two); cut to what the positions allow. */
  readonly tokens: number;
  /** Tokens of the decoder of an encoder–decoder. */
  readonly decoderTokens: number;
  /** Images a sequence, of models that may read some; none where left out. */
  readonly images?: number;
  /** Samples, or frames of features, of a sound; ten seconds where left out. */
  readonly sound?: number;
  /** Tokens already in the KV cache, for the decode figure. */
  readonly context: number;
}

/** FLOPs of one pass: 2 for a multiply–accumulate, matrix products and convolutions alone. */
export interface FlopFigures {
  /** One forward pass over the workload, every query with every key: no halving for causal masks. */
  readonly forward: bigint;
  /** What torch's FlopCounterMode sees of it: without grouped expert products. */
  readonly counter: bigint;
  /** The forward pass with only the visible (query, key) pairs of each mask; absent where these are not known. */
  readonly masked?: bigint;
  /** One more token a sequence at `context` tokens in the cache; absent where there is no causal decoder, or where it is not known. */
  readonly decode?: bigint;
  /** Forward and backward, without recomputation: two products for each, one where the input has no gradient. */
  readonly training: bigint;
}

/** A row of the breakdown: a part of the model, equal layers folded. */
export interface BreakdownRow {
  /** Path with folded indices: `model.layers.{0-31}`. */
  readonly path: string;
  readonly depth: number;
  readonly kind: string;
  /** How many equal modules the row stands for. */
  readonly count: number;
  /** Parameters of all of them, each shared one counted where it first stands. */
  readonly parameters: number;
  readonly flops: bigint;
}

/** What one key of the config costs. */
export type KeyCost =
  /** parameters = times × each: layers, vocabulary rows, experts, inner dimensions. */
  | {
      readonly type: 'linear';
      readonly key: string;
      readonly times: number;
      readonly each: number;
      readonly parameters: number;
    }
  /** What one more adds, where the rest is not proportional to it. */
  | { readonly type: 'step'; readonly key: string; readonly each: number }
  /** What the flag's other value would add (negative: save). */
  | { readonly type: 'flag'; readonly key: string; readonly otherwise: number }
  /** Heads that share keys and values. */
  | {
      readonly type: 'keyValueHeads';
      readonly key: string;
      readonly heads: number;
      readonly keyValueHeads: number;
      readonly cacheBytesPerToken: number;
    };

export interface Figures {
  readonly modelType: string;
  readonly architecture: string;
  /** False: `architectures` is missing, and the base model was counted. */
  readonly architectureGiven: boolean;
  readonly parameters: {
    /** Trainable, each shared one once. */
    readonly total: number;
    /** With buffers that checkpoints save. */
    readonly checkpoint: number;
    /** What copies instead of shared tensors would add. */
    readonly shared: number;
    /** A token's own share of a mixture of experts; absent where every parameter is used. */
    readonly active?: { readonly withEmbedding: number; readonly withoutEmbedding: number };
  };
  readonly breakdown: readonly BreakdownRow[];
  /** As counted: lengths cut to the model's positions, images at the config's size. */
  readonly workload: Workload;
  /** Which of the workload's lengths this model has. */
  readonly inputs: readonly InputShape[];
  /** Absent where the tree does not follow the forward pass. */
  readonly flops?: FlopFigures;
  readonly memory: {
    readonly dtype: string;
    /** Bytes of the weights in `dtype`. */
    readonly weights: number;
    /** The config's quantisation (`fp8`, `gptq`), which `weights` leaves aside. */
    readonly quantisation?: string;
    /** KV cache, 16 bits an element: bytes a token, and at the workload's context and batch. */
    readonly cachePerToken?: number;
    readonly cacheAtContext?: number;
  };
  readonly keyCosts: readonly KeyCost[];
  /** Keys that the file leaves out and the blueprint filled, with the value used. */
  readonly defaults: readonly { readonly key: string; readonly value: unknown }[];
  /** Keys in the file that the blueprint never read and transformers does not know for every model. */
  readonly unread: readonly string[];
  readonly attention?: {
    readonly modules: number;
    readonly heads: number;
    readonly keyValueHeads: number;
    readonly headDim: number;
  };
}

export interface InputShape {
  readonly name: string;
  readonly shape: readonly number[];
}

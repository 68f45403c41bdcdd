/** What is measured, here and there. */

export type Case =
  | { readonly kind: 'product'; readonly m: number; readonly k: number; readonly n: number }
  | {
      readonly kind: 'attention';
      readonly heads: number;
      readonly length: number;
      readonly width: number;
      readonly causal: boolean;
    }
  | { readonly kind: 'forward'; readonly config: object; readonly length: number };

export type Asked = Case & { readonly threads: number; readonly repetitions: number };

export const bertBase = { model_type: 'bert', architectures: ['BertModel'] };
export const gpt2 = { model_type: 'gpt2', architectures: ['GPT2Model'] };

/** Layers of the shape of Llama-3.2-1B, fewer than its 16. */
export const LLAMA_LAYERS = 4;
export const llamaLayers = {
  model_type: 'llama',
  architectures: ['LlamaModel'],
  ...{ hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: LLAMA_LAYERS },
  ...{ num_attention_heads: 32, num_key_value_heads: 8, head_dim: 64, vocab_size: 32_000 },
};

export interface Named {
  readonly name: string;
  readonly asked: Case;
  readonly repetitions: number;
}

const product = (m: number, k: number, n: number): Named => ({
  name: `${m} × ${k} × ${n}`,
  asked: { kind: 'product', m, k, n },
  repetitions: m * k * n > 1e9 ? 3 : 9,
});

const attention = (length: number, causal: boolean): Named => ({
  name: `${length}${causal ? ', causal' : ''}`,
  asked: { kind: 'attention', heads: 12, length, width: 64, causal },
  repetitions: length > 1000 ? 3 : 7,
});

export const products: readonly Named[] = [
  product(64, 768, 768),
  product(128, 768, 3072),
  product(1024, 768, 768),
  product(1024, 2048, 8192),
];

export const attentions: readonly Named[] = [
  attention(512, false),
  attention(1024, false),
  attention(2048, false),
  attention(2048, true),
];

export const forwards: readonly Named[] = [
  {
    name: 'BERT-base, 128 tokens',
    asked: { kind: 'forward', config: bertBase, length: 128 },
    repetitions: 3,
  },
  {
    name: 'BERT-base, 512 tokens',
    asked: { kind: 'forward', config: bertBase, length: 512 },
    repetitions: 2,
  },
  {
    name: 'GPT-2 small, 1,024 tokens',
    asked: { kind: 'forward', config: gpt2, length: 1024 },
    repetitions: 2,
  },
  {
    name: `Llama-3.2-1B shapes, ${LLAMA_LAYERS} layers, 128 tokens`,
    asked: { kind: 'forward', config: llamaLayers, length: 128 },
    repetitions: 2,
  },
];

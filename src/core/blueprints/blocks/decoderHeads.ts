/** The heads that transformers puts on a decoder. */
import { block, type Chain } from '../../model/build';
import type { Block, Embedding, Linear } from '../../model/module';
import { labels, type Common } from '../../config/common';
import { tokenInput, type Blueprint } from '../family';
import { linear } from './layers';

/** A decoder and what its heads need of it. */
export interface Decoder {
  readonly block: Block;
  readonly embedding: Embedding;
  readonly width: number;
}

/** What the classes of a decoder family read besides the body's own keys. */
interface HeadKeys {
  readonly tie_word_embeddings: boolean;
  readonly max_position_embeddings: number;
}

interface DecoderHeads<C> {
  /** Classes that the family does not have. */
  readonly without?: readonly ('SequenceClassification' | 'TokenClassification')[];
  /** What the hidden states go through before the output head. */
  readonly beforeHead?: (config: C) => Chain;
  /** What the logits of the output head go through. */
  readonly logits?: (config: C) => Chain;
  /** Whether the output head has a bias. */
  readonly bias?: boolean | ((config: C) => boolean);
  /** Name of the class with the output head; default: the prefix and `ForCausalLM`. */
  readonly languageModel?: string;
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
  heads: DecoderHeads<C> = {},
): Record<string, (config: C & Common) => Blueprint> {
  const withHead = (head: (decoder: Decoder, config: C & Common) => Block) => (config: C & Common) => ({
    root: head(body(config), config),
    inputs: tokenInput(config.max_position_embeddings),
  });
  const classes = {
    Model: withHead((decoder) => ({ ...decoder.block, role: 'model' })),
    ForCausalLM: withHead((decoder, config) =>
      headed(
        'model',
        decoder,
        'lm_head',
        vocabularyHead(
          decoder,
          config.tie_word_embeddings,
          typeof heads.bias === 'function' ? heads.bias(config) : heads.bias,
        ),
        heads.beforeHead?.(config),
        heads.logits?.(config),
      ),
    ),
    ForSequenceClassification: withHead((decoder, config) =>
      headed('model', decoder, 'score', linear(decoder.width, labels(config), { bias: false })),
    ),
    ForTokenClassification: withHead((decoder, config) =>
      headed('model', decoder, 'score', linear(decoder.width, labels(config))),
    ),
    ...(questionAnswering === undefined
      ? {}
      : {
          ForQuestionAnswering: withHead((decoder) =>
            headed(questionAnswering, decoder, 'qa_outputs', linear(decoder.width, 2)),
          ),
        }),
  };
  const absent = heads.without?.map((name) => `For${name}`) ?? [];
  return Object.fromEntries(
    Object.entries(classes)
      .filter(([name]) => !absent.includes(name))
      .map(([name, make]) => [
        (name === 'ForCausalLM' ? heads.languageModel : undefined) ?? prefix + name,
        make,
      ]),
  );
}

/** The classes of families that have the base model and the language model alone. */
export const GENERATION_ONLY = ['SequenceClassification', 'TokenClassification'] as const;

/** [b, s, width] → [b, s, vocabulary]. */
export function vocabularyHead(
  body: { readonly embedding: Embedding; readonly width: number },
  tied: boolean,
  bias = false,
): Linear {
  const weight = tied ? { weight: body.embedding.weight } : {};
  return linear(body.width, body.embedding.rows, { bias, ...weight });
}

/** A body and one linear head over every token, and what comes before and after it. */
export function headed(
  bodyName: string,
  body: { readonly block: Block },
  headName: string,
  head: Linear,
  before: Chain = [],
  after: Chain = [],
): Block {
  return block('model', { [bodyName]: body.block, [headName]: head }, (trace, ids) =>
    trace.chain(ids, body.block, ...before, head, ...after),
  );
}

/** The classes that GPT and its kin put on their decoder. */
import { labels, type Common } from '../../config/common';
import type { Block } from '../../model/module';
import { headed, vocabularyHead, type Decoder } from '../blocks/decoder';
import { linear } from '../blocks/layers';
import { tokenInput, type Blueprint } from '../family';

/** Heads over every token: `score` without bias, `classifier` and `qa_outputs` (of two outputs, or of the labels) with. */
type Head = 'sequence' | 'token' | 'question' | 'labelledQuestion';

interface Shape<C> {
  /** What classes with a head call the body: `transformer`. */
  readonly name: string;
  readonly body: (config: C) => Decoder;
  /** The longest sequence, where positions bound it. */
  readonly limit?: (config: C) => number | undefined;
  readonly heads: readonly Head[];
  /** The language model's class and head, where they are not `ForCausalLM` and `lm_head`. */
  readonly languageModel?: string;
  readonly languageHead?: string;
  /** The output head has a bias (GPT-J). */
  readonly headBias?: boolean;
}

/** `GPTNeoModel` to `GPTNeoForQuestionAnswering`. */
export function gptArchitectures<C extends { readonly tie_word_embeddings: boolean }>(
  prefix: string,
  shape: Shape<C>,
): Record<string, (config: C & Common) => Blueprint> {
  const made = (root: (decoder: Decoder, config: C & Common) => Block) => (config: C & Common) => ({
    root: root(shape.body(config), config),
    inputs: tokenInput(shape.limit?.(config)),
  });
  const heads = {
    sequence: made((decoder, config) =>
      headed(shape.name, decoder, 'score', linear(decoder.width, labels(config), { bias: false })),
    ),
    token: made((decoder, config) =>
      headed(shape.name, decoder, 'classifier', linear(decoder.width, labels(config))),
    ),
    question: made((decoder) => headed(shape.name, decoder, 'qa_outputs', linear(decoder.width, 2))),
    labelledQuestion: made((decoder, config) =>
      headed(shape.name, decoder, 'qa_outputs', linear(decoder.width, labels(config))),
    ),
  };
  const names = {
    sequence: 'SequenceClassification',
    token: 'TokenClassification',
    question: 'QuestionAnswering',
    labelledQuestion: 'QuestionAnswering',
  };
  return {
    [`${prefix}Model`]: made((decoder) => ({ ...decoder.block, role: 'model' })),
    [`${prefix}${shape.languageModel ?? 'ForCausalLM'}`]: made((decoder, config) =>
      headed(
        shape.name,
        decoder,
        shape.languageHead ?? 'lm_head',
        vocabularyHead(decoder, config.tie_word_embeddings, shape.headBias),
      ),
    ),
    ...Object.fromEntries(shape.heads.map((head) => [`${prefix}For${names[head]}`, heads[head]])),
  };
}

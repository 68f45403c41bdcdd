/** The classes that GPT and its kin put on their decoder. */
import { labels, type Common } from '../../config/common';
import { block, type Chain } from '../../model/build';
import type { Block, Linear, Module } from '../../model/module';
import { vocabularyHead, type Decoder } from '../blocks/decoder';
import { linear } from '../blocks/layers';
import { tokenInput, type Blueprint } from '../family';

/** A head and what runs of it on the body's output. */
interface MadeHead {
  readonly children: Readonly<Record<string, Module>>;
  readonly run: Chain;
}

/** A class beside the language model: its name after the family's, and its head. */
export interface Head<C> {
  readonly suffix: string;
  readonly make: (width: number, config: C) => MadeHead;
}

export function linearHead(
  suffix: string,
  name: string,
  outputs: (config: Common) => number,
  options: { readonly bias?: boolean; readonly before?: Chain } = {},
): Head<Common> {
  return {
    suffix,
    make(width, config) {
      const head = linear(width, outputs(config), { bias: options.bias ?? true });
      return { children: { [name]: head }, run: [...(options.before ?? []), head] };
    },
  };
}

/** The heads that most families have, over every token. */
export const SEQUENCE = linearHead('ForSequenceClassification', 'score', labels, { bias: false });
export const TOKEN = linearHead('ForTokenClassification', 'classifier', labels);
export const QUESTION = linearHead('ForQuestionAnswering', 'qa_outputs', () => 2);

interface Shape<C> {
  /** What classes with a head call the body: `transformer`. */
  readonly name: string;
  readonly body: (config: C) => Decoder;
  /** The longest sequence, where positions bound it. */
  readonly limit?: (config: C) => number | undefined;
  readonly heads: readonly Head<C & Common>[];
  /** The language model's class and head, where they are not `ForCausalLM` and `lm_head`. */
  readonly languageModel?: string;
  readonly languageHead?: string;
  /** The output head, where it is not the table's size without a bias. */
  readonly output?: (decoder: Decoder, config: C) => Linear;
  /** What runs on the body's output before the output head. */
  readonly beforeOutput?: (config: C) => Chain;
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
  const output = shape.output ?? ((decoder, config) => vocabularyHead(decoder, config.tie_word_embeddings));
  const languageModel = made((decoder, config) => {
    const head = output(decoder, config);
    const children = { [shape.languageHead ?? 'lm_head']: head };
    return onBody(shape.name, decoder, { children, run: [...(shape.beforeOutput?.(config) ?? []), head] });
  });
  return {
    [`${prefix}Model`]: made((decoder) => ({ ...decoder.block, role: 'model' })),
    [`${prefix}${shape.languageModel ?? 'ForCausalLM'}`]: languageModel,
    ...Object.fromEntries(
      shape.heads.map(({ suffix, make }) => [
        `${prefix}${suffix}`,
        made((decoder, config) => onBody(shape.name, decoder, make(decoder.width, config))),
      ]),
    ),
  };
}

/** The output head with a bias (GPT-J, CTRL). */
export function biasedOutput(decoder: Decoder, config: { readonly tie_word_embeddings: boolean }): Linear {
  return vocabularyHead(decoder, config.tie_word_embeddings, true);
}

function onBody(name: string, body: Decoder, head: MadeHead): Block {
  return block('model', { [name]: body.block, ...head.children }, (trace, ids) =>
    trace.chain(ids, body.block, ...head.run),
  );
}

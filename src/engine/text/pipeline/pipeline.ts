/**
 * A tokenizer as tokenizer.json describes it: added tokens, normalizer, pre-tokenizer, model, post-processor.
 *
 * It follows Hugging Face tokenizers (0.23) step by step, because every token's place in the text depends on every step.
 * A file's own truncation and padding are left out: a run takes the text as it is.
 */
import { addedTokenCutter, readAddedTokens, type AddedToken } from './addedTokens';
import { aligned, type Aligned } from './aligned';
import { object, type Json } from './json';
import { tokenModel } from './models';
import type { TokenModel } from './models/model';
import { normalizer } from './normalizers';
import { postProcessor, type Placed } from './postProcessors';
import { preTokenizer } from './preTokenizers';

export interface Pipeline {
  /** With the special tokens that the tokenizer puts in. Lone surrogates are read as U+FFFD. */
  encode(text: string, pair?: string): readonly Placed[];
  /** A token as it stands in the vocabulary, or an added one; undefined where nothing has the id. */
  tokenOf(id: number): { readonly token: string; readonly added: boolean } | undefined;
  readonly added: readonly AddedToken[];
}

/**
 * @param ready the model, where it does not come from the description.
 * @throws Error that names the part which is missing, wrong or not known.
 */
export function pipeline(json: Json, ready?: TokenModel): Pipeline {
  const parts = object(json, 'it');
  const model = ready ?? tokenModel(parts['model']);
  const added = readAddedTokens(parts['added_tokens'], model.vocabulary);
  const cut = addedTokenCutter(added, normalizer(parts['normalizer']));
  const preTokenize = preTokenizer(parts['pre_tokenizer']);
  const process = postProcessor(parts['post_processor']);
  const names = new Map<number, { token: string; added: boolean }>();
  for (const [token, id] of model.vocabulary) names.set(id, { token, added: false });
  for (const { id, content } of added) names.set(id, { token: content, added: true });

  const placed = (piece: Aligned, pair: boolean): Placed[] =>
    model.tokenize(piece.text).map(({ id, start, end }) => ({
      id,
      type: pair ? 1 : 0,
      value: names.get(id)?.token ?? '',
      at: { start: piece.starts[start]!, end: piece.ends[end - 1]!, pair },
    }));

  const tokens = (text: string, pair: boolean): Placed[] =>
    cut(aligned(text)).flatMap(({ piece, added: token }) => {
      if (token === undefined) return preTokenize([piece]).flatMap((each) => placed(each, pair));
      const at = { start: piece.starts[0]!, end: piece.ends.at(-1)!, pair };
      return [{ id: token.id, type: pair ? 1 : 0, value: piece.text, at }];
    });

  return {
    added,
    tokenOf: (id) => names.get(id),
    encode: (text, pair) => {
      const texts = [text, ...(pair === undefined ? [] : [pair])].map((each) =>
        each.replace(/\p{Surrogate}/gu, '\ufffd'),
      );
      return process(
        texts.map((each, i) => tokens(each, i === 1)),
        texts,
      ).flat();
    },
  };
}

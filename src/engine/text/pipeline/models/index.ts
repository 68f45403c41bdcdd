/** Models of a tokenizer.json, by their types. */
import { object, optionalText, type Json, type JsonObject } from '../json';
import { bpe } from './bpe';
import type { TokenModel } from './model';
import { unigram } from './unigram';
import { wordLevel, wordPiece } from './words';

/** @throws Error that names a type which is not known, or what is wrong with the vocabulary. */
export function tokenModel(json: Json): TokenModel {
  const part = object(json, 'model');
  const type = optionalText(part, 'type') ?? typeByContent(part);
  switch (type) {
    case 'BPE':
      return bpe(part);
    case 'Unigram':
      return unigram(part);
    case 'WordPiece':
      return wordPiece(part);
    case 'WordLevel':
      return wordLevel(part);
    default:
      throw new Error(`the model "${type}" is not known`);
  }
}

/** Old files do not say what they are. */
function typeByContent(part: JsonObject): string {
  if ('merges' in part) return 'BPE';
  if ('unk_id' in part) return 'Unigram';
  return 'continuing_subword_prefix' in part ? 'WordPiece' : 'WordLevel';
}

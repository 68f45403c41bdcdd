/** Tokenizers from a tiktoken file: a line for each token, its bytes in base64 and its rank (Llama 3). */
import { readAddedTokens } from '../pipeline/addedTokens';
import { BYTE_CHARACTERS } from '../pipeline/byteCharacters';
import { bpe } from '../pipeline/models/bpe';
import { pairKey, type Merges } from '../pipeline/models/merging';
import { cutThenBytes, LLAMA3 } from './patterns';
import type { BuiltTokenizer } from './sentencePieceTokenizer';
import type { Settings } from './settings';
import { bosEos, rolesOf, template } from './specials';
import { unknownFamily } from './vocabularyFiles';

export function isTiktoken(bytes: Uint8Array): boolean {
  return /^[A-Za-z0-9+/]+={0,2} \d+\r?\n/.test(Buffer.from(bytes.subarray(0, 200)).toString('latin1'));
}

/** @throws Error that names the line which is wrong. */
export function fromTiktoken(bytes: Uint8Array, settings: Settings, file: string): BuiltTokenizer {
  if (settings.family !== 'llama') throw unknownFamily(settings, file);
  const ids = new Map<string, number>();
  for (const [index, line] of Buffer.from(bytes).toString('latin1').split(/\r?\n/).entries()) {
    if (line === '') continue;
    const [, token, rank] = /^([A-Za-z0-9+/]+={0,2}) (\d{1,7})$/.exec(line) ?? [];
    if (token === undefined || rank === undefined) throw new Error(`line ${index + 1} is no token and rank`);
    const text = Array.from(Buffer.from(token, 'base64'), (byte) => BYTE_CHARACTERS[byte]!).join('');
    ids.set(text, Number(rank));
  }
  const model = bpe({ vocab: Object.fromEntries(ids), ignore_merges: true }, rankMerges(ids));
  const roles = rolesOf(settings, {});
  const added = new Map(readAddedTokens(settings.added, ids).map(({ content, id }) => [content, id]));
  const bos = settings.flag('add_bos_token') ?? roles.bos !== undefined;
  return {
    model,
    parts: {
      added_tokens: settings.added,
      pre_tokenizer: cutThenBytes(LLAMA3),
      post_processor: template(bosEos(bos, settings.flag('add_eos_token') ?? false), roles, (token) =>
        added.get(token),
      ),
      decoder: { type: 'ByteLevel' },
    },
  };
}

/** Two tokens that make a third are merged in the order of its rank. */
function rankMerges(ids: ReadonlyMap<string, number>): Merges {
  let highest = 0;
  const ranks = new Map<number, number>();
  for (const [token, id] of ids) {
    highest = Math.max(highest, id);
    for (let cut = 1; cut < token.length; cut++) {
      const first = ids.get(token.slice(0, cut));
      const second = first === undefined ? undefined : ids.get(token.slice(cut));
      if (second !== undefined) ranks.set(pairKey(first!, second), id);
    }
  }
  return { ranks, results: Int32Array.from({ length: highest + 1 }, (_, rank) => rank) };
}

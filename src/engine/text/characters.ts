/** Characters as CANINE's class takes them: ids are code points, and its own signs stand in a range for private use. */
import type { Token } from '../../protocol/run';
import { visible } from './readable';
import type { TextTokenizer } from './tokenizer';

/** Ids that there may be. */
export const CODE_POINTS = 0x110000;

const SIGNS = new Map([
  [0, '[PAD]'],
  [0xe000, '[CLS]'],
  [0xe001, '[SEP]'],
  [0xe002, '[BOS]'],
  [0xe003, '[MASK]'],
]);
const [CLS, SEP] = [0xe000, 0xe001];

/** [CLS] text [SEP], and behind them the second text and [SEP]. */
export const characterTokenizer: TextTokenizer = {
  origin: 'characters',
  files: 'characters',
  textOf,
  encode(text, pair) {
    const first = [sign(CLS), ...characters(text, false), sign(SEP)];
    const second = pair === undefined ? [] : [...characters(pair, true), sign(SEP)];
    return {
      tokens: [...first, ...second],
      segments: [...first.map(() => 0), ...second.map(() => 1)],
    };
  },
};

function characters(text: string, pair: boolean): Token[] {
  let end = 0;
  return Array.from(text, (char) => {
    const start = end;
    end += char.length;
    return { id: char.codePointAt(0)!, text: visible(char), start, end, ...(pair ? { pair: true } : {}) };
  });
}

function sign(id: number): Token {
  return { id, text: SIGNS.get(id)! };
}

function textOf(id: number): string | undefined {
  if (!(Number.isSafeInteger(id) && id >= 0 && id < CODE_POINTS)) return undefined;
  return SIGNS.get(id) ?? visible(String.fromCodePoint(id));
}

/** Tokenizers from vocab.txt, and from vocab.json with merges.txt, as tokenizer.json would describe them. */
import { readAddedTokens } from '../pipeline/addedTokens';
import { type JsonObject, vocabulary } from '../pipeline/json';
import { CLIP as CLIP_PATTERN, cutThenBytes, QWEN2 as QWEN2_PATTERN } from './patterns';
import type { AddedSetting, Role, Settings } from './settings';
import {
  addedTokens,
  bosEos,
  CLS_SEP,
  DOUBLE_SEP,
  rolesOf,
  template,
  type Layout,
  type Roles,
} from './specials';

const BERT_ROLES: Roles = { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' };

/** Families whose vocab.txt is BERT's kind. */
const BERT_LIKE = new Set(
  'bert distilbert electra mobilebert convbert layoutlm lxmert squeezebert visualbert dpr dprreader dprquestionencoder dprcontextencoder megatronbert nezha ernie tapas bridgetower'.split(
    ' ',
  ),
);

/** WordPiece from vocab.txt, a token a line. */
export function fromVocabTxt(text: string, settings: Settings): JsonObject {
  if (!BERT_LIKE.has(settings.family)) throw unknownFamily(settings, 'vocab.txt');
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const vocab = Object.fromEntries(lines.map((token, id) => [token, id]));
  const roles = rolesOf(settings, BERT_ROLES);
  return assembled(vocab, settings, roles, CLS_SEP, {
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: settings.flag('tokenize_chinese_chars') ?? true,
      strip_accents: settings.flag('strip_accents') ?? null,
      lowercase: settings.flag('do_lower_case') ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    model: { type: 'WordPiece', unk_token: roles.unk, continuing_subword_prefix: '##', vocab },
  });
}

interface ByteLevelFamily {
  readonly roles: Roles;
  readonly layout: Layout | undefined;
  /** Takes the space before it. */
  readonly stripped?: readonly Role[];
  readonly normalizer?: object;
  readonly pattern?: string;
  readonly suffix?: string;
  readonly trims?: true;
}

const END_OF_TEXT = '<|endoftext|>';
const GPT2: ByteLevelFamily = {
  roles: { unk: END_OF_TEXT, bos: END_OF_TEXT, eos: END_OF_TEXT },
  layout: undefined,
};
const ROBERTA: ByteLevelFamily = {
  roles: { bos: '<s>', eos: '</s>', sep: '</s>', cls: '<s>', unk: '<unk>', pad: '<pad>', mask: '<mask>' },
  layout: DOUBLE_SEP,
  stripped: ['mask'],
  trims: true,
};
const QWEN2: ByteLevelFamily = {
  roles: { unk: END_OF_TEXT, eos: END_OF_TEXT, pad: END_OF_TEXT },
  layout: undefined,
  normalizer: { type: 'NFC' },
  pattern: QWEN2_PATTERN,
};
const CLIP: ByteLevelFamily = {
  roles: { bos: '<|startoftext|>', eos: END_OF_TEXT, unk: END_OF_TEXT, pad: END_OF_TEXT },
  layout: {
    single: bosEos(true, true).single,
    pair: [
      ['bos', 0],
      ['A', 0],
      ['eos', 0],
      ['eos', 0],
      ['B', 0],
      ['eos', 0],
    ],
  },
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'NFC' },
      { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
      { type: 'Lowercase' },
    ],
  },
  suffix: '</w>',
};
const DEBERTA: ByteLevelFamily = {
  roles: { ...BERT_ROLES, bos: '[CLS]', eos: '[SEP]' },
  layout: CLS_SEP,
  stripped: ['mask'],
};

const BYTE_LEVEL: Readonly<Record<string, ByteLevelFamily>> = {
  gpt2: GPT2,
  codegen: GPT2,
  gptneo: GPT2,
  gptj: GPT2,
  opt: {
    ...GPT2,
    roles: { bos: '</s>', eos: '</s>', unk: '</s>', pad: '<pad>' },
    layout: bosEos(true, false),
  },
  roberta: ROBERTA,
  bart: ROBERTA,
  longformer: ROBERTA,
  led: ROBERTA,
  mvp: ROBERTA,
  qwen2: QWEN2,
  qwen2moe: QWEN2,
  qwen3: QWEN2,
  qwen3moe: QWEN2,
  clip: CLIP,
  deberta: DEBERTA,
};

/** Byte-level BPE from vocab.json and merges.txt, a pair a line. */
export function fromVocabAndMerges(vocab: JsonObject, merges: string, settings: Settings): JsonObject {
  const family = BYTE_LEVEL[settings.family];
  if (family === undefined) throw unknownFamily(settings, 'vocab.json and merges.txt');
  const roles = rolesOf(settings, family.roles);
  const wantsBos = settings.flag('add_bos_token') === true && family.layout === undefined;
  const layout = wantsBos ? bosEos(true, false) : family.layout;
  const space = settings.flag('add_prefix_space') ?? false;
  const lines = merges.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version'));
  const parts = assembled(
    vocab,
    settings,
    roles,
    layout,
    {
      normalizer: family.normalizer ?? null,
      pre_tokenizer: preTokenizer(family, space),
      model: {
        type: 'BPE',
        vocab,
        merges: lines,
        unk_token: family.suffix === undefined ? null : roles.unk,
        end_of_word_suffix: family.suffix ?? null,
      },
      decoder: { type: 'ByteLevel' },
    },
    family.stripped,
  );
  if (family.trims !== true) return parts;
  const trim = { type: 'ByteLevel', trim_offsets: true, add_prefix_space: space };
  return { ...parts, post_processor: { type: 'Sequence', processors: [trim, parts['post_processor']] } };
}

function preTokenizer(family: ByteLevelFamily, space: boolean): object {
  const { pattern, suffix } = family;
  if (pattern !== undefined) return cutThenBytes(pattern);
  const bytes = { type: 'ByteLevel', add_prefix_space: space };
  if (suffix === undefined) return bytes;
  const cut = { type: 'Split', pattern: { Regex: CLIP_PATTERN }, behavior: 'Removed', invert: true };
  return { type: 'Sequence', pretokenizers: [cut, bytes] };
}

/** Parts with the added tokens and the template of a layout. */
function assembled(
  vocab: JsonObject,
  settings: Settings,
  roles: Roles,
  layout: Layout | undefined,
  parts: JsonObject,
  stripped?: readonly Role[],
): JsonObject {
  const added = addedTokens(settings, roles, stripped);
  const post = layout === undefined ? null : template(layout, roles, idsOf(vocab, added));
  return { added_tokens: added, ...parts, post_processor: post };
}

function idsOf(vocab: JsonObject, added: readonly AddedSetting[]): (token: string) => number | undefined {
  const own = vocabulary(vocab, 'vocab');
  const ids = new Map(readAddedTokens(added, own).map(({ content, id }) => [content, id]));
  return (token) => own.get(token) ?? ids.get(token);
}

export function unknownFamily(settings: Settings, files: string): Error {
  return new Error(
    `how ${settings.named} reads ${files} is not known; save a tokenizer.json with transformers: ` +
      'AutoTokenizer.from_pretrained(folder).save_pretrained(folder)',
  );
}

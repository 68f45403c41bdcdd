/** The tokenizer in a GGUF file's key–values (`tokenizer.ggml.…`), read as llama.cpp reads it. */
import type { GgufMetadata, Scalar } from '../../weights/gguf/metadata';
import { cutThenBytes, LLAMA3, QWEN2 } from './patterns';
import type { PieceType, ScoredPiece } from './sentencePiece';
import {
  pieceModel,
  pieceTokens,
  sentencePieceNormalizer,
  type BuiltTokenizer,
} from './sentencePieceTokenizer';
import type { Role } from './settings';
import { bosEos, CLS_SEP, template, type Roles } from './specials';

const KEY = 'tokenizer.ggml.';

/** Numbers of `token_type`; what is marked unused is a piece as any other. */
const TYPES: readonly PieceType[] = [
  'normal',
  'normal',
  'unknown',
  'control',
  'userDefined',
  'normal',
  'byte',
];

const ROLE_KEYS: Readonly<Partial<Record<Role, string>>> = {
  bos: 'bos_token_id',
  eos: 'eos_token_id',
  unk: 'unknown_token_id',
  sep: 'seperator_token_id',
  cls: 'cls_token_id',
  mask: 'mask_token_id',
};

/** Ways to cut, by `tokenizer.ggml.pre`; undefined is GPT-2's. */
const CUTS: Readonly<Record<string, { readonly pattern?: string; readonly whole?: true }>> = {
  default: {},
  'gpt-2': {},
  'llama-bpe': { pattern: LLAMA3, whole: true },
  'llama-v3': { pattern: LLAMA3, whole: true },
  llama3: { pattern: LLAMA3, whole: true },
  qwen2: { pattern: QWEN2 },
};

interface Vocabulary {
  readonly metadata: GgufMetadata;
  readonly pieces: readonly ScoredPiece[];
  readonly roles: Roles;
  readonly flag: (key: string, fallback: boolean) => boolean;
}

/** Undefined where the file has no tokenizer. Throws Error that names the key which is missing or not known. */
export async function fromGguf(metadata: GgufMetadata): Promise<BuiltTokenizer | undefined> {
  const kind = metadata.value(`${KEY}model`);
  if (kind === undefined) return undefined;
  const vocabulary = await readVocabulary(metadata);
  switch (kind) {
    case 'llama':
      return pieces(vocabulary, 'bpe', { bos: true, eos: false });
    case 't5':
      return pieces(vocabulary, 'unigram', { bos: false, eos: true });
    case 'gpt2':
      return byteLevel(vocabulary);
    case 'bert':
      return wordPiece(vocabulary);
    default:
      throw new Error(`${KEY}model is "${String(kind)}", which is not known; put a tokenizer.json beside it`);
  }
}

async function readVocabulary(metadata: GgufMetadata): Promise<Vocabulary> {
  const tokens = await metadata.list(`${KEY}tokens`);
  if (tokens === undefined || tokens.length === 0) throw new Error(`it has no ${KEY}tokens`);
  const scores = await beside(metadata, 'scores', tokens.length);
  const types = await beside(metadata, 'token_type', tokens.length);
  const read = tokens.map((token, id): ScoredPiece => {
    if (typeof token !== 'string') throw new Error(`${KEY}tokens has no string at ${id}`);
    const type = TYPES[Number(types?.[id] ?? 1)];
    if (type === undefined) throw new Error(`${KEY}token_type of ${id} is ${String(types?.[id])}`);
    return { piece: token, score: Number(scores?.[id] ?? 0), type };
  });
  const roles: Partial<Record<Role, string>> = {};
  for (const [role, key] of Object.entries(ROLE_KEYS)) {
    const id = metadata.value(KEY + key);
    if (id === undefined) continue;
    const piece = read[Number(id)]?.piece;
    if (piece === undefined)
      throw new Error(`${KEY}${key} is ${String(id)}, and there are ${read.length} tokens`);
    roles[role as Role] = piece;
  }
  const flag = (key: string, fallback: boolean): boolean => {
    const value = metadata.value(KEY + key);
    return typeof value === 'boolean' ? value : fallback;
  };
  return { metadata, pieces: read, roles, flag };
}

async function beside(
  metadata: GgufMetadata,
  key: string,
  count: number,
): Promise<readonly Scalar[] | undefined> {
  const list = await metadata.list(KEY + key);
  if (list !== undefined && list.length !== count) {
    throw new Error(`${KEY}${key} has ${list.length} values, and there are ${count} tokens`);
  }
  return list;
}

async function pieces(
  { metadata, pieces: own, roles, flag }: Vocabulary,
  kind: 'bpe' | 'unigram',
  usual: { readonly bos: boolean; readonly eos: boolean },
): Promise<BuiltTokenizer> {
  const charsmap = await metadata.list(`${KEY}precompiled_charsmap`);
  const byteFallback = own.some(({ type }) => type === 'byte');
  const model = pieceModel({ kind, pieces: own, byteFallback });
  const normalizer = sentencePieceNormalizer({
    charsmap: charsmap === undefined ? undefined : Uint8Array.from(charsmap, Number),
    removeExtraSpaces: flag('remove_extra_whitespaces', false),
    dummyPrefix: flag('add_space_prefix', true),
  });
  const layout = bosEos(flag('add_bos_token', usual.bos), flag('add_eos_token', usual.eos));
  return {
    model,
    parts: {
      added_tokens: pieceTokens(own),
      normalizer,
      post_processor: template(layout, roles, (token) => model.vocabulary.get(token)),
    },
  };
}

async function byteLevel({ metadata, pieces: own, roles, flag }: Vocabulary): Promise<BuiltTokenizer> {
  const name = metadata.value(`${KEY}pre`) ?? 'default';
  const cut = CUTS[String(name)];
  if (cut === undefined) {
    throw new Error(`${KEY}pre is "${String(name)}", which is not known; put a tokenizer.json beside it`);
  }
  const merges = await metadata.list(`${KEY}merges`);
  if (merges === undefined) throw new Error(`it has no ${KEY}merges`);
  const vocab = idsOf(own);
  const layout = bosEos(flag('add_bos_token', cut.whole === true), flag('add_eos_token', false));
  return {
    parts: {
      added_tokens: pieceTokens(own),
      pre_tokenizer:
        cut.pattern === undefined
          ? { type: 'ByteLevel', add_prefix_space: false }
          : cutThenBytes(cut.pattern),
      model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges, ignore_merges: cut.whole === true },
      post_processor: template(layout, roles, (token) => vocab.get(token)),
      decoder: { type: 'ByteLevel' },
    },
  };
}

/** Pieces at the beginning of a word have U+2581 before them there, and those within it nothing. */
function wordPiece({ pieces: own, roles }: Vocabulary): BuiltTokenizer {
  const written = own.map(({ piece, type, score }) => {
    if (type !== 'normal') return { piece, type, score };
    return { piece: piece.startsWith('▁') ? piece.slice(1) : `##${piece}`, type, score };
  });
  const vocab = idsOf(written);
  return {
    parts: {
      added_tokens: pieceTokens(written),
      normalizer: { type: 'BertNormalizer', lowercase: true },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      model: { type: 'WordPiece', vocab: Object.fromEntries(vocab), unk_token: roles.unk ?? '[UNK]' },
      post_processor: template(CLS_SEP, roles, (token) => vocab.get(token)),
    },
  };
}

function idsOf(pieces: readonly ScoredPiece[]): Map<string, number> {
  return new Map(pieces.map(({ piece }, id) => [piece, id]));
}

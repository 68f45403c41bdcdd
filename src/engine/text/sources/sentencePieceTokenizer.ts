/** Tokenizers from a SentencePiece model: what the library itself does, and the special tokens of the family. */
import { readAddedTokens } from '../pipeline/addedTokens';
import type { JsonObject } from '../pipeline/json';
import { bpe } from '../pipeline/models/bpe';
import { pairKey, type Merges } from '../pipeline/models/merging';
import type { TokenModel } from '../pipeline/models/model';
import { unigram } from '../pipeline/models/unigram';
import type { ScoredPiece, SentencePieceModel } from './sentencePiece';
import { plainToken, type AddedSetting, type Role, type Settings } from './settings';
import {
  addedTokens,
  bosEos,
  CLS_LAST,
  CLS_SEP,
  DOUBLE_SEP,
  EOS,
  rolesOf,
  template,
  type Layout,
  type Roles,
} from './specials';
import { unknownFamily } from './vocabularyFiles';

export interface BuiltTokenizer {
  readonly parts: JsonObject;
  readonly model?: TokenModel;
}

interface Family {
  readonly roles: Roles;
  /** Depends on add_bos_token and add_eos_token where the family reads them. */
  readonly layout: Layout | { readonly bos: boolean; readonly eos: boolean };
  readonly stripped?: readonly Role[];
  /** Ids are not those of the model's pieces: fairseq's come first. */
  readonly arrange?: (pieces: readonly ScoredPiece[]) => ScoredPiece[];
  /** What the family does with a text before. */
  readonly before?: (settings: Settings) => object[];
  /** Tokens behind the vocabulary. */
  readonly extra?: readonly string[];
}

const LLAMA: Family = {
  roles: { unk: '<unk>', bos: '<s>', eos: '</s>' },
  layout: { bos: true, eos: false },
};
const GEMMA: Family = {
  roles: { unk: '<unk>', bos: '<bos>', eos: '<eos>', pad: '<pad>' },
  layout: { bos: true, eos: false },
};
const T5: Family = {
  roles: { unk: '<unk>', eos: '</s>', pad: '<pad>' },
  layout: EOS,
  extra: Array.from({ length: 100 }, (_, i) => `<extra_id_${99 - i}>`),
};
const BERT_ROLES: Roles = { sep: '[SEP]', cls: '[CLS]', mask: '[MASK]', unk: '<unk>', pad: '<pad>' };
const FAIRSEQ: Roles = {
  bos: '<s>',
  eos: '</s>',
  sep: '</s>',
  cls: '<s>',
  unk: '<unk>',
  pad: '<pad>',
  mask: '<mask>',
};

const control = (piece: string): ScoredPiece => ({ piece, score: 0, type: 'control' });
const unknown: ScoredPiece = { piece: '<unk>', score: 0, type: 'unknown' };

const FAMILIES: Readonly<Record<string, Family>> = {
  llama: LLAMA,
  codellama: LLAMA,
  mistral: LLAMA,
  mixtral: LLAMA,
  phi3: LLAMA,
  gemma: GEMMA,
  gemma2: GEMMA,
  t5: T5,
  mt5: T5,
  umt5: T5,
  albert: {
    roles: { ...BERT_ROLES, bos: '[CLS]', eos: '[SEP]' },
    layout: CLS_SEP,
    stripped: ['mask'],
    before: (settings) =>
      latex(settings.flag('do_lower_case') ?? true, settings.flag('keep_accents') ?? false),
  },
  xlnet: {
    roles: {
      sep: '<sep>',
      cls: '<cls>',
      mask: '<mask>',
      unk: '<unk>',
      pad: '<pad>',
      bos: '<s>',
      eos: '</s>',
    },
    layout: CLS_LAST,
    stripped: ['mask'],
    before: (settings) =>
      latex(settings.flag('do_lower_case') ?? false, settings.flag('keep_accents') ?? false),
  },
  bigbird: { roles: { ...BERT_ROLES, bos: '<s>', eos: '</s>' }, layout: CLS_SEP, stripped: ['mask'] },
  rembert: { roles: BERT_ROLES, layout: CLS_SEP },
  debertav2: { roles: { ...BERT_ROLES, unk: '[UNK]', pad: '[PAD]' }, layout: CLS_SEP },
  xlmroberta: {
    roles: FAIRSEQ,
    layout: DOUBLE_SEP,
    stripped: ['mask'],
    arrange: (pieces) => [
      ...['<s>', '<pad>', '</s>'].map(control),
      unknown,
      ...pieces.slice(3),
      control('<mask>'),
    ],
  },
  camembert: {
    roles: FAIRSEQ,
    layout: DOUBLE_SEP,
    stripped: ['mask'],
    arrange: (pieces) => [
      ...['<s>NOTUSED', '<pad>', '</s>NOTUSED'].map(control),
      unknown,
      control('<unk>NOTUSED'),
      ...pieces.slice(1),
      control('<mask>'),
    ],
  },
};

/** Two backquotes or quotes are a quotation mark; accents and case go where the family drops them. */
function latex(lower: boolean, accents: boolean): object[] {
  return [
    { type: 'Replace', pattern: { String: '``' }, content: '"' },
    { type: 'Replace', pattern: { String: "''" }, content: '"' },
    ...(accents ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
    ...(lower ? [{ type: 'Lowercase' }] : []),
  ];
}

/** @throws Error that names what is not known. */
export function fromSentencePiece(
  given: SentencePieceModel,
  settings: Settings,
  file: string,
): BuiltTokenizer {
  const family = FAMILIES[settings.family];
  if (family === undefined) throw unknownFamily(settings, file);
  const pieces = family.arrange?.(given.pieces) ?? given.pieces;
  const model = pieceModel({ ...given, pieces });
  const roles = rolesOf(settings, family.roles);
  const added = [
    ...pieceTokens(pieces),
    ...addedTokens(settings, roles, family.stripped),
    ...(settings.added.length > 0 ? [] : (family.extra ?? []).map((each) => plainToken(each, true))),
  ];
  const unique = [...new Map(added.map((token) => [token.content, token])).values()];
  const ids = new Map(readAddedTokens(unique, model.vocabulary).map(({ content, id }) => [content, id]));
  const layout =
    'bos' in family.layout
      ? bosEos(
          settings.flag('add_bos_token') ?? family.layout.bos,
          settings.flag('add_eos_token') ?? family.layout.eos,
        )
      : family.layout;
  return {
    model,
    parts: {
      added_tokens: unique,
      normalizer: sentencePieceNormalizer(given, family.before?.(settings) ?? []),
      pre_tokenizer: null,
      post_processor: template(layout, roles, (token) => model.vocabulary.get(token) ?? ids.get(token)),
    },
  };
}

/** Control and user-defined pieces stand in a text as they are. */
export function pieceTokens(pieces: readonly ScoredPiece[]): AddedSetting[] {
  return pieces.flatMap(({ piece, type }) =>
    type === 'control' || type === 'userDefined' || type === 'unknown'
      ? [plainToken(piece, type !== 'userDefined')]
      : [],
  );
}

/** Spaces become U+2581, and one stands before the text. */
export function sentencePieceNormalizer(
  {
    charsmap,
    removeExtraSpaces,
    dummyPrefix,
  }: Pick<SentencePieceModel, 'charsmap' | 'removeExtraSpaces' | 'dummyPrefix'>,
  before: readonly object[] = [],
): object {
  const replace = (find: string, content: string): object => ({
    type: 'Replace',
    pattern: { Regex: find },
    content,
  });
  return {
    type: 'Sequence',
    normalizers: [
      ...before,
      ...(charsmap === undefined
        ? []
        : [{ type: 'SentencePieceMap', precompiled_charsmap: Buffer.from(charsmap).toString('base64') }]),
      ...(removeExtraSpaces ? [replace('\\A +| +\\z', ''), replace(' {2,}', ' ')] : []),
      ...(dummyPrefix ? [{ type: 'Prepend', prepend: '▁' }] : []),
      replace(' ', '▁'),
    ],
  };
}

/** The model of pieces, whose ids are their indices. */
export function pieceModel({
  kind,
  pieces,
  byteFallback,
}: Pick<SentencePieceModel, 'kind' | 'pieces' | 'byteFallback'>): TokenModel {
  const unused = pieces.find(({ type }) => type === 'unused');
  if (unused !== undefined) throw new Error(`piece "${unused.piece}" is marked unused, which is not known`);
  const unknownId = pieces.findIndex(({ type }) => type === 'unknown');
  if (unknownId === -1) throw new Error('it has no piece for the unknown');
  const common = { byte_fallback: byteFallback };
  if (kind === 'unigram') {
    const vocab = pieces.map(({ piece, score }) => [piece, score]);
    const isText = (id: number): boolean =>
      pieces[id]!.type === 'normal' || pieces[id]!.type === 'userDefined';
    // The library adds in single precision.
    return unigram({ ...common, vocab, unk_id: unknownId }, isText, Math.fround);
  }
  const vocab = Object.fromEntries(pieces.map(({ piece }, id) => [piece, id]));
  return bpe({ ...common, vocab, unk_token: pieces[unknownId]!.piece, fuse_unk: true }, mergesOf(pieces));
}

/** Any two pieces that make a third are merged, the one of the highest score first. */
function mergesOf(pieces: readonly ScoredPiece[]): Merges {
  const ids = new Map<string, number>();
  for (const [id, { piece, type }] of pieces.entries()) {
    if (type === 'normal' || type === 'userDefined') ids.set(piece, id);
  }
  const order = [...ids.values()].sort((a, b) => pieces[b]!.score - pieces[a]!.score || a - b);
  const ranks = new Map<number, number>();
  for (const [rank, id] of order.entries()) {
    const { piece } = pieces[id]!;
    for (let cut = 1; cut < piece.length; cut++) {
      const first = ids.get(piece.slice(0, cut));
      const second = first === undefined ? undefined : ids.get(piece.slice(cut));
      if (second !== undefined) ranks.set(pairKey(first!, second), rank);
    }
  }
  return { ranks, results: Int32Array.from(order) };
}

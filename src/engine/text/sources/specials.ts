/** Special tokens of tokenizers that are built from a vocabulary: which there are, and where they stand. */
import { plainToken, type AddedSetting, type Role, type Settings } from './settings';

/** Template pieces: a text, or the token that has a role. */
export type Arrangement = readonly (readonly [piece: 'A' | 'B' | Role, type: number])[];

export interface Layout {
  readonly single: Arrangement;
  readonly pair: Arrangement;
}

/** [CLS] A [SEP] B [SEP]. */
export const CLS_SEP: Layout = {
  single: [
    ['cls', 0],
    ['A', 0],
    ['sep', 0],
  ],
  pair: [
    ['cls', 0],
    ['A', 0],
    ['sep', 0],
    ['B', 1],
    ['sep', 1],
  ],
};

/** <s> A </s></s> B </s>. */
export const DOUBLE_SEP: Layout = {
  single: CLS_SEP.single,
  pair: [
    ['cls', 0],
    ['A', 0],
    ['sep', 0],
    ['sep', 0],
    ['B', 0],
    ['sep', 0],
  ],
};

/** A </s> B </s>. */
export const EOS: Layout = {
  single: [
    ['A', 0],
    ['eos', 0],
  ],
  pair: [
    ['A', 0],
    ['eos', 0],
    ['B', 0],
    ['eos', 0],
  ],
};

/** A <sep> B <sep> <cls>. */
export const CLS_LAST: Layout = {
  single: [
    ['A', 0],
    ['sep', 0],
    ['cls', 2],
  ],
  pair: [
    ['A', 0],
    ['sep', 0],
    ['B', 1],
    ['sep', 1],
    ['cls', 2],
  ],
};

/** Begin and end of each text, where they are wanted. */
export function bosEos(bos: boolean, eos: boolean): Layout {
  const around = (text: 'A' | 'B', type: number): Arrangement => [
    ...(bos ? ([['bos', type]] as const) : []),
    [text, type],
    ...(eos ? ([['eos', type]] as const) : []),
  ];
  return { single: around('A', 0), pair: [...around('A', 0), ...around('B', 1)] };
}

export type Roles = Readonly<Partial<Record<Role, string>>>;

/** The family's tokens, where the files name no others. */
export function rolesOf(settings: Settings, usual: Roles): Roles {
  const roles: Partial<Record<Role, string>> = { ...usual };
  for (const [role, token] of Object.entries(settings.tokens)) {
    if (token === null) delete roles[role as Role];
    else roles[role as Role] = token;
  }
  return roles;
}

/** Ids of added tokens, as tokenizer.json has them: those that files give, then those of roles. */
export function addedTokens(
  settings: Settings,
  roles: Roles,
  stripped: readonly Role[] = [],
): AddedSetting[] {
  const known = new Set(settings.added.map(({ content }) => content));
  const own = (Object.entries(roles) as [Role, string][])
    .filter(([, token]) => !known.has(token))
    .map(([role, token]) => ({ ...plainToken(token, true), lstrip: stripped.includes(role) }));
  const unique = new Map(own.map((token) => [token.content, token]));
  return [...settings.added, ...unique.values()];
}

/**
 * The post-processor of a layout.
 *
 * @param idOf gives the id of a token.
 * @throws Error that names the token which the vocabulary lacks.
 */
export function template(layout: Layout, roles: Roles, idOf: (token: string) => number | undefined): object {
  const specials: Record<string, object> = {};
  const pieces = (arrangement: Arrangement): object[] =>
    arrangement.map(([piece, type]) => {
      if (piece === 'A' || piece === 'B') return { Sequence: { id: piece, type_id: type } };
      const token = roles[piece];
      const id = token === undefined ? undefined : idOf(token);
      if (token === undefined || id === undefined) {
        throw new Error(`the vocabulary has no ${piece}_token${token === undefined ? '' : ` "${token}"`}`);
      }
      specials[token] = { id: token, ids: [id], tokens: [token] };
      return { SpecialToken: { id: token, type_id: type } };
    });
  const single = pieces(layout.single);
  const pair = pieces(layout.pair);
  return { type: 'TemplateProcessing', single, pair, special_tokens: specials };
}

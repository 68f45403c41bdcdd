/** What tokenizer_config.json, special_tokens_map.json and added_tokens.json say beside a vocabulary. */
import { optionalText, type Json, type JsonObject } from '../pipeline/json';

const ROLES = ['bos', 'eos', 'unk', 'sep', 'cls', 'pad', 'mask'] as const;
export type Role = (typeof ROLES)[number];

export interface Settings {
  /** `BertTokenizerFast` and the model type `bert` are both `bert`; empty where nothing says it. */
  readonly family: string;
  /** Where the family was read. */
  readonly named: string;
  /** The token that a file names for a role, or null where it says that there is none. */
  readonly tokens: Readonly<Partial<Record<Role, string | null>>>;
  /** In the form of tokenizer.json's, without ids that contradict the vocabulary. */
  readonly added: readonly AddedSetting[];
  flag(key: string): boolean | undefined;
}

export interface AddedSetting {
  readonly content: string;
  readonly id?: number;
  readonly special: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly single_word: boolean;
  readonly normalized: boolean;
}

/**
 * @param modelType of the config, for folders that do not name the tokenizer's class.
 */
export function readSettings(
  config: JsonObject,
  specialTokens: JsonObject,
  addedTokens: JsonObject,
  modelType: string,
): Settings {
  const given = { ...specialTokens, ...config };
  const tokens: Partial<Record<Role, string | null>> = {};
  const objects: AddedSetting[] = [];
  for (const role of ROLES) {
    const value = given[`${role}_token`];
    if (value === null) tokens[role] = null;
    const content = contentOf(value);
    if (content === undefined) continue;
    tokens[role] = content;
    if (typeof value === 'object') objects.push(addedSetting(content, value as JsonObject, true));
  }
  const className = optionalText(config, 'tokenizer_class');
  const generic = className === undefined || /^PreTrainedTokenizer|^TokenizersBackend$/.test(className);
  return {
    family: familyOf(generic ? modelType : className),
    named: generic ? `model_type "${modelType}"` : `tokenizer_class "${className}"`,
    tokens,
    added: addedSettings(config, addedTokens, objects),
    flag: (key) => (typeof config[key] === 'boolean' ? config[key] : undefined),
  };
}

function familyOf(name: string): string {
  return name
    .replace(/(Tokenizer)(Fast)?$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** A token is a string or an object with its content. */
function contentOf(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null
    ? optionalText(value as JsonObject, 'content')
    : undefined;
}

/** Those with ids in their order, then those of roles. */
function addedSettings(
  config: JsonObject,
  addedTokens: JsonObject,
  ofRoles: readonly AddedSetting[],
): AddedSetting[] {
  const found = new Map<string, AddedSetting>();
  const decoder = config['added_tokens_decoder'];
  for (const [key, value] of Object.entries(typeof decoder === 'object' && decoder !== null ? decoder : {})) {
    const content = contentOf(value as Json);
    if (content === undefined || !/^\d+$/.test(key)) continue;
    found.set(content, { ...addedSetting(content, value as JsonObject, false), id: Number(key) });
  }
  for (const [content, id] of Object.entries(addedTokens)) {
    if (typeof id === 'number' && !found.has(content))
      found.set(content, { ...plainToken(content, true), id });
  }
  for (const token of ofRoles) if (!found.has(token.content)) found.set(token.content, token);
  return [...found.values()].sort((a, b) => (a.id ?? Infinity) - (b.id ?? Infinity));
}

function addedSetting(content: string, value: JsonObject, special: boolean): AddedSetting {
  const on = (name: string): boolean => value[name] === true;
  return {
    content,
    special: special || on('special'),
    lstrip: on('lstrip'),
    rstrip: on('rstrip'),
    single_word: on('single_word'),
    normalized: on('normalized'),
  };
}

export function plainToken(content: string, special: boolean): AddedSetting {
  return { content, special, lstrip: false, rstrip: false, single_word: false, normalized: false };
}

/** Parts of a tokenizer.json, which anyone may have written: read with their names in what is thrown. */

export type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

export function object(value: Json, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Error(`${where} is not an object`);
}

export function list(value: Json, where: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${where} is not a list`);
}

export function text(value: Json, where: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${where} is not a string`);
}

/** A non-negative integer. */
export function index(value: Json, where: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new Error(`${where} is not an id`);
}

/** What must be there. */
export function field(value: JsonObject, key: string, where: string): Json {
  if (Object.hasOwn(value, key)) return value[key];
  throw new Error(`${where} has no "${key}"`);
}

export function flag(value: JsonObject, key: string, fallback: boolean): boolean {
  const given = Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof given === 'boolean' ? given : fallback;
}

export function optionalText(value: JsonObject, key: string): string | undefined {
  const given = Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof given === 'string' ? given : undefined;
}

/** Ids by token. */
export function vocabulary(value: Json, where: string): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [token, id] of Object.entries(object(value, where)))
    ids.set(token, index(id, `${where}: ${token}`));
  return ids;
}

/** What a part calls itself. */
export function typeOf(value: JsonObject, where: string): string {
  return text(field(value, 'type', where), `the type of ${where}`);
}

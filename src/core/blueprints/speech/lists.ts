/** Lists of sizes in a config, which stand for a stack of convolutions. */

/** The whole numbers of a list, or the default where the key is missing or holds none. */
export function sizes(value: unknown, fallback: readonly number[]): readonly number[] {
  if (!Array.isArray(value)) return fallback;
  const all = value.filter((each): each is number => Number.isInteger(each) && each > 0);
  return all.length === value.length && all.length > 0 ? all : fallback;
}

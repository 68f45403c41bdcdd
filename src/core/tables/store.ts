/** Reads the class tables from their text: the index on the first line, then a line a file, its name before a tab. */
import type { FileTable, TableIndex, TableStore } from './format';

const NONE: FileTable = { names: {}, imports: {} };

/** Files are parsed when they are asked for: a config needs a handful of a thousand. */
export function tableStore(text: string): TableStore {
  const lines = new Map<string, readonly [from: number, to: number]>();
  const first = text.indexOf('\n');
  for (let from = first + 1; from < text.length;) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    const tab = text.indexOf('\t', from);
    lines.set(text.slice(from, tab), [tab + 1, to]);
    from = to + 1;
  }
  const parsed = new Map<string, FileTable>();
  return {
    index: JSON.parse(text.slice(0, first)) as TableIndex,
    file(name) {
      const known = parsed.get(name);
      if (known !== undefined) return known;
      const place = lines.get(name);
      const table = place === undefined ? NONE : (JSON.parse(text.slice(...place)) as FileTable);
      parsed.set(name, table);
      return table;
    },
  };
}

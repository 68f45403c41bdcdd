/** Reads the class tables from their text: the index on the first line, then a line a file, its name before a tab. */
import type { ClassTable, FileTable, TableIndex, TableStore } from './format';

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

/** Tables with what others add to their files: definitions, and members of their classes. */
export function withMembers(tables: TableStore, added: TableStore): TableStore {
  const joined = new Map<string, FileTable>();
  return {
    index: tables.index,
    file(name) {
      const known = joined.get(name);
      if (known !== undefined) return known;
      const [own, more] = [tables.file(name), added.file(name)];
      const names: Record<string, FileTable['names'][string]> = { ...own.names };
      for (const [key, definition] of Object.entries(more.names)) {
        const before = names[key];
        names[key] =
          isClass(definition) && before !== undefined && isClass(before)
            ? { ...before, body: { ...before.body, ...definition.body } }
            : definition;
      }
      const file = { names, imports: { ...own.imports, ...more.imports } };
      joined.set(name, file);
      return file;
    },
  };
}

function isClass(definition: FileTable['names'][string]): definition is ClassTable {
  return !Array.isArray(definition);
}

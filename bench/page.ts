/** docs/performance.md: parts that are measured apart, each between marks that name it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { root } from '../scripts/lib/project.mjs';

const page = path.join(root, 'docs/performance.md');

/** Puts a part in the place of the one of this name, or at the end. */
export function writeSection(name: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const before = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const part = `${begin}\n\n${text.trim()}\n\n${end}\n`;
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  const after =
    from < 0 || to < 0
      ? `${before.trimEnd()}${before === '' ? '' : '\n\n'}${part}`
      : `${before.slice(0, from)}${part}${before.slice(to + end.length).trimStart()}`;
  writeFileSync(page, after);
  console.log(text);
}

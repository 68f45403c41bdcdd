/** Finds the texts of `l10n.t('…')` in the sources of the host. */
import { readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';

export const root = path.resolve(import.meta.dirname, '../../..');

export interface Message {
  readonly file: string;
  readonly text: string;
  /** Name of the property whose value the call is, if it is one. */
  readonly property?: string;
}

/** Every message of the host; throws where one is no literal, since no bundle could hold it. */
export function hostMessages(): Message[] {
  const folder = path.join(root, 'src/host');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))
    .concat(path.join(root, 'src/extension.ts'))
    .flatMap(messagesOf);
}

function messagesOf(file: string): Message[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Message[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /(?:^|\.)l10n\.t$/.test(node.expression.getText(source))) {
      const [text] = node.arguments;
      if (text === undefined || !ts.isStringLiteralLike(text)) {
        throw new Error(`${file}: ${node.getText(source)} has no literal text`);
      }
      const parent = node.parent;
      found.push({
        file: path.relative(root, file),
        text: text.text,
        ...(ts.isPropertyAssignment(parent) && ts.isStringLiteral(parent.name)
          ? { property: parent.name.text }
          : {}),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

export function readJson(file: string): Record<string, string> {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Record<string, string>;
}

/** Text → JSON tree with offsets, tolerant of comments, trailing commas and text that is still being typed. */
import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Anchor, Span } from '../analysis';

export type { Node };

export interface SyntaxProblem {
  readonly span: Span;
  /** The parser's word for it: `PropertyNameExpected`. */
  readonly detail: string;
}

export interface ParsedText {
  /** The object at the top, as far as it could be read; undefined when the text holds none. */
  readonly root: Node | undefined;
  /** The first thing that keeps the text from being JSON with comments and trailing commas. */
  readonly syntax: SyntaxProblem | undefined;
}

export function parseConfig(text: string): ParsedText {
  const errors: ParseError[] = [];
  const options = { allowTrailingComma: true, disallowComments: false, allowEmptyContent: false };
  // A byte-order mark is no JSON, but editors and Python write it; offsets stay those of the text.
  let root: Node | undefined;
  try {
    root = parseTree(text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text, errors, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The parser calls itself at each bracket; no config is so deep that the stack ends.
    return { root: undefined, syntax: { span: { start: 0, end: text.length }, detail: 'NestedTooDeep' } };
  }
  const first = errors[0];
  return {
    root: root?.type === 'object' ? root : undefined,
    syntax:
      first === undefined
        ? undefined
        : {
            span: { start: first.offset, end: first.offset + first.length },
            detail: printParseErrorCode(first.error),
          },
  };
}

/** The properties of an object, the last of equal names, as JSON readers take it. */
export function properties(object: Node): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const property of object.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key !== undefined && value !== undefined) found.set(String(key.value), value);
  }
  return found;
}

/** Configs nest sub-configs, and those their parameters. */
const DEEPEST = 8;

/** Where every property of the tree stands, by its dotted path, as deep as configs nest; lists are not entered. */
export function anchors(root: Node): Record<string, Anchor> {
  const found: Record<string, Anchor> = Object.create(null) as Record<string, Anchor>;
  const visit = (object: Node, prefix: string, depth: number): void => {
    for (const property of object.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key === undefined) continue;
      const path = prefix + String(key.value);
      found[path] = value === undefined ? { key: span(key) } : { key: span(key), value: span(value) };
      if (value?.type === 'object' && depth < DEEPEST) visit(value, `${path}.`, depth + 1);
    }
  };
  visit(root, '', 1);
  return found;
}

export function span(node: Node): Span {
  return { start: node.offset, end: node.offset + node.length };
}

/** A node as a plain value. */
export function plain(node: Node): unknown {
  return getNodeValue(node);
}

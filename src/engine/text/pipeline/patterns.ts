/** Where a pattern of a tokenizer.json stands in a text. */
import { toRegExp } from 'oniguruma-to-es';
import { field, object, text, type Json } from './json';

/** Units [from, to) of a text. */
export type Span = readonly [from: number, to: number];

/** Matches in the order of the text, none over another. */
export type Finder = (text: string) => Span[];

/** `{"String": …}`, `{"Regex": …}` of Oniguruma, or a string. */
export function pattern(json: Json, where: string): Finder {
  if (typeof json === 'string') return literal(json);
  const given = object(json, where);
  if ('String' in given) return literal(text(field(given, 'String', where), where));
  return regex(text(field(given, 'Regex', where), where));
}

/** A regular expression in Oniguruma's syntax, with its meaning of classes and anchors. */
export function regex(source: string): Finder {
  const compiled = toRegExp(source, { global: true, target: 'ES2024' });
  return (within) => matches(within, compiled);
}

export function matches(within: string, compiled: RegExp): Span[] {
  const spans: Span[] = [];
  let end = -1;
  for (const match of within.matchAll(compiled)) {
    const to = match.index + match[0].length;
    // Nothing, right behind a match, is no match.
    if (match.index === to && to === end) continue;
    spans.push([match.index, to]);
    end = to;
  }
  return spans;
}

/** Every character for which `test` holds. */
export function characters(test: (char: string) => boolean): Finder {
  return (within) => {
    const spans: Span[] = [];
    let at = 0;
    for (const char of within) {
      if (test(char)) spans.push([at, at + char.length]);
      at += char.length;
    }
    return spans;
  };
}

function literal(wanted: string): Finder {
  return (within) => {
    const spans: Span[] = [];
    if (wanted === '') return spans;
    for (let at = within.indexOf(wanted); at !== -1; at = within.indexOf(wanted, at + wanted.length)) {
      spans.push([at, at + wanted.length]);
    }
    return spans;
  };
}

/** A tokenizer's model: from a piece of text to ids. */

/** A token in units [start, end) of the piece that it was made of. */
export interface Piece {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export interface TokenModel {
  /** Ids by token. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** @throws Error where a text has no ids and there is no token for the unknown. */
  tokenize(text: string): readonly Piece[];
}

/** Writes a byte as SentencePiece's vocabularies do. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** The ids of a text's UTF-8 bytes; undefined where the vocabulary lacks one. */
export function byteIds(text: string, vocabulary: ReadonlyMap<string, number>): number[] | undefined {
  const ids: number[] = [];
  for (const byte of Buffer.from(text, 'utf8')) {
    const id = vocabulary.get(byteToken(byte));
    if (id === undefined) return undefined;
    ids.push(id);
  }
  return ids;
}

/**
 * Reads a SentencePiece model (sentencepiece_model.proto): the pieces, and how texts are normalised.
 *
 * Of the protocol buffer only what encoding needs is looked at; lengths are checked against the file.
 */

export type PieceType = 'normal' | 'unknown' | 'control' | 'userDefined' | 'unused' | 'byte';

export interface ScoredPiece {
  readonly piece: string;
  readonly score: number;
  readonly type: PieceType;
}

export interface SentencePieceModel {
  readonly kind: 'unigram' | 'bpe';
  readonly pieces: readonly ScoredPiece[];
  readonly byteFallback: boolean;
  readonly charsmap: Uint8Array | undefined;
  readonly dummyPrefix: boolean;
  readonly removeExtraSpaces: boolean;
}

const PIECE_TYPES: readonly (PieceType | undefined)[] = [
  undefined,
  'normal',
  'unknown',
  'control',
  'userDefined',
  'unused',
  'byte',
];

/** @throws Error where the bytes are no such model, or one of a kind that is not known. */
export function readSentencePiece(bytes: Uint8Array): SentencePieceModel {
  const pieces: ScoredPiece[] = [];
  let trainer: Message = new Map();
  let normalizer: Message = new Map();
  for (const { number, value } of fields(bytes)) {
    if (number === 1) pieces.push(pieceOf(message(value, 'a piece'), pieces.length));
    else if (number === 2) trainer = message(value, 'trainer_spec');
    else if (number === 3) normalizer = message(value, 'normalizer_spec');
  }
  if (pieces.length === 0) throw new Error('it has no pieces');
  const type = integer(trainer, 3, 1);
  if (type !== 1 && type !== 2)
    throw new Error(`its model_type is ${type}, and 1 (unigram) and 2 (BPE) are known`);
  if (integer(trainer, 24, 0) !== 0) throw new Error('it treats white space as a suffix, which is not known');
  if (integer(normalizer, 5, 1) !== 1) throw new Error('it does not escape white space, which is not known');
  const charsmap = normalizer.get(2);
  return {
    kind: type === 1 ? 'unigram' : 'bpe',
    pieces,
    byteFallback: integer(trainer, 35, 0) === 1,
    charsmap: charsmap instanceof Uint8Array && charsmap.length > 0 ? charsmap : undefined,
    dummyPrefix: integer(normalizer, 3, 1) === 1,
    removeExtraSpaces: integer(normalizer, 4, 1) === 1,
  };
}

function pieceOf(given: Message, index: number): ScoredPiece {
  const piece = given.get(1);
  const score = given.get(2);
  const type = PIECE_TYPES[integer(given, 3, 1)];
  if (!(piece instanceof Uint8Array) || type === undefined) throw new Error(`piece ${index} is not one`);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(piece);
  const bits = score instanceof Uint8Array ? score : new Uint8Array(4);
  return { piece: text, type, score: new DataView(bits.buffer, bits.byteOffset, 4).getFloat32(0, true) };
}

/** Values of a message by field number, the last of each: integers, or bytes. */
type Message = Map<number, number | Uint8Array>;

function message(value: number | Uint8Array, what: string): Message {
  if (typeof value === 'number') throw new Error(`${what} is no message`);
  return new Map(Array.from(fields(value), ({ number, value: own }) => [number, own]));
}

function integer(from: Message, number: number, fallback: number): number {
  const value = from.get(number);
  return typeof value === 'number' ? value : fallback;
}

/** Fields of a protocol buffer in their order. */
function* fields(bytes: Uint8Array): Generator<{ number: number; value: number | Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('it is cut off');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('it is no protocol buffer');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error('it is cut off');
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        yield { number, value: take(8) };
        break;
      case 2:
        yield { number, value: take(varint()) };
        break;
      case 5:
        yield { number, value: take(4) };
        break;
      default:
        throw new Error('it is no protocol buffer');
    }
  }
}

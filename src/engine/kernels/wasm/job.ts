/** Words of the control block in memory, as assembly/jobs.as reads them, and what can be asked for. */

/** Kinds of jobs. */
export const PRODUCT = 0;
export const PACK_HEADS = 1;
export const ATTEND = 2;
export const NORM = 3;
export const ELEMENTS = 4;
export const SEEDED = 5;

/** Words from the control block's start. Those that threads wait for or count on stand in cache lines of their own. */
export const EPOCH = 0;
export const NEXT = 16;
export const CHUNKS = 32;
export const ACTIVE = 48;
export const KIND = 64;
export const FAULT = 65;
export const STOP = 66;
export const DESCRIPTION = 80;

/** A number that stands in the description as a float. */
export class Single {
  constructor(readonly value: number) {}
}

/** A job as it is written into the control block. */
export interface Job {
  readonly kind: number;
  readonly chunks: number;
  /** The description's words, in its order. */
  readonly words: readonly (number | Single)[];
}

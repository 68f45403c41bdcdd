/** Encoder–decoder families over text. */
import { bartKin } from './bartKin';
import { t5 } from './t5';

export const seq2seq = [t5, ...bartKin];

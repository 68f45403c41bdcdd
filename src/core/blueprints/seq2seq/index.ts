/** Encoder–decoder families over text. */
import { bartKin } from './bartKin';
import { fsmt } from './fsmt';
import { bigBirdPegasus, led } from './longBart';
import { t5Kin } from './t5Kin';

export const seq2seq = [...t5Kin, ...bartKin, fsmt, led, bigBirdPegasus];

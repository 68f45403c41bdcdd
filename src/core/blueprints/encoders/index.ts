/** Encoders: BERT and its kin. */
import type { Family } from '../family';
import { albert } from './albert';
import { bert, ernie, megatronBert } from './bert';
import { robertas } from './roberta';

export const encoders: readonly Family[] = [bert, albert, ernie, megatronBert, ...robertas];

/** Decoders whose feed-forwards are mixtures of experts. */
import type { Family } from '../family';
import { deepseekV3 } from './deepseekV3';
import { mixtral } from './mixtral';

export const mixtures: readonly Family[] = [mixtral, deepseekV3];

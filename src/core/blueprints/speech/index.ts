/** Families that listen: speech, audio, and series of measurements. */
import type { Family } from '../family';

export const speech: readonly Family[] = [];

/** State-space models, and decoders that mix attention with recurrences. */
import type { Family } from '../family';

export const hybrids: readonly Family[] = [];

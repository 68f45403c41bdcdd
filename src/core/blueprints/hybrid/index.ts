/** State-space models, and decoders that mix attention with recurrences. */
import type { Family } from '../family';
import { graniteHybrid } from './graniteHybrid';
import { bamba, jamba } from './jamba';
import { lfm2 } from './lfm2';
import { falconMamba, mamba, mamba2 } from './mamba';

export const hybrids: readonly Family[] = [mamba, falconMamba, mamba2, jamba, bamba, graniteHybrid, lfm2];

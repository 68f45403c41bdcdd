/** Models whose classes come with their checkpoints: transformers does not have them. */
import { baichuan } from './baichuan';
import { chatGlm } from './chatGlm';
import { deciLm } from './deciLm';
import { internlm2 } from './internlm2';
import { llamaKin } from './llamaKin';
import { mixformers } from './mixformer';
import { qwen } from './qwen';
import { refinedWeb } from './refinedWeb';

export const remoteFamilies = [
  ...llamaKin,
  baichuan,
  internlm2,
  qwen,
  chatGlm,
  deciLm,
  ...mixformers,
  ...refinedWeb,
];

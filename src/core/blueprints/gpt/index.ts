/** GPT and its kin. */
import { bloom } from './bloom';
import { falcon } from './falcon';
import { gpt2, gptSw3 } from './gpt2';
import { gptBigCode } from './gptBigCode';
import { codegen, gptJ } from './gptJ';
import { gptNeo } from './gptNeo';
import { gptNeoX } from './gptNeoX';
import { mpt } from './mpt';
import { opt } from './opt';

export const gptFamilies = [
  gpt2,
  gptSw3,
  gptNeo,
  gptNeoX,
  gptJ,
  codegen,
  gptBigCode,
  bloom,
  falcon,
  mpt,
  opt,
] as const;

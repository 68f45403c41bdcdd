/** GPT and its kin. */
import { bloom } from './bloom';
import { ctrl } from './ctrl';
import { biogpt, xglm } from './fairseqKin';
import { falcon } from './falcon';
import { gpt2, gptSw3 } from './gpt2';
import { gptBigCode } from './gptBigCode';
import { codegen, gptJ } from './gptJ';
import { gptNeo } from './gptNeo';
import { gptNeoX, gptNeoXHyphen, gptNeoXReward } from './gptNeoX';
import { gptNeoXJapanese } from './gptNeoXJapanese';
import { imageGpt } from './imageGpt';
import { mpt } from './mpt';
import { openaiGpt } from './openaiGpt';
import { opt } from './opt';
import { rwkv } from './rwkv';
import { flaubert, xlm } from './xlm';
import { xlnet } from './xlnet';

export const gptFamilies = [
  gpt2,
  gptSw3,
  openaiGpt,
  gptNeo,
  gptNeoX,
  gptNeoXHyphen,
  gptNeoXReward,
  gptNeoXJapanese,
  gptJ,
  codegen,
  gptBigCode,
  imageGpt,
  ctrl,
  bloom,
  falcon,
  mpt,
  opt,
  biogpt,
  xglm,
  xlm,
  flaubert,
  xlnet,
  rwkv,
] as const;

/** Dense decoders with rotary positions. */
import { bitNet } from './bitnet';
import { coheres } from './cohere';
import { cwm } from './cwm';
import { diffLlama } from './diffLlama';
import { exaone4 } from './exaone';
import { gemmas } from './gemma';
import { glms } from './glm';
import { granites } from './granite';
import { hrmText } from './hrm';
import { llama } from './llama';
import { llamaLikes } from './llamaLike';
import { mistrals } from './mistral';
import { nanochat } from './nanochat';
import { nemotrons } from './nemotron';
import { olmos } from './olmo';
import { persimmon } from './persimmon';
import { phis } from './phi';
import { qwens } from './qwen';
import { smolLm3 } from './smollm';
import { stableLm } from './stablelm';
import { starcoder2 } from './starcoder';

export const decoders = [
  llama,
  ...mistrals,
  ...qwens,
  ...gemmas,
  ...coheres,
  ...olmos,
  cwm,
  ...granites,
  smolLm3,
  exaone4,
  ...glms,
  ...phis,
  stableLm,
  starcoder2,
  ...llamaLikes,
  ...nemotrons,
  persimmon,
  bitNet,
  diffLlama,
  nanochat,
  hrmText,
] as const;

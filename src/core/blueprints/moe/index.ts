/** Decoders whose feed-forwards are mixtures of experts. */
import type { Family } from '../family';
import { afmoe, exaoneMoe, hunyuanMoe } from './afmoe';
import { axk1, deepseekV2, deepseekV3, deepseekV32, youtu } from './deepseek';
import { ernieMoe } from './ernie';
import { dots1, glm4Moe, glm4MoeLite, glmMoeDsa, solarOpen } from './glmMoe';
import { gptOss } from './gptOss';
import { graniteMoe, graniteMoeShared } from './granite';
import { llama4 } from './llama4';
import { hunyuan3, minimaxM2 } from './minimaxM2';
import { mixtral } from './mixtral';
import { flexOlmo, olmoe } from './olmoe';
import { minicpm3 } from './minicpm3';
import { phimoe } from './phimoe';
import { qwen2Moe, qwen3Moe } from './qwenMoe';

export const mixtures: readonly Family[] = [
  mixtral,
  qwen2Moe,
  qwen3Moe,
  gptOss,
  phimoe,
  olmoe,
  flexOlmo,
  graniteMoe,
  graniteMoeShared,
  ernieMoe,
  minimaxM2,
  hunyuan3,
  hunyuanMoe,
  llama4,
  afmoe,
  exaoneMoe,
  deepseekV2,
  deepseekV3,
  deepseekV32,
  axk1,
  glm4Moe,
  glm4MoeLite,
  glmMoeDsa,
  solarOpen,
  dots1,
  minicpm3,
  youtu,
];

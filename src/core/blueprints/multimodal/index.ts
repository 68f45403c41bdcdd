/** Models of images and text. */
import type { Family } from '../family';
import { clips } from './clip';
import { gemma3, paligemma } from './gemmaImages';
import { idefics2 } from './idefics2';
import { internvl, internvlVision } from './internvl';
import { llava, llavaNext, llavaOnevision, videoLlava, vipLlava } from './llava';
import { mistral3, pixtral } from './pixtral';
import { qwenVls } from './qwenVl';
import { siglip, siglipTextModel, siglipVisionModel } from './siglip';

export const multimodalFamilies: readonly Family[] = [
  ...clips,
  siglip,
  siglipTextModel,
  siglipVisionModel,
  llava,
  llavaNext,
  llavaOnevision,
  videoLlava,
  vipLlava,
  ...qwenVls,
  gemma3,
  paligemma,
  pixtral,
  mistral3,
  internvlVision,
  internvl,
  idefics2,
];

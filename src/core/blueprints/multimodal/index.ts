/** Models of images and text. */
import type { Family } from '../family';
import { clips } from './clip';
import { llava, llavaNext, llavaOnevision, videoLlava, vipLlava } from './llava';
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
];

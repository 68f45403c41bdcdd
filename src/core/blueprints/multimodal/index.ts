/** Models of images and text. */
import type { Family } from '../family';
import { clips } from './clip';
import { llava, llavaNext, videoLlava, vipLlava } from './llava';
import { siglip, siglipTextModel, siglipVisionModel } from './siglip';

export const multimodalFamilies: readonly Family[] = [
  ...clips,
  siglip,
  siglipTextModel,
  siglipVisionModel,
  llava,
  llavaNext,
  videoLlava,
  vipLlava,
];

/** Encoders of images and videos. */
import type { Family } from '../family';
import { beit, data2vecVision } from './beit';
import { dinov2, dinov2WithRegisters, dinov3Vit } from './dino';
import { deit, ijepa, vit, vitMsn } from './vit';
import { yolos } from './yolos';

export const visionFamilies: readonly Family[] = [
  vit,
  deit,
  ijepa,
  vitMsn,
  beit,
  data2vecVision,
  dinov2,
  dinov2WithRegisters,
  dinov3Vit,
  yolos,
];

/** Encoders of images and videos. */
import type { Family } from '../family';
import { beit, data2vecVision } from './beit';
import { bit } from './bit';
import { convnext, convnextV2, resnet } from './convnets';
import { dinov2, dinov2WithRegisters, dinov3Vit } from './dino';
import { efficientnet } from './efficientnet';
import { pvtV2, segformer } from './mixTransformer';
import { mobilenetV1, mobilenetV2 } from './mobilenet';
import { poolformer } from './poolformer';
import { mobilevit, mobilevitV2 } from './mobilevit';
import { pvt } from './pvt';
import { regnet } from './regnet';
import { donutSwin, maskformerSwin, swin, swinv2 } from './swin';
import { videomae, vivit } from './video';
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
  swin,
  swinv2,
  donutSwin,
  maskformerSwin,
  pvt,
  vivit,
  videomae,
  resnet,
  convnext,
  convnextV2,
  regnet,
  mobilenetV1,
  mobilenetV2,
  efficientnet,
  poolformer,
  segformer,
  pvtV2,
  bit,
  mobilevit,
  mobilevitV2,
];

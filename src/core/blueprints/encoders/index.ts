/** Encoders: BERT and its kin. */
import type { Family } from '../family';
import { albert } from './albert';
import { bert, ernie, megatronBert } from './bert';
import { bigBird } from './bigBird';
import { bertGeneration } from './bertGeneration';
import { canine } from './canine';
import { convBert } from './convBert';
import { debertas } from './deberta';
import { distilbert } from './distilbert';
import { electra } from './electra';
import { eurobert } from './eurobert';
import { fnet } from './fnet';
import { ibert } from './ibert';
import { layoutlm } from './layoutlm';
import { longformer } from './longformer';
import { mobilebert } from './mobilebert';
import { modernBert, modernBertDecoder } from './modernbert';
import { mpnet } from './mpnet';
import { nystromformer } from './nystromformer';
import { reformer } from './reformer';
import { rembert } from './rembert';
import { robertas } from './roberta';
import { rocBert } from './rocBert';
import { roformer } from './roformer';
import { gte, jinaEmbeddings, nomicBert } from './rotaryBert';
import { squeezebert } from './squeezebert';

export const encoders: readonly Family[] = [
  bert,
  albert,
  ernie,
  megatronBert,
  ...robertas,
  distilbert,
  mpnet,
  electra,
  rembert,
  bertGeneration,
  roformer,
  layoutlm,
  ibert,
  rocBert,
  squeezebert,
  fnet,
  mobilebert,
  modernBert,
  modernBertDecoder,
  jinaEmbeddings,
  nomicBert,
  gte,
  eurobert,
  ...debertas,
  longformer,
  bigBird,
  convBert,
  canine,
  reformer,
  nystromformer,
];

/** Every op that the engine has, by kind of module and by operation. */
import type { Operation } from '../../core/model/module';
import { isOperation } from '../../core/model/module';
import { attentionOp } from './attention';
import { convolutionOp } from './convolution';
import { embeddingOp } from './embedding';
import { expertsOp } from './experts';
import { linearOp } from './linear';
import { mlpOp } from './mlp';
import { normOp } from './norm';
import type { Leaf, ModuleOps, Op, OperationOps } from './op';
import { elementwiseOps } from './operations/elementwise';
import { featureOps } from './operations/features';
import { fourierOps } from './operations/fourier';
import { mapOps } from './operations/maps';
import { positionOps } from './operations/positions';
import { poolOps } from './operations/pools';
import { resizeOps } from './operations/resizes';
import { soundOps } from './operations/sound';
import { tokenOps } from './operations/tokens';
import { windowOps } from './operations/windows';
import { causalConvolutionOp } from './recurrence/causalConvolution';
import { rwkvOps } from './recurrence/rwkv';
import { stateSpaceOp } from './recurrence/stateSpace';
import { rotaryOp } from './rotary';

const modules: ModuleOps = {
  linear: linearOp,
  embedding: embeddingOp,
  norm: normOp,
  attention: attentionOp,
  mlp: mlpOp,
  experts: expertsOp,
  convolution: convolutionOp,
  rotary: rotaryOp,
  causalConvolution: causalConvolutionOp,
  stateSpace: stateSpaceOp,
};

const operations: OperationOps = {
  ...elementwiseOps,
  ...featureOps,
  ...fourierOps,
  ...mapOps,
  ...poolOps,
  ...positionOps,
  ...resizeOps,
  ...soundOps,
  ...tokenOps,
  ...windowOps,
  ...rwkvOps,
};

/** The op that computes a module or an operation; undefined where there is none. */
export function opOf(run: Leaf | Operation): Op<Leaf | Operation> | undefined {
  // The tables' types say that the op under a name takes what has that name.
  return isOperation(run) ? operations[run.op] : modules[run.kind];
}

/** What of a module or an operation can't be computed, in a reader's words; undefined where all can. */
export function missing(run: Leaf | Operation): string | undefined {
  const op = opOf(run);
  if (op !== undefined) return op.missing?.(run);
  return isOperation(run) ? `the operation "${run.op}"` : `a module of kind "${run.kind}"`;
}

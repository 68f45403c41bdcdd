/** Shapes without values: what each module and operation makes of its inputs' shapes, before anything runs. */
import type { Module, Operation } from '../core/model/module';
import { isOperation } from '../core/model/module';
import { matrix, product, type Shape } from './tensor';
import { convolutionShape } from './ops/convolution';

type Leaf = Exclude<Module, { kind: 'block' }>;

/** The shape of the result; the batch axis is left out, as everywhere in the engine. */
export function resultShape(run: Leaf | Operation, inputs: readonly Shape[]): Shape {
  const x = inputs[0]!;
  if (isOperation(run)) return operationShape(run, x);
  switch (run.kind) {
    case 'linear':
      return [...x.slice(0, -1), run.outputs];
    case 'embedding':
      return [x[0]!, run.width];
    case 'attention':
      return [x[0]!, run.output.outputs];
    case 'mlp':
      return [...x.slice(0, -1), run.down.outputs];
    case 'convolution':
      return convolutionShape(run, x);
    case 'norm':
    case 'experts':
    case 'causalConvolution':
    case 'stateSpace':
    case 'rotary':
    case 'similarity':
    case 'composite':
    case 'holder':
      return x;
  }
}

/** Operations that are counted and not run yet. */
const NOT_RUN = [
  'tokenShift',
  'wkv',
  'slice',
  'shift',
  'fourier',
  'lastTokens',
  'meanTokens',
  'channelsLast',
  'channelsFirst',
  'hiddenStates',
  'placeFeatures',
  'joinSquares',
  'packSequences',
  'appendTokens',
  'addVector',
  'scaleChannels',
  'concatenate',
  'swapFramesAndChannels',
  'asChannel',
  'gatedChannels',
  'dropLastFrames',
  'fitTokens',
  'padTokens',
  'spreadTokens',
  'weighLayers',
  'pool',
  'poolAll',
  'pad',
  'cutPatches',
  'joinPatches',
  'separableAttention',
  'poolTo',
  'padSame',
  'resize',
  'resizeAs',
  'tokensToMap',
  'cutWindows',
  'joinWindows',
  'mergePatches',
] as const;

export type NotRun = Operation & { readonly op: (typeof NOT_RUN)[number] };

/** A plan refuses these before anything asks for their shape or value. */
export function isNotRun(run: Operation): run is NotRun {
  return (NOT_RUN as readonly string[]).includes(run.op);
}

function operationShape(run: Operation, x: Shape): Shape {
  if (isNotRun(run)) throw new Error(`${run.op} is not run`);
  switch (run.op) {
    case 'firstToken':
    case 'lastToken':
      return [1, ...x.slice(1)];
    case 'dropTokens':
      return [x[0]! - run.count, ...x.slice(1)];
    case 'patchesToTokens':
      return [product(x.slice(1)), x[0]!];
    case 'tokensToPatches':
      return [x[1]!, run.height, run.width];
    case 'prependTokens':
      return [x[0]! + matrix(run.token.shape).rows, x[1]!];
    case 'sinusoids':
      return [x[0]!, run.width];
    case 'learnedSequence':
      return run.table.shape;
    case 'pixelShuffle':
      return [x[0]! / run.factor ** 2, x[1]! * run.factor, x[2]! * run.factor];
    case 'add':
    case 'multiply':
    case 'scale':
    case 'softCap':
    case 'activation':
    case 'positions':
    case 'zeros':
    case 'addTable':
      return x;
  }
}

/** Elements of the largest value that a module makes on its way, its result included. */
export function largestValue(run: Leaf | Operation, inputs: readonly Shape[]): number {
  const result = product(resultShape(run, inputs));
  if (isOperation(run)) return result;
  const rows = inputs[0]![0] ?? 0;
  switch (run.kind) {
    case 'mlp':
      return Math.max(result, rows * run.up.outputs);
    case 'experts':
      return Math.max(
        result,
        rows * Math.max(run.intermediate, run.count),
        rows * (run.shared?.up.outputs ?? 0),
      );
    case 'attention': {
      const keys = Math.max(rows, inputs[1]?.[0] ?? 0);
      const { heads, headDim, valueDim } = run;
      return Math.max(result, keys * heads * (headDim + 2 * Math.max(headDim, valueDim)));
    }
    case 'convolution': {
      const places = product(convolutionShape(run, inputs[0]!).slice(1));
      return Math.max(result, places * (product(run.weight.shape) / run.outputs), product(run.weight.shape));
    }
    case 'linear':
    case 'embedding':
    case 'norm':
    case 'causalConvolution':
    case 'stateSpace':
    case 'rotary':
    case 'similarity':
    case 'composite':
    case 'holder':
      return result;
  }
}

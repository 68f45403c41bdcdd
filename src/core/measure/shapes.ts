/** Shapes of tensors on their way through a traced flow. */
import type { Convolution, Operation, Windows } from '../model/module';

/** A tensor on its way. */
export interface Value {
  readonly shape: readonly number[];
  /** Whether a gradient flows back to it. */
  readonly gradient: boolean;
  /** Known from an earlier step of decoding: costs nothing now. */
  readonly cached: boolean;
}

/** Shape of what a convolution returns. */
export function convolved(module: Convolution, shape: readonly number[]): number[] {
  const [batch = 1, , ...space] = shape;
  const out = space.map((length, axis) => {
    const kernel = (module.dilation?.[axis] ?? 1) * ((module.kernel[axis] ?? 1) - 1) + 1;
    const [padding, stride] = [module.padding[axis] ?? 0, module.stride[axis] ?? 1];
    if (module.transposed) return (length - 1) * stride - 2 * padding + kernel;
    return Math.max(0, Math.floor((length + 2 * padding - kernel) / stride) + 1);
  });
  return [batch, module.outputs, ...out];
}

/** Windows that a grid is cut into, with those that padding fills. */
function windowCount({ height, width, window }: Windows): number {
  return Math.ceil(height / window) * Math.ceil(width / window);
}

/** Windows of a pool along a side. */
export function pooledSide(
  side: number,
  { kernel, stride, padding, ceil }: Operation & { op: 'pool' },
): number {
  const free = side + 2 * padding - kernel;
  if (!ceil) return Math.floor(free / stride) + 1;
  const count = Math.ceil(free / stride) + 1;
  // A window that would begin in the padding behind the image is left out.
  return (count - 1) * stride >= side + padding ? count - 1 : count;
}

/** Shape of what an operation returns; operations have no matrix products. */
export function operate(operation: Operation, inputs: readonly Value[]): Value {
  const x = inputs[0]!;
  const cached = inputs.every((input) => input.cached);
  const gradient = inputs.some((input) => input.gradient);
  const [batch = 1, length = 1, ...rest] = x.shape;
  const shaped = (...shape: number[]): Value => ({ shape, gradient, cached });
  switch (operation.op) {
    case 'add':
    case 'multiply':
    case 'scale':
    case 'softCap':
    case 'activation':
    case 'positions':
    case 'shiftRight':
    case 'zeros':
    case 'shift':
    case 'fourier':
      return { shape: x.shape, gradient, cached };
    case 'addTable':
    case 'addAxial':
    case 'addVector':
    case 'scaleChannels':
    case 'tokenShift':
    case 'wkv':
      return { shape: x.shape, gradient: true, cached };
    case 'sinusoids':
      return { shape: [1, length, operation.width], gradient: false, cached };
    case 'learnedSequence':
      return {
        shape: [operation.eachBatch ? batch : 1, ...operation.table.shape.slice(-2)],
        gradient: true,
        cached,
      };
    case 'firstToken':
    case 'lastToken':
    case 'meanTokens':
      return shaped(batch, 1, ...rest);
    case 'slice':
      return shaped(batch, length, operation.to - operation.from);
    case 'lastTokens':
      return shaped(batch, Math.min(length, operation.count), ...rest);
    case 'concatenate': {
      const axis = { features: x.shape.length - 1, tokens: 1, channels: 1 }[operation.axis];
      const all = inputs.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
      return shaped(...x.shape.map((side, each) => (each === axis ? all : side)));
    }
    case 'asChannel':
      return shaped(batch, 1, length, ...rest);
    case 'gatedChannels':
      return shaped(batch, Math.floor(length / 2), ...rest);
    case 'dropLastFrames':
      return shaped(batch, length, Math.max(0, (rest[0] ?? 0) - operation.count));
    case 'padTokens': {
      const padded = Math.ceil(length / operation.multiple) * operation.multiple;
      return shaped(batch, length > (operation.above ?? 0) ? padded : length, ...rest);
    }
    case 'hashIds':
      return x;
    case 'padFrames':
      return shaped(batch, length, (rest[0] ?? 0) + operation.before + operation.after);
    case 'repeatTokens':
    case 'fitTokens':
      return shaped(batch, inputs[1]?.shape[1] ?? length, ...rest);
    case 'weighLayers': {
      const tokens = Math.floor(length / (operation.squeeze ?? 1));
      return { shape: [batch, tokens, ...rest], gradient: true, cached };
    }
    case 'spreadTokens':
      return shaped(batch, length * operation.factor, Math.floor((rest[0] ?? 0) / operation.factor));
    case 'channelsLast':
      return shaped(batch, ...rest, length);
    case 'channelsFirst':
      return shaped(batch, rest.at(-1) ?? 1, length, ...rest.slice(0, -1));
    case 'hiddenStates': {
      const width = (x.shape.at(-1) ?? 0) * operation.layers.length;
      return shaped(...x.shape.slice(0, -1), width);
    }
    case 'placeFeatures':
      return x;
    case 'swapFramesAndChannels':
      return shaped(batch, rest[0] ?? 1, length, ...rest.slice(1));
    case 'pool':
      return shaped(batch, length, ...rest.map((side) => pooledSide(side, operation)));
    case 'poolAll':
      return shaped(batch, length, ...rest.map(() => 1));
    case 'pad': {
      const { top, bottom, left, right } = operation;
      return shaped(batch, length, (rest[0] ?? 0) + top + bottom, (rest[1] ?? 0) + left + right);
    }
    case 'padSame': {
      const { kernel, stride, dilation } = operation;
      const wanted = (side: number) => (Math.ceil(side / stride) - 1) * stride + (kernel - 1) * dilation + 1;
      return shaped(batch, length, ...rest.map((side) => Math.max(side, wanted(side))));
    }
    case 'cutPatches': {
      const { size, form } = operation;
      const whole = form === 'sequences' ? Math.ceil : Math.floor;
      const patches = rest.reduce((product, side) => product * whole(side / size), 1);
      return form === 'sequences'
        ? shaped(batch * size ** 2, patches, length)
        : shaped(batch, length, size ** 2, patches);
    }
    case 'joinPatches': {
      const [images = 1, , ...space] = inputs[1]!.shape;
      return shaped(images, operation.form === 'sequences' ? (rest[0] ?? 1) : length, ...space);
    }
    case 'separableAttention':
      return shaped(batch, Math.floor(length / 2), ...rest);
    case 'resizeAs':
      return shaped(batch, length, ...inputs[1]!.shape.slice(2));
    case 'tokensToMap':
      return shaped(batch, rest[0] ?? 1, ...inputs[1]!.shape.slice(2));
    case 'poolTo':
    case 'resize':
      return shaped(batch, length, operation.height, operation.width);
    case 'cutWindows':
      return shaped(batch * windowCount(operation), operation.window ** 2, ...rest);
    case 'joinWindows':
      return shaped(batch / windowCount(operation), operation.height * operation.width, ...rest);
    case 'mergePatches': {
      const halves = Math.ceil(operation.height / 2) * Math.ceil(operation.width / 2);
      return shaped(batch, halves, 4 * (rest[0] ?? 1));
    }
    case 'packSequences':
      return shaped(1, batch * length, ...rest);
    case 'joinSquares': {
      const { height, width, side } = operation;
      const grids = Math.floor(length / (height * width));
      const squares = Math.floor(height / side) * Math.floor(width / side);
      return shaped(batch, grids * squares, side ** 2 * (rest[0] ?? 1));
    }
    case 'dropTokens':
      return shaped(batch, Math.max(0, length - operation.count), ...rest);
    case 'prependTokens':
    case 'appendTokens': {
      const tokens = operation.token.shape.length < 2 ? 1 : operation.token.shape.at(-2)!;
      return { shape: [batch, length + tokens, ...rest], gradient: true, cached };
    }
    case 'patchesToTokens':
      return shaped(
        batch,
        rest.reduce((a, b) => a * b, 1),
        length,
      );
    case 'tokensToPatches':
      return shaped(batch, rest[0] ?? 1, operation.height, operation.width);
    case 'pixelShuffle': {
      const { factor } = operation;
      return shaped(batch, Math.floor(length / factor ** 2), ...rest.map((side) => side * factor));
    }
  }
}

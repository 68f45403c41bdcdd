/** A convolution's sizes over three axes, whatever number it has. */
import type { Convolution } from '../../../core/model/module';
import type { Shape } from '../../tensor';

export type Axes = readonly [number, number, number];

export interface Geometry {
  readonly groups: number;
  /** Channels of a group. */
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: Axes;
  readonly stride: Axes;
  readonly padding: Axes;
  readonly dilation: Axes;
  readonly from: Axes;
  readonly to: Axes;
}

/** @param input and @param output [channels, …]; axes that are not there have length 1. */
export function geometryOf(module: Convolution, input: Shape, output: Shape): Geometry {
  const { groups, kernel, stride, padding, dilation } = module;
  return {
    groups,
    inputs: module.inputs / groups,
    outputs: module.outputs / groups,
    kernel: axes(kernel, 1),
    stride: axes(stride, 1),
    padding: axes(padding, 0),
    dilation: axes(dilation ?? [], 1),
    from: axes(input.slice(1), 1),
    to: axes(output.slice(1), 1),
  };
}

/** The last axes, with `fill` before them. */
function axes(sizes: readonly number[], fill: number): Axes {
  const [depth = fill, height = fill, width = fill] = [fill, fill, fill, ...sizes].slice(-3);
  return [depth, height, width];
}

export function volume([depth, height, width]: Axes): number {
  return depth * height * width;
}

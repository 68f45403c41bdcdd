/** Ops of feature maps against what PyTorch makes of the same numbers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Operation, Parameter } from '../../src/core/model/module';
import { NO_CHILDREN } from '../../src/core/model/module';
import type { Leaf } from '../../src/engine/ops/op';
import { product, type Shape, type Tensor } from '../../src/engine/tensor';
import { compute, contextOf } from './support/context';

interface Case {
  readonly name: string;
  readonly run: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Shape[];
  readonly parameters: Readonly<Record<string, Shape>>;
  readonly shape: Shape;
  readonly output: readonly number[];
}

const cases = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../fixtures/ops/maps.json'), 'utf8'),
) as readonly Case[];

/** As `tools/reference/map_operations.py` has them. */
const STARTS: Readonly<Record<string, number>> = {
  weight: 0.3,
  bias: 0.9,
  magnitude: 1.5,
  running_mean: 1.1,
  running_var: 1.3,
};

function sines(shape: Shape, start: number): Float32Array {
  return Float32Array.from({ length: product(shape) }, (_, i) => Math.sin(start + i * 0.7));
}

describe('ops of feature maps', () => {
  for (const { name, run, inputs, parameters, shape, output } of cases) {
    it(`${String(run['kind'] ?? run['op'])}: ${name}`, async () => {
      const values = new Map<Parameter, Float32Array>();
      const own: Record<string, Parameter> = {};
      for (const [key, size] of Object.entries(parameters)) {
        const numbers = sines(size, STARTS[key]!);
        own[key] = { shape: size };
        values.set(own[key], key === 'running_var' ? numbers.map((value) => value * value) : numbers);
      }
      const module = 'op' in run ? run : { ...run, ...own, parameters: own, children: NO_CHILDREN };
      const given = inputs.map((size): Tensor => ({ shape: size, data: sines(size, 0.1) }));
      const made = await compute(module as unknown as Leaf | Operation, given, contextOf(values));
      assert.deepEqual(made.shape, shape);
      made.data.forEach((value, i) =>
        assert.ok(Math.abs(value - output[i]!) < 5e-6, `element ${i} is ${value}, and not ${output[i]}`),
      );
    });
  }
});

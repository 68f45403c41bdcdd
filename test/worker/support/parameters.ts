/** The values of a model's parameters. */
import type { Model } from '../../../src/core/model/module';
import { namedParameters } from '../../../src/core/model/walk';
import { matrix } from '../../../src/engine/tensor';
import type { Weights } from '../../../src/engine/weights/weights';

/** By name; read a few rows at a time, as a run reads them. */
export async function allValues(
  model: Model,
  weights: Weights,
  step = 5,
): Promise<Map<string, Float32Array>> {
  const all = new Map<string, Float32Array>();
  for (const { parameter, names } of namedParameters(model.root)) {
    const { rows, columns } = matrix(parameter.shape);
    const values = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row += step) {
      await weights.rows(parameter, row, Math.min(step, rows - row), values, row * columns);
    }
    all.set(names[0], values);
  }
  return all;
}

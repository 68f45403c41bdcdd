/** One expert: down(act(gate x) ⊙ up x), or down(act(up x)), from its part of the fused tensors. */
import type { Experts, Parameter } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Tensor } from '../../tensor';
import { activate } from '../activations';
import { product, transposedProduct } from '../linear';

/** A token of an expert, and the expert's share in its output. */
export interface Assigned {
  readonly token: number;
  /** Scales what the expert gives. */
  readonly weight: number;
  /** Scales what it gets. */
  readonly input?: number;
}

/** Adds what an expert gives to its tokens' rows of `out`. @param x [s, width]. */
export async function runExpert(
  module: Experts,
  expert: number,
  tokens: readonly Assigned[],
  x: Tensor,
  out: Tensor,
  context: Context,
): Promise<void> {
  const { width, intermediate, gated, biases } = module;
  const own = context.zeros(tokens.length, width);
  tokens.forEach(({ token, input = 1 }, i) => {
    for (let j = 0; j < width; j++) own.data[i * width + j] = x.data[token * width + j]! * input;
  });
  const rows = gated === false ? intermediate : 2 * intermediate;
  const both = await part(module, expert, own, module.gateUp, rows, biases?.gateUp, context);
  const inner = gated === false ? both : await gatedValues(module, both, context);
  if (gated === false) await activate(module.activation, inner.data, context);
  const result = await part(module, expert, inner, module.down, width, biases?.down, context);
  tokens.forEach(({ token, weight }, i) => {
    for (let j = 0; j < width; j++) out.data[token * width + j]! += weight * result.data[i * width + j]!;
  });
}

/** x · (the expert's matrix of a fused tensor) + its bias: [m, inputs] → [m, outputs]. */
async function part(
  { layout }: Experts,
  expert: number,
  x: Tensor,
  weight: Parameter,
  outputs: number,
  bias: Parameter | undefined,
  context: Context,
): Promise<Tensor> {
  const [m, inputs] = [x.shape[0]!, x.shape[1]!];
  const out = context.zeros(m, outputs);
  const a = { data: x.data, offset: 0, stride: inputs };
  const c = { data: out.data, offset: 0, stride: outputs };
  if (layout === 'input-output') {
    const rows = { first: expert * inputs, count: inputs };
    await transposedProduct(context, m, a, weight, rows, 0, outputs, c);
  } else {
    await product(context, m, a, weight, expert * outputs, (expert + 1) * outputs, c);
  }
  if (bias !== undefined) {
    const row = context.zeros(outputs).data;
    await context.weights.rows(bias, expert, 1, row);
    for (let i = 0; i < out.data.length; i++) out.data[i] = out.data[i]! + row[i % outputs]!;
  }
  return out;
}

/** act(gate) ⊙ up: [m, 2·intermediate] → [m, intermediate]. */
async function gatedValues(module: Experts, both: Tensor, context: Context): Promise<Tensor> {
  const { intermediate, interleaved, clamp, activation } = module;
  const m = both.shape[0]!;
  const gates = context.zeros(m, intermediate);
  const out = context.zeros(m, intermediate);
  const [step, up] = interleaved ? [2, 1] : [1, intermediate];
  for (let row = 0; row < m; row++) {
    for (let j = 0; j < intermediate; j++) {
      const at = row * 2 * intermediate + j * step;
      gates.data[row * intermediate + j] = both.data[at]!;
      out.data[row * intermediate + j] = both.data[at + up]!;
    }
  }
  if (clamp !== undefined) clampedGates(gates.data, out.data, clamp);
  else await activate(activation, gates.data, context);
  for (let i = 0; i < out.data.length; i++) out.data[i] = out.data[i]! * gates.data[i]!;
  return out;
}

/** gate·σ(slope·gate) of gates up to the limit, and up + 1 of ups within it (gpt-oss). */
function clampedGates(
  gates: Float32Array,
  ups: Float32Array,
  { limit, slope }: NonNullable<Experts['clamp']>,
): void {
  for (let i = 0; i < gates.length; i++) {
    const gate = Math.min(limit, gates[i]!);
    gates[i] = gate / (1 + Math.exp(-slope * gate));
    ups[i] = Math.min(limit, Math.max(-limit, ups[i]!)) + 1;
  }
}

/** Kernels in plain TypeScript, for where WebAssembly can't be had: sums in float64, results in float32. */
import { javaScriptMemory } from './memory';
import type { Kernels } from './kernels';
import { attend } from './plain/attend';
import { elements } from './plain/elements';
import { multiply } from './plain/product';
import { layerNorm, rmsNorm, softmax } from './plain/rows';

export const plainKernels: Kernels = {
  name: 'plain',
  memory: javaScriptMemory,
  formats: new Set(),
  product: multiply,
  attend,
  elements,
  norm: async ({ type, x, out, width, weight, bias, epsilon, offset }, pace) => {
    if (type === 'rms') rmsNorm(x, out, width, weight, epsilon, offset);
    else layerNorm(x, out, width, weight, bias, epsilon, offset);
    await pace.step();
  },
  seeded: async (tensor, first, count, into, at, pace) => {
    tensor.rows(first, count, into, at);
    await pace.step();
  },
  kept: () => Promise.resolve(undefined),
  layerNorm,
  rmsNorm,
  softmax,
};

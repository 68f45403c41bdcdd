import assert from 'node:assert/strict';
import type { Attention, Convolution, Linear, Operation, Parameter } from '../../src/core/model/module';
import { activate } from '../../src/engine/ops/activations';
import type { Tensor } from '../../src/engine/tensor';
import { compute, contextOf } from './support/context';

function image(shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => ((i * 7) % 11) - 5) };
}

describe('convolution', () => {
  const cases: [string, Partial<Convolution>, number[]][] = [
    ['over one axis', { kernel: [3], stride: [2], padding: [1] }, [4, 9]],
    ['over two, unlike in each', { kernel: [2, 3], stride: [1, 2], padding: [1, 2] }, [4, 5, 6]],
    ['in groups', { kernel: [3, 3], stride: [1, 1], padding: [0, 0], groups: 2 }, [4, 5, 6]],
  ];
  for (const [what, shape, input] of cases) {
    it(what, async () => {
      const kernel = shape.kernel!;
      const groups = shape.groups ?? 1;
      const weight: Parameter = { shape: [6, 4 / groups, ...kernel] };
      const bias: Parameter = { shape: [6] };
      const module = {
        kind: 'convolution',
        inputs: 4,
        outputs: 6,
        groups,
        weight,
        bias,
        parameters: { weight, bias },
        children: {},
        ...shape,
      } as Convolution;
      const weights = [...image([...weight.shape]).data].map((x) => x / 4);
      const values = new Map([
        [weight, weights],
        [bias, [1, 2, 3, 4, 5, 6]],
      ]);
      const x = image(input);
      const { shape: made, data } = await compute(module, [x], contextOf(values));

      const two = (sizes: readonly number[], fill: number): number[] =>
        sizes.length === 1 ? [fill, ...sizes] : [...sizes];
      const [kh, kw] = two(kernel, 1) as [number, number];
      const [sy, sx] = two(module.stride, 1) as [number, number];
      const [py, px] = two(module.padding, 0) as [number, number];
      const [h, w] = two(input.slice(1), 1) as [number, number];
      const [oh, ow] = two(made.slice(1), 1) as [number, number];
      assert.deepEqual(
        [oh, ow],
        [Math.floor((h + 2 * py - kh) / sy) + 1, Math.floor((w + 2 * px - kw) / sx) + 1],
      );
      for (let o = 0; o < 6; o++) {
        for (let place = 0; place < oh * ow; place++) {
          let sum = o + 1;
          for (let c = 0; c < 4 / groups; c++) {
            for (let k = 0; k < kh * kw; k++) {
              const y = Math.floor(place / ow) * sy - py + Math.floor(k / kw);
              const column = (place % ow) * sx - px + (k % kw);
              if (y < 0 || y >= h || column < 0 || column >= w) continue;
              const channel = Math.floor(o / (6 / groups)) * (4 / groups) + c;
              sum += weights[(o * (4 / groups) + c) * kh * kw + k]! * x.data[(channel * h + y) * w + column]!;
            }
          }
          assert.ok(Math.abs(data[o * oh * ow + place]! - sum) < 1e-4, `output ${o} at ${place}`);
        }
      }
    });
  }
});

describe('operations', () => {
  it('pixelShuffle makes channels into pixels', async () => {
    const x = { shape: [8, 1, 2], data: Float32Array.from({ length: 16 }, (_, i) => i) };
    const { shape, data } = await compute({ op: 'pixelShuffle', factor: 2 }, [x]);
    assert.deepEqual(shape, [2, 2, 4]);
    // torch.nn.functional.pixel_shuffle(torch.arange(16.).view(8, 1, 2), 2)
    assert.deepEqual([...data], [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]);
  });

  it('patchesToTokens and tokensToPatches undo each other', async () => {
    const x = image([3, 2, 5]);
    const tokens = await compute({ op: 'patchesToTokens' }, [x]);
    assert.deepEqual(tokens.shape, [10, 3]);
    assert.equal(tokens.data[3 * 4 + 2], x.data[2 * 10 + 4]);
    assert.deepEqual(await compute({ op: 'tokensToPatches', height: 2, width: 5 }, [tokens]), x);
  });

  it('pick tokens', async () => {
    const x = image([4, 2]);
    const rows = async (run: Operation): Promise<number[]> => [...(await compute(run, [x])).data];
    assert.deepEqual(await rows({ op: 'firstToken' }), [...x.data.slice(0, 2)]);
    assert.deepEqual(await rows({ op: 'lastToken' }), [...x.data.slice(6)]);
    assert.deepEqual(await rows({ op: 'dropTokens', count: 3 }), [...x.data.slice(6)]);
  });
});

describe('attention', () => {
  it('caps scores before the mask', async () => {
    const square = (): { module: Linear; weight: Parameter } => {
      const weight: Parameter = { shape: [1, 1] };
      const module = {
        kind: 'linear',
        inputs: 1,
        outputs: 1,
        layout: 'output-input',
        weight,
        parameters: { weight },
        children: {},
      } as const;
      return { module, weight };
    };
    const [query, key, value, output] = [square(), square(), square(), square()];
    const module: Attention = {
      kind: 'attention',
      place: 'self',
      heads: 1,
      keyValueHeads: 1,
      headDim: 1,
      valueDim: 1,
      projections: { type: 'separate', query: query.module, key: key.module, value: value.module },
      output: output.module,
      mask: { type: 'causal' },
      position: { type: 'none' },
      scale: 0.5,
      softCap: 2,
      parameters: {},
      children: {},
    };
    const maps: Float32Array[] = [];
    const ones = new Map([query, key, value, output].map(({ weight }) => [weight, [1]]));
    const x = { shape: [2, 1], data: Float32Array.of(1, 4) };
    const result = await compute(module, [x], contextOf(ones, maps));
    const scores = [2, 8].map((score) => 2 * Math.tanh(score / 2));
    const first = 1 / (1 + Math.exp(scores[1]! - scores[0]!));
    assert.ok(Math.abs(maps[0]![2]! - first) < 1e-6);
    assert.deepEqual([maps[0]![0], maps[0]![1]], [1, 0]);
    assert.ok(Math.abs(result.data[1]! - (first + 4 * (1 - first))) < 1e-5);
  });
});

describe('activations', () => {
  // torch at −1.5, −0.25 and 3.
  const known: Record<string, [number, number, number]> = {
    gelu: [-0.10021086, -0.10032342, 2.9959497],
    gelu_10: [-0.10021086, -0.10032342, 2.9959497],
    gelu_new: [-0.10042843, -0.10032465, 2.9963627],
    gelu_fast: [-0.10042843, -0.10032465, 2.9963627],
    gelu_pytorch_tanh: [-0.10042843, -0.10032465, 2.9963627],
    quick_gelu: [-0.1083378, -0.098800346, 2.9819288],
    silu: [-0.27363828, -0.10945588, 2.8577225],
    swish: [-0.27363828, -0.10945588, 2.8577225],
    relu: [0.0, 0.0, 3.0],
    relu2: [0.0, 0.0, 9.0],
    relu6: [0.0, 0.0, 3.0],
    leaky_relu: [-0.015, -0.0024999999, 3.0],
    sigmoid: [0.18242553, 0.4378235, 0.95257413],
    tanh: [-0.90514827, -0.24491866, 0.99505478],
    mish: [-0.29809976, -0.12992696, 2.9865351],
    hardswish: [-0.375, -0.11458334, 3.0],
    linear: [-1.5, -0.25, 3.0],
    laplace: [0.0, 0.0003459, 1.0],
    sqrtsoftplus: [0.4487909, 0.7589067, 1.7460204],
  };
  for (const [name, values] of Object.entries(known)) {
    it(name, async () => {
      const x = Float32Array.of(-1.5, -0.25, 3);
      await activate(name, x, contextOf());
      x.forEach((value, i) => assert.ok(Math.abs(value - values[i]!) < 2e-6, `${value} and ${values[i]}`));
    });
  }
});

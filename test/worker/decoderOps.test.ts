import assert from 'node:assert/strict';
import type { Experts, Parameter, Rotary, Routing } from '../../src/core/model/module';
import { bfloat16 } from '../../src/engine/ops/bfloat16';
import { largestAsTorch } from '../../src/engine/ops/attention/select';
import { route } from '../../src/engine/ops/experts/routing';
import { angles } from '../../src/engine/ops/rotary';
import { compute, contextOf } from './support/context';

function near(actual: ArrayLike<number>, expected: readonly number[], most = 1e-6): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i]! - value) <= most, `element ${i}: ${actual[i]} and ${value}`);
  });
}

describe('RWKV', () => {
  it('averages the values so far, as the class does in torch', async () => {
    const decay: Parameter = { shape: [2] };
    const first: Parameter = { shape: [2] };
    const context = contextOf(
      new Map([
        [decay, [0.3, -0.7]],
        [first, [0.5, -0.2]],
      ]),
    );
    const keys = [1.6065521, 0.3496668, 0.1779562, -1.2274361, 0.0923649, -2.7365184, 0.6749902, 2.0222318];
    const values = [-1.4351794, 0.9774318, 0.52205, 1.2379167, -0.8646356, 0.2989608, 0.4192187, -0.0798543];
    const tensors = [keys, values].map((data) => ({ shape: [4, 2], data: Float32Array.from(data) }));
    const { data } = await compute({ op: 'wkv', decay, first }, tensors, context);
    // rwkv_linear_attention_cpu of transformers.
    near(data, [-1.4351794, 0.9774318, -0.8808731, 1.0151137, -0.6506389, 1.0107858, 0.0180505, 0.037357]);
  });

  it('mixes a token with the one before', async () => {
    const mix: Parameter = { shape: [1, 1, 2] };
    const x = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const { data } = await compute({ op: 'tokenShift', mix }, [x], contextOf(new Map([[mix, [0.25, 1]]])));
    near(data, [0.25, 2, 1.5, 4]);
  });
});

describe('the largest values', () => {
  const chosen = (values: readonly number[], k: number): number[] => {
    const flags = new Uint8Array(values.length);
    largestAsTorch(Float32Array.from(values), k, new Int32Array(values.length), flags);
    return [...flags.keys()].filter((i) => flags[i] === 1);
  };
  const thirds = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? (i / 3) % 5 : 0));

  it('are those of torch.topk among equal ones', () => {
    const values = [0, 3, 0, 0, 2, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 4, 0, 0];
    assert.deepEqual(chosen(values, 7), [1, 4, 6, 10, 14, 15, 17]);
    assert.deepEqual(
      chosen(thirds, 40),
      [
        6, 9, 12, 21, 24, 27, 36, 39, 42, 48, 51, 54, 57, 66, 69, 72, 81, 84, 87, 96, 99, 102, 111, 114, 117,
        126, 129, 132, 141, 144, 147, 156, 159, 162, 171, 174, 177, 186, 189, 192,
      ],
    );
  });

  it('are those of torch.topk where a few of many are found with a heap', () => {
    assert.deepEqual(chosen(thirds, 2), [12, 27]);
  });
});

describe('routing', () => {
  const routed = (routing: Routing, logits: readonly number[], correction?: readonly number[]) =>
    route(
      { routing, active: 2 } as Experts,
      Float32Array.from(logits),
      correction && Float32Array.from(correction),
    );

  it('by a sparse mixer', () => {
    // sparsemixer of transformers, jitter 0.2.
    const one = routed({ type: 'sparseMixer', jitter: 0.2 }, [1.2, 1.1, -0.3, 0.9, 2]);
    assert.deepEqual(
      one.map(({ expert }) => expert),
      [4, 0],
    );
    near(
      one.map(({ weight }) => weight),
      [0.6899744, 0.3779781],
    );
    const two = routed({ type: 'sparseMixer', jitter: 0.2 }, [0.5, 0.49, 0.2, -1, 0.48]);
    near(
      two.map(({ weight }) => weight),
      [0.3366722, 0.5025],
    );
  });

  it('by scores that scale what an expert gets', () => {
    const [best] = routed({ type: 'topKSigmoidInput' }, [0.1, 2, -1]);
    assert.equal(best!.expert, 1);
    assert.equal(best!.weight, 1);
    near([best!.input!], [0.8807971]);
  });

  it('by groups with the largest score, and a correction that only chooses', () => {
    const groups = { type: 'softmaxGroups', groups: 2, activeGroups: 1, normalise: false, scale: 2 } as const;
    const logits = [1, 0.9, 1.1, -2];
    assert.deepEqual(
      routed(groups, logits).map(({ expert }) => expert),
      [2, 3],
    );
    const correction: Parameter = { shape: [4] };
    const corrected = routed({ ...groups, correction }, logits, [0.5, 0, 0, 0]);
    assert.deepEqual(
      corrected.map(({ expert }) => expert),
      [0, 1],
    );
    const sum = logits.reduce((all, logit) => all + Math.exp(logit), 0);
    near(
      corrected.map(({ weight }) => weight),
      [(2 * Math.exp(1)) / sum, (2 * Math.exp(0.9)) / sum],
    );
  });
});

describe('rotary positions', () => {
  const base = { kind: 'rotary', dim: 8, theta: 10000, pairs: 'half', parameters: {}, children: {} } as const;

  it('that grow with the length do so beyond the positions alone', () => {
    const rotary: Rotary = { ...base, scaling: { type: 'dynamic', factor: 4, positions: 16 } };
    const { cos } = angles(rotary, 40);
    // transformers' inverse frequencies for 40 tokens.
    const frequencies = [1, 0.05227579548954964, 0.0027327588759362698, 0.0001428571413271129];
    near(
      cos.subarray(39 * 4),
      frequencies.map((each) => Math.cos(39 * each)),
      2e-6,
    );
    const plain = angles({ ...base, scaling: { type: 'default' } }, 16);
    assert.deepEqual(angles(rotary, 16), plain);
  });

  it('turn the other way where they are reversed', () => {
    const one = angles({ ...base, scaling: { type: 'default' } }, 3);
    const other = angles({ ...base, scaling: { type: 'default' }, reversed: true }, 3);
    assert.deepEqual(other.cos, one.cos);
    near(other.sin, [...one.sin.map((x) => -x)], 0);
  });
});

describe('bfloat16', () => {
  it('rounds to the nearest, and to even between two', () => {
    assert.deepEqual([1.00390625, 1.01171875].map(bfloat16), [1, 1.015625]);
    near([0.1, -3.3333].map(bfloat16), [0.10009765625, -3.328125], 0);
  });
});

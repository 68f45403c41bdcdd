/** Rules of shapes and counts of forward passes that the class tables' models have. */
import assert from 'node:assert/strict';
import { analyse } from '../../../src/core/service';
import { Given } from '../../../src/core/tables/forward/arguments';
import { elementwise } from '../../../src/core/tables/forward/elementwise';
import { callFunction, operationOf } from '../../../src/core/tables/forward/functions';
import { convolution, einsum, matmul } from '../../../src/core/tables/forward/products';
import { broadcast, indexed, viewed, windows } from '../../../src/core/tables/forward/shapes';
import { Tally } from '../../../src/core/tables/forward/tally';
import { Flowing } from '../../../src/core/tables/forward/tensor';
import { MODULE } from '../../../src/core/tables/natives/classes';
import { Instance, Refusal, Slice, Tuple, Unknowable, type Value } from '../../../src/core/tables/values';
import '../../support/reference/tables';

const tensor = (...shape: number[]) => new Flowing(shape);

/** FLOPs of what one module does, and the shape that it returns. */
function counted(run: (tally: Tally) => Flowing): [flops: number, shape: string] {
  const tally = new Tally();
  const module = new Instance(MODULE);
  const out = tally.run(module, () => run(tally));
  return [Number(tally.costs.get(module)!.forward), out.shape.join()];
}

/** What a method of a tensor returns. */
function method(name: string, x: Flowing, ...args: Value[]): Value {
  return operationOf(name)!(
    { tally: new Tally(), evaluator: undefined as never },
    new Given([x, ...args], new Map()),
  );
}

const shapeOf = (value: Value) => (value as Flowing).shape.join();

describe('shapes of tensors', () => {
  it('are broadcast from the last axis', () => {
    assert.deepEqual(broadcast([2, 1, 4], [3, 1]), [2, 3, 4]);
    assert.deepEqual(broadcast([0], [1]), [0]);
    assert.throws(() => broadcast([2, 3], [4]), Refusal);
  });

  it('follow an index: slices, new axes, lists, masks', () => {
    const dots = new Slice(undefined, undefined, 1);
    assert.deepEqual(indexed([5, 6, 7], Tuple.with(dots, null, new Slice(1, -1, 2))), [5, 1, 2, 7]);
    assert.deepEqual(indexed([5, 6, 7], Tuple.with(0, dots, [1, 2])), [6, 2]);
    assert.deepEqual(indexed([5, 6, 7], Tuple.with([0, 1], [1, 2])), [2, 7]);
    const mask = new Flowing([3], { values: [1, 0, 1], kind: 'bool' });
    assert.deepEqual(indexed([3, 4], mask), [2, 4]);
    assert.throws(() => indexed([3, 4], new Flowing([3], { kind: 'bool' })), Unknowable);
  });

  it('are viewed, cut and joined as PyTorch does it', () => {
    assert.deepEqual(viewed([2, 6], [-1, 3]), [4, 3]);
    assert.throws(() => viewed([2, 6], [5, -1]), Refusal);
    assert.equal((method('chunk', tensor(7, 2), 3) as Value[]).map(shapeOf).join(' '), '3,2 3,2 1,2');
    assert.equal(shapeOf(method('permute', tensor(2, 3, 4), 2, 0, 1)), '4,2,3');
    assert.equal(shapeOf(method('unfold', tensor(2, 10), 1, 4, 3)), '2,3,4');
    const context = {
      tally: new Tally(),
      evaluator: { iterate: (value: Value) => value as Value[] } as never,
    };
    const joined = callFunction(context, 'torch.cat', [[tensor(2, 3), tensor(2, 5)]], new Map([['dim', -1]]));
    assert.equal(shapeOf(joined), '2,8');
  });

  it('count the windows of pools, those that ceil_mode adds as well', () => {
    const window = { kernel: [3], stride: [2], padding: [1], dilation: [1] };
    assert.deepEqual(windows([112], window), [56]);
    assert.deepEqual(windows([111], { ...window, padding: [0], ceil: true }), [55]);
    assert.deepEqual(windows([112], { ...window, padding: [0], ceil: true }), [56]);
  });

  it('have numbers where they are few', () => {
    const x = new Flowing([3], { values: [1, 2, 3], kind: 'int' });
    assert.deepEqual(elementwise('*', x, 2).numbers, [2, 4, 6]);
    assert.deepEqual(elementwise('>=', x, 2).numbers, [0, 1, 1]);
    x.overwrite();
    assert.equal(x.numbers, undefined);
  });
});

describe('products as FlopCounterMode sees them', () => {
  it('a matrix product counts, with a vector it does not', () => {
    assert.deepEqual(
      counted((tally) => matmul(tally, tensor(2, 1, 3, 4), tensor(5, 4, 6))),
      [1440, '2,5,3,6'],
    );
    assert.deepEqual(
      counted((tally) => matmul(tally, tensor(2, 3, 4), tensor(4))),
      [0, '2,3'],
    );
    assert.deepEqual(
      counted((tally) => matmul(tally, tensor(4), tensor(2, 4, 3))),
      [48, '2,3'],
    );
  });

  it('einsum is a product where an axis is summed that both have', () => {
    const sum = (equation: string, ...operands: Flowing[]) =>
      counted((tally) => einsum(tally, equation, operands));
    assert.deepEqual(sum('bid,bjd->bij', tensor(2, 3, 5), tensor(2, 4, 5)), [240, '2,3,4']);
    assert.deepEqual(sum('bi,bj->bij', tensor(2, 3), tensor(2, 4)), [0, '2,3,4']);
    assert.deepEqual(sum('bik,bj->bj', tensor(2, 3, 5), tensor(2, 4)), [0, '2,4']);
    assert.deepEqual(sum('bi,ij,jk->bk', tensor(2, 3), tensor(3, 4), tensor(4, 5)), [128, '2,5']);
    assert.deepEqual(sum('...hd,khd->...hk', tensor(2, 5, 3, 4), tensor(7, 3, 4)), [1680, '2,5,3,7']);
  });

  it('convolutions, grouped and transposed', () => {
    const kernel = {
      kernel: [],
      stride: [1],
      padding: [0],
      dilation: [1],
      groups: 1,
      transposed: false,
      outputPadding: [0],
    };
    assert.deepEqual(
      counted((tally) => convolution(tally, tensor(2, 4, 10), tensor(4, 2, 3), { ...kernel, groups: 2 })),
      [768, '2,4,8'],
    );
    assert.deepEqual(
      counted((tally) =>
        convolution(tally, tensor(2, 3, 10), tensor(3, 4, 4), { ...kernel, stride: [2], transposed: true }),
      ),
      [1920, '2,4,22'],
    );
  });

  it('charges the backward pass for operands with a gradient', () => {
    const tally = new Tally();
    const module = new Instance(MODULE);
    tally.run(module, () => matmul(tally, tensor(2, 3), new Flowing([3, 4], { gradient: true })));
    const { forward, backward } = tally.costs.get(module)!;
    assert.equal(backward, forward);
  });
});

describe('models of the class tables', () => {
  const workload = { batch: 1, tokens: 64, decoderTokens: 64, context: 64 };
  const figuresOf = (config: object) => analyse(JSON.stringify(config), workload).figures!;

  it('have the FLOPs of their class’s forward, and parts that add up to it', () => {
    const figures = figuresOf({ model_type: 'cvt', architectures: ['CvtModel'] });
    assert.ok(figures.flops!.forward > 0n);
    // Which pairs its masks hide is not known.
    assert.equal(figures.flops!.masked, undefined);
    const top = figures.breakdown.filter(({ depth }) => depth === 0);
    assert.equal(
      top.reduce((sum, { flops }) => sum + flops, 0n),
      figures.flops!.forward,
    );
  });
});

/** Products of queries with keys, of weights with values, and what some attentions compute beside them. */
import type { Attention, Landmarks, Module } from '../model/module';
import { bucketFactors } from '../model/mask';
import { computedPairs, visiblePairs } from './maskPairs';
import { product } from './product';
import type { Value } from './shapes';

interface Lengths {
  readonly batch: number;
  readonly queries: number;
  /** With those of the cache. */
  readonly keys: number;
  readonly past: number;
  /** Keys that every query has besides. */
  readonly beside: number;
}

/** FLOPs of all products, and of those with keys that the mask hides. */
export function attentionProducts(
  module: Attention,
  { batch, queries, keys, past, beside }: Lengths,
): { readonly all: bigint; readonly hidden: bigint } {
  const { mask, landmarks } = module;
  // Both halves of differential attention's values are weighted with scores computed anew.
  const passes = module.differential === undefined ? 1 : 2;
  const each = product(2, passes, batch, module.heads);
  const [headDim, valueDim] = [BigInt(module.headDim), BigInt(module.valueDim)];
  if (landmarks !== undefined) {
    return { all: each * landmarkProducts(landmarks, BigInt(queries), headDim, valueDim), hidden: 0n };
  }
  const computed = computedPairs(mask, queries, keys, beside);
  const all = each * (headDim * computed.scores + valueDim * computed.weights);
  const visible = visiblePairs(mask, queries, keys, past) + queries * beside;
  return { all, hidden: all - each * (headDim + valueDim) * BigInt(visible) };
}

/** Queries with landmarks, landmarks with landmarks and with keys; the inverse of the second; their product on values. */
function landmarkProducts(
  { count, iterations }: Landmarks,
  length: bigint,
  headDim: bigint,
  valueDim: bigint,
): bigint {
  const marks = BigInt(count);
  const scores = headDim * (2n * length * marks + marks ** 2n);
  const inverse = 4n * BigInt(iterations) * marks ** 3n;
  return scores + inverse + length * marks * (marks + 2n * valueDim);
}

/** Products of queries with the rotations that hash them; there are none where one chunk has all. */
function hashProducts({ mask, heads, headDim }: Attention, batch: number, length: number): bigint {
  if (mask.type !== 'hashed' || length <= mask.chunk) return 0n;
  const directions = bucketFactors(mask, length).reduce((sum, factor) => sum + factor / 2, 0);
  return product(2, batch, heads, length, headDim, mask.rounds, Math.floor(directions));
}

/**
 * Runs what some attentions have beside the products: projections of global tokens, convolutions of values.
 *
 * @returns FLOPs that are no module's own.
 */
export function besideProducts(
  module: Attention,
  x: Value,
  run: (module: Module, inputs: readonly Value[]) => Value,
): bigint {
  const {
    mask,
    globalProjections: global,
    valueConvolution,
    spanConvolution: span,
    heads,
    valueDim,
  } = module;
  const [batch = 1, length = 1, width = 1] = x.shape;
  if (global !== undefined && mask.type === 'windowGlobal' && mask.globals > 0) {
    run(global.query, [{ ...x, shape: [batch, Math.min(length, mask.globals), width] }]);
    run(global.key, [x]);
    run(global.value, [x]);
  }
  const hashing = hashProducts(module, batch, length);
  if (valueConvolution !== undefined) {
    run(valueConvolution, [{ ...x, shape: [batch, heads, length, valueDim], gradient: true }]);
  }
  if (span === undefined) return hashing;
  run(span.pointwise, [run(span.depthwise, [{ ...x, shape: [batch, width, length] }])]);
  run(span.kernel, [{ ...x, shape: [batch, length, heads * valueDim], gradient: true }]);
  run(span.values, [x]);
  return product(2, batch, length, heads, valueDim, span.depthwise.kernel[0] ?? 1);
}

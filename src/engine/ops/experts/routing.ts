/** Which experts a token goes to, and with what weights. */
import type { Experts } from '../../../core/model/module';

/** An expert that a token passes, and its share in the token's output. */
interface Choice {
  readonly expert: number;
  readonly weight: number;
}

/**
 * The experts of one token.
 *
 * @param logits of the router, [count].
 * @param correction DeepSeek-V3's bias, [count]: it chooses, and does not weigh.
 */
export function route(module: Experts, logits: Float32Array, correction: Float32Array | undefined): Choice[] {
  const { routing, active } = module;
  if (routing.type === 'softmaxTopK') {
    const scores = softmax(logits);
    return shares(largest(scores, active), scores, routing.normalise, 0, 1);
  }
  if (routing.type !== 'sigmoidGroups') throw new Error(`routing "${routing.type}"`);
  const scores = Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
  const wanted = scores.map((score, i) => score + (correction?.[i] ?? 0));
  const size = scores.length / routing.groups;
  const groupScores = Array.from({ length: routing.groups }, (_, group) => {
    const own = wanted.slice(group * size, (group + 1) * size);
    return largest(own, 2).reduce((sum, i) => sum + own[i]!, 0);
  });
  const groups = new Set(largest(groupScores, routing.activeGroups));
  const candidates = wanted.map((score, i) => (groups.has(Math.floor(i / size)) ? score : -Infinity));
  // transformers adds this to the sum, so that it is never zero.
  return shares(largest(candidates, active), scores, routing.normalise, 1e-20, routing.scale);
}

function shares(
  chosen: readonly number[],
  scores: readonly number[],
  normalise: boolean,
  guard: number,
  scale: number,
): Choice[] {
  const sum = normalise ? chosen.reduce((all, i) => all + scores[i]!, guard) : 1;
  return chosen.map((expert) => ({ expert, weight: (scores[expert]! / sum) * scale }));
}

/** Indices of the k largest values, the largest first; of equal ones, the first. */
function largest(values: readonly number[], k: number): number[] {
  return values
    .map((_, i) => i)
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, k);
}

function softmax(logits: Float32Array): number[] {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = Array.from(logits, (x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Which experts a token goes to, and with what weights. */
import type { Experts, Routing } from '../../../core/model/module';

/** An expert that a token passes, and its share in the token's output. */
interface Choice {
  readonly expert: number;
  readonly weight: number;
  /** Scales what the expert gets. */
  readonly input?: number;
}

/**
 * The experts of one token.
 *
 * @param logits of the router, one a choice.
 * @param correction a bias that chooses, and does not weigh.
 */
export function route(
  { routing, active }: Experts,
  logits: Float32Array,
  correction: Float32Array | undefined,
): Choice[] {
  switch (routing.type) {
    case 'softmaxTopK': {
      const scores = softmax(logits);
      return shares(largest(scores, active), scores, routing);
    }
    case 'topKSoftmax': {
      const chosen = largest([...logits], active);
      const weights = softmax(chosen.map((i) => logits[i]!));
      return chosen.map((expert, i) => ({ expert, weight: weights[i]! }));
    }
    case 'topKSigmoidInput':
      return largest([...logits], active).map((expert) => ({
        expert,
        weight: 1,
        input: sigmoid(logits[expert]!),
      }));
    case 'sigmoidTopK': {
      const scores = Array.from(logits, sigmoid);
      return shares(largest(scores, active), scores, routing);
    }
    case 'sigmoidGroups':
    case 'softmaxGroups': {
      const sigmoids = routing.type === 'sigmoidGroups';
      const scores = sigmoids ? Array.from(logits, sigmoid) : softmax(logits);
      const wanted = scores.map((score, i) => score + (correction?.[i] ?? 0));
      const candidates = inBestGroups(wanted, routing, sigmoids ? 2 : 1);
      // transformers adds this to the sum, so that it is never zero.
      return shares(largest(candidates, active), scores, sigmoids ? { ...routing, guard: 1e-20 } : routing);
    }
    case 'sparseMixer':
      return sparseMixer(logits, routing.jitter);
  }
}

interface Sharing {
  readonly normalise: boolean;
  readonly guard?: number;
  readonly least?: number;
  readonly scale?: number;
}

function shares(
  chosen: readonly number[],
  scores: readonly number[],
  { normalise, guard = 0, least = 0, scale = 1 }: Sharing,
): Choice[] {
  const sum = normalise
    ? Math.max(
        least,
        chosen.reduce((all, i) => all + scores[i]!, guard),
      )
    : 1;
  return chosen.map((expert) => ({ expert, weight: (scores[expert]! / sum) * scale }));
}

/** Scores of the groups whose `best` largest have the largest sums; −Infinity in the others. */
function inBestGroups(
  scores: readonly number[],
  { groups, activeGroups }: Extract<Routing, { groups: number }>,
  best: number,
): number[] {
  if (groups === activeGroups) return [...scores];
  const size = scores.length / groups;
  const sums = Array.from({ length: groups }, (_, group) => {
    const own = scores.slice(group * size, (group + 1) * size);
    return largest(own, best).reduce((sum, i) => sum + own[i]!, 0);
  });
  const kept = new Set(largest(sums, activeGroups));
  return scores.map((score, i) => (kept.has(Math.floor(i / size)) ? score : -Infinity));
}

/** Two experts; each weighs as the softmax over the logits that are within 2 · `jitter` of the largest left. */
function sparseMixer(logits: Float32Array, jitter: number): Choice[] {
  const left = [...logits];
  return [0, 1].map(() => {
    const expert = largest(left, 1)[0]!;
    const top = left[expert]!;
    const near = left.map((logit, i) => {
      const distance = (top - logits[i]!) / Math.max(Math.abs(logits[i]!), top);
      return distance > 2 * jitter ? -Infinity : logit;
    });
    left[expert] = -Infinity;
    return { expert, weight: softmax(near)[expert]! };
  });
}

/** Indices of the k largest values, the largest first; of equal ones, the first. */
function largest(values: readonly number[], k: number): number[] {
  return values
    .map((_, i) => i)
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, k);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function softmax(logits: ArrayLike<number>): number[] {
  const all = Array.from(logits);
  const top = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = all.map((x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** What the modules of a forward pass cost. */
import type { Instance } from '../values';
import type { Cost } from '../../measure/flops';

/** Charges products to the module that runs. */
export class Tally {
  readonly costs = new Map<Instance, Cost>();
  private readonly running: Instance[] = [];

  run<T>(module: Instance, body: () => T): T {
    this.running.push(module);
    this.of(module).applications++;
    try {
      return body();
    } finally {
      this.running.pop();
    }
  }

  /**
   * A product of matrices or a convolution.
   *
   * @param factors multiply–accumulates as a product of sizes
   * @param gradients of its operands, how many need a gradient
   */
  charge(factors: readonly number[], gradients: number, unseen = false): void {
    const module = this.running.at(-1);
    if (module === undefined) return;
    const cost = this.of(module);
    const flops = exact([2, ...factors]);
    cost.forward += flops;
    cost.backward += BigInt(gradients) * flops;
    if (unseen) cost.unseen += flops;
  }

  private of(module: Instance): Cost {
    let cost = this.costs.get(module);
    if (cost === undefined) {
      cost = { applications: 0, forward: 0n, unseen: 0n, hidden: 0n, backward: 0n };
      this.costs.set(module, cost);
    }
    return cost;
  }
}

function exact(factors: readonly number[]): bigint {
  const quick = factors.reduce((a, b) => a * b, 1);
  if (Number.isSafeInteger(quick)) return BigInt(quick);
  return factors.reduce((sum, factor) => sum * BigInt(factor), 1n);
}

/** FLOPs of one module, of all its runs; composites have none of their own unless their forward pass is evaluated. */
export interface Cost {
  /** Runs in one forward pass. */
  applications: number;
  forward: bigint;
  /** Of `forward`, what FlopCounterMode does not see: grouped products of experts. */
  unseen: bigint;
  /** Of `forward`, products with keys that the mask hides. */
  hidden: bigint;
  /** Products of the backward pass: one for the weights' gradient, one for the input's where it has one. */
  backward: bigint;
}

/** What several modules cost together. */
export function sum(costs: Iterable<Cost>): Cost {
  const total: Cost = { applications: 1, forward: 0n, unseen: 0n, hidden: 0n, backward: 0n };
  for (const cost of costs) {
    total.forward += cost.forward;
    total.unseen += cost.unseen;
    total.hidden += cost.hidden;
    total.backward += cost.backward;
  }
  return total;
}

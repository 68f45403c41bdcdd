/** Matrix products of a mixture of experts. */
import type { Experts } from '../model/module';
import { product } from './product';

interface ExpertProducts {
  readonly router: bigint;
  /** With every expert that the class multiplies with. */
  readonly all: bigint;
  /** With the experts that the router chose. */
  readonly used: bigint;
  /** Whether FlopCounterMode sees them: it does not see grouped products. */
  readonly seen: boolean;
}

export function expertProducts(module: Experts, tokens: number): ExpertProducts {
  const { width, intermediate, count } = module;
  const each = product(2, tokens, module.gated === false ? 2 : 3, width, intermediate);
  const used = each * BigInt(Math.min(module.active, count));
  return {
    router: product(2, tokens, width, module.router.shape[0] ?? count),
    all: module.products === 'dense' ? each * BigInt(count) : used,
    used,
    seen: module.products === 'dense' || module.products === 'looped',
  };
}

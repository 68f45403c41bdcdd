/** DeepSeek-V3's experts as its config and those of its kin describe them. */
import { flag, nullableSize, real, size, type Values } from '../../config/keys';
import type { Experts } from '../../model/module';
import { gatedMlp } from '../blocks/decoder';
import { sigmoidGroupExperts } from '../blocks/experts';

/** @param defaults of a class. */
export function groupKeys(defaults: {
  readonly experts: number;
  readonly active: number;
  readonly intermediate: number;
  readonly groups?: number;
  readonly activeGroups?: number;
  readonly scale: number;
  readonly aliases?: readonly string[];
}) {
  return {
    moe_intermediate_size: size(defaults.intermediate),
    n_shared_experts: size(1, { min: 0 }),
    n_routed_experts: size(defaults.experts, { aliases: defaults.aliases ?? ['num_local_experts'] }),
    num_experts_per_tok: size(defaults.active),
    n_group: nullableSize(defaults.groups ?? 1),
    topk_group: nullableSize(defaults.activeGroups ?? 1),
    norm_topk_prob: flag(true),
    routed_scaling_factor: real(defaults.scale),
  } as const;
}

interface Grouped extends Values<ReturnType<typeof groupKeys>> {
  readonly hidden_size: number;
  readonly hidden_act: string;
}

export function groupedExperts(c: Grouped): Experts {
  const width = c.hidden_size;
  const intermediate = c.moe_intermediate_size;
  return sigmoidGroupExperts(
    {
      count: c.n_routed_experts,
      active: c.num_experts_per_tok,
      width,
      intermediate,
      activation: c.hidden_act,
    },
    {
      groups: c.n_group ?? 1,
      activeGroups: c.topk_group ?? 1,
      normalise: c.norm_topk_prob,
      scale: c.routed_scaling_factor,
    },
    gatedMlp(width, intermediate * c.n_shared_experts, c.hidden_act),
  );
}

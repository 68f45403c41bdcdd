/** Bamba's Mamba-2 mixer (IBM 2024), which Granite 4 has too: its keys and what they make. */
import { flag, list, size, type Values } from '../../config/keys';
import type { Block } from '../../model/module';
import { mamba2Mixer, stepLimits } from './mixer';

export const bambaMixerKeys = {
  mamba_n_heads: size(128),
  mamba_n_groups: size(1),
  mamba_d_state: size(256),
  mamba_d_conv: size(4),
  mamba_expand: size(2),
  mamba_chunk_size: size(256),
  mamba_conv_bias: flag(true),
  mamba_proj_bias: flag(false),
  time_step_limit: list(),
} as const;

type MixerValues = Values<typeof bambaMixerKeys> & {
  readonly hidden_size: number;
  readonly hidden_act: string;
  readonly rms_norm_eps: number;
};

export function bambaMixer(c: MixerValues): Block {
  return mamba2Mixer({
    width: c.hidden_size,
    inner: c.mamba_expand * c.hidden_size,
    heads: c.mamba_n_heads,
    stateDim: c.mamba_d_state,
    groups: c.mamba_n_groups,
    chunk: c.mamba_chunk_size,
    kernel: c.mamba_d_conv,
    activation: c.hidden_act,
    bias: c.mamba_proj_bias,
    convolutionBias: c.mamba_conv_bias,
    epsilon: c.rms_norm_eps,
    stepLimits: stepLimits(c.time_step_limit),
  });
}

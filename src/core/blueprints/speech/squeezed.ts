/** SEW (Wu et al. 2021): the layers run over several frames as one. */
import { block, type Chain } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { linear } from '../blocks/layers';
import type { WaveConfig } from './waves';

/** Averages `factor` frames into one, runs the layers, and spreads what they give. */
export function squeezed(
  c: WaveConfig,
  children: Readonly<Record<string, Module>>,
  positions: Block,
  layers: Chain,
  factor: number,
): Block {
  const up = linear(c.hidden_size, c.hidden_size * factor);
  const act = { op: 'activation', activation: c.feat_extract_activation } as const;
  const upsample = block('part', { projection: up }, (trace, x) =>
    trace.chain(x, up, act, { op: 'spreadTokens', factor }),
  );
  return block('stack', { ...children, upsample }, (trace, x) => {
    const pooled = trace.chain(
      x,
      { op: 'swapFramesAndChannels' },
      { op: 'pool', type: 'average', kernel: factor, stride: factor, padding: 0 },
      { op: 'swapFramesAndChannels' },
    );
    const placed = trace.run({ op: 'fitTokens' }, trace.run(positions, x), pooled);
    const left = trace.chain(trace.add(pooled, placed), ...layers, upsample);
    return trace.run({ op: 'fitTokens' }, left, x);
  });
}

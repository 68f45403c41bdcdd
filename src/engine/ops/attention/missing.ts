/** What of an attention the engine can't compute. */
import type { Attention, PositionScheme } from '../../../core/model/module';
import { grouped } from '../linear';
import { missingFromRotary } from '../rotary';

export function missingFromAttention(module: Attention): string | undefined {
  const { heads, keyValueHeads, projections, clip } = module;
  if (module.gate !== undefined) return 'a gate on the output of attention';
  if (module.indexer !== undefined) return 'attention to indexed keys';
  if (projections.type === 'latent' && projections.latentScales !== undefined) return 'scaled latents';
  if (heads % keyValueHeads !== 0) return `${heads} heads over ${keyValueHeads} key/value heads`;
  if (projections.type === 'fused') {
    const { slices, order } = projections.layout;
    if (slices > 1 || order !== 'queryKeyValue') return `fused projections in ${slices} slices`;
  }
  if (module.mask.type === 'localBlocks') return 'attention in local blocks';
  if (module.mask.type === 'windowGlobal') return 'attention in a window and to global tokens';
  if (module.mask.type === 'blockSparse') return 'attention to neighbouring, global and random blocks';
  if (module.landmarks !== undefined) return 'attention through landmarks';
  if (module.valueConvolution !== undefined) return 'a convolution of the values';
  if (module.spanConvolution !== undefined) return 'convolutions with kernels from the input';
  if (module.globalProjections !== undefined) return 'projections of global tokens';
  if (module.summaries !== undefined) return 'summaries of blocks as keys';
  if (module.separateValues) return 'values from an input of their own';
  if (module.biases !== undefined) return 'biases beside the projections';
  if (module.talkingHeads !== undefined) return 'talking heads';
  if (module.promptKeys !== undefined) return 'keys and values from prompts';
  if (clip !== undefined) return 'clipped projections';
  if (module.queryKeyNorm !== undefined) return 'normalised queries and keys';
  if (module.queryGrowth !== undefined) return 'queries that grow with the position';
  if (module.differential !== undefined) return 'differential attention';
  if (module.cosine !== undefined) return 'cosine attention';
  if (module.windows !== undefined) return 'shifted windows';
  if (module.outputNorm !== undefined) return 'a norm before the output projection';
  return grouped(module) ?? missingFromPosition(module.position);
}

function missingFromPosition(position: PositionScheme): string | undefined {
  switch (position.type) {
    case 'none':
      return undefined;
    case 'relativeBuckets':
      return position.gate === undefined ? undefined : 'gated relative positions';
    case 'relativeSines':
      return 'relative positions from sines';
    case 'disentangled':
      return 'disentangled positions';
    case 'alibi':
      return 'ALiBi';
    case 'rotaryGrid':
      return 'rotary positions on a grid';
    case 'relativeGrid':
    case 'continuousGrid':
      return 'a bias of offsets on a grid';
    case 'rotary':
      return position.values ? 'rotated values' : missingFromRotary(position.rotary);
  }
}

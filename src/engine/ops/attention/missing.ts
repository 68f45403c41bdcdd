/** What of an attention the engine can't compute. */
import type { Attention, PositionScheme } from '../../../core/model/module';
import { unknownActivation } from '../activations';
import { grouped } from '../linear';
import { missingFromRotary } from '../rotary';

export function missingFromAttention(module: Attention): string | undefined {
  const { heads, keyValueHeads, gate, gateActivation, projections } = module;
  if (module.indexer !== undefined) return 'attention to indexed keys';
  if (heads % keyValueHeads !== 0) return `${heads} heads over ${keyValueHeads} key/value heads`;
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
  if (module.cosine !== undefined) return 'cosine attention';
  if (module.windows !== undefined) return 'shifted windows';
  if (gate === 'query' && projections.type !== 'separate') return 'a gate in a fused query';
  if (gateActivation !== undefined && unknownActivation(gateActivation))
    return unknownActivation(gateActivation);
  return grouped(module) ?? missingFromPosition(module.position);
}

function missingFromPosition(position: PositionScheme): string | undefined {
  switch (position.type) {
    case 'none':
    case 'alibi':
      return undefined;
    case 'relativeBuckets':
      return position.gate === undefined ? undefined : 'gated relative positions';
    case 'relativeSines':
      return 'relative positions from sines';
    case 'disentangled':
      return 'disentangled positions';
    case 'rotaryGrid':
      return 'rotary positions on a grid';
    case 'relativeGrid':
    case 'continuousGrid':
      return 'a bias of offsets on a grid';
    case 'rotary':
      return missingFromRotary(position.rotary);
  }
}

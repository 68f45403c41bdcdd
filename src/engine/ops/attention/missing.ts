/** What of an attention the engine can't compute. */
import type { Attention, PositionScheme } from '../../../core/model/module';
import { unknownActivation } from '../activations';
import { missingFromRotary } from '../rotary';

export function missingFromAttention(module: Attention): string | undefined {
  const { heads, keyValueHeads, gate, gateActivation, projections } = module;
  if (module.indexer === 'previous') return 'attention to the keys that the layer before has chosen';
  if (heads % keyValueHeads !== 0) return `${heads} heads over ${keyValueHeads} key/value heads`;
  const beside = module.valueConvolution ?? module.spanConvolution?.depthwise;
  // With an even one the class makes a position too many, and fails.
  if (beside !== undefined && beside.kernel[0]! % 2 === 0) {
    return `a convolution beside attention whose kernel is even (${beside.kernel[0]})`;
  }
  if (module.summaries !== undefined && projections.type !== 'separate') {
    return 'summaries of blocks from fused projections';
  }
  if (module.promptKeys !== undefined) return 'keys and values from prompts';
  if (module.windows !== undefined && !hasGridBias(module))
    return 'shifted windows without a bias of offsets';
  if (module.position.type === 'rotaryGrid' && module.headDim % 4 !== 0) {
    return `rotary positions on a grid over ${module.headDim} dimensions`;
  }
  if (gate === 'query' && projections.type !== 'separate') return 'a gate in a fused query';
  if (gateActivation !== undefined && unknownActivation(gateActivation))
    return unknownActivation(gateActivation);
  return missingFromPosition(module.position);
}

function missingFromPosition(position: PositionScheme): string | undefined {
  switch (position.type) {
    case 'none':
    case 'alibi':
    case 'rotaryGrid':
    case 'relativeGrid':
    case 'continuousGrid':
    case 'relativeBuckets':
    case 'relativeSines':
    case 'disentangled':
      return undefined;
    case 'rotary':
      return missingFromRotary(position.rotary);
  }
}

function hasGridBias({ position }: Attention): boolean {
  return position.type === 'relativeGrid' || position.type === 'continuousGrid';
}

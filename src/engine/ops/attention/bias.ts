/** What positions add to the scores. */
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask, Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { vector } from '../linear';
import { distanceScores, roundedScores } from './alibi';
import { disentangledBias } from './disentangled';
import { gatedBias } from './gatedBuckets';
import { gridBias } from './grid';
import { relativeScores } from './relative';
import { relativeSinesBias } from './relativeSines';

/** What a bias may depend on. */
export interface Looked {
  readonly x: Tensor;
  readonly source: Tensor;
  readonly query: Heads;
  readonly key: Heads;
  /** Index among the sequences that the layer looks at apart. */
  readonly sequence: number;
}

export async function biasOf(
  module: Attention,
  looked: Looked,
  context: Context,
): Promise<Pick<AttendTask, 'diagonal' | 'fill'>> {
  const { position, heads } = module;
  const { x, source, sequence } = looked;
  switch (position.type) {
    case 'relativeBuckets': {
      const table = await vector(position.table, context);
      const keys = source.shape[0]!;
      const diagonal = relativeScores(position, table, heads, x.shape[0]!, keys);
      return position.gate === undefined
        ? { diagonal }
        : gatedBias(module, position.gate, diagonal, x, keys, context);
    }
    case 'alibi':
      return position.products === undefined
        ? { diagonal: distanceScores(position.slopes, x.shape[0]!, source.shape[0]!) }
        : { fill: roundedScores(position.slopes, position.scale ?? 1, source.shape[0]!) };
    case 'relativeGrid':
    case 'continuousGrid':
      return gridBias(module, position, source.shape[0]!, sequence, context);
    case 'disentangled':
      return disentangledBias(module, position, looked, context);
    case 'relativeSines':
      return relativeSinesBias(module, position, looked, context);
    default:
      return {};
  }
}

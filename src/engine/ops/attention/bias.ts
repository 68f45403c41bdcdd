/** What positions add to the scores. */
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask, Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { vector } from '../linear';
import { distanceScores, roundedScores } from './alibi';
import { relativeScores } from './relative';

/** What a bias may depend on. */
export interface Looked {
  readonly x: Tensor;
  readonly source: Tensor;
  readonly query: Heads;
  readonly key: Heads;
}

export async function biasOf(
  { position, heads }: Attention,
  { x, source }: Looked,
  context: Context,
): Promise<Pick<AttendTask, 'diagonal' | 'fill'>> {
  switch (position.type) {
    case 'relativeBuckets': {
      const table = await vector(position.table, context);
      return { diagonal: relativeScores(position, table, heads, x.shape[0]!, source.shape[0]!) };
    }
    case 'alibi':
      return position.products === undefined
        ? { diagonal: distanceScores(position.slopes, x.shape[0]!, source.shape[0]!) }
        : { fill: roundedScores(position.slopes, position.scale ?? 1, source.shape[0]!) };
    default:
      return {};
  }
}

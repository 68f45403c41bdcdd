/** Shapes of a model's inputs under a workload. */
import type { Workload } from '../analysis';
import type { ModelInput } from '../model/module';

/** At 16,000 samples and 100 frames a second, as the feature extractors of speech models have them. */
const TEN_SECONDS = { samples: 160_000, frames: 1000 } as const;

/** Shape of an input under a workload: lengths cut to what the positions allow. */
export function inputShape(input: ModelInput, workload: Workload): number[] {
  if (input.type === 'pixels') {
    const image = [input.channels, input.height, input.width];
    const batch = input.optional ? workload.batch * (workload.images ?? 0) : workload.batch;
    return input.frames === undefined ? [batch, ...image] : [batch, input.frames, ...image];
  }
  if (input.type === 'sound') {
    const { features, featuresFirst } = input;
    const length =
      input.length ?? workload.sound ?? (features === undefined ? TEN_SECONDS.samples : TEN_SECONDS.frames);
    if (features === undefined) return [workload.batch, length];
    return featuresFirst ? [workload.batch, features, length] : [workload.batch, length, features];
  }
  const wanted = input.stream === 'tokens' ? workload.tokens : workload.decoderTokens;
  const limit = input.type === 'tokens' ? (input.limit ?? Infinity) : Infinity;
  return [workload.batch, Math.min(wanted, limit)];
}

/** Where queries meet keys in a forward pass, and how many, without running it. */
import type { Model } from '../model/module';
import { flopsOfShapes, type AttentionRun } from './flops';
import { inputShape } from './inputs';

/**
 * Attentions in the order of execution.
 *
 * @param shapes of the inputs without their batch axis; of inputs of `tokens` tokens where they are left out.
 */
export function attentionRuns(
  model: Model,
  shapes: readonly (readonly number[])[] | undefined,
  tokens: number,
): readonly AttentionRun[] {
  const workload = { batch: 1, tokens, decoderTokens: tokens, context: tokens };
  const { attentions } = flopsOfShapes(model, (input) => {
    const given = shapes?.[model.inputs.indexOf(input)];
    return given === undefined ? inputShape(input, workload) : [1, ...given];
  });
  return attentions;
}

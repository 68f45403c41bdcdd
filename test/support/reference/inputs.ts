/** The shapes of a model's inputs in a forward pass that names some of them, as a row of FLOPs does. */
import { inputShape } from '../../../src/core/measure/inputs';
import type { Model, ModelInput } from '../../../src/core/model/module';
import type { Shapes } from './rows';

/** What costs nothing. */
const NOTHING = { batch: 0, tokens: 1, decoderTokens: 1, context: 0 };

/**
 * A function for `flopsOfShapes`: an input as given; a sequence that was left out follows its companion (segments the
 * tokens; a decoder the encoder, whose ids are shifted for it); any other, such as the image of a model that got text
 * alone, is an empty batch, which costs nothing.
 */
export function shapesOf(model: Model, given: Shapes): (input: ModelInput) => number[] {
  if (!model.inputs.some(({ name }) => Object.hasOwn(given, name))) {
    const own = model.inputs.map(({ name }) => name).join(', ');
    throw new TypeError(`no input of the row is one of the model's: ${own}`);
  }
  return (input) => {
    if (input.type === 'tokens' || input.type === 'segments') {
      const own = given[input.name];
      if (own !== undefined) return sequences(own);
      const companion = model.inputs.find(
        (other) => other.type === 'tokens' && other.stream === input.stream && Object.hasOwn(given, other.name),
      );
      const shape = given[companion?.name ?? 'input_ids'];
      return shape === undefined ? inputShape(input, NOTHING) : sequences(shape);
    }
    return [...(given[input.name] ?? inputShape(input, NOTHING))];
  };
}

/** Ids as [batch, length]; the choices of multiple choice are sequences of their own. */
function sequences(shape: readonly number[]): number[] {
  return [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape[shape.length - 1] ?? 0];
}

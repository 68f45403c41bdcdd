/** The shapes of a model's inputs in a forward pass that names some of them, as a row of FLOPs does. */
import type { Model, ModelInput } from '../../../src/core/model/module';
import type { Shapes } from './rows';

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
      return shape === undefined ? [0, 1] : sequences(shape);
    }
    if (input.type === 'sound') return [...(given[input.name] ?? [0, 1, 1])];
    return [...(given[input.name] ?? [0, input.channels, input.height, input.width])];
  };
}

/** Ids as [batch, length]; the choices of multiple choice are sequences of their own. */
function sequences(shape: readonly number[]): number[] {
  return [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape[shape.length - 1] ?? 0];
}

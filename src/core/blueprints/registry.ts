/** Every family that Headlight has a blueprint for. */
import { decoders } from './decoders';
import { encoders } from './encoders';
import { classTables } from '../tables/provider';
import type { Family, Root } from './family';
import { gptFamilies } from './gpt';
import { hybrids } from './hybrid';
import { mixtures } from './moe';
import { multimodalFamilies } from './multimodal';
import { remoteFamilies } from './remote';
import { seq2seq } from './seq2seq';
import { speech } from './speech';
import { visionFamilies } from './vision';

const families: readonly Family[] = [
  ...encoders,
  ...decoders,
  ...gptFamilies,
  ...mixtures,
  ...hybrids,
  ...seq2seq,
  ...speech,
  ...visionFamilies,
  ...multimodalFamilies,
  ...remoteFamilies,
];

const byType = new Map(families.map((family) => [family.modelType, family]));
const byArchitecture = new Map(
  // Of two types with the same classes the first is meant.
  [...families].reverse().flatMap((family) => family.architectures.map((name) => [name, family] as const)),
);

export function familyOfType(modelType: string): Family | undefined {
  return byType.get(modelType);
}

/** The model type of a class, for configs that name none. */
export function modelTypeOf(architecture: string): string | undefined {
  return byArchitecture.get(architecture)?.modelType ?? classTables()?.typeOf(architecture);
}

/**
 * Who can build a class of a model type: its blueprint where it has the class, and the class tables.
 *
 * @param architecture the base model where left out.
 */
export function builders(modelType: string, architecture?: string): (() => Family<Root> | undefined)[] {
  const having = (family: Family<Root> | undefined) =>
    architecture === undefined || family?.architectures.includes(architecture) ? family : undefined;
  return [() => having(familyOfType(modelType)), () => having(classTables()?.family(modelType))];
}

/** Every class that a model type has. */
export function architecturesOf(modelType: string): string[] {
  const named = [familyOfType(modelType), classTables()?.family(modelType)].flatMap(
    (each) => each?.architectures ?? [],
  );
  return [...new Set(named)];
}

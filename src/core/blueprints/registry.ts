/** Every family that Headlight has a blueprint for. */
import { decoders } from './decoders';
import { encoders } from './encoders';
import type { Family } from './family';
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

/** The family of a class, for configs that name no model type. */
export function familyOfArchitecture(architecture: string): Family | undefined {
  return byArchitecture.get(architecture);
}

/** Model types with a blueprint, in alphabetical order. */
export function knownTypes(): string[] {
  return [...byType.keys()].sort();
}

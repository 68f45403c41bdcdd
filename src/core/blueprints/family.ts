/** What a blueprint is: the keys of a config class, and a tree for each of its architectures. */
import { MAX_LAYERS, type Keys, type Values } from '../config/keys';
import { commonKeys, type Common } from '../config/common';
import type { Config } from '../config/config';
import type { Block, ModelInput } from '../model/module';

/** A built architecture. */
export interface Blueprint {
  readonly root: Block;
  readonly inputs: readonly ModelInput[];
}

export interface FamilySpec<K extends Keys> {
  /** `model_type` in the config. */
  readonly modelType: string;
  readonly keys: K;
  /** The class that AutoModel builds: what a config without `architectures` stands for. */
  readonly base: string;
  /** Class name → its tree. */
  readonly architectures: Readonly<Record<string, (config: Values<K> & Common) => Blueprint>>;
  /** Standard deviation of the initial weights. */
  readonly initializerRange: (config: Values<K>) => number;
  /** What the class refuses of values that are legal alone. */
  readonly check?: (config: Values<K>, checks: Checks) => void;
}

/** Checks of several keys together; each reports a problem where it fails. */
export class Checks {
  constructor(private readonly config: Config) {}

  /** `value` of `key` has to be a multiple of `divisor` of `of`. */
  multiple(key: string, found: number, of: string, divisor: number): void {
    if (found % divisor !== 0) this.config.reject(key, 'key.multiple', { key, found, of, divisor });
  }

  /** Layers of layers: their product is bounded as each alone is. */
  layers(factors: Readonly<Record<string, number>>): void {
    const keys = Object.keys(factors);
    const found = Object.values(factors).reduce((a, b) => a * b, 1);
    const [largest = ''] = keys.sort((a, b) => factors[b]! - factors[a]!);
    if (found > MAX_LAYERS) this.config.reject(largest, 'key.product', { keys, found, max: MAX_LAYERS });
  }
}

/** A family with the types of its keys left behind, as the registry holds it. */
export interface Family {
  readonly modelType: string;
  readonly base: string;
  readonly architectures: readonly string[];
  /** Reads the config; `build` makes the tree of an architecture of this family. */
  read(config: Config): { build(architecture: string): Blueprint & { readonly initializerRange: number } };
}

export function family<K extends Keys>(spec: FamilySpec<K>): Family {
  return {
    modelType: spec.modelType,
    base: spec.base,
    architectures: Object.keys(spec.architectures),
    read(config) {
      const values = { ...config.values(commonKeys), ...config.values(spec.keys) } as Values<K> & Common;
      spec.check?.(values, new Checks(config));
      return {
        build: (architecture) => ({
          ...spec.architectures[architecture]!(values),
          initializerRange: spec.initializerRange(values),
        }),
      };
    },
  };
}

/** Token ids as the one input, at most `limit` long. */
export function tokenInput(limit?: number): ModelInput[] {
  return [{ name: 'input_ids', type: 'tokens', stream: 'tokens', ...(limit === undefined ? {} : { limit }) }];
}

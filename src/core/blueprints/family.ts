/** What a blueprint is: the keys of a config class, and a tree for each of its architectures. */
import type { Span } from '../analysis';
import { MAX_LAYERS, type Keys, type Values } from '../config/keys';
import { commonKeys, type Common } from '../config/common';
import type { Config } from '../config/config';
import type { Block, Composite, Model, ModelInput, Starts } from '../model/module';

/** A root that a model may have; only a block's forward pass is followed. */
export type Root = Block | Composite;

/** A built architecture. */
export interface Blueprint<R extends Root = Block> {
  readonly root: R;
  readonly inputs: readonly ModelInput[];
}

export interface FamilySpec<K extends Keys, N extends object = object> {
  /** `model_type` in the config. */
  readonly modelType: string;
  readonly keys: K;
  /** The class that AutoModel builds: what a config without `architectures` stands for. */
  readonly base: string;
  /** Class name → its tree. */
  readonly architectures: Readonly<Record<string, (config: Values<K> & Common & N) => Blueprint>>;
  /** What it reads of configs nested in its own: added to the values. */
  readonly nested?: (config: Config, families: Families, values: Values<K> & Common) => N;
  /** Standard deviation of the initial weights. */
  readonly initializerRange: (config: Values<K> & Common & N) => number;
  /** Tensors whose initial values have another deviation, or none. */
  readonly starts?: (config: Values<K> & Common & N) => Starts;
  /** What the class refuses of values that are legal alone. */
  readonly check?: (config: Values<K> & Common & N, checks: Checks) => void;
}

/** Checks of several keys together; each reports a problem where it fails. */
export class Checks {
  constructor(private readonly config: Config) {}

  /** `value` of `key` has to be a multiple of `divisor` of `of`. */
  multiple(key: string, found: number, of: string, divisor: number): void {
    if (found % divisor !== 0) this.config.reject(key, 'key.multiple', { key, found, of, divisor });
  }

  /** The list under `key` has to have as many items as `of` says. */
  length(key: string, found: number, of: string, wanted: number): void {
    if (found !== wanted) this.config.reject(key, 'key.length', { key, found, of, wanted });
  }

  /** The class refuses the value `found` of `key`. */
  only(key: string, allowed: string, found: string): void {
    this.config.reject(key, 'key.value', { key, allowed: [allowed], found });
  }

  /** The class takes no `key` beside the `other`. */
  conflict(key: string, other: string): void {
    this.config.reject(key, 'key.conflict', { key, other });
  }

  /** `key` may have no other value here than `allowed`. */
  value(key: string, found: unknown, allowed: unknown): void {
    if (found === allowed) return;
    this.config.reject(key, 'key.value', { key, allowed: [String(allowed)], found: String(found) });
  }

  /** Layers of all stages: their sum is bounded as each alone is. */
  stages(key: string, depths: readonly number[]): void {
    const found = depths.reduce((a, b) => a + b, 0);
    if (found > MAX_LAYERS) this.config.reject(key, 'key.range', { key, min: 0, max: MAX_LAYERS, found });
  }

  /** A list, where there is one, has as many entries as `of` says, each one of `allowed`. */
  entries(
    key: string,
    found: readonly unknown[] | undefined,
    of: string,
    expected: number,
    allowed?: readonly unknown[],
  ): void {
    if (found === undefined) return;
    const other = found.find((each) => allowed?.includes(each) === false);
    if (other !== undefined) {
      const texts = allowed!.map(String);
      this.config.reject(key, 'key.value', { key, allowed: texts, found: JSON.stringify(other) });
    } else {
      this.length(key, found.length, of, expected);
    }
  }

  /** Layers of layers: their product is bounded as each alone is. */
  layers(factors: Readonly<Record<string, number>>): void {
    const keys = Object.keys(factors);
    const found = Object.values(factors).reduce((a, b) => a * b, 1);
    const [largest = ''] = keys.sort((a, b) => factors[b]! - factors[a]!);
    if (found > MAX_LAYERS) this.config.reject(largest, 'key.product', { keys, found, max: MAX_LAYERS });
  }
}

/** A config as its family read it. */
export interface Reading<R extends Root = Block> {
  /** By the class's own names. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Makes the tree of an architecture of this family; the base model where none is named. */
  build(
    architecture?: string,
  ): Blueprint<R> & Pick<Model, 'initializerRange'> & Partial<Pick<Model, 'pass' | 'starts'>>;
}

/** A family with the types of its keys left behind, as the registry holds it. */
export interface Family<R extends Root = Block> {
  readonly modelType: string;
  readonly base: string;
  readonly architectures: readonly string[];
  /** Reads the config; `families` are those that a nested config may name. */
  read(config: Config, families: Families): Reading<R>;
}

/** The family of a model type, where there is one. */
export type Families = (modelType: string) => Family | undefined;

export function family<K extends Keys, N extends object = object>(spec: FamilySpec<K, N>): Family {
  return {
    modelType: spec.modelType,
    base: spec.base,
    architectures: Object.keys(spec.architectures),
    read(config, families) {
      const own = { ...config.values(commonKeys), ...config.values(spec.keys) } as Values<K> & Common;
      const values = { ...own, ...spec.nested?.(config, families, own) } as Values<K> & Common & N;
      spec.check?.(values, new Checks(config));
      return {
        values,
        build: (architecture = spec.base) => ({
          ...spec.architectures[architecture]!(values),
          initializerRange: spec.initializerRange(values),
          ...(spec.starts === undefined ? {} : { starts: spec.starts(values) }),
        }),
      };
    },
  };
}

/**
 * A model inside a model: the config under `name`, read by the family of its `model_type`.
 *
 * @param fallback the model type where the nested config names none.
 * @param absent values that the class takes where the whole nested config is missing.
 */
export function subModel(
  config: Config,
  families: Families,
  name: string,
  fallback: string,
  absent: Readonly<Record<string, unknown>> = {},
): SubModel {
  const nested = config.nested(name, absent);
  return { config: nested, ...subReading(nested, families, fallback, config.spanOf(name) ?? config.span) };
}

/** A nested model: its config, its model type, and what its family reads. */
export interface SubModel extends Reading {
  readonly config: Config;
  readonly modelType: string;
}

function subReading(
  nested: Config,
  families: Families,
  fallback: string,
  span: Span,
): Reading & { readonly modelType: string } {
  const given = nested.raw('model_type');
  const modelType = typeof given === 'string' && given !== '' ? given : fallback;
  const found = families(modelType);
  if (found !== undefined) return { modelType, ...found.read(nested, families) };
  nested.problems.push({
    code: 'model.unknownType',
    severity: 'information',
    span: nested.spanOf('model_type') ?? span,
    arguments: { modelType },
  });
  return {
    modelType,
    values: {},
    build: () => {
      throw new Error(`no family of ${modelType}`);
    },
  };
}

/** Token ids as the one input, at most `limit` long. */
export function tokenInput(limit?: number): ModelInput[] {
  return [{ name: 'input_ids', type: 'tokens', stream: 'tokens', ...(limit === undefined ? {} : { limit }) }];
}

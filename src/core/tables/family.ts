/** A family whose trees come from the class tables: any model type that they hold, with any of its classes. */
import type { Family, Reading, Root } from '../blueprints/family';
import type { Config, ReadKey } from '../config/config';
import type { Key, KeyRole } from '../config/keys';
import { MAX_SIZE } from '../config/keys';
import type { ValueType } from '../analysis';
import type { Tables } from './provider';
import { spelling } from './attributes';
import { makeEvaluator } from './evaluator';
import type { Evaluator } from './evaluate';
import { makeForwardEvaluator, type ForwardEvaluator } from './forward/evaluator';
import { inputsOf } from './forward/inputs';
import { passOf } from './forward/pass';
import type { ModelInput } from '../model/module';
import { tableStore, withMembers } from './store';
import { fieldsOf } from './natives/fields';
import { configClass, tableClass } from './natives/auto';
import { tieWeights } from './ties';
import { treeOf } from './tree';
import { Class, Dict, Instance, PySet, Refusal, text, Unknowable, type Value } from './values';

/**
 * The tables behind their texts, in the form of store.ts.
 *
 * @param classes reads the class tables.
 * @param forwards reads the forward tables, when FLOPs are asked for.
 */
export function makeTables(classes: () => string, forwards: () => string): Tables {
  const evaluator = makeEvaluator(tableStore(classes()));
  const sources: Sources = {
    evaluator,
    forwards: once(() => makeForwardEvaluator(withMembers(evaluator.store, tableStore(forwards())))),
  };
  const { index } = evaluator.store;
  return {
    family: (modelType) => tableFamily(sources, modelType),
    typeOf: (architecture) =>
      Object.entries(index.architectures).find(([, names]) => names.includes(architecture))?.[0],
  };
}

interface Sources {
  readonly evaluator: Evaluator;
  readonly forwards: () => ForwardEvaluator;
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Classes of a model type in the tables, its base first. */
function tableFamily(sources: Sources, modelType: string): Family<Root> | undefined {
  const { index } = sources.evaluator.store;
  if (!Object.hasOwn(index.configs, modelType)) return undefined;
  const base = Object.hasOwn(index.base, modelType) ? index.base[modelType] : undefined;
  const named = Object.hasOwn(index.architectures, modelType) ? index.architectures[modelType]! : [];
  const architectures = [...new Set([...(base === undefined ? [] : [base]), ...named])];
  const [first] = architectures;
  if (first === undefined) return undefined;
  return { modelType, base: first, architectures, read: (config) => read(sources, modelType, first, config) };
}

function read(sources: Sources, modelType: string, base: string, config: Config): Reading<Root> {
  const tables = sources.evaluator;
  checkTypes(tables, modelType, config);
  const instance = config.problems.length > 0 ? undefined : makeConfig(tables, modelType, config);
  return {
    values: {},
    build(architecture = base) {
      const root = instance && guarded(config, () => makeModel(tables, architecture, instance));
      noteReads(tables, config, tables.configs);
      const tree = root ?? { kind: 'composite', className: architecture, parameters: {}, children: {} };
      const given = config.plain();
      const range = instance?.attributes.get('initializer_range');
      return {
        root: tree,
        inputs: instance === undefined ? [] : inputs(sources, architecture, instance),
        pass: passOf(
          sources.forwards,
          architecture,
          (forwards) => configOf(forwards, modelType, given),
          tree,
        ),
        initializerRange: typeof range === 'number' ? range : 0.02,
      };
    },
  };
}

/** Runs a constructor; what it refuses, and what the tables can't tell, become problems of the file. */
function guarded<T>(config: Config, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) {
      const where = error.where[0] ?? '';
      config.reject('model_type', 'model.refused', { className: where, detail: error.message });
    } else if (error instanceof Unknowable) config.note('model.unknowable', { detail: error.message });
    else throw error;
    return undefined;
  }
}

function makeConfig(tables: Evaluator, modelType: string, config: Config): Instance | undefined {
  return guarded(config, () => {
    tables.begin();
    return configOf(tables, modelType, config.plain());
  });
}

/** A config object of a file's values. */
function configOf(tables: Evaluator, modelType: string, values: Readonly<Record<string, unknown>>): Instance {
  const { architectures: _, ...given } = values;
  const named = new Map(
    Object.entries(given).map(([name, each]) => [name, value(each, `${name}.`)] as const),
  );
  const cls = configClass(tables, modelType);
  if (cls === undefined) throw new Unknowable(`the config class of ${modelType} is not in the tables`);
  const made = tables.construct(cls, [], named, '');
  if (!(made instanceof Instance)) throw new Unknowable(`the config class of ${modelType} makes no config`);
  return made;
}

/** What the class takes, as far as the forward tables say. */
function inputs(
  { evaluator: tables, forwards: load }: Sources,
  architecture: string,
  config: Instance,
): ModelInput[] {
  const forwards = load();
  const cls = forwards && tableClass(forwards, architecture);
  return cls === undefined ? [] : inputsOf(forwards, cls, tables, config);
}

function makeModel(tables: Evaluator, architecture: string, config: Instance) {
  const cls = tableClass(tables, architecture);
  if (cls === undefined) throw new Unknowable(`${architecture} is not in the tables`);
  const made = tables.construct(cls, [config], new Map());
  if (!(made instanceof Instance)) throw new Unknowable(`${architecture} makes no module`);
  tieWeights(tables, made);
  return treeOf(made);
}

/** A value of the file, objects with the path that they stand at. */
function value(plain: unknown, path: string): Value {
  if (Array.isArray(plain)) return plain.map((each, i) => value(each, `${path}${i}.`));
  if (typeof plain !== 'object' || plain === null) return plain as Value;
  const dict = new Dict(
    Object.entries(plain).map(([name, each]) => [name, value(each, `${path}${name}.`)] as const),
  );
  dict.origin = path;
  return dict;
}

/** Types that an annotation allows, where all of it is known. */
function typesOf(annotation: string): Set<string> | undefined {
  const parts = annotation.split('|').map((part) => part.trim());
  const known = parts.map((part) => /^(int|float|bool|str|None|list|tuple|dict)\b/.exec(part)?.[1]);
  return known.includes(undefined) ? undefined : new Set(known as string[]);
}

/** Given values of the wrong type, and sizes that no tensor can have, before anything is built of them. */
function checkTypes(tables: Evaluator, modelType: string, config: Config): void {
  const cls = configClass(tables, modelType);
  if (cls === undefined) return;
  const given = config.plain();
  for (const [name, { annotation }] of fieldsOf(cls)) {
    const found = given[name];
    const types = typesOf(annotation);
    if (found === undefined || types === undefined) continue;
    if (!allows(types, found)) config.mistyped(name, keyType(types));
    else if (typeof found === 'number' && Math.abs(found) > MAX_SIZE && types.has('int')) {
      config.reject(name, 'key.range', { key: name, min: 0, max: MAX_SIZE, found });
    }
  }
}

function allows(types: ReadonlySet<string>, found: unknown): boolean {
  if (found === null) return types.has('None');
  if (typeof found === 'boolean') return types.has('bool');
  if (typeof found === 'number') return types.has('float') || (types.has('int') && Number.isInteger(found));
  if (typeof found === 'string') return types.has('str');
  if (Array.isArray(found)) return types.has('list') || types.has('tuple');
  return types.has('dict');
}

function keyType(types: ReadonlySet<string>): ValueType {
  if (types.has('int')) return 'integer';
  if (types.has('float')) return 'number';
  if (types.has('bool')) return 'flag';
  return types.has('dict') ? 'object' : 'text';
}

/** What keys count, by the names that transformers' standard attributes have. */
const ROLES: Readonly<Record<string, KeyRole>> = {
  num_hidden_layers: 'layers',
  num_layers: 'layers',
  n_layer: 'layers',
  encoder_layers: 'layers',
  decoder_layers: 'layers',
  hidden_size: 'width',
  d_model: 'width',
  n_embd: 'width',
  num_key_value_heads: 'keyValueHeads',
  tie_word_embeddings: 'tie',
};

/** Tells the config what the constructors read of it, and of the configs nested in it. */
function noteReads(tables: Evaluator, config: Config, configs: readonly Instance[]): void {
  for (const instance of configs) {
    const { origin } = instance;
    if (origin === undefined) continue;
    const fields = fieldsOf(instance.of);
    const given = config.at(origin);
    const aliases = [...given].filter((name) => spelling(tables, instance.of, name) !== name);
    config.known(origin, [...fields.keys(), ...aliases, ...instance.read]);
    for (const name of instance.read) {
      const field = fields.get(name);
      const alias = aliases.find((each) => spelling(tables, instance.of, each) === name);
      const written = alias ?? name;
      if (field === undefined && !given.has(written)) continue;
      const found = plainOf(instance.attributes.get(name));
      if (found === undefined) continue;
      const types = field === undefined ? undefined : typesOf(field.annotation);
      const read: ReadKey = {
        path: origin + written,
        key: keyOf(types, ROLES[name]),
        value: found,
        source: given.has(written) ? 'given' : 'default',
      };
      config.read.push(read);
    }
  }
}

function keyOf(types: ReadonlySet<string> | undefined, role: KeyRole | undefined): Key<unknown> {
  return {
    type: types === undefined ? 'any' : keyType(types),
    fallback: undefined,
    min: role === 'layers' ? 1 : 0,
    max: MAX_SIZE,
    nullable: types?.has('None') ?? true,
    aliases: [],
    ...(role === undefined ? {} : { role }),
  };
}

/** A value as JSON has it; undefined where it has none. */
function plainOf(found: Value | undefined): unknown {
  if (found === null || typeof found === 'number' || typeof found === 'string' || typeof found === 'boolean')
    return found;
  if (Array.isArray(found)) return found.map(plainOf);
  if (found instanceof PySet || found instanceof Class) return undefined;
  if (found instanceof Dict)
    return Object.fromEntries([...found.map].map(([name, each]) => [text(name), plainOf(each)]));
  return undefined;
}

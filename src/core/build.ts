/** Text of a config → the model's tree, or the reasons why there is none. */
import type { Outcome, Problem, Span } from './analysis';
import type { Family, Root } from './blueprints/family';
import { architecturesOf, builders, familyOfType, modelTypeOf } from './blueprints/registry';
import { Config, type Overrides } from './config/config';
import { parseConfig, type Node, type ParsedText } from './config/parse';
import { parameterTotals } from './measure/parameters';
import type { Model } from './model/module';

/** What a text turned out to be. `model` and `config` are there when the outcome is `counted`. */
export interface Built {
  readonly outcome: Outcome;
  readonly parsed: ParsedText;
  readonly problems: readonly Problem[];
  readonly found?: Found;
}

export interface Found {
  readonly model: Model;
  readonly config: Config;
  /** Who built it. */
  readonly family: Family<Root>;
  /** False: the file names no architecture, and the base model was built. */
  readonly architectureGiven: boolean;
}

/** What the config says it is, before any size is read. */
interface Identity {
  readonly modelType: string | undefined;
  readonly architectures: readonly string[];
  /** Place of the name, for what is to be said of it. */
  readonly span: Span;
}

const NAMES_A_MODEL = /"(model_type|architectures)"/;

export function build(text: string): Built {
  const parsed = parseConfig(text);
  const config = parsed.root && new Config(parsed.root);
  const identity = config && identityOf(config);
  // While its name is being typed, a model's config is still one.
  if (parsed.syntax !== undefined && (identity !== undefined || NAMES_A_MODEL.test(text))) {
    const { span, detail } = parsed.syntax;
    const problem: Problem = { code: 'json.syntax', severity: 'error', span, arguments: { detail } };
    return { outcome: 'syntax', parsed, problems: [problem] };
  }
  if (config === undefined || identity === undefined) return { outcome: 'none', parsed, problems: [] };
  const chosen = choose(config, identity);
  if ('problem' in chosen) return { outcome: 'unknown', parsed, problems: [chosen.problem] };
  const { model, config: read, family } = firstBuilt(chosen, parsed.root!);
  const problems = [...read.problems];
  if (model === undefined || problems.length > 0) {
    const unknown = problems.some(({ severity }) => severity === 'information');
    return { outcome: unknown ? 'unknown' : 'invalid', parsed, problems };
  }
  const oversized = tooLarge(model, read);
  if (oversized !== undefined) return { outcome: 'invalid', parsed, problems: [oversized] };
  return {
    outcome: 'counted',
    parsed,
    problems,
    found: { model, config: read, family, architectureGiven: identity.architectures.length > 0 },
  };
}

/**
 * Builds by the blueprint, or by the class tables where a part of the model (a tower of another type) has no blueprint.
 * What a blueprint takes for a mistake is one.
 */
function firstBuilt({ families, architecture }: Chosen, root: Node): Tried {
  let tried: Tried | undefined;
  for (const named of families) {
    const family = named();
    if (family === undefined) continue;
    const config = new Config(root);
    const model = make(family, architecture, config);
    tried = { family, config, model };
    if (!config.problems.some(({ code }) => code === 'model.unknownType')) break;
  }
  return tried!;
}

interface Tried {
  readonly family: Family<Root>;
  readonly config: Config;
  readonly model: Model | undefined;
}

/** The same model with some values replaced; undefined where the family can't be built from them. */
export function rebuild(built: Built, overrides: Overrides): Model | undefined {
  if (built.found === undefined || built.parsed.root === undefined) return undefined;
  const { family, model } = built.found;
  return make(family, model.architecture, new Config(built.parsed.root, overrides));
}

function identityOf(config: Config): Identity | undefined {
  const type = config.raw('model_type');
  const names = config.raw('architectures');
  const architectures = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  const modelType = typeof type === 'string' && type !== '' ? type : undefined;
  const span = config.spanOf(modelType === undefined ? 'architectures' : 'model_type');
  if (span === undefined || (modelType === undefined && architectures.length === 0)) return undefined;
  return { modelType, architectures, span };
}

interface Chosen {
  /** Who can build it, the first before the second. */
  readonly families: readonly (() => Family<Root> | undefined)[];
  /** The base model where left out. */
  readonly architecture: string | undefined;
}

function choose(config: Config, identity: Identity): Chosen | { readonly problem: Problem } {
  const { modelType, architectures, span } = identity;
  const type = modelType ?? architectures.map(modelTypeOf).find((found) => found !== undefined);
  const name = modelType ?? architectures[0]!;
  if (type === undefined || !canBuild(type)) return { problem: unknownType(config, name, span) };
  const [first] = architectures;
  if (first === undefined) return { families: builders(type), architecture: undefined };
  const architecture = architectures.find((each) => canBuild(type, each));
  if (architecture !== undefined) return { families: builders(type, architecture), architecture };
  return {
    problem: {
      code: 'model.unknownArchitecture',
      severity: 'information',
      span: config.spanOf('architectures') ?? span,
      arguments: { modelType: type, architecture: first, known: architecturesOf(type) },
    },
  };
}

/** The tables are not asked where a blueprint can. */
function canBuild(modelType: string, architecture?: string): boolean {
  return builders(modelType, architecture).some((family) => family() !== undefined);
}

function unknownType(config: Config, modelType: string, span: Span): Problem {
  const remote = config.raw('auto_map');
  const reference =
    typeof remote === 'object' && remote !== null
      ? Object.values(remote).find((each) => typeof each === 'string')
      : undefined;
  return reference === undefined
    ? { code: 'model.unknownType', severity: 'information', span, arguments: { modelType } }
    : { code: 'model.remoteCode', severity: 'information', span, arguments: { modelType, reference } };
}

/** Builds the tree; with a problem in the config it is left out, so that nothing is made by an illegal size. */
function make(family: Family<Root>, named: string | undefined, config: Config): Model | undefined {
  const architecture = named ?? family.base;
  const read = family.read(config, familyOfType);
  if (config.problems.length > 0) return undefined;
  const made = read.build(architecture);
  if (config.problems.length > 0) return undefined;
  return { modelType: family.modelType, architecture, ...made };
}

/** Counts beyond 2⁵³ would not be exact; no machine holds such a model. */
function tooLarge(model: Model, config: Config): Problem | undefined {
  if (Number.isSafeInteger(parameterTotals(model.root).checkpoint)) return undefined;
  const sizes = config.read.filter(({ key, source }) => key.type === 'integer' && source === 'given');
  const largest = sizes.reduce((a, b) => (Number(b.value) > Number(a.value) ? b : a));
  return {
    code: 'model.tooLarge',
    severity: 'error',
    span: config.spanOf(largest.path) ?? config.span,
    arguments: { key: largest.path },
  };
}

/** Text of a config → the model's tree, or the reasons why there is none. */
import type { Outcome, Problem, Span } from './analysis';
import type { Family } from './blueprints/family';
import { familyOfArchitecture, familyOfType } from './blueprints/registry';
import { Config, type Overrides } from './config/config';
import { parseConfig, type ParsedText } from './config/parse';
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
  const model = make(chosen, config);
  const problems = [...config.problems];
  if (model === undefined || problems.length > 0) return { outcome: 'invalid', parsed, problems };
  const oversized = tooLarge(model, config);
  if (oversized !== undefined) return { outcome: 'invalid', parsed, problems: [oversized] };
  return {
    outcome: 'counted',
    parsed,
    problems,
    found: { model, config, architectureGiven: identity.architectures.length > 0 },
  };
}

/** The same model with some values replaced; undefined where the family can't be built from them. */
export function rebuild(built: Built, overrides: Overrides): Model | undefined {
  if (built.found === undefined || built.parsed.root === undefined) return undefined;
  const { modelType, architecture } = built.found.model;
  const family = familyOfType(modelType);
  return family && make({ family, architecture }, new Config(built.parsed.root, overrides));
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
  readonly family: Family;
  readonly architecture: string;
}

function choose(config: Config, identity: Identity): Chosen | { readonly problem: Problem } {
  const { modelType, architectures, span } = identity;
  const family =
    modelType === undefined
      ? architectures.map(familyOfArchitecture).find((found) => found !== undefined)
      : familyOfType(modelType);
  const name = modelType ?? architectures[0]!;
  if (family === undefined) return { problem: unknownType(config, name, span) };
  const [first] = architectures;
  if (first === undefined) return { family, architecture: family.base };
  const architecture = architectures.find((each) => family.architectures.includes(each));
  if (architecture !== undefined) return { family, architecture };
  return {
    problem: {
      code: 'model.unknownArchitecture',
      severity: 'information',
      span: config.spanOf('architectures') ?? span,
      arguments: { modelType: family.modelType, architecture: first, known: family.architectures },
    },
  };
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
function make({ family, architecture }: Chosen, config: Config): Model | undefined {
  const read = family.read(config, familyOfType);
  if (config.problems.length > 0) return undefined;
  const { root, inputs, initializerRange } = read.build(architecture);
  return { modelType: family.modelType, architecture, root, inputs, initializerRange };
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

/** Everything that the inline features show of a config. */
import type { Analysis, Figures, FlopFigures, Workload } from './analysis';
import { build, type Built, type Found } from './build';
import { libraryKeys } from './config/common';
import { anchors } from './config/parse';
import { breakdown, shares } from './measure/breakdown';
import { decodeFlops, forwardFlops, type FlopCount } from './measure/flops';
import { inputShape } from './measure/inputs';
import { keyCosts } from './measure/keyCosts';
import { attentions, cacheSize, weightBytes } from './measure/memory';
import { activeParameters, parameterTotals } from './measure/parameters';
import { fold } from './model/fold';
import type { Model } from './model/module';
import { savedByTies } from './sharing/ledger';

export function analyse(text: string, workload: Workload): Analysis {
  const built = build(text);
  const { outcome, parsed, problems, found } = built;
  const places = outcome === 'none' || parsed.root === undefined ? {} : anchors(parsed.root);
  return {
    outcome,
    anchors: places,
    problems,
    ...(found === undefined ? {} : { figures: figures(built, found, workload) }),
  };
}

function figures(built: Built, found: Found, asked: Workload): Figures {
  const { model, config, architectureGiven } = found;
  const workload = effective(model, asked);
  const totals = parameterTotals(model.root);
  const forward = forwardFlops(model, workload);
  const cache = cacheSize(model, workload);
  const active = activeParameters(model.root, totals.total);
  const tree = fold(model.root);
  const shared = savedByTies(found, tree, forward);
  const weights = weightBytes(
    totals.total,
    config.read.find(({ path, value }) => /dtype$/.test(path) && value !== undefined)?.value,
  );
  const attention = attentionFacts(model);
  return {
    modelType: model.modelType,
    architecture: model.architecture,
    architectureGiven,
    parameters: { ...totals, shared, ...(active === undefined ? {} : { active }) },
    breakdown: breakdown(tree, shares(tree, forward)),
    workload,
    inputs: model.inputs.map((input) => ({ name: input.name, shape: inputShape(input, workload) })),
    ...(forward.unknown === undefined
      ? { flops: flopFigures(model, workload, forward, cache !== undefined) }
      : {}),
    memory: {
      dtype: weights.dtype,
      weights: weights.bytes,
      ...quantisation(config.raw('quantization_config')),
      ...(cache === undefined ? {} : { cachePerToken: cache.perToken, cacheAtContext: cache.atContext }),
    },
    keyCosts: keyCosts(built, totals.total, cache),
    defaults: config.read
      .filter(({ source, value }) => source === 'default' && value !== undefined)
      .map(({ path, value }) => ({ key: path, value })),
    unread: config.unread().filter((path) => !libraryKeys.has(path.slice(path.lastIndexOf('.') + 1))),
    ...(attention === undefined ? {} : { attention }),
  };
}

/** The workload as counted: no more tokens than the positions allow. */
function effective(model: Model, workload: Workload): Workload {
  const length = (stream: 'tokens' | 'decoderTokens', asked: number): number => {
    const input = model.inputs.find((each) => each.type === 'tokens' && each.stream === stream);
    return input === undefined ? asked : inputShape(input, workload)[1]!;
  };
  const limits = model.inputs.map((each) => (each.type === 'tokens' ? (each.limit ?? Infinity) : Infinity));
  return {
    ...workload,
    tokens: length('tokens', workload.tokens),
    decoderTokens: length('decoderTokens', workload.decoderTokens),
    // The token to come has a position too.
    context: Math.min(workload.context, ...limits.map((limit) => limit - 1)),
  };
}

function flopFigures(model: Model, workload: Workload, { total }: FlopCount, causal: boolean): FlopFigures {
  return {
    forward: total.forward,
    counter: total.forward - total.unseen,
    // A forward pass that is evaluated does not know which pairs its masks hide, nor what a cache spares it.
    ...(model.root.kind === 'block' ? { masked: total.forward - total.hidden } : {}),
    ...(model.root.kind === 'block' && causal ? { decode: decodeFlops(model, workload).total.forward } : {}),
    training: total.forward + total.backward,
  };
}

/** Named by its method; a config that quantises without naming one is told as such. */
function quantisation(given: unknown): { quantisation?: string } {
  if (typeof given !== 'object' || given === null) return {};
  const method = (given as { quant_method?: unknown }).quant_method;
  return { quantisation: typeof method === 'string' ? method : '?' };
}

function attentionFacts(model: Model): Figures['attention'] {
  const all = attentions(model);
  const first = all[0]?.module;
  if (first === undefined) return undefined;
  const { heads, keyValueHeads, headDim } = first;
  return { modules: all.length, heads, keyValueHeads, headDim };
}

/** The forward pass of a model that the class tables built: what each module of its tree costs. */
import type { Cost } from '../../measure/cost';
import type { Composite, Module, PassCosts, Shapes } from '../../model/module';
import { tableClass } from '../natives/auto';
import { tieWeights } from '../ties';
import { Instance, Refusal, Unknowable, type Value } from '../values';
import type { ForwardEvaluator } from './evaluator';
import { filled } from './operations/made';
import { Tally } from './tally';
import { Flowing } from './tensor';

/**
 * Evaluates a class's `forward`.
 *
 * @param makeConfig makes the config object in the evaluator given
 * @param root the tree that the costs are for
 */
export function passOf(
  tables: () => ForwardEvaluator,
  architecture: string,
  makeConfig: (tables: ForwardEvaluator) => Instance,
  root: Composite,
): (inputs: Shapes) => PassCosts {
  const run = (inputs: Shapes, { cached, ended }: Way): PassCosts => {
    const evaluator = tables();
    evaluator.begin();
    evaluator.tally = new Tally();
    const config = makeConfig(evaluator);
    const cls = tableClass(evaluator, architecture);
    if (cls === undefined) throw new Unknowable(`${architecture} is not in the tables`);
    const model = evaluator.construct(cls, [config], new Map());
    if (!(model instanceof Instance)) throw new Unknowable(`${architecture} makes no module`);
    tieWeights(evaluator, model);
    evaluator.begin();
    const end = ended ? endOf(config) : undefined;
    const named = new Map<string, Value>(
      Object.entries(inputs).map(([name, shape]) => [name, inputOf(name, shape, end)] as const),
    );
    evaluator.cached = cached;
    evaluator.call(model, [], named);
    return { costs: placed(evaluator.tally.costs, model, root) };
  };
  return (inputs) => {
    if (Object.keys(inputs).length === 0) return { unknown: 'what the model takes is not known' };
    try {
      return run(inputs, { cached: true, ended: false });
    } catch (first) {
      try {
        // A cache has more members than are known here; nothing is in it, so that a pass without it costs the same.
        if (first instanceof Refusal) return run(inputs, { cached: false, ended: false });
        // Classes that look for the end of a sequence find it where every token is one.
        if (first instanceof Unknowable) return run(inputs, { cached: true, ended: true });
        return unknown(first);
      } catch {
        return unknown(first);
      }
    }
  };
}

/** How a pass is tried. */
interface Way {
  /** With the cache that the config asks for. */
  readonly cached: boolean;
  /** With tokens that end a sequence. */
  readonly ended: boolean;
}

function unknown(error: unknown): PassCosts {
  if (error instanceof Refusal || error instanceof Unknowable || error instanceof RangeError)
    return { unknown: error.message };
  throw error;
}

function inputOf(name: string, shape: readonly number[], end: number | undefined): Flowing {
  const ids = /_ids$|^bbox$|_mask$/.test(name);
  return name === 'input_ids' && end !== undefined
    ? filled(shape, end, 'int')
    : new Flowing(shape, { kind: ids ? 'int' : 'float' });
}

/** The token that ends a sequence. */
function endOf({ attributes }: Instance): number | undefined {
  const own = attributes.get('eos_token_id');
  const first: Value | undefined = Array.isArray(own) ? own[0] : own;
  return typeof first === 'number' ? first : undefined;
}

/** Costs by the modules of the tree; what the tree leaves out counts where it stood. */
function placed(costs: ReadonlyMap<Instance, Cost>, model: Instance, root: Composite): Map<Module, Cost> {
  const found = new Map<Module, Cost>();
  const seen = new Set<Instance>();
  const visit = (instance: Instance, module: Module): void => {
    if (seen.has(instance)) return;
    seen.add(instance);
    const cost = costs.get(instance);
    if (cost !== undefined) found.set(module, joined(found.get(module), cost));
    for (const [name, child] of instance.children) visit(child, module.children[name] ?? module);
  };
  visit(model, root);
  return found;
}

function joined(before: Cost | undefined, cost: Cost): Cost {
  if (before === undefined) return { ...cost };
  return {
    applications: before.applications,
    forward: before.forward + cost.forward,
    unseen: before.unseen + cost.unseen,
    hidden: 0n,
    backward: before.backward + cost.backward,
  };
}

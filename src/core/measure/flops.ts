/**
 * FLOPs of a forward pass, in the convention of torch's FlopCounterMode: 2 for a multiply–accumulate; matrix products
 * and convolutions alone; every query with every key.
 *
 * Shapes are followed through the traced flow, so that each module is charged for what reaches it.
 */
import type { Workload } from '../analysis';
import { sum, type Cost } from './cost';
import { attentionProducts, besideProducts } from './attentionProducts';
import { pastKeys } from './maskPairs';
import { inputShape } from './inputs';
import { positionProducts } from './positionProducts';
import { expertProducts } from './expertProducts';
import { product } from './product';
import { recurrentProducts } from './scans';
import { convolved, operate, type Value } from './shapes';
import {
  isOperation,
  type Attention,
  type Block,
  type Experts,
  type Linear,
  type Indexer,
  type Model,
  type ModelInput,
  type Module,
  type Shapes,
} from '../model/module';

export type { Cost } from './cost';

export interface FlopCount {
  readonly costs: ReadonlyMap<Module, Cost>;
  readonly total: Cost;
  /** Attentions in the order of execution, with how many queries and keys meet in each of how many sequences. */
  readonly attentions: readonly AttentionRun[];
  /** Why the forward pass is not known; then every count is zero. */
  readonly unknown?: string;
}

export interface AttentionRun {
  readonly module: Attention;
  readonly sequences: number;
  readonly queries: number;
  readonly keys: number;
}

/** What one pass is: all tokens at once, or one more token with `past` in the cache. */
interface Pass {
  readonly past: number;
}

/** FLOPs of one forward pass over the workload. */
export function forwardFlops(model: Model, workload: Workload): FlopCount {
  return flopsOfShapes(model, (input) => inputShape(input, workload));
}

/** FLOPs of one forward pass over inputs of any shape. */
export function flopsOfShapes(model: Model, shapeOf: (input: ModelInput) => number[]): FlopCount {
  if (model.root.kind === 'composite') {
    return evaluatedFlops(
      model,
      Object.fromEntries(model.inputs.map((input) => [input.name, shapeOf(input)])),
    );
  }
  return new Counter({ past: 0 }).count(model, shapeOf);
}

/** FLOPs of a model whose class's own forward pass is evaluated: inputs that are not given are None. */
export function evaluatedFlops(model: Model, inputs: Shapes): FlopCount {
  const found = model.pass?.(inputs) ?? { unknown: 'the forward pass is not known' };
  if ('unknown' in found) return { costs: new Map(), total: sum([]), attentions: [], unknown: found.unknown };
  return { costs: found.costs, total: sum(found.costs.values()), attentions: [] };
}

/** FLOPs of one more token a sequence with the workload's context in the KV cache. */
export function decodeFlops(model: Model, workload: Workload): FlopCount {
  const decoder = model.inputs.some((input) => input.type === 'tokens' && input.stream === 'decoderTokens');
  const counter = new Counter({ past: workload.context });
  return counter.count(
    model,
    (input) => {
      // Images are in the cache, as the tokens that they became.
      if (input.type === 'pixels' && input.optional) return inputShape(input, { ...workload, images: 0 });
      const shape = inputShape(input, workload);
      const encoder = decoder && !(input.type === 'tokens' && input.stream === 'decoderTokens');
      return encoder ? shape : [shape[0] ?? 1, 1];
    },
    (input) => decoder && !(input.type === 'tokens' && input.stream === 'decoderTokens'),
  );
}

/** Elements of all axes but the last. */
function rows(shape: readonly number[]): number {
  let count = 1;
  for (let axis = 0; axis < shape.length - 1; axis++) count *= shape[axis]!;
  return count;
}

class Counter {
  private readonly costs = new Map<Module, Cost>();
  private readonly attentions: AttentionRun[] = [];

  constructor(private readonly pass: Pass) {}

  count(
    model: Model,
    shapeOf: (input: ModelInput) => number[],
    cached: (input: ModelInput) => boolean = () => false,
  ): FlopCount {
    const inputs = model.inputs.map((input) => ({
      shape: shapeOf(input),
      gradient: false,
      cached: cached(input),
    }));
    if (model.root.kind === 'block') this.block(model.root, inputs);
    return { costs: this.costs, total: sum(this.costs.values()), attentions: this.attentions };
  }

  private block(block: Block, inputs: readonly Value[]): Value {
    const values: Value[] = [];
    block.flow.inputs.forEach((wire, index) => (values[wire.id] = inputs[index] ?? inputs[0]!));
    for (const { run, from, to } of block.flow.steps) {
      const given = from.map((wire) => values[wire.id]!);
      values[to.id] = isOperation(run) ? operate(run, given) : this.run(run, given);
    }
    return values[block.flow.output.id]!;
  }

  private run(module: Module, inputs: readonly Value[]): Value {
    const x = inputs[0]!;
    const cached = inputs.every((input) => input.cached);
    const cost = this.costOf(module);
    if (!cached) cost.applications++;
    const output = (shape: readonly number[], gradient = true): Value => ({ shape, gradient, cached });
    switch (module.kind) {
      case 'block':
        return this.block(module, inputs);
      case 'embedding':
        return output([...x.shape, module.width]);
      case 'norm':
      case 'holder':
      case 'composite':
        return output(x.shape);
      case 'rotary':
        // One outer product of frequencies and positions, mostly whatever the batch; outside of the gradient.
        if (!cached) {
          const batch = x.shape[0] ?? 1;
          const sequences = (module.perSequence || module.axes ? batch : 1) * (module.axes?.positions ?? 1);
          cost.forward += product(2, sequences, Math.ceil(module.dim / 2), x.shape[1] ?? 1);
        }
        return output([]);
      case 'similarity': {
        const others = inputs[1] ?? x;
        const [rows, columns] = [x.shape[0]!, others.shape[0]!];
        if (!cached) charge(cost, product(2, rows, columns, x.shape.at(-1)!), true);
        return output([rows, columns]);
      }
      case 'linear':
        if (!cached) {
          const each = module.inputs / (module.groups ?? 1);
          charge(cost, product(2, rows(x.shape), each, module.outputs), x.gradient);
        }
        return output([...x.shape.slice(0, -1), module.outputs]);
      case 'mlp': {
        const inner = this.run(module.up, [x]);
        if (module.gate !== undefined) this.run(module.gate, [x]);
        if (module.norm !== undefined) this.run(module.norm, [inner]);
        return this.run(module.down, [inner]);
      }
      case 'causalConvolution':
      case 'stateSpace': {
        const step = this.pass.past > 0;
        const done = cached ? [] : recurrentProducts(module, x.shape, step);
        for (const factors of done) charge(cost, product(2, ...factors), x.gradient);
        return output([...x.shape.slice(0, -1), module.channels]);
      }
      case 'experts':
        return this.experts(module, x, cost);
      case 'attention':
        return this.attention(module, inputs, cost);
      case 'convolution': {
        const shape = convolved(module, x.shape);
        const window = module.kernel.reduce((a, b) => a * b, 1);
        const each = product(2, window, module.inputs / module.groups);
        // Transposed, each input place is multiplied with the kernel, for all outputs.
        const places = module.transposed ? [x.shape[0]!, module.outputs, ...x.shape.slice(2)] : shape;
        if (!cached) charge(cost, each * product(...places), x.gradient);
        return output(shape);
      }
    }
  }

  private experts(module: Experts, x: Value, cost: Cost): Value {
    if (!x.cached) {
      const { router, all, used, seen } = expertProducts(module, rows(x.shape));
      charge(cost, router, x.gradient);
      charge(cost, all, x.gradient);
      if (!seen) cost.unseen += all;
      cost.hidden += all - used;
    }
    if (module.shared !== undefined) this.run(module.shared, [x]);
    if (module.sharedGate !== undefined) this.run(module.sharedGate, [x]);
    return { ...x, gradient: true };
  }

  private attention(module: Attention, inputs: readonly Value[], cost: Cost): Value {
    const x = inputs[0]!;
    const memory = inputs[1] ?? x;
    this.project(module, x, memory, inputs[2] ?? memory);
    const scored = positionProducts(module, x, (each, inputs) => this.run(each, inputs));
    if (scored !== undefined) charge(cost, product(...scored), true);
    for (const norm of module.queryKeyNorm?.query ?? []) this.run(norm, [x]);
    for (const norm of module.queryKeyNorm?.key ?? []) this.run(norm, [memory]);
    const [batch = 1, queries = 1] = x.shape;
    const own = module.place !== 'cross';
    if (module.gate !== undefined && module.gate !== 'query') this.run(module.gate, [x]);
    if (module.indexer !== undefined && module.indexer !== 'previous')
      this.index(module, module.indexer, x, cost);
    const past = own ? pastKeys(module.mask, this.pass.past) : 0;
    const prompt = module.promptKeys ?? 0;
    const keys = past + (memory.shape[1] ?? 1);
    this.attentions.push({ module, sequences: batch, queries, keys });
    if (!x.cached) this.sines(module, [batch, queries, keys], cost);
    if (!x.cached) {
      const beside = prompt + this.summaries(module, memory, cost);
      const { all, hidden } = attentionProducts(module, { batch, queries, keys, past, beside });
      charge(cost, all + besideProducts(module, x, (each, inputs) => this.run(each, inputs)), true);
      cost.hidden += hidden;
    }
    const mixed: Value = {
      shape: [batch, queries, module.heads * module.valueDim],
      gradient: true,
      cached: x.cached,
    };
    if (module.differential !== undefined) this.run(module.differential.norm, [mixed]);
    if (module.outputNorm !== undefined) this.run(module.outputNorm, [mixed]);
    return this.run(module.output, [mixed]);
  }

  /** What each distance is projected to, in every sequence, and its products with the queries. */
  private sines(
    { position, heads, headDim }: Attention,
    [batch, queries, keys]: readonly [number, number, number],
    cost: Cost,
  ): void {
    if (position.type !== 'relativeSines') return;
    const { project } = position;
    const distances = keys + (position.distances === 'both' ? queries : 1);
    this.run(project, [{ shape: [batch, distances, project.inputs], gradient: false, cached: false }]);
    charge(cost, product(2, batch, heads, queries, distances, headDim), true);
  }

  /** Sums of blocks of tokens with their norm, keys and values; how many there are. */
  private summaries({ summaries, projections }: Attention, x: Value, cost: Cost): number {
    if (summaries === undefined || projections.type !== 'separate') return 0;
    const [batch = 1, length = 1, width = 1] = x.shape;
    const count = Math.floor(length / summaries.tokens);
    charge(cost, product(2, batch, length, count, width), x.gradient);
    const summed: Value = { shape: [batch, count, width], gradient: true, cached: false };
    for (const each of [summaries.norm, projections.key, projections.value]) this.run(each, [summed]);
    return count;
  }

  /** Scores of small heads, outside of the gradient. */
  private index(module: Attention, indexer: Indexer, x: Value, cost: Cost): void {
    const { query: full } = module.projections as Extract<Attention['projections'], { type: 'latent' }>;
    const latent = 'kind' in full ? x.shape[2]! : full.down.outputs;
    const [batch = 1, queries = 1] = x.shape;
    this.run(indexer.query, [{ ...x, shape: [batch, queries, latent], gradient: false }]);
    for (const of of [indexer.key, indexer.weights]) this.run(of, [{ ...x, gradient: false }]);
    const keys = pastKeys(module.mask, this.pass.past) + queries;
    if (!x.cached) cost.forward += product(2, batch, queries, keys, indexer.heads, indexer.headDim + 1);
  }

  /** Query, key and value; of a cached memory the keys and values are there already. */
  private project(module: Attention, x: Value, memory: Value, values: Value): void {
    const { projections } = module;
    switch (projections.type) {
      case 'separate':
        this.run(projections.query, [x]);
        // Reformer's queries are keys too.
        if (projections.key !== projections.query) this.run(projections.key, [memory]);
        this.run(projections.value, [values]);
        return;
      case 'fused':
        this.run(projections.qkv, [x]);
        if (memory !== x) this.keyValueOf(module, projections.qkv, x, memory);
        return;
      case 'latent': {
        const { query } = projections;
        if ('kind' in query) this.run(query, [x]);
        else this.run(query.up, [this.run(query.norm, [this.run(query.down, [x])])]);
        const compressed = this.run(projections.keyValueDown, [memory]);
        const latent = { ...compressed, shape: [...compressed.shape.slice(0, -1), projections.latentDim] };
        this.run(projections.keyValueUp, [this.run(projections.keyValueNorm, [latent])]);
        return;
      }
    }
  }

  /** Of one matrix for query, key and value, the rows of key and value are for the sequence that is looked at. */
  private keyValueOf(module: Attention, qkv: Linear, x: Value, memory: Value): void {
    const outputs = module.keyValueHeads * (module.headDim + module.valueDim);
    const each = (of: Value) => (of.cached ? 0n : product(2, rows(of.shape), qkv.inputs, outputs));
    charge(this.costOf(qkv), each(memory) - each(x), memory.gradient);
  }

  private costOf(module: Module): Cost {
    let cost = this.costs.get(module);
    if (cost === undefined) {
      cost = { applications: 0, forward: 0n, unseen: 0n, hidden: 0n, backward: 0n };
      this.costs.set(module, cost);
    }
    return cost;
  }
}

function charge(cost: Cost, flops: bigint, inputGradient: boolean): void {
  cost.forward += flops;
  cost.backward += inputGradient ? 2n * flops : flops;
}

/** One run: from a request to its layers' maps, and what the model makes of them. */
import type { Model } from '../core/model/module';
import type {
  HeadMap,
  LayerThumbnails,
  MapPart,
  RunHead,
  RunRequest,
  RunState,
  RunValues,
  Token,
} from '../protocol/run';
import type { Budget } from './budget';
import { growingScratch, type Context } from './context';
import type { EngineRun } from './engineRun';
import { Cancelled, RunFailure, runError } from './failure';
import { forward } from './forward';
import { cutHead, type Cut } from './head';
import type { Lease, SharedKernels } from './kernels/shared';
import { Layers, type Part } from './layers';
import { headMap, Thumbnails, type Pooling } from './maps';
import { checkMemory, keepsMaps } from './memory';
import { modelOf } from './model';
import { Pace } from './pace';
import { patchTokens } from './picture';
import { planRun, type Plan } from './plan';
import { frameTokens } from './sound';
import { tensor, zeros, type Tensor, type Value } from './tensor';
import { decoderStart } from './text/decoderStart';
import { prepareInput, type PreparedInput } from './text/input';
import { openWeights, type Weights } from './weights/weights';
import { Workspace } from './workspace';

/** Bytes of one layer's maps that are computed again at a time. */
const PIECE = 64 * 2 ** 20;

/** A run whose head is known; `start` computes its layers. */
export class Run implements EngineRun {
  private readonly layers: Layers;
  private readonly cut: Cut;
  /** What layers made, in the order of execution, after what the first of each stack got; only with the output. */
  private readonly hidden: Tensor[] = [];
  /** What goes into the head. */
  private result: Value | undefined;
  /** Maps that are kept, until the run is closed. */
  private readonly maps: Float32Array[] = [];

  private constructor(
    readonly head: RunHead,
    private readonly plan: Plan,
    private readonly values: readonly Value[],
    private readonly weights: Weights,
    private readonly lease: Lease,
    private readonly whole: boolean,
  ) {
    this.layers = new Layers(plan);
    this.cut = whole ? cutHead(plan.root) : { body: plan.root };
  }

  /**
   * Reads the config, the input and the weights' headers; nothing is computed yet.
   *
   * @param budget what it keeps is set apart there; whoever opens gives it back, also where this rejects.
   */
  static async open(
    run: number,
    request: RunRequest,
    budget: Budget,
    kernels: SharedKernels,
    signal: AbortSignal,
  ): Promise<Run> {
    const pace = new Pace(signal);
    const model = modelOf(request.configText);
    await pace.rest();
    const input = await prepareInput(model, request.input, request.folder, decoderStart(request.configText));
    await pace.rest();
    const whole = request.output === true;
    const plan = await planRun(
      model,
      input.values.map(({ shape }) => shape),
      whole,
    );
    checkMemory(plan, input.tokens?.length, budget.free);
    const kept = keepsMaps(plan, budget.free);
    budget.take(run, plan.keptBytes + (kept ? plan.mapBytes : 0));
    const weights = await openWeights(model, request.folder, request.seed, pace);
    const head = headOf(run, model, input, plan, weights, kept);
    return new Run(head, plan, input.values, weights, kernels.lease(), whole);
  }

  /** Computes every layer. Never rejects: the last state says how it ended. */
  async start(signal: AbortSignal, changed: (state: RunState) => void): Promise<void> {
    const of = this.plan.layers.length;
    const { memory } = this.lease.kernels;
    const workspace = new Workspace(memory);
    const context: Context = {
      ...this.means(new Pace(signal)),
      workspace,
      zeros: (...shape) => workspace.zeros(...shape),
      attention: (_, queries, keys, inputs) => {
        const { heads } = this.plan.layers[this.layers.count]!;
        maps = this.head.maps === 'kept' ? memory.zeros(heads * queries * keys) : undefined;
        if (maps !== undefined) this.maps.push(maps);
        looked = inputs;
        return { output: this.whole || this.layers.count + 1 < of, ...(maps === undefined ? {} : { maps }) };
      },
      attended: () => {
        this.layers.add(looked, maps);
        changed({ type: 'running', done: this.layers.count, of });
      },
    };
    let maps: Float32Array | undefined;
    let looked: readonly Value[] = [];
    try {
      await context.pace.rest();
      changed({ type: 'running', done: 0, of });
      const made = await forward(this.cut.body, this.values, context, (block, _, inputs, output) => {
        if (this.whole && block.role === 'layer') this.keep(inputs[0], output);
      });
      if (made !== undefined && 'data' in made) this.result = copy(made);
      changed({ type: 'done' });
    } catch (error) {
      changed(
        error instanceof Cancelled ? { type: 'cancelled' } : { type: 'failed', error: runError(error) },
      );
    } finally {
      workspace.close();
    }
  }

  /** Nothing of it can be asked for any more. */
  close(): Promise<void> {
    for (const maps of this.maps.splice(0)) this.lease.kernels.memory.free(maps);
    this.lease.release();
    return this.weights.close();
  }

  /** Rejects where the layer is not done. */
  async thumbnails(index: number, size: number, pooling: Pooling, pace: Pace): Promise<LayerThumbnails> {
    const layer = this.layers.layer(index);
    const { heads, queries, keys } = layer;
    const thumbnails = new Thumbnails(layer, size, pooling);
    const step = layer.maps === undefined ? Math.max(1, Math.floor(PIECE / (4 * queries * keys))) : heads;
    for (let head = 0; head < heads; head += step) {
      const part: Part = {
        heads: [head, Math.min(heads, head + step)],
        queries: [0, queries],
        scores: false,
      };
      await thumbnails.add(head, await this.layers.part(index, part, this.means(pace)), pace);
    }
    return thumbnails.bytes(this.head.run, index);
  }

  /** Rejects where the layer is not done, or has no such head or queries. */
  async headMap(index: number, head: number, { queries, scores }: MapPart, pace: Pace): Promise<HeadMap> {
    const layer = this.layers.layer(index);
    const [first, end] = queries ?? [0, layer.queries];
    if (!isRange(head, head + 1, layer.heads)) {
      throw new RunFailure('engine', `layer ${index} has ${layer.heads} heads, and no head ${head}`);
    }
    if (!isRange(first, end, layer.queries)) {
      throw new RunFailure(
        'engine',
        `layer ${index} has ${layer.queries} queries, and not ${first} to ${end}`,
      );
    }
    const part: Part = { heads: [head, head + 1], queries: [first, end], scores: scores === true };
    const values = await this.layers.part(index, part, this.means(pace));
    return headMap({ run: this.head.run, layer: index, head, first }, layer, values);
  }

  /** What goes into the first layer (0) and what each layer makes; only of a run with its output. */
  hiddenState(index: number): Promise<RunValues> {
    const state = this.hidden[index];
    if (state === undefined) {
      return Promise.reject(new RunFailure('engine', `hidden state ${index} is not there`));
    }
    return Promise.resolve({ run: this.head.run, shape: state.shape, values: state.data.slice().buffer });
  }

  /** The model's output at positions [from, to): logits, where the model has a head. Only of a run with its output. */
  async output([from, to]: readonly [number, number], pace: Pace): Promise<RunValues> {
    if (this.result === undefined) throw new RunFailure('engine', 'the run has no output');
    const { shape, data } = tensor(this.result);
    if (!isRange(from, to, shape[0]!)) {
      throw new RunFailure('engine', `the output has ${shape[0]} positions, and not ${from} to ${to}`);
    }
    const width = data.length / shape[0]!;
    const rows = {
      shape: [to - from, ...shape.slice(1)],
      data: data.slice(from * width, to * width),
    };
    const context: Context = {
      ...this.means(pace),
      attention: () => ({ output: false }),
      attended: () => {},
    };
    const { head } = this.cut;
    const made = head === undefined ? rows : tensor(await forward(head, [rows], context));
    return { run: this.head.run, shape: made.shape, values: made.data.slice().buffer };
  }

  private keep(given: Value | undefined, made: Value): void {
    if (!('data' in made)) return;
    const before = this.hidden.at(-1);
    if (before === undefined && given !== undefined && 'data' in given) this.hidden.push(copy(given));
    this.hidden.push(copy(made));
  }

  private means(pace: Pace): Omit<Context, 'attention' | 'attended'> {
    return { kernels: this.lease.kernels, weights: this.weights, pace, zeros, scratch: growingScratch() };
  }
}

function copy({ shape, data }: Tensor): Tensor {
  return { shape, data: data.slice() };
}

function isRange(from: number, to: number, length: number): boolean {
  return Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= length;
}

/** Names for the positions of a picture or a sound. */
function sensedTokens({ seconds }: PreparedInput, { layers, grid }: Plan): Token[] {
  const { queries = 0, sequences } = layers[0] ?? {};
  if (seconds !== undefined) return frameTokens(queries, seconds);
  // Of a grid in windows the places in one of them.
  const side = Math.sqrt(queries);
  return patchTokens(queries, sequences !== undefined && Number.isInteger(side) ? [side, side] : grid);
}

function headOf(
  run: number,
  model: Model,
  input: PreparedInput,
  plan: Plan,
  weights: Weights,
  kept: boolean,
): RunHead {
  return {
    run,
    engine: { name: 'headlight', device: 'cpu' },
    modelType: model.modelType,
    architecture: model.architecture,
    weights: weights.origin,
    tokenizer: input.tokenizer,
    ...(input.folded ? { folded: true } : {}),
    missing: weights.missing,
    unused: weights.unused,
    tokens: input.tokens ?? sensedTokens(input, plan),
    ...(input.decoderTokens === undefined ? {} : { decoderTokens: input.decoderTokens }),
    layers: plan.layers,
    maps: kept ? 'kept' : 'again',
  };
}

/** One run: from a request to its layers' maps. */
import { build } from '../core/service';
import type { Model } from '../core/model/module';
import type { HeadMap, LayerThumbnails, RunHead, RunRequest, RunState } from '../protocol/run';
import type { Budget } from './budget';
import { growingScratch, type Context } from './context';
import type { EngineRun } from './engineRun';
import { Cancelled, RunFailure, runError } from './failure';
import { forward } from './forward';
import { plainKernels } from './kernels/plain';
import { headMap, largestOf, thumbnails, type LayerMaps } from './maps';
import { Pace } from './pace';
import { patchTokens } from './picture';
import { planRun, type Plan } from './plan';
import { zeros, type Value } from './tensor';
import { prepareInput, type PreparedInput } from './text/input';
import { openWeights, type Weights } from './weights/weights';

/** A run whose head is known; `start` computes its layers. */
export class Run implements EngineRun {
  private readonly layers: LayerMaps[] = [];
  private started = false;

  private constructor(
    readonly head: RunHead,
    private readonly plan: Plan,
    private readonly values: readonly Value[],
    private readonly weights: Weights,
  ) {}

  /**
   * Reads the config, the input and the weights' headers; nothing is computed yet.
   *
   * @param budget what its maps take is set apart there; whoever opens gives it back, also where this rejects.
   */
  static async open(run: number, request: RunRequest, budget: Budget, signal: AbortSignal): Promise<Run> {
    const pace = new Pace(signal);
    const model = modelOf(request.configText);
    await pace.rest();
    const input = await prepareInput(model, request.input, request.folder);
    await pace.rest();
    const plan = await planRun(
      model,
      input.values.map(({ shape }) => shape),
    );
    checkMemory(plan, input, budget.free);
    budget.take(run, plan.bytes);
    const weights = await openWeights(model, request.folder, request.seed, pace);
    return new Run(headOf(run, model, input, plan, weights), plan, input.values, weights);
  }

  thumbnails(layer: number, size: number): Promise<LayerThumbnails> {
    return thumbnails(this.head.run, layer, this.layer(layer), size, new Pace());
  }

  headMap(layer: number, head: number): Promise<HeadMap> {
    const maps = this.layer(layer);
    const { heads } = maps.attention;
    if (!Number.isInteger(head) || head < 0 || head >= heads) {
      throw new RunFailure('engine', `layer ${layer} has ${heads} heads, and no head ${head}`);
    }
    return Promise.resolve(headMap(this.head.run, layer, head, maps));
  }

  /** The maps of a layer; throws where it is not done. */
  private layer(index: number): LayerMaps {
    const maps = this.layers[index];
    if (maps === undefined)
      throw new RunFailure('engine', `layer ${index} of run ${this.head.run} is not done`);
    return maps;
  }

  /** Computes every layer. Never rejects: the last state says how it ended. */
  async start(signal: AbortSignal, changed: (state: RunState) => void): Promise<void> {
    this.started = true;
    const of = this.plan.layers.length;
    try {
      await new Pace(signal).rest();
      changed({ type: 'running', done: 0, of });
      await forward(
        this.plan.root,
        this.values,
        this.context(signal, () => {
          changed({ type: 'running', done: this.layers.length, of });
        }),
      );
      changed({ type: 'done' });
    } catch (error) {
      changed(
        error instanceof Cancelled ? { type: 'cancelled' } : { type: 'failed', error: runError(error) },
      );
    } finally {
      await this.weights.close();
    }
  }

  async close(): Promise<void> {
    // A run that has started closes its weights when it ends.
    if (!this.started) await this.weights.close();
  }

  private context(signal: AbortSignal, layerDone: () => void): Context {
    const { layers, plan } = this;
    let maps: Float32Array;
    return {
      kernels: plainKernels,
      weights: this.weights,
      pace: new Pace(signal),
      zeros,
      scratch: growingScratch(),
      attention: ({ heads }, queries, keys) => {
        maps = zeros(heads, queries, keys).data;
        return { maps, output: layers.length + 1 < plan.layers.length };
      },
      attended: () => {
        const { queries, keys } = plan.layers[layers.length]!;
        const attention = plan.attentions[layers.length]!;
        layers.push({ attention, queries, keys, values: maps, maximum: largestOf(maps) });
        layerDone();
      },
    };
  }
}

function modelOf(text: string): Model {
  const { model, problems } = build(text);
  if (model !== undefined) return model;
  const reasons = problems.map((problem) =>
    [problem.code, ...Object.values<unknown>(problem.arguments)].join(' '),
  );
  throw new RunFailure('config', reasons.join(', ') || 'the config describes no model');
}

function checkMemory({ bytes, layers }: Plan, { tokens }: PreparedInput, budget: number): void {
  if (bytes <= budget) return;
  const megabytes = (count: number): string => (count / 2 ** 20).toFixed(0);
  const needed = `the maps of ${layers.length} layers take ${megabytes(bytes)} MB, and ${megabytes(budget)} MB are free`;
  if (tokens === undefined) throw new RunFailure('memory', needed);
  // Maps grow with the square of the length.
  const fits = Math.floor(tokens.length * Math.sqrt(budget / bytes));
  throw new RunFailure('memory', `${needed}; ${fits} tokens would fit, and the input has ${tokens.length}`);
}

function headOf(run: number, model: Model, input: PreparedInput, plan: Plan, weights: Weights): RunHead {
  return {
    run,
    modelType: model.modelType,
    architecture: model.architecture,
    weights: weights.origin,
    tokenizer: input.tokenizer,
    ...(input.folded ? { folded: true } : {}),
    missing: weights.missing,
    unused: weights.unused,
    tokens: input.tokens ?? patchTokens(plan.layers[0]!.queries, plan.grid),
    ...(input.decoderTokens === undefined ? {} : { decoderTokens: input.decoderTokens }),
    layers: plan.layers,
  };
}

/** A run that PyTorch computes: the maps stay in Python, and what is asked of them is asked there. */
import * as os from 'node:os';
import { parseTree, type Node } from 'jsonc-parser';
import type {
  HeadMap,
  LayerThumbnails,
  MapPart,
  PyTorchEngine,
  RunHead,
  RunRequest,
  RunState,
  RunValues,
  WeightsOrigin,
} from '../../protocol/run';
import type { Model } from '../../core/model/module';
import type { EngineRun } from '../engineRun';
import { Cancelled, RunFailure, runError } from '../failure';
import { patchTokens } from '../picture';
import { modelOf } from '../model';
import type { Value } from '../tensor';
import { decoderStart } from '../text/decoderStart';
import { prepareInput, type PreparedInput } from '../text/input';
import type { Pooling } from '../maps';
import type { Frame, FrameTensor } from './frames';
import { labelled, type PlannedLayer } from './labels';
import type { PythonProcess, Versions } from './process';

/** What Python answers to `open`. */
interface Opened {
  readonly architecture: string;
  readonly layers: readonly PlannedLayer[];
  /** Maps that transformers does not return, with the reason. */
  readonly withheld: readonly string[];
  readonly weights: WeightsOrigin;
  readonly missing: readonly string[];
  readonly unused: readonly string[];
  readonly device: string;
}

/** Where a run lives. */
interface Host {
  readonly python: PythonProcess;
  /** Called once, when the run needs it no more. */
  readonly closed: () => void;
}

export class PyTorchRun implements EngineRun {
  private constructor(
    readonly head: RunHead,
    private readonly python: PythonProcess,
    private readonly closed: () => void,
  ) {}

  /** Loads the model in Python and finds out which maps will come; nothing is computed yet. */
  static async open(
    run: number,
    request: RunRequest,
    { dtype, memory, ray }: PyTorchEngine,
    { python, closed }: Host,
    signal: AbortSignal,
  ): Promise<PyTorchRun> {
    const model = modelOf(request.configText);
    const input = await prepareInput(model, request.input, request.folder, decoderStart(request.configText));
    const question = {
      do: 'open',
      run,
      config: plainJson(request.configText),
      architecture: model.architecture,
      folder: request.folder ?? null,
      output: request.output === true,
      seed: request.seed,
      dtype,
      memory: Math.min(memory ?? Infinity, os.freemem()),
      ray: ray ?? null,
    };
    const opened = await cancellable(run, python, signal, async () => {
      const { message } = await python.ask(question, tensorsOf(model, input));
      return message as unknown as Opened;
    });
    return new PyTorchRun(headOf(run, model, input, opened, await python.ready), python, closed);
  }

  async start(signal: AbortSignal, changed: (state: RunState) => void): Promise<void> {
    const { run, layers } = this.head;
    const of = layers.length;
    this.python.layers.set(run, (done) => changed({ type: 'running', done: Math.min(done, of), of }));
    try {
      changed({ type: 'running', done: 0, of });
      await cancellable(run, this.python, signal, () => this.python.ask({ do: 'start', run }));
      changed({ type: 'done' });
    } catch (error) {
      changed(
        error instanceof Cancelled ? { type: 'cancelled' } : { type: 'failed', error: runError(error) },
      );
    } finally {
      this.python.layers.delete(run);
    }
  }

  async thumbnails(layer: number, size: number, pooling: Pooling): Promise<LayerThumbnails> {
    const { run } = this.head;
    const { message, tensors } = await this.ask('thumbnails', { layer, size, pooling });
    const { heads, rows, columns, maximum } = message as Record<string, number>;
    const bytes = bufferOf(tensors.get('bytes'), 'U8', [heads!, rows!, columns!]);
    return { run, layer, heads: heads!, rows: rows!, columns: columns!, bytes, maximum: maximum! };
  }

  async headMap(layer: number, head: number, { queries, scores }: MapPart): Promise<HeadMap> {
    const { run, layers } = this.head;
    const [first, end] = queries ?? [0, layers[layer]?.queries ?? 0];
    const of = { layer, head, first, end, scores: scores === true };
    const { tensors } = await this.ask('headMap', of);
    const { keys } = layers[layer]!;
    const values = bufferOf(tensors.get('values'), 'F32', [end - first, keys]);
    checkRows(new Float32Array(values), keys);
    return { run, layer, head, first, queries: end - first, keys, values };
  }

  hiddenState(index: number): Promise<RunValues> {
    return this.values('hiddenState', { index });
  }

  output([first, end]: readonly [number, number]): Promise<RunValues> {
    return this.values('output', { first, end });
  }

  async close(): Promise<void> {
    this.closed();
    if (this.python.ended) return;
    await this.python.askSoon({ do: 'close', run: this.head.run }).catch(() => {});
  }

  private async values(what: string, of: object): Promise<RunValues> {
    const { tensors } = await this.ask(what, of);
    const values = tensors.get('values');
    const shape = values?.shape ?? [];
    return { run: this.head.run, shape, values: bufferOf(values, 'F32', shape) };
  }

  /** Asks for what is computed. */
  private ask(what: string, of: object): Promise<Frame> {
    return this.python.askSoon({ do: what, run: this.head.run, of });
  }
}

/** Work that a signal ends at once, for whoever waits; Python is told, and killed if it does not listen. */
async function cancellable<T>(
  run: number,
  python: PythonProcess,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new Cancelled();
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      void python.cancel(run);
      reject(new Cancelled());
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    const working = work();
    // The loser of the race may still reject.
    working.catch(() => {});
    return await Promise.race([working, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The config without its comments; its numbers stay as they are written, since Python tells 1 and 1.0 apart. */
function plainJson(text: string): string {
  const print = ({ type, offset, length, children = [] }: Node): string => {
    if (type === 'object') return `{${children.map(print).join()}}`;
    if (type === 'array') return `[${children.map(print).join()}]`;
    if (type === 'property') return children.map(print).join(':');
    return text.slice(offset, offset + length);
  };
  return print(parseTree(text)!);
}

/** The prepared values under their names, with the batch axis that the engine leaves out. */
function tensorsOf(model: Model, { values }: PreparedInput): Map<string, FrameTensor> {
  return new Map(model.inputs.map(({ name }, index) => [name, frameTensor(values[index]!)] as const));
}

function frameTensor(value: Value): FrameTensor {
  const data = 'ids' in value ? value.ids : value.data;
  return {
    dtype: 'ids' in value ? 'I32' : 'F32',
    shape: [1, ...value.shape],
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

function headOf(
  run: number,
  model: Model,
  input: PreparedInput,
  opened: Opened,
  { torch, transformers }: Versions,
): RunHead {
  const layers = labelled(opened.layers, model);
  return {
    run,
    engine: {
      name: 'pytorch',
      device: opened.device,
      version: `torch ${torch}, transformers ${transformers}`,
    },
    modelType: model.modelType,
    architecture: opened.architecture,
    weights: opened.weights,
    tokenizer: input.tokenizer,
    ...(input.folded ? { folded: true } : {}),
    missing: opened.missing,
    unused: opened.unused,
    withheld: opened.withheld,
    tokens: input.tokens ?? patchTokens(layers[0]?.queries ?? 0, undefined),
    ...(input.decoderTokens === undefined ? {} : { decoderTokens: input.decoderTokens }),
    layers,
    maps: 'kept',
  };
}

/** A tensor's elements as a buffer of their own, which can be handed over. */
function bufferOf(
  tensor: FrameTensor | undefined,
  dtype: FrameTensor['dtype'],
  shape: readonly number[],
): ArrayBuffer {
  if (tensor?.dtype !== dtype || tensor.shape.join() !== shape.join()) {
    const found = tensor === undefined ? 'nothing' : `${tensor.dtype} [${tensor.shape.join(', ')}]`;
    throw new RunFailure('pytorch', `Python answers ${found} where ${dtype} [${shape.join(', ')}] is due`);
  }
  return new Uint8Array(tensor.bytes).buffer;
}

/** Masked cells are NaN; a row of nothing else, or an infinite cell, is no attention. */
function checkRows(values: Float32Array, keys: number): void {
  for (let start = 0; start < values.length; start += keys) {
    const row = values.subarray(start, start + keys);
    if (row.every(Number.isNaN) || row.some((value) => Math.abs(value) === Infinity)) {
      throw new RunFailure(
        'pytorch',
        `Python answers a map whose query ${start / keys} has no finite attention`,
      );
    }
  }
}

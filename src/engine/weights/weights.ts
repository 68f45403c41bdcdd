/** The weights of one run: every parameter of the tree, from files or from the seed. */
import type { Model, Module, Parameter } from '../../core/model/module';
import { startValues } from '../../core/model/start';
import { namedParameters, walk } from '../../core/model/walk';
import type { WeightsOrigin } from '../../protocol/run';
import { RunFailure } from '../failure';
import { Pace } from '../pace';
import { matrix } from '../tensor';
import { bind, type Binding } from './binding/bind';
import type { View } from './binding/view';
import { formatOf } from './formats';
import { modelsOf } from './folder';
import type { GgufMetadata } from './gguf/metadata';
import { SeededTensor } from './seeded';
import { sinusoids } from './sinusoids';
import type { FilePlace, StoredTensor, WeightSource } from './source';

/** Whole rows of a parameter, one after the other in a file. */
export interface StoredRows {
  readonly rows: number;
  /** Elements of a row. */
  readonly columns: number;
  readonly tensor: StoredTensor;
  /** Their bytes. */
  readonly place: FilePlace;
}

/** Where a parameter's rows come from, for who decodes or generates them without `rows`. */
export type RowSource =
  /** In the order of the parameter's rows. */
  | { readonly type: 'stored'; readonly pieces: readonly StoredRows[] }
  /** A constant, or the generator's numbers. */
  | { readonly type: 'seeded'; readonly start: Start }
  /** Made of stored values while they are read: `rows` alone gives them. */
  | { readonly type: 'computed' };

export interface Weights {
  readonly origin: WeightsOrigin;
  /** Names of parameters that files hold none of (they are seeded), and of tensors that nothing wants. */
  readonly missing: readonly string[];
  readonly unused: readonly string[];
  /** Rows [first, first + count) of a parameter seen as a matrix of its last axis, into `into` from `at`. */
  rows(parameter: Parameter, first: number, count: number, into: Float32Array, at?: number): Promise<void>;
  sourceOf(parameter: Parameter): RowSource;
  /** Key–values of a GGUF file: its tokenizer's among them. To be read before `close`. */
  readonly metadata?: GgufMetadata;
  close(): Promise<void>;
}

/** The weights beside a config, or seeded ones. */
export async function openWeights(
  model: Model,
  folder: string | undefined,
  seed: number,
  pace = new Pace(),
): Promise<Weights> {
  const start = seededStarts(model, seed);
  const seeded = seededRows(start);
  const opened = folder === undefined ? undefined : await openBound(model, folder, pace);
  if (opened === undefined) {
    return {
      origin: { type: 'seeded', seed },
      missing: [],
      unused: [],
      rows: seeded,
      sourceOf: (parameter) => startOf(parameter, start),
      close: async () => {},
    };
  }
  const { source, binding } = opened;
  return {
    origin: origin(source, binding),
    missing: binding.missing,
    unused: binding.unused,
    ...(source.metadata === undefined ? {} : { metadata: source.metadata }),
    rows: (parameter, first, count, into, at = 0) => {
      const view = binding.views.get(parameter);
      if (view === undefined) return seeded(parameter, first, count, into, at);
      return view.read(first, count, into, at);
    },
    sourceOf: (parameter) => {
      const view = binding.views.get(parameter);
      return view === undefined ? startOf(parameter, start) : storedRows(view, source);
    },
    close: () => source.close(),
  };
}

function startOf(parameter: Parameter, start: (parameter: Parameter) => Start): RowSource {
  return parameter.fixed === undefined ? { type: 'seeded', start: start(parameter) } : { type: 'computed' };
}

interface Bound {
  readonly source: WeightSource;
  readonly binding: Binding;
}

/** The first of a folder's models that has every parameter, or that with the fewest missing. */
async function openBound(model: Model, folder: string, pace: Pace): Promise<Bound | undefined> {
  let best: Bound | undefined;
  let failure: unknown;
  for (const open of await modelsOf(folder, pace)) {
    let source: WeightSource | undefined;
    try {
      source = await open();
      const binding = await bind(model.root, source, pace);
      if (best === undefined || binding.missing.length < best.binding.missing.length) {
        await best?.source.close();
        best = { source, binding };
      } else await source.close();
    } catch (error) {
      await source?.close();
      if (!(error instanceof RunFailure)) {
        await best?.source.close();
        throw error;
      }
      failure ??= error;
    }
    if (best?.binding.missing.length === 0) return best;
  }
  if (best === undefined && failure !== undefined) throw failure as Error;
  return best;
}

/** Where a view's rows lie. */
function storedRows({ stored, columns }: View, source: WeightSource): RowSource {
  if (stored === undefined) return { type: 'computed' };
  return {
    type: 'stored',
    pieces: stored.map(({ tensor, first, rows }) => {
      const { elements, bytes } = formatOf(tensor.dtype)!;
      const rowBytes = (columns / elements) * bytes;
      const { descriptor, position } = source.place(tensor);
      const place = { descriptor, position: position + first * rowBytes, byteLength: rows * rowBytes };
      return { rows, columns, tensor, place };
    }),
  };
}

function origin(source: WeightSource, { views }: Binding): WeightsOrigin {
  const used = new Set<StoredTensor>();
  for (const { tensors } of views.values()) for (const tensor of tensors) used.add(tensor);
  const dtypes = [...new Set(Array.from(used, ({ dtype }) => dtype))].sort();
  return { type: 'files', files: source.files, dtype: dtypes.join(', '), tensors: used.size };
}

/** What a parameter starts as, before training. */
export type Start = SeededTensor | number;

function seededStarts(model: Model, seed: number): (parameter: Parameter) => Start {
  const constants = constantStarts(model.root);
  const names = new Map(namedParameters(model.root).map(({ parameter, names }) => [parameter, names[0]]));
  const starts = new Map<Parameter, Start>();
  const startOf = (parameter: Parameter): Start => {
    const name = names.get(parameter) ?? '';
    const own = model.starts?.find(([ending]) => ending.test(name))?.[1];
    const constant = constants.get(parameter);
    if (own === undefined && constant !== undefined) return constant;
    const values = own === undefined ? undefined : startValues(own, parameter.shape);
    if (values !== undefined && 'value' in values) return values.value;
    const deviation = values?.deviation ?? parameter.deviation ?? model.initializerRange;
    return new SeededTensor(seed, name, matrix(parameter.shape).columns, deviation);
  };
  return (parameter) => {
    const start = starts.get(parameter) ?? startOf(parameter);
    starts.set(parameter, start);
    return start;
  };
}

function seededRows(startOf: (parameter: Parameter) => Start): Weights['rows'] {
  return (parameter, first, count, into, at = 0) => {
    if (parameter.fixed !== undefined) {
      sinusoids(matrix(parameter.shape).columns, first, count, into, at);
      return Promise.resolve();
    }
    const start = startOf(parameter);
    if (typeof start === 'number') into.fill(start, at, at + count * matrix(parameter.shape).columns);
    else start.rows(first, count, into, at);
    return Promise.resolve();
  };
}

/** Norms start at scale one, biases and buffers at zero. */
function constantStarts(root: Module): Map<Parameter, 0 | 1> {
  const starts = new Map<Parameter, 0 | 1>();
  walk(root, (_, module) => {
    for (const [name, parameter] of Object.entries(module.parameters)) {
      if (parameter.buffer === true || name === 'bias') starts.set(parameter, 0);
      else if (module.kind === 'norm') starts.set(parameter, module.weightOffset === 1 ? 0 : 1);
    }
  });
  return starts;
}

/** The weights of one run: every parameter of the tree, from files or from the seed. */
import type { Model, Module, Parameter } from '../../core/model/module';
import { namedParameters, walk } from '../../core/model/walk';
import type { WeightsOrigin } from '../../protocol/run';
import { Pace } from '../pace';
import { matrix } from '../tensor';
import { bind, type Binding } from './binding';
import { openFolder } from './folder';
import { SeededTensor } from './seeded';
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
  close(): Promise<void>;
}

/** The weights beside a config, or seeded ones. */
export async function openWeights(
  model: Model,
  folder: string | undefined,
  seed: number,
  pace = new Pace(),
): Promise<Weights> {
  const source = folder === undefined ? undefined : await openFolder(folder, pace);
  const start = seededStarts(model, seed);
  const seeded = seededRows(start);
  if (source === undefined) {
    return {
      origin: { type: 'seeded', seed },
      missing: [],
      unused: [],
      rows: seeded,
      sourceOf: (parameter) => ({ type: 'seeded', start: start(parameter) }),
      close: async () => {},
    };
  }
  try {
    const binding = await bind(model.root, source, pace);
    return {
      origin: origin(source, binding),
      missing: binding.missing,
      unused: binding.unused,
      rows: async (parameter, first, count, into, at = 0) => {
        const pieces = binding.pieces.get(parameter);
        if (pieces === undefined) return seeded(parameter, first, count, into, at);
        const { columns } = matrix(parameter.shape);
        let start = 0;
        for (const { tensor, rows } of pieces) {
          const from = Math.max(first, start);
          const to = Math.min(first + count, start + rows);
          if (from < to) {
            const place = at + (from - first) * columns;
            await source.read(tensor, (from - start) * columns, (to - from) * columns, into, place);
          }
          start += rows;
        }
      },
      sourceOf: (parameter) => {
        const pieces = binding.pieces.get(parameter);
        if (pieces === undefined) return { type: 'seeded', start: start(parameter) };
        const { columns } = matrix(parameter.shape);
        return {
          type: 'stored',
          pieces: pieces.map(({ tensor, rows }) => ({ rows, columns, tensor, place: source.place(tensor) })),
        };
      },
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function origin(source: WeightSource, binding: Binding): WeightsOrigin {
  const used = new Set<StoredTensor>();
  for (const pieces of binding.pieces.values()) for (const { tensor } of pieces) used.add(tensor);
  const dtypes = [...new Set(Array.from(used, ({ dtype }) => dtype))].sort();
  return { type: 'files', files: source.files, dtype: dtypes.join(', '), tensors: used.size };
}

/** What a parameter starts as, before training. */
export type Start = SeededTensor | number;

function seededStarts(model: Model, seed: number): (parameter: Parameter) => Start {
  const constants = constantStarts(model.root);
  const names = new Map(namedParameters(model.root).map(({ parameter, names }) => [parameter, names[0]]));
  const starts = new Map<Parameter, Start>();
  return (parameter) => {
    let start = starts.get(parameter) ?? constants.get(parameter);
    if (start === undefined) {
      const { columns } = matrix(parameter.shape);
      const deviation = parameter.deviation ?? model.initializerRange;
      start = new SeededTensor(seed, names.get(parameter) ?? '', columns, deviation);
      starts.set(parameter, start);
    }
    return start;
  };
}

function seededRows(startOf: (parameter: Parameter) => Start): Weights['rows'] {
  return (parameter, first, count, into, at = 0) => {
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

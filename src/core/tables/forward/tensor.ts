/** Tensors on their way through a forward pass: shapes, and the numbers of short ones. */
import { Namespace, Opaque, Tensor, Unknowable, type Value } from '../values';

/** What a tensor's numbers are. */
export type Kind = 'float' | 'int' | 'bool';

/** Tensors with more numbers than these have shapes alone. */
const MAX_KNOWN = 4096;

/** What tensors over the same memory have in common. */
interface Storage {
  /** Whether a gradient flows back to it. */
  gradient: boolean;
  /** False once some of its numbers were replaced. */
  known: boolean;
}

export interface Making {
  readonly values?: readonly number[] | undefined;
  readonly kind?: Kind;
  readonly gradient?: boolean;
}

/** A tensor of a forward pass; its shape is always known. */
export class Flowing extends Tensor {
  readonly kind: Kind;
  private readonly storage: Storage;

  constructor(
    override readonly shape: readonly number[],
    { values, kind = 'float', gradient = false }: Making = {},
    storage?: Storage,
  ) {
    super(shape, values !== undefined && values.length <= MAX_KNOWN ? values : undefined);
    this.kind = kind;
    this.storage = storage ?? { gradient, known: true };
  }

  get gradient(): boolean {
    return this.storage.gradient;
  }

  /** Its numbers in the order of its axes, where they are known. */
  get numbers(): readonly number[] | undefined {
    return this.storage.known ? this.values : undefined;
  }

  /** Another shape of the same numbers. */
  view(shape: readonly number[], values?: readonly number[]): Flowing {
    return new Flowing(shape, { values, kind: this.kind }, this.storage);
  }

  /** Notes that numbers of it are replaced by others. */
  overwrite(by?: Value): void {
    this.storage.known = false;
    if (by instanceof Tensor && gradientOf(by)) this.storage.gradient = true;
  }
}

/** A tensor of the model or of its forward pass. */
export function flowing(value: Value | undefined, what = 'a tensor'): Flowing {
  if (value instanceof Flowing) return value;
  if (typeof value === 'number')
    return new Flowing([], { values: [value], kind: Number.isInteger(value) ? 'int' : 'float' });
  if (typeof value === 'boolean') return new Flowing([], { values: [Number(value)], kind: 'bool' });
  if (value instanceof Tensor && value.shape !== undefined) {
    return new Flowing(value.shape, { values: value.values, gradient: value.parameter });
  }
  if (value instanceof Opaque) throw new Unknowable(`${what} depends on ${value.of}`);
  throw new Unknowable(`${what} is not known`);
}

export function gradientOf(tensor: Tensor): boolean {
  return tensor instanceof Flowing ? tensor.gradient : tensor.parameter;
}

export function product(sizes: readonly number[]): number {
  let out = 1;
  for (const size of sizes) out *= size;
  return out;
}

/** A dtype's kind. */
export function kindOf(dtype: Value | undefined): Kind | undefined {
  if (!(dtype instanceof Namespace)) return undefined;
  const name = dtype.path.slice(dtype.path.lastIndexOf('.') + 1);
  if (name === 'bool') return 'bool';
  if (/^u?int|^long$|^short$/.test(name)) return 'int';
  return /float|half|double|complex/.test(name) ? 'float' : undefined;
}

const DTYPES = {
  float: new Namespace('torch.float32'),
  int: new Namespace('torch.int64'),
  bool: new Namespace('torch.bool'),
};

export function dtypeOf({ kind }: Flowing): Namespace {
  return DTYPES[kind];
}

/** What an op is: how the engine computes one kind of module, or one operation between modules. */
import type { Block, Module, Operation } from '../../core/model/module';
import type { Context } from '../context';
import type { Shape, Value } from '../tensor';

/** A module that is computed as a whole. */
export type Leaf = Exclude<Module, Block>;

/** Shapes and values leave out the batch axis. */
export interface Op<Run extends Leaf | Operation> {
  /** The shape of the result. */
  shape(run: Run, inputs: readonly Shape[]): Shape;
  /** Elements of the largest value that is made on the way, where that may be more than the result has. */
  largest?(run: Run, inputs: readonly Shape[]): number;
  /** What of it the engine can't compute; undefined where it can. Known before anything runs. */
  missing?(run: Run): string | undefined;
  /** Whether a row of the result depends on that row of the inputs alone, wherever it stands; not where it is left out. */
  positionwise?(run: Run): boolean;
  /** @returns undefined where the run ends here, since nothing after it is wanted. */
  run(run: Run, inputs: readonly Value[], context: Context, path: string): Promise<Value | undefined>;
}

/** Ops by the name of what they compute; one that is not here is refused by its name. */
export type OperationOps = { readonly [Name in Operation['op']]?: Op<Extract<Operation, { op: Name }>> };
export type ModuleOps = { readonly [Kind in Leaf['kind']]?: Op<Extract<Leaf, { kind: Kind }>> };

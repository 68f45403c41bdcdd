/** Ways to make a parameter of what a checkpoint may hold: the tensor itself, or parts that are put together. */
import type { Parameter } from '../../../core/model/module';
import { matrix, type Shape } from '../../tensor';
import type { TurnCache, View } from './view';

/** A tensor that a recipe needs. */
export interface Part {
  /** In the tree's spelling; any of them will do. */
  readonly names: readonly string[];
  /** The shape that it must have; axes of one element don't count. */
  readonly shape: Shape;
  /** Matrices that a checkpoint may hold with their last two axes the other way round: all of a group or none. */
  readonly turns?: string;
  /** Numbers that are no weights yet, whatever their format. */
  readonly raw?: true;
  /** What GGUF files do to these values. */
  readonly gguf?: GgufValues;
}

export interface GgufValues {
  /** Dimensions of a head whose rotated halves stand in pairs there, where the architecture is rotated in pairs. */
  readonly halves?: number;
  /** Norms that scale by offset + weight are stored with the offset. */
  readonly offset?: number;
}

export interface Recipe {
  readonly parts: readonly Part[];
  /** The parameter of its parts, in their order. */
  readonly make: (views: readonly View[], cache: TurnCache) => View;
}

/** Ways to make each parameter, the plain one first. */
export type Recipes = ReadonlyMap<Parameter, readonly Recipe[]>;

/** The parameter as it is. */
export function plain(part: Part): Recipe {
  return { parts: [part], make: ([view]) => view! };
}

/** A part's view has a row for each index of all axes but the last; that of a vector a row for each element. */
export function sizeOf({ shape }: Part): { readonly rows: number; readonly columns: number } {
  return shape.length === 1 ? { rows: shape[0]!, columns: 1 } : matrix(shape);
}

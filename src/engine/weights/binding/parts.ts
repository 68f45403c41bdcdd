/** Views on the tensors that recipes ask for: whether they are there, and in what shape. */
import type { WeightSource, StoredTensor } from '../source';
import { RunFailure } from '../../failure';
import { product, type Shape } from '../../tensor';
import { formatOf, isWeight } from '../formats';
import { unpaired } from '../gguf/conversions';
import { sizeOf, type Part, type Recipes } from './recipe';
import { scaled, scalesOf } from './scaled';
import { shifted, slice, stack, turned, whole, type TurnCache, type View } from './view';

export class PartReader {
  /** Groups of matrices that the files hold turned round. */
  private readonly turnedGroups: ReadonlySet<string>;
  /** Names of plain parameters. */
  readonly ties: readonly string[];

  constructor(
    private readonly source: WeightSource,
    private readonly found: ReadonlyMap<string, StoredTensor>,
    recipes: Recipes,
    private readonly cache: TurnCache,
  ) {
    this.turnedGroups = turnedGroups(found, recipes);
    this.ties = Array.from(recipes.values(), ([itself]) => itself!.parts[0]!.names).flat();
  }

  /** The part's rows; undefined where no file has it, and a failure where one has it otherwise. */
  view(part: Part, buffer: boolean): View | RunFailure | undefined {
    for (const name of part.names) {
      const tensor = this.found.get(name);
      if (tensor !== undefined) return this.of(part, tensor, name, buffer);
    }
    return undefined;
  }

  private of(part: Part, tensor: StoredTensor, name: string, buffer: boolean): View | RunFailure {
    const own = `${tensor.file}: tensor "${tensor.name}"`;
    const turns = part.turns !== undefined && this.turnedGroups.has(part.turns);
    const [wanted, there] = [squeezed(part.shape), squeezed(tensor.shape)];
    if (!equal(turns ? swapped(wanted) : wanted, there)) {
      return new RunFailure(
        'weights',
        `${own} is [${tensor.shape.join(', ')}], and the config makes ${name} [${part.shape.join(', ')}]; ` +
          'set the config back to the values of these weights, or run it from a folder without weights',
      );
    }
    const scales = scalesOf(tensor, this.source);
    if (!buffer && part.raw !== true && scales === undefined && !isWeight(tensor.dtype))
      return notRun(own, tensor);
    const { rows, columns } = sizeOf(part);
    const values = (high: number, wide: number): View => {
      const view = whole(this.source, tensor, high, wide);
      return scales === undefined ? view : scaled(view, tensor, scales, this.source);
    };
    const view = turns ? this.turnedSlabs(values, part) : values(rows, columns);
    return this.source.metadata === undefined ? view : ggufValues(view, part, this.source);
  }

  /** Each matrix of the last two axes turned round. */
  private turnedSlabs(values: (rows: number, columns: number) => View, { shape }: Part): View {
    const [high, wide] = [shape.at(-2)!, shape.at(-1)!];
    const slabs = product(shape.slice(0, -2));
    const all = values(slabs * wide, high);
    return stack(
      Array.from({ length: slabs }, (_, slab) => turned(slice(all, slab * wide, wide), this.cache)),
    );
  }
}

function ggufValues(view: View, { gguf }: Part, source: WeightSource): View {
  if (gguf?.offset !== undefined) return shifted(view, -gguf.offset);
  if (gguf?.halves !== undefined) return unpaired(view, gguf.halves, source.metadata!);
  return view;
}

/** Groups of which a matrix that is not square stands turned round in the files, and none as it is wanted. */
function turnedGroups(found: ReadonlyMap<string, StoredTensor>, recipes: Recipes): Set<string> {
  const straight = new Set<string>();
  const around = new Set<string>();
  for (const ways of recipes.values()) {
    for (const { parts } of ways) {
      for (const { names, shape, turns } of parts) {
        const tensor =
          turns === undefined ? undefined : found.get(names.find((name) => found.has(name)) ?? '');
        if (tensor === undefined) continue;
        const [wanted, there] = [squeezed(shape), squeezed(tensor.shape)];
        if (equal(wanted, swapped(wanted))) continue;
        if (equal(wanted, there)) straight.add(turns!);
        else if (equal(swapped(wanted), there)) around.add(turns!);
      }
    }
  }
  return new Set([...around].filter((group) => !straight.has(group)));
}

/** A shape without its axes of one element. */
function squeezed(shape: Shape): Shape {
  return shape.filter((size) => size !== 1);
}

function swapped(shape: Shape): Shape {
  return shape.length < 2 ? shape : [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
}

function equal(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function notRun(own: string, { dtype }: StoredTensor): RunFailure {
  const what =
    formatOf(dtype) === undefined
      ? "that format isn't decoded"
      : "numbers without scales beside them are no weights: a quantisation that isn't read";
  return new RunFailure('weights', `${own} is ${dtype}: ${what}; use the model's F16, BF16 or F32 weights`);
}

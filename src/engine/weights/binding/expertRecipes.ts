/** Experts in fused tensors, as stacks of gates and ways up, or one by one. */
import type { Experts, Parameter } from '../../../core/model/module';
import type { Shape } from '../../tensor';
import { upwards, type NamesOf } from './naming';
import { microscaled } from './microscaling';
import type { Part, Recipe } from './recipe';
import { reordered, reshaped, slice, stack, turned, type TurnCache, type View } from './view';

type Add = (parameter: Parameter | undefined, recipes: readonly Recipe[]) => void;

const GATE = ['gate_proj', 'w1'];
const UP = ['up_proj', 'w3'];
const DOWN = ['down_proj', 'w2'];

export function expertRecipes(module: Experts, names: NamesOf, add: Add): void {
  const { count, intermediate, width, biases } = module;
  const holder = upwards(names.name(module.gateUp), 1);
  const gated = module.gated !== false;
  const inward = gated ? [GATE, UP] : [UP];
  const turn = module.layout === 'input-output';

  const gateUp =
    (own: 'weight' | 'bias') =>
    (rows: readonly View[], cache: TurnCache): View => {
      const both = module.interleaved === true ? alternating(rows) : stack(rows);
      return turn && own === 'weight' ? turned(both, cache) : both;
    };
  const down =
    (own: 'weight' | 'bias') =>
    ([rows]: readonly View[], cache: TurnCache): View =>
      turn && own === 'weight' ? turned(rows!, cache) : rows!;

  add(module.gateUp, oneByOne(holder, count, inward, 'weight', [intermediate, width], gateUp('weight')));
  add(module.down, oneByOne(holder, count, [DOWN], 'weight', [width, intermediate], down('weight')));
  if (turn) {
    add(module.gateUp, microscaling(names.name(module.gateUp), module.gateUp));
    add(module.down, microscaling(names.name(module.down), module.down));
  }
  add(biases?.gateUp, oneByOne(holder, count, inward, 'bias', [intermediate], gateUp('bias')));
  add(biases?.down, oneByOne(holder, count, [DOWN], 'bias', [width], down('bias')));
}

/**
 * Each expert's own tensors, `….experts.0.gate_proj.weight`, or those of all experts in one, `….experts.gate_proj.weight`.
 *
 * @param shape of an expert's tensor, in the layout of a linear map.
 * @param make one expert of its tensors.
 */
function oneByOne(
  holder: string,
  count: number,
  kinds: readonly (readonly string[])[],
  own: 'weight' | 'bias',
  shape: Shape,
  make: (views: readonly View[], cache: TurnCache) => View,
): Recipe[] {
  const experts = Array.from({ length: count }, (_, expert) => expert);
  const single = experts.flatMap((expert) =>
    kinds.map((names): Part => ({ names: names.map((name) => `${holder}.${expert}.${name}.${own}`), shape })),
  );
  const stacked = kinds.map((names): Part => ({
    names: names.flatMap((name) => [
      `${holder}.${name}.${own}`,
      ...(own === 'weight' ? [`${holder}.${name}`] : []),
    ]),
    shape: [count, ...shape],
    ...(own === 'weight' ? { turns: 'stacked experts' } : {}),
  }));
  const rows = shape[0]!;
  return [
    {
      parts: single,
      make: (views, cache) =>
        stack(
          experts.map((expert) =>
            make(views.slice(expert * kinds.length, (expert + 1) * kinds.length), cache),
          ),
        ),
    },
    {
      parts: stacked,
      make: (views, cache) => {
        // A bias [count, rows] has a row for each of its elements, as an expert's own.
        const all = views.map((view) => (own === 'bias' ? reshaped(view, 1) : view));
        return stack(
          experts.map((expert) =>
            make(
              all.map((view) => slice(view, expert * rows, rows)),
              cache,
            ),
          ),
        );
      },
    },
  ];
}

/** Tensors [count, inputs, outputs] from four bits, which are stored by outputs: `…_blocks` and `…_scales`. */
function microscaling(name: string, { shape }: Parameter): Recipe[] {
  const [count, inputs, outputs] = shape as [number, number, number];
  if (inputs % 32 !== 0) return [];
  const groups = inputs / 32;
  return [
    {
      parts: [
        { names: [`${name}_blocks`], shape: [count, outputs, groups, 16], raw: true },
        { names: [`${name}_scales`], shape: [count, outputs, groups], raw: true },
      ],
      make: ([blocks, scales], cache) => {
        const rows = microscaled(blocks!, scales!);
        return stack(
          Array.from({ length: count }, (_, expert) => turned(slice(rows, expert * outputs, outputs), cache)),
        );
      },
    },
  ];
}

/** Rows of two views by turns: gate 0, up 0, gate 1, up 1 … */
function alternating(views: readonly View[]): View {
  const [first] = views;
  if (views.length === 1) return first!;
  return reordered(
    stack(views),
    Array.from({ length: 2 * first!.rows }, (_, row) => (row % 2) * first!.rows + (row >> 1)),
  );
}

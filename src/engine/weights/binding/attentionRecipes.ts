/** Queries, keys and values in one matrix or in three, and DeepSeek's halves of the latent's expansion. */
import type { Attention, FusedLayout, Parameter, Projections } from '../../../core/model/module';
import type { Shape } from '../../tensor';
import { upwards, type NamesOf } from './naming';
import type { Part, Recipe } from './recipe';
import { reshaped, slice, stack, turned, type TurnCache, type View } from './view';

type Add = (parameter: Parameter | undefined, recipes: readonly Recipe[]) => void;

/** Names of matrices that hold queries, then keys, then values; the first is what GGUF files have. */
export const FUSED_NAMES = ['(qkv)', 'qkv_proj', 'Wqkv', 'qkv', 'c_attn', 'in_proj'];

/** Names of the three. */
const SPLIT_NAMES = [
  ['q_proj', 'k_proj', 'v_proj'],
  ['query', 'key', 'value'],
  ['q', 'k', 'v'],
  ['q_lin', 'k_lin', 'v_lin'],
];

export function attentionRecipes(module: Attention, names: NamesOf, add: Add): void {
  const { projections } = module;
  if (projections.type === 'separate') separate(projections, names, add);
  else if (projections.type === 'fused') fused(module, projections, names, add);
  else latent(module, projections, names, add);
  stackedNorms(module, names, add);
}

/** Separate queries, keys and values of one fused tensor. */
function separate(
  { query, key, value }: Extract<Projections, { type: 'separate' }>,
  names: NamesOf,
  add: Add,
): void {
  const all = [query, key, value];
  const plain = all.every(({ layout, groups, inputs }) => {
    return layout === 'output-input' && groups === undefined && inputs === query.inputs;
  });
  // Tied projections, and those of cross attention, are never fused.
  if (!plain || new Set(all.map(({ weight }) => weight)).size < 3) return;
  const rows = all.reduce((sum, { outputs }) => sum + outputs, 0);
  const holder = names.holder(query.weight);
  let from = 0;
  for (const { weight, bias, inputs, outputs } of all) {
    const start = from;
    const make = ([view]: readonly View[]): View => slice(view!, start, outputs);
    add(weight, [{ parts: [fusedPart(holder, 'weight', [rows, inputs])], make }]);
    add(bias, [{ parts: [fusedPart(holder, 'bias', [rows])], make }]);
    from += outputs;
  }
}

function fusedPart(holder: string, own: Own, shape: Shape): Part {
  return {
    names: [...FUSED_NAMES.map((name) => `${holder}.${name}.${own}`), `${holder}.in_proj_${own}`],
    shape,
  };
}

type Own = 'weight' | 'bias';

/** A fused tensor of three, or of one in which all queries stand before all keys and those before all values. */
function fused(
  { heads, keyValueHeads, headDim, valueDim }: Attention,
  { qkv, layout }: Extract<Projections, { type: 'fused' }>,
  names: NamesOf,
  add: Add,
): void {
  const holder = names.holder(qkv.weight);
  const sizes = [heads * headDim, keyValueHeads * headDim, keyValueHeads * valueDim];
  const turn = qkv.layout === 'input-output';
  const recipes = (own: Own, shape: (rows: number) => Shape): Recipe[] => {
    const finish = (views: readonly View[], cache: TurnCache): View => {
      const rows = inSlices(views, layout);
      return turn && own === 'weight' ? turned(rows, cache) : rows;
    };
    const parts = SPLIT_NAMES.map((spelled) =>
      spelled.map((name, i) => ({ names: [`${holder}.${name}.${own}`], shape: shape(sizes[i]!) })),
    );
    const concatenated = {
      names: [`${holder}.(qkv).${own}`],
      shape: shape(sizes[0]! + sizes[1]! + sizes[2]!),
    };
    return [
      ...parts.map((three) => ({ parts: three, make: finish })),
      { parts: [concatenated], make: ([view], cache) => finish(inThree(view!, sizes), cache) },
    ];
  };
  add(
    qkv.weight,
    recipes('weight', (rows) => [rows, qkv.inputs]),
  );
  add(
    qkv.bias,
    recipes('bias', (rows) => [rows]),
  );
}

function inThree(view: View, sizes: readonly number[]): View[] {
  return sizes.map((rows, i) => {
    const from = sizes.slice(0, i).reduce((sum, size) => sum + size, 0);
    return slice(view, from, rows);
  });
}

/** Equal slices, each with its part of the queries, keys and values. */
function inSlices([query, key, value]: readonly View[], { slices, order }: FusedLayout): View {
  const three = order === 'queryKeyValue' ? [query!, key!, value!] : [query!, value!, key!];
  return stack(
    Array.from({ length: slices }, (_, index) =>
      three.map((view) => slice(view, (index * view.rows) / slices, view.rows / slices)),
    ).flat(),
  );
}

/** DeepSeek's up-projection, whose key and value halves GGUF files keep apart, the key's turned round head by head. */
function latent(
  { heads, headDim, valueDim }: Attention,
  { keyValueUp, latentDim, rotaryDim }: Extract<Projections, { type: 'latent' }>,
  names: NamesOf,
  add: Add,
): void {
  const holder = names.holder(keyValueUp.weight);
  const plainDim = headDim - rotaryDim;
  add(keyValueUp.weight, [
    {
      parts: [
        { names: [`${holder}.(k_b).weight`], shape: [heads, latentDim, plainDim] },
        { names: [`${holder}.(v_b).weight`], shape: [heads, valueDim, latentDim] },
      ],
      make: ([keys, values], cache) =>
        stack(
          Array.from({ length: heads }, (_, head) => [
            turned(slice(keys!, head * latentDim, latentDim), cache),
            slice(values!, head * valueDim, valueDim),
          ]).flat(),
        ),
    },
  ]);
}

/** A norm for each head, in one tensor [heads, width]. */
function stackedNorms({ queryKeyNorm }: Attention, names: NamesOf, add: Add): void {
  if (queryKeyNorm === undefined) return;
  for (const [name, norms] of [
    ['(q_norm)', queryKeyNorm.query],
    ['(k_norm)', queryKeyNorm.key],
  ] as const) {
    const first = norms[0]?.weight;
    if (norms.length < 2 || first === undefined) continue;
    // `self_attn.q_layernorm.norms.0.weight`
    const holder = upwards(names.name(first), 4);
    norms.forEach(({ weight, width }, index) => {
      const part = { names: [`${holder}.${name}.weight`], shape: [norms.length, width] };
      add(weight, [{ parts: [part], make: ([view]) => reshaped(slice(view!, index, 1), 1) }]);
    });
  }
}

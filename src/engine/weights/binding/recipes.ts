/** The recipes of a tree: what its modules say of how checkpoints fuse, split and stack their tensors. */
import type { Attention, Module, Norm, Parameter } from '../../../core/model/module';
import { modulesOf, namedParameters, walk } from '../../../core/model/walk';
import { attentionRecipes } from './attentionRecipes';
import { expertRecipes } from './expertRecipes';
import { gateRecipes } from './gateRecipes';
import { upwards, type NamesOf } from './naming';
import { plain, type Part, type Recipe, type Recipes } from './recipe';

/** What is known of a parameter beside its shape. */
type Knowledge = Map<Parameter, Pick<Part, 'turns' | 'gguf'>>;

export function recipesOf(root: Module): Recipes {
  const named = namedParameters(root);
  const own = new Map(named.map(({ parameter, names }) => [parameter, names[0]]));
  const names: NamesOf = {
    name: (parameter) => own.get(parameter)!,
    holder: (parameter) => upwards(own.get(parameter)!, 2),
  };
  const knowledge: Knowledge = new Map();
  const more = new Map<Parameter, Recipe[]>();
  const add = (parameter: Parameter | undefined, recipes: readonly Recipe[]): void => {
    if (parameter !== undefined) more.set(parameter, [...(more.get(parameter) ?? []), ...recipes]);
  };
  const halves = rotatesHalves(root);
  const seen = new Set<Module>();
  walk(root, (_, module) => {
    if (seen.has(module)) return false;
    seen.add(module);
    learn(module, halves, knowledge);
    if (module.kind === 'attention') attentionRecipes(module, names, add);
    if (module.kind === 'experts') expertRecipes(module, names, add);
    if (module.kind === 'mlp') gateRecipes(module, names, add);
    return true;
  });
  return new Map(
    named.map(({ parameter, names }) => {
      const { shape } = parameter;
      const itself = plain({ names, shape, ...knowledge.get(parameter) });
      return [parameter, [itself, ...(more.get(parameter) ?? [])]];
    }),
  );
}

function learn(module: Module, halves: boolean, knowledge: Knowledge): void {
  const tell = (parameter: Parameter | undefined, facts: Pick<Part, 'turns' | 'gguf'>): void => {
    if (parameter !== undefined) knowledge.set(parameter, { ...knowledge.get(parameter), ...facts });
  };
  if (module.kind === 'linear' && module.groups === undefined)
    tell(module.weight, { turns: `linear ${module.layout}` });
  if (module.kind === 'norm') learnNorm(module, tell);
  if (module.kind === 'attention' && halves) learnAttention(module, tell);
  if (module.kind === 'experts') {
    tell(module.gateUp, { turns: 'experts' });
    tell(module.down, { turns: 'experts' });
  }
}

type Tell = (parameter: Parameter | undefined, facts: Pick<Part, 'turns' | 'gguf'>) => void;

function learnNorm({ weight, weightOffset }: Norm, tell: Tell): void {
  if (weightOffset !== undefined && weightOffset !== 0) tell(weight, { gguf: { offset: weightOffset } });
}

/** Layers without positions are stored as those that have them. */
function learnAttention({ projections, headDim }: Attention, tell: Tell): void {
  if (projections.type !== 'separate') return;
  for (const { weight, bias } of [projections.query, projections.key]) {
    tell(weight, { gguf: { halves: headDim } });
    tell(bias, { gguf: { halves: headDim } });
  }
}

/** Whether attention in the tree rotates the halves of a head, and not pairs of neighbours. */
function rotatesHalves(root: Module): boolean {
  let found = false;
  modulesOf(root, (module) => {
    if (module.kind !== 'attention' || module.position.type !== 'rotary') return;
    found ||= module.position.rotary.pairs !== 'interleaved';
  });
  return found;
}

/** Names for what PyTorch returns, as the worker gives them: masks and key/value heads from the model's tree. */
import type { Attention, Block, Model } from '../../core/model/module';
import { isOperation } from '../../core/model/module';
import type { RunLayer } from '../../protocol/run';

/** A layer as the Python helper tells it. */
export interface PlannedLayer {
  readonly path: string;
  readonly place: RunLayer['place'];
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** Query heads for each key/value head. */
  readonly groups: number;
}

/** Layers with the masks of the tree where its attention modules are as many; otherwise the mask is not named. */
export function labelled(planned: readonly PlannedLayer[], { root }: Model): RunLayer[] {
  const known = root.kind === 'block' ? attentionsOf(root) : [];
  return planned.map(({ path, place, heads, queries, keys, groups }, index): RunLayer => {
    const others = planned.filter((layer) => layer.place === place);
    const alike = known.filter((attention) => attention.place === place);
    const own = alike.length === others.length ? alike[others.indexOf(planned[index]!)] : undefined;
    const keyValueHeads = heads % groups === 0 ? heads / groups : heads;
    const slots = place !== 'cross' && keys !== queries ? ({ slots: true } as const) : {};
    const layer = { index, path, place, heads, keyValueHeads, queries, keys, ...slots };
    return own === undefined || own.heads !== heads
      ? { ...layer, mask: 'computed' }
      : { ...layer, keyValueHeads: own.keyValueHeads, mask: own.mask.type };
  });
}

/** The attention modules of a forward pass, in the order of execution; a repeated one stands each time. */
function attentionsOf(block: Block): Attention[] {
  return block.flow.steps.flatMap(({ run }) => {
    if (isOperation(run)) return [];
    if (run.kind === 'attention') return [run];
    return run.kind === 'block' ? attentionsOf(run) : [];
  });
}

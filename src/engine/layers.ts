/** The attention layers of a run that are done: their maps where these are kept, or what they are computed from. */
import type { Attention } from '../core/model/module';
import { attentionOp } from './ops/attention';
import type { Context, Wanted } from './context';
import { RunFailure } from './failure';
import type { Tile } from './kernels/kernels';
import type { Plan } from './plan';
import type { Value } from './tensor';

/** A layer that is done. */
export interface DoneLayer {
  readonly attention: Attention;
  readonly path: string;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** [heads, queries, keys], 0 where masked; undefined where they are computed again when asked for. */
  readonly maps?: Float32Array;
  /** What the attention looked at, copied. */
  readonly inputs: readonly Value[];
}

/** What is asked of a layer: heads and queries [from, to), as probabilities or scores. */
export interface Part {
  readonly heads: readonly [number, number];
  readonly queries: readonly [number, number];
  readonly scores: boolean;
}

export class Layers {
  private readonly done: DoneLayer[] = [];
  /** A sequence that several layers look at is kept once. */
  private readonly copies = new WeakMap<ArrayBufferView, ArrayBufferView>();

  constructor(private readonly plan: Plan) {}

  get count(): number {
    return this.done.length;
  }

  /** The layer that runs now is done. */
  add(inputs: readonly Value[], maps: Float32Array | undefined): void {
    const { heads, queries, keys, path } = this.plan.layers[this.done.length]!;
    const attention = this.plan.attentions[this.done.length]!;
    const copies = inputs.map((value) => this.copy(value));
    this.done.push({
      attention,
      path,
      heads,
      queries,
      keys,
      inputs: copies,
      ...(maps === undefined ? {} : { maps }),
    });
  }

  /** Rejects where the layer is not done. */
  layer(index: number): DoneLayer {
    const layer = this.done[index];
    if (layer === undefined) throw new RunFailure('engine', `layer ${index} is not done`);
    return layer;
  }

  /** Values [heads, queries, keys] of a part of a layer; of kept maps a view. */
  async part(
    index: number,
    part: Part,
    context: Omit<Context, 'attention' | 'attended'>,
  ): Promise<Float32Array> {
    const layer = this.layer(index);
    const { queries, keys, maps } = layer;
    const [[head, endHead], [first, end]] = [part.heads, part.queries];
    if (maps !== undefined && !part.scores && first === 0 && end === queries) {
      return maps.subarray(head * queries * keys, endHead * queries * keys);
    }
    const tile: Tile = {
      ...part,
      into: context.zeros(endHead - head, end - first, keys).data,
      filled: false,
    };
    await again(layer, { tile, output: false }, context);
    if (tile.filled) return tile.into;
    if (part.scores) {
      throw new RunFailure('unsupported', `${layer.path}: its scores before the softmax can't be shown`);
    }
    // This attention makes its maps as a whole.
    const whole = maps ?? context.zeros(layer.heads, queries, keys).data;
    if (maps === undefined) await again(layer, { maps: whole, output: false }, context);
    for (let h = head; h < endHead; h++) {
      const rows = whole.subarray((h * queries + first) * keys, (h * queries + end) * keys);
      tile.into.set(rows, (h - head) * (end - first) * keys);
    }
    return tile.into;
  }

  private copy(value: Value): Value {
    const own = 'data' in value ? value.data : value.ids;
    const copy = this.copies.get(own) ?? own.slice();
    this.copies.set(own, copy);
    return 'data' in value
      ? { shape: value.shape, data: copy as Float32Array }
      : { shape: value.shape, ids: copy as Int32Array };
  }
}

/** Runs a layer's attention again, for what is wanted of it alone. */
async function again(
  { attention, inputs, path }: DoneLayer,
  wanted: Wanted,
  context: Omit<Context, 'attention' | 'attended'>,
): Promise<void> {
  await attentionOp.run(attention, inputs, { ...context, attention: () => wanted, attended: () => {} }, path);
}

/** Runs a folder's model on the inputs of its reference.safetensors, and compares every value that is there. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Block, Model, ModelInput, Module } from '../../../src/core/model/module';
import { build } from '../../../src/core/service';
import { growingScratch, type Context } from '../../../src/engine/context';
import { forward } from '../../../src/engine/forward';
import type { Kernels } from '../../../src/engine/kernels/kernels';
import { openKernels, type OpenKernels } from '../../../src/engine/kernels/wasm/open';
import { Pace } from '../../../src/engine/pace';
import { planRun } from '../../../src/engine/plan';
import { ids, tensor, type Tensor, type Value } from '../../../src/engine/tensor';
import { openSafetensors } from '../../../src/engine/weights/safetensors';
import { openWeights } from '../../../src/engine/weights/weights';
import { Workspace } from '../../../src/engine/workspace';
import { globalDifference, hashRounds, sharedDifference, type Map3 } from './layouts';

export interface Computed {
  readonly model: Model;
  /** Maps in the order of execution. */
  readonly maps: readonly (Map3 & { readonly place: string })[];
  /** By stream prefix ('', 'encoder_', 'decoder_'): inputs of the first layer, then outputs of every layer. */
  readonly hidden: ReadonlyMap<string, Tensor[]>;
  /** The same of stacks one behind the other, each with its own input. */
  readonly stacked: ReadonlyMap<string, Tensor[]>;
  /** What the blocks around the layers make of the last layer's output: a final norm, for instance. */
  readonly endings: ReadonlyMap<string, Tensor[]>;
  /** What every op makes, in the order of execution. */
  readonly passed: readonly Tensor[];
  readonly output: Tensor;
  readonly missing: readonly string[];
  readonly unused: readonly string[];
}

let opened: OpenKernels | undefined;

/** The kernels that the engine uses here, with a memory where what is freed is spoiled. */
function engineKernels(): Kernels {
  opened ??= openKernels({ spoil: true });
  return opened.kernels;
}

/** The whole forward pass of a folder's model. */
export async function compute(
  folder: string,
  inputs: ReadonlyMap<string, Tensor>,
  kernels = engineKernels(),
): Promise<Computed> {
  const { model, problems } = build(readFileSync(path.join(folder, 'config.json'), 'utf8'));
  if (model === undefined) throw new Error(`no model: ${problems.map(({ code }) => code).join(', ')}`);
  const values = model.inputs.map((input) => valueOf(input, inputs));
  const plan = await planRun(
    model,
    values.map(({ shape }) => shape),
    true,
  );
  const weights = await openWeights(model, folder, 0);
  const workspace = new Workspace(kernels.memory);
  try {
    const maps: (Map3 & { place: string; x?: Tensor })[] = [];
    const watched = new Watcher();
    const context: Context = {
      kernels,
      weights,
      pace: new Pace(),
      workspace,
      zeros: (...shape) => workspace.zeros(...shape),
      scratch: growingScratch(),
      attention: (attention, queries, keys, inputs) => {
        watched.attending(inputs);
        const { heads } = plan.layers[maps.length]!;
        const own = new Float32Array(heads * queries * keys);
        maps.push({ place: attention.place, attention, queries, keys, values: own });
        if (attention.mask.type === 'hashed') maps.at(-1)!.x = copy(tensor(inputs[0]));
        return { maps: own, output: true };
      },
      attended: () => {},
    };
    const passed: Tensor[] = [];
    const output = await forward(
      plan.root,
      values,
      context,
      (block, _, given, made) => watched.left(block, given, made),
      (value) => {
        if ('data' in value) passed.push(copy(value));
      },
    );
    for (const map of maps) {
      if (map.x !== undefined) map.rounds = await hashRounds(map.attention, map.x, context);
    }
    const { missing, unused } = weights;
    return {
      model,
      maps,
      hidden: watched.hidden,
      stacked: watched.stacked,
      endings: watched.endings,
      passed,
      output: copy(tensor(output)),
      missing,
      unused,
    };
  } finally {
    workspace.close();
    await weights.close();
  }
}

function copy({ shape, data }: Tensor): Tensor {
  return { shape, data: data.slice() };
}

class Watcher {
  readonly hidden = new Map<string, Tensor[]>();
  readonly endings = new Map<string, Tensor[]>();
  /** As `hidden`, with the input of every stack that does not begin where the one before it ended. */
  readonly stacked = new Map<string, Tensor[]>();
  private last: Block | undefined;
  private prefix = '';
  /** What the last layer gave. */
  private before: Float32Array | undefined;
  /** What attentions get where no block is a layer: XLM's parts stand in lists of their own. */
  private readonly looked: Tensor[] = [];

  attending([x]: readonly Value[]): void {
    if (this.hidden.size === 0) this.looked.push(copy(tensor(x)));
  }

  left(block: Block, inputs: readonly Value[], output: Value): void {
    if (!('data' in output)) return;
    if (block.role === 'layer') {
      this.last = block;
      this.prefix = prefixOf(block);
      const state = copy(output);
      // What is between two layers belongs to the first (DeBERTa's convolution).
      const before = this.hidden.get(this.prefix)?.slice(0, -1) ?? [];
      this.hidden.set(this.prefix, [...before, copy(tensor(inputs[0])), state]);
      const stacked = this.stacked.get(this.prefix) ?? [];
      const begins = tensor(inputs[0]).data !== this.before;
      this.stacked.set(this.prefix, [...stacked, ...(begins ? [copy(tensor(inputs[0]))] : []), state]);
      this.before = output.data;
      this.endings.set(this.prefix, []);
    } else if (this.last !== undefined && holds(block, this.last)) {
      this.endings.get(this.prefix)!.push(copy(output));
    } else if (this.last === undefined && block.role === 'stack') {
      this.hidden.set('', [...this.looked, copy(output)]);
      this.endings.set('', []);
    }
  }
}

function holds(block: Module, wanted: Module): boolean {
  return Object.values(block.children).some((child) => child === wanted || holds(child, wanted));
}

function prefixOf(layer: Module): string {
  const places = new Set<string>();
  const visit = (module: Module): void => {
    if (module.kind === 'attention') places.add(module.place);
    Object.values(module.children).forEach(visit);
  };
  visit(layer);
  return places.has('encoder') ? 'encoder_' : places.has('decoder') ? 'decoder_' : '';
}

function valueOf(input: ModelInput, inputs: ReadonlyMap<string, Tensor>): Value {
  if (input.type === 'segments') return ids(new Int32Array(inputs.get('input_ids')!.data.length));
  const given = inputs.get(input.name);
  if (given === undefined) throw new Error(`the reference has no ${input.name}`);
  // The batch axis, which the engine leaves out.
  return input.type === 'pixels' || input.type === 'sound'
    ? { shape: given.shape.slice(1), data: given.data }
    : ids(given.data);
}

/** Every tensor of a safetensors file. */
export async function readTensors(file: string): Promise<Map<string, Tensor>> {
  const source = await openSafetensors(path.dirname(file), [path.basename(file)], new Pace());
  const tensors = new Map<string, Tensor>();
  for (const stored of source.tensors.values()) {
    const data = new Float32Array(stored.shape.reduce((size, length) => size * length, 1));
    await source.read(stored, 0, data.length, data, 0);
    tensors.set(stored.name, { shape: stored.shape, data });
  }
  await source.close();
  return tensors;
}

export interface Comparison {
  readonly maps: number;
  /** The largest difference of a probability. */
  readonly attention: number;
  /** The largest difference of a hidden state or logit, by the largest value of its tensor. */
  readonly hidden: number;
  readonly logits: number;
  readonly missing: readonly string[];
  readonly unused: readonly string[];
}

const PLACES: Readonly<Record<string, string>> = {
  attentions: 'self',
  encoder_attentions: 'encoder',
  decoder_attentions: 'decoder',
  cross_attentions: 'cross',
  global_attentions: 'self',
  encoder_global_attentions: 'encoder',
};

/** Compares a folder with its reference; throws where a value of the reference has no counterpart. */
export async function compareFolder(folder: string, kernels?: Kernels): Promise<Comparison> {
  const reference = await readTensors(path.join(folder, 'reference.safetensors'));
  const computed = await compute(folder, reference, kernels);
  let maps = 0;
  let attention = 0;
  let hidden = 0;
  let logits = 0;
  const counts = new Map<string, number>();
  for (const name of reference.keys()) {
    const [group = ''] = name.split('.');
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const lists = new Map<string, Matching>();
  for (const [name, wanted] of inOrder(reference)) {
    const [group = '', index = '0'] = name.split('.');
    const list = lists.get(group) ?? new Matching();
    lists.set(group, list);
    const place = PLACES[group];
    if (place !== undefined) {
      const all = placed(computed, place);
      const own = all[Number(index)];
      if (own === undefined) throw new Error(`no map for ${name}`);
      maps++;
      const differ = group.includes('global_') ? globalDifference : sharedDifference;
      // Some classes return the map of each stage's last layer alone.
      const error =
        counts.get(group) === all.length
          ? differ(own, wanted)
          : list.error(all, 1e-5, (map) => differ(map, wanted));
      attention = Math.max(attention, error);
    } else if (group.endsWith('hidden_states')) {
      const prefix = group.slice(0, -'hidden_states'.length);
      // Stages, pyramids and maps are no layers: their states stand among what the ops make, in order.
      const error = Math.min(
        list.error(computed.passed, 1e-4, ({ data }) => relative(data, wanted.data)),
        hiddenError(computed, prefix, Number(index), counts.get(group)!, wanted) ?? Infinity,
      );
      if (error === Infinity) throw new Error(`no hidden state ${name}`);
      hidden = Math.max(hidden, error);
    } else if (group === 'logits') {
      logits = relative(computed.output.data, wanted.data);
    }
  }
  const { missing, unused } = computed;
  return { maps, attention, hidden, logits, missing, unused };
}

/** Values of one list of the reference, in order: none has its counterpart before that of the one before. */
class Matching {
  private next = 0;

  /** The smallest error from where the list is on; the first that is `near` is taken. */
  error<Own>(all: readonly Own[], near: number, of: (own: Own) => number): number {
    let best = { error: Infinity, at: this.next };
    for (let at = this.next; at < all.length && !(best.error <= near); at++) {
      const error = of(all[at]!);
      if (error < best.error) best = { error, at };
    }
    this.next = best.at;
    return best.error;
  }
}

/** The tensors of a list one after the other, whatever order the file has. */
function inOrder(reference: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  const index = (name: string): number => Number(name.split('.')[1] ?? 0);
  return [...reference].sort(([a], [b]) => index(a) - index(b));
}

/** Maps of a place; an encoder without a decoder is the whole model. */
function placed({ maps }: Computed, place: string): Computed['maps'] {
  const own = maps.filter((map) => map.place === place);
  const alone = maps.every((map) => map.place === maps[0]!.place);
  return own.length === 0 && place === 'self' && alone ? maps : own;
}

/** The last hidden state is what follows the layers in the stack, where something does. */
function hiddenError(
  computed: Computed,
  prefix: string,
  index: number,
  count: number,
  wanted: Tensor,
): number | undefined {
  const alone = prefix === '' && computed.hidden.size === 1 ? [...computed.hidden.keys()][0]! : prefix;
  const own = computed.hidden.has(prefix) ? prefix : alone;
  const stacked = computed.stacked.get(own) ?? [];
  const states = stacked.length === count ? stacked : (computed.hidden.get(own) ?? []);
  const state = states[index];
  if (state === undefined) return undefined;
  const last = index === states.length - 1;
  const candidates = last ? [state, ...computed.endings.get(own)!] : [state];
  return Math.min(...candidates.map((each) => stateDifference(each, wanted)));
}

/** Some families return more than the engine computes, the padding's states, or less: one of two streams. */
function stateDifference(own: Tensor, wanted: Tensor): number {
  const [rows, width] = [own.shape[0]!, own.shape[1]!];
  const half = own.shape.length === 2 && width === 2 * wanted.shape[1]!;
  const data = half ? own.data.filter((_, i) => i % width >= width / 2) : own.data;
  return relative(data, wanted.shape[0]! > rows ? wanted.data.subarray(0, data.length) : wanted.data);
}

export function difference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const size = Math.abs(a[i]! - b[i]!);
    if (!(size <= largest)) largest = size;
  }
  return largest;
}

function relative(a: Float32Array, b: Float32Array): number {
  return difference(a, b) / b.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

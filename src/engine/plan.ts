/** What a run will do, found out before it starts: its layers, its memory, and whether every op is known. */
import type {
  Attention,
  Block,
  Experts,
  Mlp,
  Module,
  Model,
  Norm,
  Operation,
  PositionScheme,
} from '../core/model/module';
import { isOperation } from '../core/model/module';
import type { RunLayer } from '../protocol/run';
import { RunFailure } from './failure';
import { attentionRuns, interpret, type Leaf } from './interpret';
import { knowsActivation } from './ops/activations';
import { isNotRun, largestValue, resultShape } from './shapes';
import { LARGEST_VALUE, tooLarge, type Shape } from './tensor';

export interface Plan {
  /** In the order of execution, as many as attention modules run. */
  readonly layers: readonly RunLayer[];
  readonly attentions: readonly Attention[];
  /** Bytes of all maps. */
  readonly bytes: number;
  /** The model, whose forward pass is followed. */
  readonly root: Block;
  /** Rows and columns of patches, where a picture is cut into them. */
  readonly grid?: readonly [number, number];
}

/**
 * Walks a model with shapes in the place of values, up to its last attention.
 *
 * Rejects as `unsupported` what the engine can't compute and as `memory` what does not fit.
 *
 * @param inputs shapes in the order of `model.inputs`.
 * @param whole also what comes after the last attention.
 */
export async function planRun(model: Model, inputs: readonly Shape[], whole = false): Promise<Plan> {
  const layers: RunLayer[] = [];
  const attentions: Attention[] = [];
  const root = followed(model);
  const total = attentionRuns(root);
  if (total === 0) throw new RunFailure('unsupported', `${model.architecture} has no attention to show`);
  let grid: readonly [number, number] | undefined;
  await interpret<Shape>(root, inputs, {
    leaf: (run, shapes, path) => {
      const reason = unsupported(run);
      if (reason !== undefined) throw new RunFailure('unsupported', `${path}: ${reason}`);
      if (!(largestValue(run, shapes) <= LARGEST_VALUE)) throw tooLarge(resultShape(run, shapes));
      if (isOperation(run)) {
        if (run.op === 'patchesToTokens') grid = [shapes[0]![1]!, shapes[0]![2] ?? 1];
      } else if (run.kind === 'attention') {
        layers.push(layerOf(run, layers.length, path, shapes));
        attentions.push(run);
        if (layers.length === total && !whole) return Promise.resolve(undefined);
      }
      return Promise.resolve(resultShape(run, shapes));
    },
  });
  const bytes = layers.reduce((sum, { heads, queries, keys }) => sum + 4 * heads * queries * keys, 0);
  return { root, layers, attentions, bytes, ...(grid === undefined ? {} : { grid }) };
}

/** The root, where the tree follows the forward pass. */
function followed({ root, architecture }: Model): Block {
  if (root.kind === 'block') return root;
  throw new RunFailure(
    'unsupported',
    `${architecture} is known by its parameters alone, not by what it computes`,
  );
}

function layerOf(module: Attention, index: number, path: string, shapes: readonly Shape[]): RunLayer {
  const queries = shapes[0]![0]!;
  return {
    index,
    path,
    place: module.place,
    heads: module.heads,
    keyValueHeads: module.keyValueHeads,
    mask: module.mask.type,
    queries,
    keys: shapes[1]?.[0] ?? queries,
  };
}

/** Why the engine can't compute this; undefined where it can. */
function unsupported(run: Leaf | Operation): string | undefined {
  if (isOperation(run)) return unsupportedOperation(run);
  switch (run.kind) {
    case 'norm':
      return unsupportedNorm(run);
    case 'mlp':
      return unsupportedMlp(run);
    case 'experts':
      return unsupportedExperts(run);
    case 'causalConvolution':
      return 'a causal convolution over positions';
    case 'stateSpace':
      return `a state-space scan (${run.scan.type})`;
    case 'attention':
      return unsupportedAttention(run);
    case 'convolution':
      if (run.transposed) return 'transposed convolution';
      if (run.standardized !== undefined) return 'convolution with standardised weights';
      if (run.magnitude !== undefined) return 'convolution with a weight norm';
      if (run.dilation?.some((each) => each > 1)) return 'dilated convolution';
      return run.kernel.length > 2 ? `convolution over ${run.kernel.length} axes` : undefined;
    case 'similarity':
      return 'products of two batches';
    case 'composite':
    case 'holder':
      return 'a module without a forward pass';
    case 'linear':
      return grouped(run);
    case 'embedding':
    case 'rotary':
      return undefined;
  }
}

/** A linear map in groups, alone or as a part of another module. */
function grouped(run: Leaf): string | undefined {
  const all = [run, ...Object.values(run.children)];
  const found = all.some((each) => each.kind === 'linear' && (each.groups ?? 1) > 1);
  return found ? 'linear maps in groups' : undefined;
}

function unsupportedNorm(norm: Norm): string | undefined {
  if (norm.type === 'batch') return 'batch normalisation';
  if (norm.type === 'affine') return 'a norm that is weight and bias alone';
  if (norm.type === 'group') return 'group normalisation';
  if (norm.type === 'response') return 'response normalisation';
  if (norm.axis !== undefined) return 'normalisation over the channels of a feature map';
  return norm.weightOffset === undefined ? undefined : 'a norm that adds to its weight';
}

function unsupportedMlp(module: Mlp): string | undefined {
  if (module.fusedGate) return 'gate and up in one matrix';
  if (module.norm !== undefined) return 'a norm inside of the feed-forward';
  return grouped(module) ?? unknownActivation(module.activation);
}

function unsupportedExperts(module: Experts): string | undefined {
  const { type } = module.routing;
  if (type !== 'softmaxTopK' && type !== 'sigmoidGroups') return `routing "${type}"`;
  if (module.gated === false) return 'experts without a gate';
  if (module.layout !== undefined || module.interleaved) return 'experts with transposed tensors';
  if (module.biases !== undefined || module.routerBias !== undefined) return 'experts with biases';
  if (module.clamp !== undefined) return 'experts with clamped gates';
  if (module.identities !== undefined) return 'choices that are no expert';
  if (module.sharedGate !== undefined) return 'a gate on shared experts';
  const shared = module.shared === undefined ? undefined : unsupportedMlp(module.shared);
  return shared ?? unknownActivation(module.activation);
}

function unsupportedOperation(run: Operation): string | undefined {
  switch (run.op) {
    case 'activation':
      return unknownActivation(run.activation);
    case 'sinusoids':
      return 'sinusoidal positions without a table';
    case 'learnedSequence':
      return 'a learned sequence';
    case 'addTable':
      return run.index === undefined ? undefined : 'a stack of tables';
    case 'prependTokens':
      return run.behind === undefined ? undefined : 'tokens put inside of a sequence';
    default:
      return isNotRun(run) ? `the operation "${run.op}"` : undefined;
  }
}

function unsupportedAttention(module: Attention): string | undefined {
  const { heads, keyValueHeads, projections, clip } = module;
  if (module.gate !== undefined) return 'a gate on the output of attention';
  if (module.indexer !== undefined) return 'attention to indexed keys';
  if (module.projections.type === 'latent' && module.projections.latentScales !== undefined)
    return 'scaled latents';
  if (heads % keyValueHeads !== 0) return `${heads} heads over ${keyValueHeads} key/value heads`;
  if (projections.type === 'fused') {
    const { slices, order } = projections.layout;
    if (slices > 1 || order !== 'queryKeyValue') return `fused projections in ${slices} slices`;
  }
  if (module.mask.type === 'localBlocks') return 'attention in local blocks';
  if (module.mask.type === 'windowGlobal') return 'attention in a window and to global tokens';
  if (module.mask.type === 'blockSparse') return 'attention to neighbouring, global and random blocks';
  if (module.landmarks !== undefined) return 'attention through landmarks';
  if (module.valueConvolution !== undefined) return 'a convolution of the values';
  if (module.spanConvolution !== undefined) return 'convolutions with kernels from the input';
  if (module.globalProjections !== undefined) return 'projections of global tokens';
  if (module.summaries !== undefined) return 'summaries of blocks as keys';
  if (module.separateValues) return 'values from an input of their own';
  if (module.biases !== undefined) return 'biases beside the projections';
  if (module.talkingHeads !== undefined) return 'talking heads';
  if (module.promptKeys !== undefined) return 'keys and values from prompts';
  if (clip !== undefined) return 'clipped projections';
  if (module.queryKeyNorm !== undefined) return 'normalised queries and keys';
  if (module.sinks !== undefined) return 'attention sinks';
  if (module.queryGrowth !== undefined) return 'queries that grow with the position';
  if (module.differential !== undefined) return 'differential attention';
  if (module.cosine !== undefined) return 'cosine attention';
  if (module.windows !== undefined) return 'shifted windows';
  if (module.outputNorm !== undefined) return 'a norm before the output projection';
  return grouped(module) ?? unsupportedPosition(module.position);
}

function unsupportedPosition(position: PositionScheme): string | undefined {
  switch (position.type) {
    case 'none':
      return undefined;
    case 'relativeBuckets':
      return position.gate === undefined ? undefined : 'gated relative positions';
    case 'relativeSines':
      return 'relative positions from sines';
    case 'disentangled':
      return 'disentangled positions';
    case 'alibi':
      return 'ALiBi';
    case 'rotaryGrid':
      return 'rotary positions on a grid';
    case 'relativeGrid':
    case 'continuousGrid':
      return 'a bias of offsets on a grid';
    case 'rotary': {
      if (position.values) return 'rotated values';
      const { scaling, dim, reversed } = position.rotary;
      if (reversed) return 'reversed rotary positions';
      if (scaling.type === 'other') return `rotary scaling "${scaling.name}"`;
      return dim % 2 === 0 ? undefined : `rotary positions over ${dim} dimensions`;
    }
  }
}

function unknownActivation(name: string): string | undefined {
  return knowsActivation(name) ? undefined : `activation "${name}"`;
}

/** The first module of a kind for which `test` holds, in the order of the tree. */
export function findModule<M extends Module>(
  root: Module,
  test: (module: Module) => module is M,
): M | undefined {
  if (test(root)) return root;
  for (const child of Object.values(root.children)) {
    const found = findModule(child, test);
    if (found !== undefined) return found;
  }
  return undefined;
}

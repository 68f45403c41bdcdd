/** Encoder and decoder layers of the Transformer (Vaswani et al. 2017) under fairseq's names, as BART's kin have them. */
import { block } from '../../model/build';
import type { Attention, Block, MaskPattern, Mlp, Module, Norm, PositionScheme } from '../../model/module';
import { separateAttention } from './attention';
import { layerNorm, linear, mlp } from './layers';

/** What the layers of a stack have in common. */
export interface StackShape {
  readonly width: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly activation: string;
  /** Norm before each sublayer (mBART, Pegasus, Whisper), or after its sum (BART, Marian). */
  readonly norm: 'pre' | 'post';
  readonly epsilon?: number;
  /** Whether query, key, value and output have a bias; default all. */
  readonly bias?: AttentionBias;
  /** Default: full in an encoder, causal in a decoder. */
  readonly mask?: MaskPattern;
  /** Of self attention. */
  readonly position?: PositionScheme;
  /** Learned keys and values before those of the input (MVP's prompts). */
  readonly promptKeys?: number;
}

export interface AttentionBias {
  readonly query: boolean;
  readonly key: boolean;
  readonly value: boolean;
  readonly output: boolean;
}

const ALL_BIASED: AttentionBias = { query: true, key: true, value: true, output: true };

/** q_proj, k_proj, v_proj and out_proj, all [width, width]. */
export function squareAttention(shape: StackShape, place: Attention['place']): Attention {
  const { width, heads, bias = ALL_BIASED, promptKeys } = shape;
  const square = (biased: boolean) => linear(width, width, { bias: biased });
  const self = place !== 'cross';
  const own = place === 'decoder' ? ({ type: 'causal' } as const) : ({ type: 'full' } as const);
  const attention = separateAttention(
    {
      place,
      heads,
      headDim: Math.floor(width / heads),
      mask: (self ? shape.mask : undefined) ?? own,
      ...(self && shape.position !== undefined ? { position: shape.position } : {}),
    },
    {
      query: square(bias.query),
      key: square(bias.key),
      value: square(bias.value),
      output: square(bias.output),
    },
    { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'out_proj' },
  );
  return promptKeys === undefined ? attention : { ...attention, promptKeys };
}

/** Whether a decoder's layers look at an encoder: not at all, or with what is there only when it is given. */
export type CrossAttention = 'none' | 'runs' | 'idle';

interface Sublayer {
  readonly run: Attention | Module;
  readonly norm: Norm;
  readonly cross: boolean;
}

/** Self attention, in a decoder cross attention, feed-forward; each with its residual and norm. */
export function transformerLayer(
  shape: StackShape,
  place: 'encoder' | 'decoder' | 'self',
  cross: CrossAttention,
  own: {
    readonly attention?: Attention;
    readonly feedForward?: { readonly name: string; readonly module: Module };
  } = {},
): Block {
  const { feedForward } = own;
  const norm = () => layerNorm(shape.width, shape.epsilon ?? 1e-5);
  const self: Sublayer = {
    run: own.attention ?? squareAttention(shape, place),
    norm: norm(),
    cross: false,
  };
  const memory: Sublayer = { run: squareAttention(shape, 'cross'), norm: norm(), cross: true };
  const forward: Sublayer = {
    run: feedForward?.module ?? pairedMlp(shape.width, shape.intermediate, shape.activation),
    norm: norm(),
    cross: false,
  };
  const children: Record<string, Module> = { self_attn: self.run, self_attn_layer_norm: self.norm };
  if (cross !== 'none') {
    children['encoder_attn'] = memory.run;
    children['encoder_attn_layer_norm'] = memory.norm;
  }
  children[feedForward?.name ?? '(mlp)'] = forward.run;
  children[feedForward === undefined ? 'final_layer_norm' : 'ff_layer_norm'] = forward.norm;
  const sublayers = cross === 'runs' ? [self, memory, forward] : [self, forward];
  return block('layer', children, (trace, x, source) => {
    for (const { run, norm: normed, cross: looks } of sublayers) {
      const given = shape.norm === 'pre' ? trace.run(normed, x) : x;
      const summed = trace.add(x, looks ? trace.run(run, given, source) : trace.run(run, given));
      x = shape.norm === 'pre' ? summed : trace.run(normed, summed);
    }
    return x;
  });
}

/** fc2(act(fc1 x)). */
export function pairedMlp(width: number, intermediate: number, activation: string): Mlp {
  return mlp(
    activation,
    { up: linear(width, intermediate), down: linear(intermediate, width) },
    { up: 'fc1', down: 'fc2' },
  );
}

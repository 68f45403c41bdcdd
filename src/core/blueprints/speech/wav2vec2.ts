/** wav2vec 2.0 (Baevski et al. 2020) and its kin: convolutions over samples, a Transformer over their frames. */
import { labels, type Common } from '../../config/common';
import type { Keys, Values } from '../../config/keys';
import { block, listed, parameter, type Chain } from '../../model/build';
import type { Attention, Block, Module, Operation, Parameter } from '../../model/module';
import { squareAttention } from '../blocks/transformer';
import { convolution, layerNorm, linear, mlp } from '../blocks/layers';
import { family, type Blueprint, type Family } from '../family';
import { sizes } from './lists';
import { squeezed } from './squeezed';
import {
  convolutionsOf,
  featureEncoder,
  positionConvolution,
  type Convolutions,
  type WaveConfig,
  waveStarts,
} from './waves';

/** What a family does otherwise than wav2vec 2.0. */
export interface WaveFamily<K extends Keys> {
  readonly modelType: string;
  /** Of its classes: `Wav2Vec2` in Wav2Vec2Model. */
  readonly prefix: string;
  /** The frames' projection starts as other maps do, and not uniformly by its inputs. */
  readonly plainProjection?: true;
  /** What the classes with heads call the body. */
  readonly body: string;
  readonly keys: K;
  readonly convolutions: Convolutions;
  /** Norms of the convolutions, where `feat_extract_norm` does not say. */
  readonly norms?: 'layer';
  /** Which adapters it knows: convolutions behind the encoder, small feed-forwards in stable layers. */
  readonly adapters: readonly ('behind' | 'inside')[];
  /** Whether a class tells speakers frame by frame. */
  readonly frames: boolean;
  /** Has a vector for hidden frames whatever the probabilities say. */
  readonly masks?: true;
  /** Whether `do_stable_layer_norm` is read; default yes. */
  readonly stable?: false;
  readonly positions?: (c: Values<K> & WaveConfig) => Block;
  /** A layer's attention; the first one's may hold what all use. */
  readonly attentions?: (c: Values<K> & WaveConfig) => readonly Attention[];
  /** Whether features are normed before their projection; default yes. */
  readonly projectionNorm?: (c: Values<K> & WaveConfig) => boolean;
  /** Frames that are averaged into one before the encoder and spread behind it (SEW). */
  readonly squeeze?: (c: Values<K> & WaveConfig) => number;
}

const relu = { op: 'activation', activation: 'relu' } as const;

/** Attention and feed-forward, their norms behind the sums or, in `stable` layers, before. */
function layer(c: WaveConfig, attention: Attention, stable: boolean, adapted: boolean): Block {
  const width = c.hidden_size;
  const [norm, finalNorm] = [layerNorm(width, c.layer_norm_eps), layerNorm(width, c.layer_norm_eps)];
  const feedForward = mlp(
    c.hidden_act,
    { up: linear(width, c.intermediate_size), down: linear(c.intermediate_size, width) },
    { up: 'intermediate_dense', down: 'output_dense' },
  );
  const children: Record<string, Module> = {
    attention,
    layer_norm: norm,
    feed_forward: feedForward,
    final_layer_norm: finalNorm,
  };
  const adapter =
    stable && adapted && c.adapter_attn_dim !== undefined ? inside(c, c.adapter_attn_dim) : undefined;
  if (adapter !== undefined) children['adapter_layer'] = adapter;
  return block('layer', children, (trace, x) => {
    if (!stable) {
      const attended = trace.run(norm, trace.add(x, trace.run(attention, x)));
      return trace.run(finalNorm, trace.add(attended, trace.run(feedForward, attended)));
    }
    const attended = trace.add(x, trace.chain(x, norm, attention));
    const fed = trace.add(attended, trace.chain(attended, finalNorm, feedForward));
    return adapter === undefined ? fed : trace.add(fed, trace.run(adapter, fed));
  });
}

/** An adapter for languages, in each layer. */
function inside(c: WaveConfig, inner: number): Block {
  const norm = layerNorm(c.hidden_size, 1e-5);
  const [down, up] = [linear(c.hidden_size, inner), linear(inner, c.hidden_size)];
  return block('part', { norm, linear_1: down, linear_2: up }, (trace, x) =>
    trace.chain(x, norm, down, relu, up),
  );
}

/** Gated convolutions that shorten what the encoder gives. */
function behind(c: WaveConfig): Block {
  const width = c.output_hidden_size ?? c.hidden_size;
  const layers = Array.from({ length: c.num_adapter_layers }, () => {
    const conv = convolution(width, 2 * width, [c.adapter_kernel_size], {
      stride: [c.adapter_stride],
      padding: [1],
    });
    return block('layer', { conv }, (trace, x) => trace.chain(x, conv, { op: 'gatedChannels' }));
  });
  const projection: Record<string, Module> =
    width === c.hidden_size
      ? {}
      : { proj: linear(c.hidden_size, width), proj_layer_norm: layerNorm(width, 1e-5) };
  return block('part', { ...projection, ...listed('layers', layers) }, (trace, x) =>
    trace.chain(x, ...Object.values(projection), { op: 'swapFramesAndChannels' }, ...layers, {
      op: 'swapFramesAndChannels',
    }),
  );
}

/** [b, frames, channels of the convolutions] → [b, frames, width]. */
function projection(c: WaveConfig, channels: number, normed: boolean): Block {
  const linearMap = linear(channels, c.hidden_size);
  const norm: Record<string, Module> = normed ? { layer_norm: layerNorm(channels, c.layer_norm_eps) } : {};
  return block('part', { ...norm, projection: linearMap }, (trace, x) =>
    trace.chain(x, ...Object.values(norm), linearMap),
  );
}

export function waveFamily<K extends Keys>(own: WaveFamily<K>): Family {
  type Config = Values<K> & WaveConfig;
  const { prefix } = own;

  const encoder = (c: Config): Block => {
    const stable = own.stable !== false && c.do_stable_layer_norm;
    const shape = {
      width: c.hidden_size,
      heads: c.num_attention_heads,
      intermediate: c.intermediate_size,
      activation: c.hidden_act,
      norm: stable ? 'pre' : 'post',
    } as const;
    const attentions =
      own.attentions?.(c) ??
      Array.from({ length: c.num_hidden_layers }, () => squareAttention(shape, 'self'));
    const adapted = own.adapters.includes('inside');
    const layers = attentions.map((attention) => layer(c, attention, stable, adapted));
    const positions = own.positions?.(c) ?? positionConvolution(c);
    const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
    const children = { pos_conv_embed: positions, layer_norm: norm, ...listed('layers', layers) };
    const chain: Chain = stable ? [...layers, norm] : [norm, ...layers];
    const squeeze = own.squeeze?.(c);
    if (squeeze !== undefined) return squeezed(c, children, positions, chain, squeeze);
    return block('stack', children, (trace, x) =>
      trace.chain(trace.add(x, trace.run(positions, x)), ...chain),
    );
  };

  const body = (c: Config): Block => {
    const shape = convolutionsOf(c, own.convolutions);
    const features = featureEncoder(
      c,
      shape,
      own.norms ?? (c.feat_extract_norm === 'layer' ? 'layer' : 'group'),
    );
    const channels = shape.channels.at(-1)!;
    const stack = encoder(c);
    const masked = own.masks === true || c.mask_time_prob > 0 || c.mask_feature_prob > 0;
    const before: Record<string, Module> =
      own.squeeze === undefined
        ? { feature_projection: projection(c, channels, own.projectionNorm?.(c) ?? true) }
        : {
            layer_norm: layerNorm(channels, c.layer_norm_eps),
            ...(channels === c.hidden_size ? {} : { feature_projection: linear(channels, c.hidden_size) }),
          };
    const after: Record<string, Module> =
      c.add_adapter && own.adapters.includes('behind') ? { adapter: behind(c) } : {};
    return block(
      'model',
      { feature_extractor: features, ...before, encoder: stack, ...after },
      (trace, samples) =>
        trace.chain(samples, features, ...Object.values(before), stack, ...Object.values(after)),
      // Takes the place of frames that training hides.
      masked ? { masked_spec_embed: parameter(c.hidden_size) } : {},
    );
  };

  const headed =
    (heads: (c: Config) => Readonly<Record<string, Module>>, weighs: boolean, pools?: string) =>
    (c: Config): Blueprint => {
      const parts = heads(c);
      const listening = body(c);
      const weights = parameter(c.num_hidden_layers + 1);
      const weighed = weighs && c.use_weighted_layer_sum;
      const squeezing = own.squeeze === undefined ? {} : { squeeze: own.squeeze(c) };
      const steps: (Module | Operation)[] = weighed ? [{ op: 'weighLayers', weights, ...squeezing }] : [];
      for (const [name, part] of Object.entries(parts)) {
        if (name === pools) steps.push({ op: 'meanTokens' });
        steps.push(part);
      }
      const held: Record<string, Parameter> = weighed ? { layer_weights: weights } : {};
      const root = block(
        'model',
        { [own.body]: listening, ...parts },
        (trace, samples) => trace.chain(samples, listening, ...steps),
        held,
      );
      return { root, inputs };
    };

  const adapted = (c: Config) => (c.add_adapter ? (c.output_hidden_size ?? c.hidden_size) : c.hidden_size);
  const architectures: Record<string, (c: Config) => Blueprint> = {
    [`${prefix}Model`]: (c) => ({ root: body(c), inputs }),
    [`${prefix}ForCTC`]: headed((c) => ({ lm_head: linear(adapted(c), c.vocab_size) }), false),
    [`${prefix}ForSequenceClassification`]: headed(
      (c) => ({
        projector: linear(c.hidden_size, c.classifier_proj_size),
        classifier: linear(c.classifier_proj_size, labels(c)),
      }),
      true,
      'classifier',
    ),
  };
  if (own.frames) {
    architectures[`${prefix}ForAudioFrameClassification`] = headed(
      (c) => ({ classifier: linear(c.hidden_size, labels(c)) }),
      true,
    );
  }
  return family<K>({
    modelType: own.modelType,
    keys: own.keys,
    base: `${prefix}Model`,
    initializerRange: (values) => (values as unknown as WaveConfig).initializer_range,
    starts: (values) => {
      const c = values as unknown as WaveConfig;
      const inputs = convolutionsOf(c, own.convolutions).channels.at(-1)!;
      return waveStarts(c, own.plainProjection === true ? undefined : inputs);
    },
    check(values, checks) {
      const c = values as unknown as WaveConfig;
      checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads);
      const groups = c.num_conv_pos_embedding_groups;
      checks.multiple('hidden_size', c.hidden_size, 'num_conv_pos_embedding_groups', groups);
      const { channels } = own.convolutions;
      const wanted = sizes(c.conv_dim, channels).length;
      for (const [key, value] of [
        ['conv_stride', c.conv_stride],
        ['conv_kernel', c.conv_kernel],
      ] as const) {
        checks.length(key, sizes(value, channels).length, 'conv_dim', wanted);
      }
    },
    architectures: architectures as unknown as Record<string, (c: Values<K> & Common) => Blueprint>,
  });
}

const inputs = [{ name: 'input_values', type: 'sound' }] as const;

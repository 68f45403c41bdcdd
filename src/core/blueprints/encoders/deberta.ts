/** DeBERTa (He et al. 2020) and its second version: BERT whose attention scores content and distance apart. */
import { activation, labels, type Common } from '../../config/common';
import { any, flag, optionalSize, real, size, text, type Values } from '../../config/keys';
import { block, parameter } from '../../model/build';
import type { Attention, Block, Linear, Module, Norm, PositionScheme } from '../../model/module';
import { fusedAttention, separateAttention } from '../blocks/attention';
import { bertBody, bertLayer, encoderKeys, layerStack, wholeHeads } from '../blocks/bert';
import {
  bertEmbeddings,
  encoderArchitecture,
  linearHead,
  type Embeddings,
  type Encoder,
  type EncoderHeads,
  type Named,
} from '../blocks/encoder';
import { convolution, embedding, layerNorm, linear } from '../blocks/layers';
import { family, type Family } from '../family';
import { bertLanguage } from './bert';

function keysOf(defaults: Parameters<typeof encoderKeys>[0]) {
  return {
    ...encoderKeys({ ...defaults, epsilon: 1e-7 }),
    type_vocab_size: size(0, { min: 0 }),
    embedding_size: optionalSize(),
    relative_attention: flag(false),
    /** Below one: as many as there are positions. */
    max_relative_positions: real(-1),
    position_biased_input: flag(true),
    /** A list, or its items with bars between them. */
    pos_att_type: any(),
    pooler_hidden_size: optionalSize(),
    pooler_hidden_act: activation('gelu'),
    legacy: flag(true),
    /** The first version's. */
    talking_head: flag(false),
    /** The second version's. */
    attention_head_size: optionalSize(),
    share_att_key: flag(false),
    position_buckets: real(-1),
    norm_rel_ebd: text('none'),
    conv_kernel_size: size(0, { min: 0 }),
    conv_groups: size(1),
    conv_act: activation('tanh'),
  } as const;
}

type Config = Values<ReturnType<typeof keysOf>> & Common;

type Term = 'c2p' | 'p2c';

/** Which terms of distance there are; the class counts a name twice where the file does. */
function terms(c: Config): readonly string[] {
  const given = c.pos_att_type;
  if (typeof given === 'string')
    return given
      .toLowerCase()
      .split('|')
      .map((each) => each.trim());
  return Array.isArray(given) ? given.map(String) : [];
}

const has = (c: Config, term: Term): boolean => terms(c).includes(term);

const distances = (c: Config): number =>
  c.max_relative_positions < 1 ? c.max_position_embeddings : c.max_relative_positions;

/** What all layers' attention shares. */
interface Relative {
  readonly table: Module & { readonly kind: 'embedding' };
  readonly norm?: Norm;
  readonly span: number;
}

/** Positions of a layer, with its own projections of the distances under these names. */
function relativePosition(
  c: Config,
  relative: Relative,
  projections: { readonly key?: Linear; readonly query?: Linear },
  own: { readonly cut: boolean; readonly maxDistance?: number },
): PositionScheme {
  return {
    type: 'disentangled',
    table: relative.table.weight,
    ...(relative.norm === undefined ? {} : { norm: relative.norm }),
    span: relative.span,
    ...own,
    ...projections,
    contentToPosition: has(c, 'c2p'),
    positionToContent: has(c, 'p2c'),
  };
}

/** Query, key and value of a head side by side, without bias; queries and values get theirs after. */
function firstAttention(c: Config, relative: Relative | undefined): Attention {
  const { hidden_size: width, num_attention_heads: heads } = c;
  const headDim = Math.floor(width / heads);
  const [query, value] = [parameter(width), parameter(width)];
  const project: Record<string, Linear> = {};
  if (relative !== undefined && has(c, 'c2p'))
    project['self.pos_proj'] = linear(width, width, { bias: false });
  if (relative !== undefined && has(c, 'p2c')) project['self.pos_q_proj'] = linear(width, width);
  const [key, positionQuery] = [project['self.pos_proj'], project['self.pos_q_proj']];
  const mix = () => linear(heads, heads, { bias: false });
  const talkingHeads = c.talking_head ? { scores: mix(), weights: mix() } : undefined;
  const attention = fusedAttention(
    {
      heads,
      headDim,
      mask: { type: 'full' },
      scale: (headDim * (1 + terms(c).length)) ** -0.5,
      ...(relative === undefined
        ? {}
        : {
            position: relativePosition(
              c,
              relative,
              {
                ...(key === undefined ? {} : { key }),
                ...(positionQuery === undefined ? {} : { query: positionQuery }),
              },
              { cut: true },
            ),
          }),
      extras: { biases: { query, value }, ...(talkingHeads === undefined ? {} : { talkingHeads }) },
    },
    { qkv: linear(width, 3 * width, { bias: false }), output: linear(width, width) },
    { qkv: 'self.in_proj', output: 'output.dense' },
    { slices: heads, order: 'queryKeyValue' },
  );
  const mixes: Record<string, Linear> =
    talkingHeads === undefined
      ? {}
      : {
          'self.head_logits_proj': talkingHeads.scores,
          'self.head_weights_proj': talkingHeads.weights,
        };
  return {
    ...attention,
    parameters: { 'self.q_bias': query, 'self.v_bias': value },
    children: { ...attention.children, ...project, ...mixes },
  };
}

/** Matrices of their own; those of keys and queries may serve the distances too. */
function secondAttention(c: Config, relative: Relative | undefined): Attention {
  const { hidden_size: width, num_attention_heads: heads } = c;
  const headDim = c.attention_head_size ?? Math.floor(width / heads);
  const square = () => linear(width, heads * headDim);
  const [query, key, value] = [square(), square(), square()];
  const project: Record<string, Linear> = {};
  if (relative !== undefined && !c.share_att_key) {
    if (has(c, 'c2p')) project['self.pos_key_proj'] = square();
    if (has(c, 'p2c')) project['self.pos_query_proj'] = square();
  }
  const positionKey = c.share_att_key ? key : project['self.pos_key_proj'];
  const positionQuery = c.share_att_key ? query : project['self.pos_query_proj'];
  const factor = 1 + Number(has(c, 'c2p')) + Number(has(c, 'p2c'));
  const attention = separateAttention(
    {
      heads,
      headDim,
      mask: { type: 'full' },
      scale: (headDim * factor) ** -0.5,
      ...(relative === undefined
        ? {}
        : {
            position: relativePosition(
              c,
              relative,
              {
                ...(positionKey === undefined ? {} : { key: positionKey }),
                ...(positionQuery === undefined ? {} : { query: positionQuery }),
              },
              { cut: false, ...(c.position_buckets > 0 ? { maxDistance: distances(c) } : {}) },
            ),
          }),
    },
    { query, key, value, output: linear(width, width) },
    { query: 'self.query_proj', key: 'self.key_proj', value: 'self.value_proj', output: 'output.dense' },
  );
  return { ...attention, children: { ...attention.children, ...project } };
}

function embeddings(c: Config): Embeddings {
  const width = c.embedding_size ?? c.hidden_size;
  const norm: Named = { name: 'LayerNorm', module: layerNorm(c.hidden_size, c.layer_norm_eps) };
  const project: Named = { name: 'embed_proj', module: linear(width, c.hidden_size, { bias: false }) };
  return bertEmbeddings({
    vocabulary: c.vocab_size,
    ...(c.position_biased_input ? { positions: c.max_position_embeddings } : {}),
    ...(c.type_vocab_size > 0 ? { segments: c.type_vocab_size } : {}),
    width,
    epsilon: c.layer_norm_eps,
    after: width === c.hidden_size ? [norm] : [project, norm],
  });
}

type Version = 'first' | 'second';

/** The second version convolves the embeddings beside the first layer, and adds both. */
function stack(c: Config, version: Version): Block {
  const { hidden_size: width } = c;
  const buckets = version === 'second' && c.position_buckets > 0 ? c.position_buckets : distances(c);
  const normed = version === 'second' && c.norm_rel_ebd.toLowerCase().includes('layer_norm');
  const norm = normed ? layerNorm(width, c.layer_norm_eps) : undefined;
  const table = embedding('positions', 2 * buckets, width);
  const relative = c.relative_attention
    ? { table, span: buckets, ...(norm === undefined ? {} : { norm }) }
    : undefined;
  const attend = version === 'first' ? firstAttention : secondAttention;
  const layers = Array.from({ length: c.num_hidden_layers }, () =>
    bertLayer(c, { attention: () => attend(c, relative) }),
  );
  const held: Record<string, Module> = {
    ...(relative === undefined ? {} : { rel_embeddings: table }),
    ...(norm === undefined ? {} : { LayerNorm: norm }),
  };
  const plain = layerStack(layers);
  if (version === 'first' || c.conv_kernel_size === 0) {
    return { ...plain, children: { ...plain.children, ...held } };
  }
  const kernel = c.conv_kernel_size;
  const conv = convolution(width, width, [kernel], {
    padding: [Math.floor((kernel - 1) / 2)],
    groups: c.conv_groups,
  });
  const after = layerNorm(width, c.layer_norm_eps);
  const children = { ...plain.children, ...held, 'conv.conv': conv, 'conv.LayerNorm': after };
  return block('stack', children, (trace, x) => {
    const [first, ...others] = layers;
    const turn = { op: 'swapFramesAndChannels' } as const;
    const beside = trace.chain(x, turn, conv, turn, { op: 'activation', activation: c.conv_act });
    return trace.chain(trace.add(trace.run(first!, x), beside), after, ...others);
  });
}

/** Under `cls.predictions`; without `legacy` the table of tokens is the output matrix, named where it is tied. */
function language(c: Config, encoder: Encoder): EncoderHeads {
  if (c.legacy) return bertLanguage(c, encoder);
  const dense = linear(c.hidden_size, c.hidden_size);
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const bias = parameter(c.vocab_size);
  const { tokens } = encoder;
  const decoder = {
    ...linear(tokens.width, tokens.rows, { weight: tokens.weight, bias }),
    parameters: c.tie_word_embeddings ? { weight: tokens.weight, bias } : { bias },
  };
  const head = block('head', { dense, LayerNorm: norm, '(decoder)': decoder }, (trace, x) =>
    trace.chain(x, dense, { op: 'activation', activation: c.hidden_act }, norm, decoder),
  );
  return { 'lm_predictions.lm_head': { head, on: 'tokens' } };
}

/** The pooler stands beside the body. */
function pooled(outputs: (c: Config) => number) {
  return (c: Config): EncoderHeads => {
    const width = c.pooler_hidden_size ?? c.hidden_size;
    const dense = linear(width, width);
    const classifier = linear(c.hidden_size, outputs(c));
    const head = block('head', { 'pooler.dense': dense, classifier }, (trace, x) =>
      trace.chain(
        x,
        { op: 'firstToken' },
        dense,
        { op: 'activation', activation: c.pooler_hidden_act },
        classifier,
      ),
    );
    return { '(classifier)': { head, on: 'tokens' } };
  };
}

function debertaFamily(
  modelType: string,
  prefix: string,
  version: Version,
  defaults: Parameters<typeof encoderKeys>[0],
): Family {
  const model = encoderArchitecture('deberta', (c: Config) =>
    bertBody({ embeddings: embeddings(c), encoder: stack(c, version) }),
  );
  return family({
    modelType,
    keys: keysOf(defaults),
    base: `${prefix}Model`,
    initializerRange: (c) => c.initializer_range,
    starts: () => [[/self\.[qv]_bias$/, { value: 0 }]],
    check: wholeHeads,
    architectures: {
      [`${prefix}Model`]: model('none', () => ({})),
      [`${prefix}ForMaskedLM`]: model('none', language),
      [`${prefix}ForSequenceClassification`]: model('none', pooled(labels)),
      ...(version === 'first'
        ? {}
        : {
            [`${prefix}ForMultipleChoice`]: model(
              'none',
              pooled(() => 1),
            ),
          }),
      [`${prefix}ForTokenClassification`]: model('none', linearHead('classifier', 'tokens', labels)),
      [`${prefix}ForQuestionAnswering`]: model('none', linearHead('qa_outputs', 'tokens', labels)),
    },
  });
}

export const debertas: readonly Family[] = [
  debertaFamily('deberta', 'Deberta', 'first', { vocabulary: 50265 }),
  debertaFamily('deberta-v2', 'DebertaV2', 'second', {
    vocabulary: 128100,
    width: 1536,
    layers: 24,
    heads: 24,
    intermediate: 6144,
  }),
];

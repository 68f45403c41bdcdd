/** MPNet (Song et al. 2020): RoBERTa without segments, with one table of relative positions for all layers. */
import type { Common } from '../../config/common';
import { size, type Values } from '../../config/keys';
import type { PositionScheme } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { bertBody, encoderKeys, bertLayer, layerStack, poolerOf, wholeHeads } from '../blocks/bert';
import { bertEmbeddings, type Encoder, type Pooler } from '../blocks/encoder';
import { embedding, linear } from '../blocks/layers';
import { family } from '../family';
import { robertaClasses } from './roberta';

const keys = { ...encoderKeys({ vocabulary: 30527 }), relative_attention_num_buckets: size(32) } as const;

type Config = Values<typeof keys> & Common;

/** The padding's position is 1, whatever the config's padding is; the first token's is the next. */
const FIRST_POSITION = 2;

function attention(c: Config, position: PositionScheme) {
  const width = c.hidden_size;
  const square = () => linear(width, width);
  return separateAttention(
    {
      heads: c.num_attention_heads,
      headDim: Math.floor(width / c.num_attention_heads),
      mask: { type: 'full' },
      position,
    },
    { query: square(), key: square(), value: square(), output: square() },
    { query: 'attn.q', key: 'attn.k', value: 'attn.v', output: 'attn.o' },
  );
}

function body(c: Config, pooler: Pooler): Encoder {
  const table = embedding('positions', c.relative_attention_num_buckets, c.num_attention_heads);
  // The class sorts distances into 32 buckets, however many rows its table has.
  const position: PositionScheme = {
    type: 'relativeBuckets',
    table: table.weight,
    buckets: 32,
    maxDistance: 128,
    bidirectional: true,
  };
  const names = {
    attention: 'attention',
    attentionNorm: 'attention.LayerNorm',
    mlp: '(mlp)',
    mlpNorm: 'output.LayerNorm',
  };
  const layers = Array.from({ length: c.num_hidden_layers }, () =>
    bertLayer(c, { names, attention: () => attention(c, position) }),
  );
  return {
    ...bertBody({
      embeddings: bertEmbeddings({
        vocabulary: c.vocab_size,
        positions: c.max_position_embeddings,
        width: c.hidden_size,
        epsilon: c.layer_norm_eps,
        offset: FIRST_POSITION,
        padding: FIRST_POSITION - 1,
      }),
      encoder: layerStack(layers, { held: { name: 'relative_attention_bias', module: table } }),
      ...poolerOf(c, pooler),
    }),
    limit: c.max_position_embeddings - FIRST_POSITION,
  };
}

export const mpnet = family({
  modelType: 'mpnet',
  keys,
  base: 'MPNetModel',
  initializerRange: (c) => c.initializer_range,
  check: wholeHeads,
  architectures: robertaClasses('MPNet', 'mpnet', body, { causal: false }),
});

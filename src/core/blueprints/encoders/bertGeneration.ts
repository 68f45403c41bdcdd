/** BERT for generation (Rothe et al. 2019): BERT without segments and pooler; the decoder has a bare output head. */
import type { Common } from '../../config/common';
import type { Values } from '../../config/keys';
import { block, parameter } from '../../model/build';
import { bertBody, bertKeys, layerStack, bertChecks } from '../blocks/bert';
import { bertEmbeddings, encoderArchitecture, type Encoder, type EncoderHeads } from '../blocks/encoder';
import { linear } from '../blocks/layers';
import { family } from '../family';
import { layersOf } from './bert';

const keys = bertKeys({ vocabulary: 50358, width: 1024, layers: 24, heads: 16, intermediate: 4096 });

type Config = Values<typeof keys> & Common;

const model = encoderArchitecture('bert', (c: Config) =>
  bertBody({
    embeddings: bertEmbeddings({
      vocabulary: c.vocab_size,
      positions: c.max_position_embeddings,
      width: c.hidden_size,
      epsilon: c.layer_norm_eps,
    }),
    encoder: layerStack(layersOf(c)),
  }),
);

function language(c: Config, { tokens }: Encoder): EncoderHeads {
  const bias = parameter(c.vocab_size);
  const shared = c.tie_word_embeddings ? { weight: tokens.weight, bias } : {};
  const decoder = linear(c.hidden_size, c.vocab_size, shared);
  const head = block('head', { decoder }, (trace, x) => trace.run(decoder, x), { bias });
  return { lm_head: { head, on: 'tokens' } };
}

export const bertGeneration = family({
  modelType: 'bert-generation',
  keys,
  base: 'BertGenerationEncoder',
  initializerRange: (c) => c.initializer_range,
  check: bertChecks,
  architectures: {
    BertGenerationEncoder: model('none', () => ({})),
    BertGenerationDecoder: model('none', language),
  },
});

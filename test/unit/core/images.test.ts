import { strict as assert } from 'node:assert';
import { build } from '../../../src/core/build';
import { forwardFlops } from '../../../src/core/measure/flops';
import { parameterTotals } from '../../../src/core/measure/parameters';
import '../../support/reference/tables';

const language = {
  hidden_size: 32,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  num_hidden_layers: 1,
  vocab_size: 100,
  intermediate_size: 20,
};

describe('language models that read images', () => {
  it('are built from the class tables where a tower is of a type without a blueprint', () => {
    for (const architectures of [undefined, ['LlavaForConditionalGeneration']]) {
      const text = JSON.stringify({
        model_type: 'llava',
        architectures,
        text_config: { model_type: 'zamba2' },
      });
      const { outcome, problems, found } = build(text);
      assert.deepEqual([outcome, problems], ['counted', []]);
      assert.equal(found?.model.root.kind, 'composite');
      assert.ok(parameterTotals(found.model.root).total > 0);
    }
  });

  /** FlopCounterMode over get_image_features of the real class. */
  const images: readonly [object, bigint][] = [
    [
      {
        model_type: 'qwen2_vl',
        text_config: language,
        vision_config: {
          depth: 2,
          embed_dim: 32,
          num_heads: 4,
          hidden_size: 32,
          mlp_ratio: 3,
          in_channels: 2,
          temporal_patch_size: 3,
        },
      },
      397_934_592n,
    ],
    [
      {
        model_type: 'qwen2_5_vl',
        text_config: language,
        vision_config: {
          depth: 3,
          hidden_size: 32,
          num_heads: 4,
          out_hidden_size: 32,
          window_size: 84,
          fullatt_block_indexes: [1],
          intermediate_size: 40,
        },
      },
      399_458_304n,
    ],
    [
      {
        model_type: 'qwen3_vl',
        text_config: language,
        vision_config: {
          depth: 4,
          hidden_size: 32,
          num_heads: 4,
          out_hidden_size: 32,
          spatial_merge_size: 3,
          deepstack_visual_indexes: [0, 2, 9],
          intermediate_size: 40,
        },
      },
      3_208_642_560n,
    ],
    [
      {
        model_type: 'gemma3',
        text_config: { ...language },
        vision_config: {
          num_hidden_layers: 2,
          hidden_size: 32,
          num_attention_heads: 4,
          intermediate_size: 40,
          image_size: 64,
          patch_size: 4,
        },
        mm_tokens_per_image: 16,
      },
      25_502_720n,
    ],
    [
      {
        model_type: 'paligemma',
        projection_dim: 32,
        text_config: { ...language, model_type: 'gemma' },
        vision_config: {
          model_type: 'siglip_vision_model',
          num_hidden_layers: 2,
          hidden_size: 32,
          num_attention_heads: 4,
          intermediate_size: 40,
          image_size: 64,
          patch_size: 4,
        },
      },
      25_994_240n,
    ],
    [
      {
        model_type: 'mistral3',
        text_config: { ...language, model_type: 'mistral' },
        vision_config: {
          model_type: 'pixtral',
          num_hidden_layers: 2,
          hidden_size: 32,
          num_attention_heads: 4,
          intermediate_size: 40,
          image_size: 72,
          patch_size: 8,
        },
      },
      5_444_112n,
    ],
    [
      {
        model_type: 'internvl',
        text_config: { ...language, model_type: 'qwen2' },
        vision_config: {
          num_hidden_layers: 2,
          hidden_size: 32,
          num_attention_heads: 4,
          intermediate_size: 40,
          image_size: [64, 64],
          patch_size: [8, 8],
          use_qk_norm: true,
          norm_type: 'rms_norm',
        },
      },
      3_762_432n,
    ],
  ];
  for (const [config, expected] of images) {
    it(`cost what the class costs with an image: ${(config as { model_type: string }).model_type}`, () => {
      const { model } = build(JSON.stringify(config)).found!;
      const workload = { batch: 1, tokens: 4, decoderTokens: 4, context: 4 };
      const flops = (count: number) => forwardFlops(model, { ...workload, images: count }).total.forward;
      assert.equal(flops(1) - flops(0), expected);
    });
  }
});

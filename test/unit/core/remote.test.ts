import { strict as assert } from 'node:assert';
import { analyse } from '../../../src/core/service';

/** Totals that these checkpoints publish, of classes that transformers does not have. */
describe('published totals of models with code of their own', () => {
  const totals: [string, object, number][] = [
    [
      'Baichuan-13B',
      { model_type: 'baichuan', architectures: ['BaichuanForCausalLM'], ...thirteenB() },
      13_264_901_120,
    ],
    [
      'Baichuan2-7B',
      { model_type: 'baichuan', architectures: ['BaichuanForCausalLM'], vocab_size: 125696 },
      7_505_973_248,
    ],
    [
      'ChatGLM-6B',
      {
        model_type: 'chatglm',
        architectures: ['ChatGLMForConditionalGeneration'],
        inner_hidden_size: 16384,
        vocab_size: 130528,
      },
      6_173_286_400,
    ],
    [
      'ChatGLM3-6B',
      { model_type: 'chatglm', architectures: ['ChatGLMForConditionalGeneration'], ...glm() },
      6_243_584_000,
    ],
    [
      'GLM-4-9B',
      {
        model_type: 'chatglm',
        architectures: ['ChatGLMModel'],
        ...glm(),
        num_layers: 40,
        padded_vocab_size: 151552,
      },
      9_399_951_360,
    ],
    [
      'DeepSeek-MoE-16B',
      {
        model_type: 'deepseek',
        architectures: ['DeepseekForCausalLM'],
        hidden_size: 2048,
        intermediate_size: 10944,
        moe_intermediate_size: 1408,
        n_routed_experts: 64,
        n_shared_experts: 2,
        num_experts_per_tok: 6,
        first_k_dense_replace: 1,
        num_hidden_layers: 28,
        num_attention_heads: 16,
      },
      16_375_728_128,
    ],
    [
      'InternLM2-7B',
      {
        model_type: 'internlm2',
        architectures: ['InternLM2ForCausalLM'],
        vocab_size: 92544,
        intermediate_size: 14336,
        num_key_value_heads: 8,
        bias: false,
      },
      7_737_708_544,
    ],
    [
      'MiniCPM-2B',
      {
        model_type: 'minicpm',
        architectures: ['MiniCPMForCausalLM'],
        vocab_size: 122753,
        hidden_size: 2304,
        intermediate_size: 5760,
        num_hidden_layers: 40,
        num_attention_heads: 36,
      },
      2_724_880_896,
    ],
    [
      'Phi-1.5 as first published',
      {
        model_type: 'mixformer-sequential',
        architectures: ['MixFormerSequentialForCausalLM'],
        vocab_size: 51200,
        n_embd: 2048,
        n_head: 32,
        n_layer: 24,
      },
      1_418_270_720,
    ],
    [
      'Phi-2 as phi-msft',
      {
        model_type: 'phi-msft',
        architectures: ['PhiForCausalLM'],
        vocab_size: 51200,
        n_embd: 2560,
        n_head: 32,
        n_layer: 32,
      },
      2_779_683_840,
    ],
    ['Orion-14B', { model_type: 'orion', architectures: ['OrionForCausalLM'] }, 14_498_703_360],
    ['Qwen-7B', { model_type: 'qwen', architectures: ['QWenLMHeadModel'] }, 7_721_324_544],
    [
      'StableLM-3B-4E1T',
      { model_type: 'stablelm_epoch', architectures: ['StableLMEpochForCausalLM'] },
      2_795_443_200,
    ],
    ['Yi-6B', { model_type: 'Yi', architectures: ['YiForCausalLM'], num_key_value_heads: 4 }, 6_061_035_520],
    [
      'Falcon-7B as first published',
      {
        model_type: 'RefinedWebModel',
        architectures: ['RWForCausalLM'],
        vocab_size: 65024,
        hidden_size: 4544,
        n_layer: 32,
        n_head: 71,
        multi_query: true,
        parallel_attn: true,
      },
      7_217_189_760,
    ],
    [
      'MPT-7B',
      {
        model_type: 'mpt',
        architectures: ['MPTForCausalLM'],
        vocab_size: 50432,
        d_model: 4096,
        n_heads: 32,
        n_layers: 32,
      },
      6_649_286_656,
    ],
  ];

  for (const [name, config, total] of totals) {
    it(`${name}: ${total}`, () => {
      const { figures, problems } = analyse(JSON.stringify(config), {
        batch: 1,
        tokens: 16,
        decoderTokens: 16,
        context: 16,
      });
      assert.ok(figures, JSON.stringify(problems));
      assert.equal(figures.parameters.total, total);
      assert.ok((figures.flops?.forward ?? 0n) > 0n);
    });
  }
});

function thirteenB() {
  return { hidden_size: 5120, intermediate_size: 13696, num_hidden_layers: 40, num_attention_heads: 40 };
}

function glm() {
  return { multi_query_attention: true, multi_query_group_num: 2, add_qkv_bias: true };
}

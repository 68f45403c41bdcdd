import { strict as assert } from 'node:assert';
import { analyse } from '../../../src/core/service';
import type { Figures, FlopFigures, Workload } from '../../../src/core/analysis';

/** Figures of a config whose forward pass is known. */
function figures(
  config: object,
  workload: Partial<Workload> = {},
): Figures & { readonly flops: FlopFigures } {
  const all = { batch: 1, tokens: 1024, decoderTokens: 1024, context: 1024, ...workload };
  const analysis = analyse(JSON.stringify(config), all);
  assert.ok(analysis.figures?.flops, JSON.stringify(analysis.problems));
  return { ...analysis.figures, flops: analysis.figures.flops };
}

describe('published figures', () => {
  const llama2 = { model_type: 'llama', architectures: ['LlamaForCausalLM'] };
  const llama3 = {
    ...llama2,
    vocab_size: 128256,
    intermediate_size: 14336,
    num_key_value_heads: 8,
  };
  const gpt2 = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] };
  const totals: [string, object, number][] = [
    ['Llama-3-8B', llama3, 8_030_261_248],
    [
      'Llama-3.1-405B',
      {
        ...llama3,
        hidden_size: 16384,
        intermediate_size: 53248,
        num_hidden_layers: 126,
        num_attention_heads: 128,
      },
      405_853_388_800,
    ],
    ['GPT-2 XL', { ...gpt2, n_embd: 1600, n_layer: 48, n_head: 25 }, 1_557_611_200],
    [
      'ALBERT-v2 base',
      { model_type: 'albert', hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 },
      11_683_584,
    ],
    [
      'Flan-T5-base, untied as its checkpoint',
      {
        model_type: 't5',
        architectures: ['T5ForConditionalGeneration'],
        d_model: 768,
        d_ff: 2048,
        num_layers: 12,
        num_heads: 12,
        feed_forward_proj: 'gated-gelu',
        tie_word_embeddings: false,
      },
      247_577_856,
    ],
  ];
  for (const [name, config, total] of totals) {
    it(`${name}: ${total}`, () => assert.equal(figures(config).parameters.total, total));
  }

  it('Llama-2-7B: forward at 1, 128 and 4,096 tokens', () => {
    const at = (tokens: number) =>
      figures({ ...llama2, max_position_embeddings: 4096 }, { tokens }).flops.forward;
    assert.equal(at(1), 13_214_679_168n);
    assert.equal(at(128), 1_700_001_759_232n);
    assert.equal(at(4096), 62_921_271_410_688n);
  });

  it('GPT-2 at 1,024: forward, and forward with backward', () => {
    const { flops } = figures(gpt2);
    assert.equal(flops.forward, 291_648_307_200n);
    assert.equal(flops.training, 874_944_921_600n);
  });

  it('ViT-B/16: forward; the first convolution has no input gradient', () => {
    const { flops } = figures({
      model_type: 'vit',
      architectures: ['ViTForImageClassification'],
      num_labels: 1000,
    });
    assert.equal(flops.forward, 35_127_656_448n);
    assert.equal(flops.training, 3n * flops.forward - 231_211_008n);
  });

  it('BERT-base with pooler at 128 and 512', () => {
    assert.equal(figures({ model_type: 'bert' }, { tokens: 128 }).flops.forward, 22_348_431_360n);
    assert.equal(figures({ model_type: 'bert' }, { tokens: 512 }).flops.forward, 96_637_943_808n);
  });

  it('active parameters of mixtures, with and without the input embedding', () => {
    const mixtral = figures({ model_type: 'mixtral', architectures: ['MixtralForCausalLM'] });
    assert.equal(mixtral.parameters.active?.withEmbedding, 12_879_925_248);
    const deepseek = figures({ model_type: 'deepseek_v3', architectures: ['DeepseekV3ForCausalLM'] });
    assert.equal(deepseek.parameters.active?.withEmbedding, 37_552_282_624);
    assert.equal(deepseek.parameters.active?.withoutEmbedding, 37_552_282_624 - 129280 * 7168);
    assert.equal(deepseek.parameters.checkpoint - deepseek.parameters.total, 14_848);
  });

  it('KV cache a token', () => {
    assert.equal(figures(llama2).memory.cachePerToken, 524_288);
    assert.equal(figures(llama3).memory.cachePerToken, 131_072);
    assert.equal(figures({ model_type: 'deepseek_v3' }).memory.cachePerToken, 70_272);
    assert.equal(figures({ model_type: 'bert' }).memory.cachePerToken, undefined);
  });
});

describe('FLOPs of masks, decoding and training', () => {
  const tiny = {
    model_type: 'llama',
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    vocab_size: 10,
    max_position_embeddings: 64,
  };
  // q, k, v, o: 4·8·8; gate, up, down: 3·8·16; a multiply–accumulate each a token.
  const products = 2 * (4 * 64 + 3 * 128);
  const scores = (pairs: number) => 2 * 2 * (4 + 4) * pairs;
  const rotary = (tokens: number) => 2 * 2 * tokens;

  it('counts the visible pairs of a causal mask', () => {
    const { flops } = figures(tiny, { tokens: 6 });
    assert.equal(flops.forward, BigInt(products * 6 + scores(36) + rotary(6)));
    assert.equal(flops.masked, BigInt(products * 6 + scores(21) + rotary(6)));
  });

  it('counts the band of a sliding window', () => {
    const mixtral = { ...tiny, model_type: 'mixtral', num_key_value_heads: 2, sliding_window: 3 };
    const { flops } = figures(mixtral, { tokens: 6 });
    assert.equal(flops.forward - flops.masked!, BigInt(scores(36 - (1 + 2 + 3 + 3 + 3 + 3))));
  });

  it('decodes one token against the cache', () => {
    const { flops } = figures(tiny, { context: 20 });
    assert.equal(flops.decode, BigInt(products + scores(21) + rotary(1)));
  });

  it('decodes against what a sliding window keeps', () => {
    const mixtral = { ...tiny, model_type: 'mixtral', num_key_value_heads: 2, num_local_experts: 2 };
    const decode = (window: number | null) =>
      figures({ ...mixtral, sliding_window: window }, { context: 20 }).flops.decode!;
    assert.equal(decode(null) - decode(5), BigInt(scores(21 - 5)));
    assert.equal(decode(null), decode(50));
  });

  it('cuts tokens and context to the positions', () => {
    const { workload, inputs } = figures(tiny, { tokens: 500, context: 500 });
    assert.equal(workload.tokens, 64);
    assert.equal(workload.context, 63);
    assert.deepEqual(inputs, [{ name: 'input_ids', shape: [1, 64] }]);
  });

  it('stays exact beyond 2⁵³', () => {
    const batch = 1_000_003;
    const one = figures(tiny, { tokens: 64 }).flops.forward - BigInt(rotary(64));
    const many = figures(tiny, { tokens: 64, batch }).flops.forward - BigInt(rotary(64));
    assert.equal(many, one * BigInt(batch));
    const huge = figures(
      { model_type: 'llama', max_position_embeddings: 131072 },
      { tokens: 131072, batch: 999 },
    );
    assert.ok(huge.flops.forward > 2n ** 53n);
    assert.equal((huge.flops.forward - 2n * 64n * 131072n) % 999n, 0n);
  });

  it('an encoder–decoder decodes without its encoder', () => {
    const t5 = { model_type: 't5', architectures: ['T5ForConditionalGeneration'] };
    const { flops } = figures(t5, { tokens: 100, context: 10 });
    const inner = 512 * 512;
    const perLayer = 2 * (4 * inner + 2 * inner + 2 * 512 * 2048) + 2 * 8 * 128 * 11 + 2 * 8 * 128 * 100;
    assert.equal(flops.decode, BigInt(6 * perLayer + 2 * 512 * 32128));
  });
});

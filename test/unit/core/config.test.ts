import { strict as assert } from 'node:assert';
import { Config } from '../../../src/core/config/config';
import { size } from '../../../src/core/config/keys';
import { parseConfig } from '../../../src/core/config/parse';
import { analyse } from '../../../src/core/service';
import type { Analysis, Problem } from '../../../src/core/analysis';

const workload = { batch: 1, tokens: 128, decoderTokens: 128, context: 128 };
const run = (text: string): Analysis => analyse(text, workload);
const llama = (extra = '') => `{ "model_type": "llama", "architectures": ["LlamaForCausalLM"]${extra} }`;

/** The text that a span covers. */
const covered = (text: string, { span }: Problem) => text.slice(span.start, span.end);

describe('text of a config', () => {
  it('takes comments, trailing commas, a byte-order mark and CRLF, with offsets into the text as it is', () => {
    const text = '\uFEFF{\r\n  // comment\r\n  "model_type": "gpt2", /* more */\r\n  "n_layer": 3,\r\n}\r\n';
    const { outcome, anchors, figures } = run(text);
    assert.equal(outcome, 'counted');
    assert.equal(figures?.parameters.total, 124_439_808 - 9 * 7_087_872);
    const place = anchors['n_layer'];
    assert.ok(place?.value);
    assert.equal(text.slice(place.key.start, place.key.end), '"n_layer"');
    assert.equal(text.slice(place.value.start, place.value.end), '3');
  });

  it('gives places of nested keys by their dotted path', () => {
    const text = llama(', "rope_scaling": { "factor": 8.0 }');
    const place = run(text).anchors['rope_scaling.factor'];
    assert.equal(text.slice(place?.value?.start, place?.value?.end), '8.0');
  });

  it('takes the last of two equal keys, as JSON readers do', () => {
    assert.equal(
      run(llama(', "num_hidden_layers": 1, "num_hidden_layers": 32')).figures?.parameters.total,
      6_738_415_616,
    );
  });

  const halfTyped = [
    llama(', "num_hidden_layers": '),
    llama(', "num_hidden'),
    '{ "model_type": "lla',
    '{ "model_type": "llama", "hidden_size": 40',
    '{ "model_type": "llama" "hidden_size": 4096 }',
    '{ "model_type": ',
  ];
  for (const text of halfTyped) {
    it(`says that ${JSON.stringify(text.slice(-30))} is half typed`, () => {
      const { outcome, problems, figures } = run(text);
      assert.equal(outcome, 'syntax');
      assert.equal(figures, undefined);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['json.syntax'],
      );
    });
  }

  const nothing = [
    '',
    '   ',
    '[]',
    '7',
    '"model_type"',
    '{}',
    '{ "name": "x" }',
    '{ "model_type": 5 }',
    '{ "architectures": [] }',
    '{ "a": ',
  ];
  for (const text of nothing) {
    it(`says nothing of ${JSON.stringify(text)}`, () => {
      assert.deepEqual(run(text), { outcome: 'none', anchors: {}, problems: [] });
    });
  }

  it('is not led astray by names of the prototype', () => {
    const { outcome, anchors } = run(
      llama(', "__proto__": { "polluted": 1 }, "constructor": 2, "toString": 3'),
    );
    assert.equal(outcome, 'counted');
    assert.ok(Object.hasOwn(anchors, 'toString'));
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    assert.deepEqual(run('{ "model_type": "constructor" }').outcome, 'unknown');
    assert.deepEqual(run('{ "model_type": "llama", "architectures": ["constructor"] }').outcome, 'unknown');
  });
});

describe('values that no model can have', () => {
  const cases: [string, string, Problem['code']][] = [
    ['"num_hidden_layers"', '"32"', 'key.type'],
    ['"num_hidden_layers"', '1.5', 'key.type'],
    ['"num_hidden_layers"', 'true', 'key.type'],
    ['"num_hidden_layers"', '[32]', 'key.type'],
    ['"num_hidden_layers"', '{}', 'key.type'],
    ['"num_hidden_layers"', '0', 'key.range'],
    ['"num_hidden_layers"', '-1', 'key.range'],
    ['"num_hidden_layers"', '1000000000000000', 'key.range'],
    ['"num_hidden_layers"', '1e400', 'key.type'],
    ['"hidden_size"', '1e15', 'key.range'],
    ['"vocab_size"', 'null', 'key.null'],
    ['"attention_bias"', '1', 'key.type'],
    ['"hidden_act"', '5', 'key.type'],
    ['"hidden_act"', '"nonsense"', 'key.value'],
    ['"rope_theta"', '"big"', 'key.type'],
    ['"rope_scaling"', '"yes"', 'key.type'],
    ['"num_attention_heads"', '33', 'key.multiple'],
  ];
  for (const [key, value, code] of cases) {
    it(`${key}: ${value}`, () => {
      const text = llama(`, ${key}: ${value}`);
      const { outcome, problems, figures } = run(text);
      assert.equal(outcome, 'invalid');
      assert.equal(figures, undefined);
      const problem = problems[0];
      assert.ok(problem);
      assert.equal(problem.code, code);
      assert.equal(problem.severity, 'error');
      // What does not fit another key is told at that key, or at the object where the file leaves it out.
      assert.equal(covered(text, problem), code === 'key.multiple' ? text : value);
    });
  }

  it('takes any width with a head_dim of its own', () => {
    const text = llama(', "hidden_size": 1792, "num_attention_heads": 24, "head_dim": 128');
    assert.equal(run(text).outcome, 'counted');
  });

  it('bounds layers of layers, before anything is built', () => {
    const albert = (groups: number, inner: number) =>
      run(`{ "model_type": "albert", "num_hidden_groups": ${groups}, "inner_group_num": ${inner} }`);
    const { outcome, problems } = albert(1000, 1001);
    assert.equal(outcome, 'invalid');
    assert.deepEqual(problems[0]?.arguments, {
      keys: ['inner_group_num', 'num_hidden_groups'],
      found: 1_001_000,
      max: 1024,
    });
    assert.equal(albert(3, 2).outcome, 'counted');
  });

  it('takes text that is nested without end for no JSON, and a deep value for what it is', () => {
    assert.equal(run(`{ "model_type": "llama", "x": ${'['.repeat(200_000)}`).outcome, 'syntax');
    const deep = '{"a":'.repeat(500) + '1' + '}'.repeat(500);
    assert.equal(run(llama(`, "x": ${deep}`)).outcome, 'counted');
  });

  it('says all of them at once', () => {
    const { problems } = run(llama(', "hidden_size": -1, "vocab_size": "x"'));
    assert.deepEqual(problems.map(({ code }) => code).sort(), ['key.range', 'key.type']);
  });

  it('refuses totals beyond what a double counts exactly, at the largest key', () => {
    const text = llama(', "hidden_size": 2000000000, "intermediate_size": 2100000000');
    const [problem] = run(text).problems;
    assert.equal(problem?.code, 'model.tooLarge');
    assert.equal(covered(text, problem), '2100000000');
  });

  it('reads null where the class does', () => {
    assert.equal(
      run(llama(', "num_key_value_heads": null, "head_dim": null')).figures?.parameters.total,
      6_738_415_616,
    );
  });

  it('refuses sides of an image that are none', () => {
    assert.equal(run('{ "model_type": "vit", "image_size": [224] }').problems[0]?.code, 'key.type');
    assert.equal(run('{ "model_type": "vit", "patch_size": [16, 0] }').problems[0]?.code, 'key.range');
  });
});

describe('models without a blueprint', () => {
  it('names an unknown model type', () => {
    const text = '{ "model_type": "nobody_knows", "hidden_size": 8 }';
    const { outcome, problems } = run(text);
    assert.equal(outcome, 'unknown');
    assert.deepEqual(problems[0]?.arguments, { modelType: 'nobody_knows' });
    assert.equal(covered(text, problems[0]), '"nobody_knows"');
  });

  it('names remote code', () => {
    const auto = '"auto_map": { "AutoModel": "modeling_mine.MyModel" }';
    const [problem] = run(`{ "model_type": "mine", ${auto} }`).problems;
    assert.equal(problem?.code, 'model.remoteCode');
    assert.deepEqual(problem.arguments, { modelType: 'mine', reference: 'modeling_mine.MyModel' });
    // A family that transformers knows is counted, whatever code lies beside it.
    assert.equal(run(`{ "model_type": "llama", ${auto} }`).outcome, 'counted');
  });

  it('names an architecture of another family', () => {
    const text = '{ "model_type": "llama", "architectures": ["BertForMaskedLM"] }';
    const { outcome, problems } = run(text);
    assert.equal(outcome, 'unknown');
    assert.equal(problems[0]?.code, 'model.unknownArchitecture');
    assert.equal(covered(text, problems[0]), '["BertForMaskedLM"]');
  });

  it('finds the family by the architecture where the type is missing', () => {
    const { figures } = run('{ "architectures": ["GPT2LMHeadModel"] }');
    assert.equal(figures?.modelType, 'gpt2');
    assert.equal(figures.parameters.total, 124_439_808);
  });

  it('counts the base model where the architecture is missing, and says so', () => {
    const { figures } = run('{ "model_type": "llama" }');
    assert.equal(figures?.architecture, 'LlamaModel');
    assert.equal(figures.architectureGiven, false);
    assert.equal(figures.parameters.total, 6_607_343_616);
  });
});

describe('what the figures say of the config', () => {
  it('which keys were filled, and which nobody read', () => {
    const { figures } = run(llama(', "hidden_sise": 8, "dtype": "bfloat16", "num_hidden_layers": 2'));
    assert.deepEqual(figures?.unread, ['hidden_sise']);
    assert.ok(figures.defaults.some(({ key, value }) => key === 'hidden_size' && value === 4096));
    assert.ok(!figures.defaults.some(({ key }) => key === 'num_hidden_layers'));
  });

  it('weights in the dtype of either spelling', () => {
    assert.equal(run(llama(', "torch_dtype": "bfloat16"')).figures?.memory.weights, 2 * 6_738_415_616);
    assert.equal(run(llama(', "dtype": "float16"')).figures?.memory.weights, 2 * 6_738_415_616);
    assert.equal(run(llama()).figures?.memory.weights, 4 * 6_738_415_616);
    assert.equal(
      run(llama(', "dtype": "float32", "torch_dtype": "bfloat16"')).figures?.memory.dtype,
      'float32',
    );
  });

  it('labels: num_labels before the names of id2label, two without either', () => {
    const outputs = (extra: string) => {
      const text = `{ "model_type": "llama", "architectures": ["LlamaForSequenceClassification"]${extra} }`;
      return (run(text).figures!.parameters.total - 6_607_343_616) / 4096;
    };
    assert.equal(outputs(''), 2);
    assert.equal(outputs(', "id2label": { "0": "a", "1": "b", "2": "c" }'), 3);
    assert.equal(outputs(', "num_labels": 6, "id2label": { "0": "a", "1": "b", "2": "c" }'), 6);
    assert.equal(outputs(', "num_labels": null, "id2label": { "0": "a" }'), 1);
  });

  it('that the weights are quantised, by the method of the config', () => {
    const memory = (extra: string) => run(llama(extra)).figures?.memory;
    assert.equal(memory(', "quantization_config": { "quant_method": "fp8" }')?.quantisation, 'fp8');
    assert.equal(memory(', "quantization_config": {}')?.quantisation, '?');
    assert.ok(!('quantisation' in memory('')!));
  });

  it('what keys cost', () => {
    const costs = run(
      llama(
        ', "num_hidden_layers": 32, "vocab_size": 32000, "num_key_value_heads": 8, "tie_word_embeddings": false',
      ),
    ).figures?.keyCosts;
    const layer = 4096 * 4096 * 2 + 2 * 4096 * 1024 + 3 * 4096 * 11008 + 2 * 4096;
    assert.deepEqual(costs, [
      { type: 'linear', key: 'vocab_size', times: 32000, each: 8192, parameters: 262_144_000 },
      { type: 'linear', key: 'num_hidden_layers', times: 32, each: layer, parameters: 32 * layer },
      { type: 'flag', key: 'tie_word_embeddings', otherwise: -131_072_000 },
      {
        type: 'keyValueHeads',
        key: 'num_key_value_heads',
        heads: 32,
        keyValueHeads: 8,
        cacheBytesPerToken: 131_072,
      },
    ]);
  });

  it('one more layer, where layers differ', () => {
    const deepseek = run('{ "model_type": "deepseek_v3", "num_hidden_layers": 61 }').figures?.keyCosts;
    assert.deepEqual(deepseek, [{ type: 'step', key: 'num_hidden_layers', each: 11_507_286_016 }]);
  });

  it('a breakdown whose parts add up', () => {
    const { figures } = run(llama());
    const top = figures!.breakdown.filter(({ depth }) => depth === 0);
    assert.equal(
      top.reduce((sum, row) => sum + row.parameters, 0),
      figures!.parameters.total,
    );
    assert.equal(
      top.reduce((sum, row) => sum + row.flops, 0n),
      figures!.flops?.forward,
    );
    const layers = figures!.breakdown.find(({ path }) => path === 'model.layers.{0-31}');
    assert.equal(layers?.count, 32);
    assert.equal(layers.parameters, 32 * 202_383_360);
  });
});

describe('configs nested in a config', () => {
  const text = '{ "a": { "hidden_size": -1, "layers": 3, "odd": 1, "model_type": "x" }, "b": null, "c": 5 }';
  const keys = { hidden_size: size(8), layers: size(2), heads: size(4, { aliases: ['n_head'] }) };
  const config = (overrides = {}) => new Config(parseConfig(text).root!, overrides);

  it('reads keys by their dotted path, with problems at their place', () => {
    const root = config();
    assert.deepEqual(root.nested('a').values(keys), { hidden_size: 8, layers: 3, heads: 4 });
    assert.deepEqual(
      root.read.map(({ path, source }) => [path, source]),
      [
        ['a.hidden_size', 'default'],
        ['a.layers', 'given'],
        ['a.heads', 'default'],
      ],
    );
    const [problem] = root.problems;
    assert.deepEqual(problem?.arguments, { key: 'a.hidden_size', min: 1, max: 2 ** 31 - 1, found: -1 });
    assert.equal(text.slice(problem?.span.start, problem?.span.end), '-1');
    assert.deepEqual(root.unread(), ['b', 'c', 'a.odd', 'a.model_type']);
    assert.deepEqual(root.spanOf('a.layers'), root.nested('a').spanOf('layers'));
  });

  it('replaces values by dotted path, in configs that are missing too', () => {
    const root = config({ 'a.layers': 7, 'd.heads': 9 });
    assert.equal(root.nested('a').values(keys).layers, 7);
    assert.equal(root.nested('d').values(keys).heads, 9);
  });

  it('takes the defaults of the place where the whole config is missing or null', () => {
    const root = config();
    for (const name of ['b', 'd']) {
      const missing = root.nested(name, { layers: 5, model_type: 'clip' });
      assert.equal(missing.isGiven, false);
      assert.equal(missing.raw('model_type'), 'clip');
      assert.equal(missing.values(keys).layers, 5);
      assert.deepEqual(missing.span, root.span);
    }
    assert.equal(root.nested('a', { heads: 6 }).values(keys).heads, 4);
  });

  it('tells what is no object', () => {
    const root = config();
    root.nested('c');
    assert.equal(root.problems[0]?.code, 'key.type');
  });
});

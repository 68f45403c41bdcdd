import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { build } from '../../../src/core/service';
import { compare, inWords } from '../../support/reference/compare';
import { shapesOf } from '../../support/reference/inputs';
import { expand, expandedTies, readRows, type Row } from '../../support/reference/rows';
import { inexact, scoresOf, sums } from '../../support/reference/score';

const llama = {
  model_type: 'llama',
  architectures: ['LlamaModel'],
  hidden_size: 4,
  intermediate_size: 6,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  vocab_size: 10,
};
const exact: Row = {
  config: llama,
  total: 188,
  params: {
    'embed_tokens.weight': [10, 4],
    'layers.0.self_attn.q_proj.weight': [4, 4],
    'layers.0.self_attn.k_proj.weight': [4, 4],
    'layers.0.self_attn.v_proj.weight': [4, 4],
    'layers.0.self_attn.o_proj.weight': [4, 4],
    'layers.0.mlp.gate_proj.weight': [6, 4],
    'layers.0.mlp.up_proj.weight': [6, 4],
    'layers.0.mlp.down_proj.weight': [4, 6],
    'layers.0.input_layernorm.weight': [4],
    'layers.0.post_attention_layernorm.weight': [4],
    'norm.weight': [4],
  },
  tied: {},
};

function said(row: Row): string[] {
  return (compare(row).parameters?.differences ?? []).map((each) => inWords(each));
}

describe('reference rows', () => {
  it('expand to every combination of their indices', () => {
    assert.deepEqual(expand('norm.weight'), ['norm.weight']);
    assert.deepEqual(expand('h.{0-1,3}.e.{0-1}.w'), [
      'h.0.e.0.w',
      'h.0.e.1.w',
      'h.1.e.0.w',
      'h.1.e.1.w',
      'h.3.e.0.w',
      'h.3.e.1.w',
    ]);
    assert.throws(() => expand('a.{0-999999}.{0-999999}'), RangeError);
    const tied = expandedTies({ 'd.{0-1}.w': 'c.{2-3}.w', 'h.w': 'e.w' });
    assert.deepEqual(
      [...tied],
      [
        ['d.0.w', 'c.2.w'],
        ['d.1.w', 'c.3.w'],
        ['h.w', 'e.w'],
      ],
    );
  });

  it('are read line by line, and a wrong line is left out', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'headlight-rows-'));
    try {
      const file = path.join(folder, 'rows.jsonl');
      writeFileSync(file, `{"total": 1}\n\nnot json\n[1]\nnull\n{"total": 2}`);
      assert.deepEqual(readRows(file), { rows: [{ total: 1 }, { total: 2 }], unreadable: 3 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('name each tensor that differs', () => {
    assert.deepEqual(said(exact), []);
    const { 'norm.weight': _, ...fewer } = exact.params!;
    assert.deepEqual(said({ ...exact, params: fewer }), ['1 left over: norm.weight [4]']);
    assert.deepEqual(said({ ...exact, total: 9, params: { ...exact.params, 'norm.bias': [4] } }), [
      '188 parameters for 9',
      '1 missing: norm.bias [4]',
    ]);
    assert.deepEqual(said({ ...exact, params: { ...exact.params, 'norm.weight': [5] } }), [
      '1 misshapen: norm.weight [4] for [5]',
    ]);
    assert.deepEqual(said({ ...exact, tied: { 'head.weight': 'embed_tokens.weight' } }), [
      '1 tied otherwise: head.weight to nothing for embed_tokens.weight',
    ]);
  });

  it('score by row and by pair, whatever a row holds', () => {
    const wrong = [
      { config: 5, total: 3 },
      { ...exact, params: { a: null } },
      { ...exact, tied: 7, params: { 'a.{0-99999999}': [1] } },
      { config: llama, flops: 1.5, inputs: { input_ids: [1, 2] } },
      { config: llama, flops: 15, inputs: { nothing: [1, 2] } },
      { ...exact, error: 'not built' },
    ] as unknown as Row[];
    const { parameters, flops } = scoresOf([exact, ...wrong]);
    assert.deepEqual(sums(parameters), {
      types: 2,
      pairs: 2,
      pairsByTotal: 0,
      pairsExact: 0,
      rows: 4,
      rowsExact: 1,
    });
    assert.equal(sums(flops).rowsExact, 0);
    assert.equal(inexact(parameters).length, 2);
  });

  it('give inputs that were left out the shape of their companions', () => {
    const shapes = (config: object, given: Record<string, number[]>) => {
      const { model } = build(JSON.stringify(config));
      assert.ok(model);
      return model.inputs.map(shapesOf(model, given));
    };
    const bert = { model_type: 'bert', architectures: ['BertForMultipleChoice'] };
    assert.deepEqual(shapes(bert, { input_ids: [2, 3, 7] }), [
      [6, 7],
      [6, 7],
    ]);
    const t5 = { model_type: 't5', architectures: ['T5Model'] };
    assert.deepEqual(shapes(t5, { input_ids: [2, 9] }), [
      [2, 9],
      [2, 9],
    ]);
    assert.deepEqual(shapes(t5, { input_ids: [2, 9], decoder_input_ids: [2, 4] }), [
      [2, 9],
      [2, 4],
    ]);
  });
});

import { strict as assert } from 'node:assert';
import { analyse, build } from '../../../src/core/service';
import { parameterTotals } from '../../../src/core/measure/parameters';
import { namedParameters } from '../../../src/core/model/walk';
import type { FileTable, TableIndex } from '../../../src/core/tables/format';
import { makeEvaluator } from '../../../src/core/tables/evaluator';
import type { Tuple } from '../../../src/core/tables/values';
import { Callable, Opaque, Unknowable, Refusal, type Value } from '../../../src/core/tables/values';
import '../../support/reference/tables';

const INDEX: TableIndex = {
  transformers: '',
  configs: {},
  base: {},
  architectures: {},
  auto: {},
  classes: {},
};
const CONFIGS: FileTable = { names: { PreTrainedConfig: { bases: [], body: {} } }, imports: {} };

/** Runs one function of a table. */
function run(body: FileTable['names'][string], args: Value[] = [], others: FileTable['names'] = {}): Value {
  const file: FileTable = {
    names: { f: body, ...others },
    imports: { nn: 'torch.nn', torch: 'torch', itertools: 'itertools' },
  };
  const store = { index: INDEX, file: (name: string) => (name === 'file' ? file : CONFIGS) };
  const evaluator = makeEvaluator(store);
  const found = evaluator.global('file', 'f');
  assert.ok(found instanceof Callable);
  return evaluator.call(found, args, new Map());
}

describe('the evaluator of the class tables', () => {
  it('does Python arithmetic: floors towards −∞, divides to fractions, powers', () => {
    const body = (operation: string) => ['def', ['a', 'b'], [['return', [operation, 'a', 'b']]]] as const;
    assert.equal(run(body('//'), [-7, 2]), -4);
    assert.equal(run(body('%'), [-7, 3]), 2);
    assert.equal(run(body('/'), [7, 2]), 3.5);
    assert.equal(run(body('**'), [2, 10]), 1024);
  });

  it('binds defaults, lists and keywords of arguments', () => {
    const inner = [
      'def',
      ['a', ['b', 2], ['*', 'rest'], ['**', 'more']],
      [['return', ['t', 'a', 'b', 'rest', ['()', 'len', ['more']]]]],
    ] as const;
    const call = ['def', [], [['return', ['()', 'g', [1], [['c', 3]]]]]] as const;
    assert.deepEqual(
      [...(run(call, [], { g: inner }) as Tuple)].map((each) => (Array.isArray(each) ? [...each] : each)),
      [1, 2, [], 1],
    );
  });

  it('unpacks with a star, slices backwards, and joins comprehensions', () => {
    const reversed = ['def', ['x'], [['return', ['[:]', 'x', null, null, -1]]]] as const;
    assert.deepEqual(run(reversed, [[1, 2, 3]]), [3, 2, 1]);
    const squares = [
      'def',
      ['x'],
      [['return', ['lc', ['*', 'i', 'i'], [['i', 'x', ['cmp', 'i', '>', 1]]]]]],
    ] as const;
    assert.deepEqual(run(squares, [[1, 2, 3]]), [4, 9]);
    const star = [
      'def',
      ['x'],
      [
        ['=', ['t', 'a', ['*', 'b']], 'x'],
        ['return', 'b'],
      ],
    ] as const;
    assert.deepEqual(run(star, [[1, 2, 3]]), [2, 3]);
  });

  it('takes one value after the other from a cycle', () => {
    const next = ['()', 'next', ['c']] as const;
    const body = [
      ['=', 'c', ['()', ['.', 'itertools', 'cycle'], ['x']]],
      ['return', ['l', next, next, next]],
    ] as const;
    assert.deepEqual(run(['def', ['x'], body], [['a', 'b']]), ['a', 'b', 'a']);
  });

  it('says that it can not know rather than choose a branch by an unknown value', () => {
    const branch = ['def', ['x'], [['if', 'x', [['return', 1]], [['return', 2]]]]] as const;
    assert.throws(() => run(branch, [new Opaque('the weather')]), Unknowable);
    const unknown = ['def', [], [['return', ['()', ['.', 'nn', 'Hologram'], [3]]]]] as const;
    assert.throws(() => run(unknown), Unknowable);
  });

  it('ends loops without end', () => {
    const endless = ['def', [], [['while', true, [['=', 'x', 1]]]]] as const;
    assert.throws(() => run(endless), Refusal);
  });
});

describe('models from the class tables', () => {
  it('have every tensor by its name, ties included', () => {
    const { model } = build(JSON.stringify({ model_type: 'zamba2', architectures: ['Zamba2ForCausalLM'] }));
    assert.ok(model);
    const shared = namedParameters(model.root).filter(({ names }) => names.length > 1);
    assert.ok(shared.length > 0);
  });

  it('follow the config: sizes, flags, nested configs, old names', () => {
    const total = (config: object) => {
      const { model, problems } = build(JSON.stringify(config));
      assert.ok(model, JSON.stringify(problems));
      return parameterTotals(model.root).total;
    };
    const rf = { model_type: 'rf_detr' };
    assert.notEqual(total(rf), total({ ...rf, d_model: 128 }));
    const plain = { model_type: 'esm', architectures: ['EsmForMaskedLM'], vocab_size: 33, pad_token_id: 1 };
    const small = {
      ...plain,
      hidden_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      intermediate_size: 128,
    };
    const attention = 4 * (64 * 64 + 64);
    const feedForward = 2 * 64 * 128 + 128 + 64;
    // Two norms, and a number for each head's map in the contact head.
    const layer = attention + feedForward + 2 * 128 + 4;
    assert.equal(total({ ...small, num_hidden_layers: 3 }) - total(small), layer);
  });

  it('tell what their class refuses, in its words, and values of the wrong type at their key', () => {
    const refused = build(
      JSON.stringify({ model_type: 'flava_text_model', hidden_size: 100, num_attention_heads: 7 }),
    );
    assert.equal(refused.model, undefined);
    const mistyped = build(JSON.stringify({ model_type: 'esm', hidden_size: 'wide' }));
    assert.deepEqual(
      mistyped.problems.map(({ code }) => code),
      ['key.type'],
    );
  });

  it('survive sizes that nobody can build', () => {
    for (const value of [0, -1, 10 ** 9, 10 ** 15, 2 ** 31]) {
      for (const key of ['num_hidden_layers', 'hidden_size', 'vocab_size', 'num_attention_heads']) {
        const { model } = build(
          JSON.stringify({ model_type: 'esm', vocab_size: 33, pad_token_id: 1, [key]: value }),
        );
        if (model !== undefined) assert.ok(Number.isSafeInteger(parameterTotals(model.root).checkpoint));
      }
    }
  });

  it('show the keys that were read, and which the file gives', () => {
    const workload = { batch: 1, tokens: 8, decoderTokens: 8, context: 8 };
    const { figures } = analyse(
      JSON.stringify({ model_type: 'rf_detr', d_model: 128, misspelt: 1 }),
      workload,
    );
    assert.ok(figures);
    assert.deepEqual(figures.unread, ['misspelt']);
    assert.ok(figures.defaults.some(({ key }) => key === 'decoder_layers'));
  });
});

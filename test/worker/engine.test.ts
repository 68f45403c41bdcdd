import assert from 'node:assert/strict';
import * as path from 'node:path';
import { ids, localEngine, refuses, request } from './support/engine';
import { changed, configText, fixtures, removeFolders } from './support/files';
import { difference, readTensors } from './support/reference';

/** A config with other values. */
function edited(fixture: string, values: object): string {
  return JSON.stringify({ ...(JSON.parse(configText(fixture)) as object), ...values });
}

describe('a run', () => {
  afterEach(removeFolders);

  it('gives the reference’s maps, from the weights beside the config', async () => {
    const { engine, states } = localEngine();
    const folder = path.join(fixtures, 'llama');
    const reference = await readTensors(path.join(folder, 'reference.safetensors'));
    const input = { type: 'ids', ids: [...reference.get('input_ids')!.data] } as const;
    const head = await engine.openRun(1, request(configText('llama'), input, folder));
    assert.deepEqual(head.weights, {
      type: 'files',
      files: ['model.safetensors'],
      dtype: 'F32',
      tensors: 30,
    });
    assert.equal(head.tokenizer, 'ids');
    assert.deepEqual([head.missing, head.unused], [[], []]);
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
    for (const layer of [0, 1, 2]) {
      const wanted = reference.get(`attentions.${layer}`)!.data;
      for (const number of [0, 1]) {
        const map = await engine.headMap(head.run, layer, number);
        assert.deepEqual([map.queries, map.keys], [13, 13]);
        const values = new Float32Array(map.values);
        values.forEach((value, i) => {
          assert.equal(Number.isNaN(value), i % 13 > Math.floor(i / 13), `cell ${i}`);
        });
        const own = values.map((value) => (Number.isNaN(value) ? 0 : value));
        assert.ok(difference(own, wanted.subarray(number * 169, (number + 1) * 169)) <= 1e-5);
      }
    }
  });

  it('describes its layers in the order of execution, and counts them as they come', async () => {
    const { engine, states } = localEngine();
    const head = await engine.openRun(1, request(configText('t5'), { ...ids(5), decoder: [1, 2, 3] }));
    const shapes = head.layers.map(
      ({ place, queries, keys, path: where }) => `${place} ${queries}×${keys} ${where}`,
    );
    assert.deepEqual(shapes, [
      'encoder 5×5 encoder.block.0.layer.0.SelfAttention',
      'encoder 5×5 encoder.block.1.layer.0.SelfAttention',
      'encoder 5×5 encoder.block.2.layer.0.SelfAttention',
      'decoder 3×3 decoder.block.0.layer.0.SelfAttention',
      'cross 3×5 decoder.block.0.layer.1.EncDecAttention',
      'decoder 3×3 decoder.block.1.layer.0.SelfAttention',
      'cross 3×5 decoder.block.1.layer.1.EncDecAttention',
      'decoder 3×3 decoder.block.2.layer.0.SelfAttention',
      'cross 3×5 decoder.block.2.layer.1.EncDecAttention',
    ]);
    assert.equal(head.decoderTokens?.length, 3);
    await states.ended(head.run);
    const running = Array.from({ length: 10 }, (_, done) => ({ type: 'running', done, of: 9 }));
    assert.deepEqual(states.of(head.run), [...running, { type: 'done' }]);
  });

  it('shows a layer that is applied again each time', async () => {
    const { engine, states } = localEngine();
    const head = await engine.openRun(1, request(configText('albert'), ids(6)));
    assert.equal(new Set(head.layers.map(({ path: where }) => where)).size, 1);
    assert.equal(head.layers.length, 3);
    await states.ended(head.run);
    const [first, second] = await Promise.all([0, 1].map((layer) => engine.headMap(head.run, layer, 0)));
    assert.notDeepEqual(new Float32Array(first!.values), new Float32Array(second!.values));
  });

  it('computes nothing after the last softmax', async () => {
    const { engine, states } = localEngine();
    // Without these the output can't be computed; the maps can.
    const folder = changed('llama', (header, data) => {
      for (const name of [
        'model.norm.weight',
        'model.layers.2.self_attn.v_proj.weight',
        'model.layers.2.mlp.up_proj.weight',
      ]) {
        const [begin] = header[name]!.data_offsets;
        data.writeFloatLE(NaN, begin);
      }
      return { header, data };
    });
    const head = await engine.openRun(1, request(configText('llama'), ids(6), folder));
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
  });

  it('fails with the tensor’s name where a weight is not finite, and other runs go on', async () => {
    const { engine, states } = localEngine();
    const folder = changed('llama', (header, data) => {
      data.writeFloatLE(Infinity, header['model.layers.1.mlp.up_proj.weight']!.data_offsets[0]);
      return { header, data };
    });
    const bad = await engine.openRun(1, request(configText('llama'), ids(6), folder));
    const good = await engine.openRun(2, request(configText('llama'), ids(6)));
    const state = await states.ended(bad.run);
    assert.equal(state.type, 'failed');
    assert.equal(state.error.code, 'weights');
    assert.match(state.error.detail, /model\.safetensors: tensor "model\.layers\.1\.mlp\.up_proj\.weight"/);
    // What was done before stays.
    await engine.headMap(bad.run, 1, 0);
    await refuses(engine.headMap(bad.run, 2, 0), 'engine', /layer 2/);
    assert.deepEqual(await states.ended(good.run), { type: 'done' });
  });

  it('is the same for the same seed, and another for another', async () => {
    const { engine, states } = localEngine();
    const maps = async (seed: number): Promise<Float32Array> => {
      const head = await engine.openRun(1, { ...request(configText('gpt2'), ids(9)), seed });
      assert.deepEqual(head.weights, { type: 'seeded', seed });
      await states.ended(head.run);
      return new Float32Array((await engine.headMap(head.run, 2, 1)).values);
    };
    const first = await maps(1);
    assert.deepEqual(await maps(1), first);
    assert.notDeepEqual(await maps(2), first);
  });

  it('runs an image model on a test picture, and says that there is no tokenizer', async () => {
    const { engine, states } = localEngine();
    const head = await engine.openRun(1, request(configText('vit'), 'ignored'));
    assert.equal(head.tokenizer, 'none');
    assert.deepEqual(head.tokens.map(({ text }) => text).slice(0, 6), [
      '[CLS]',
      '0,0',
      '0,1',
      '0,2',
      '0,3',
      '1,0',
    ]);
    assert.equal(head.tokens.length, 17);
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
  });

  describe('is refused', () => {
    const refused = async (
      text: string,
      input: Parameters<typeof request>[1],
      code: string,
      message: RegExp,
    ) => refuses(localEngine({ memory: 2 ** 20 }).engine.openRun(1, request(text, input)), code, message);

    it('for a config that makes no model', () =>
      refused('{"model_type": "nothing"}', 'x', 'config', /model\.unknownType nothing/));
    it('for more tokens than positions', () =>
      refused(configText('gpt2'), ids(129), 'tooLong', /129 tokens, and the model 128 positions/));
    it('for ids beyond the vocabulary', () =>
      refused(configText('gpt2'), { type: 'ids', ids: [3, 67] }, 'tokenizer', /id 67, and vocab_size is 67/));
    it('for ids that are none', () =>
      refused(configText('gpt2'), { type: 'ids', ids: [1.5] }, 'tokenizer', /1\.5/));
    it('for an empty input', () => refused(configText('gpt2'), '', 'tokenizer', /no tokens/));
    it('for more maps than memory, saying what would fit', () =>
      refused(
        edited('gpt2', { n_positions: 4096 }),
        ids(1000),
        'memory',
        /a map takes 4 MB .* 1 MB are free .*; 488 tokens would fit, and the input has 1000/,
      ));
    it('for a text without end', () =>
      refused(configText('gpt2'), 'x'.repeat(2_000_000), 'tooLong', /2000000/));
    it('for a width that no machine holds', () =>
      refused(edited('llama', { intermediate_size: 2 ** 29 }), ids(9), 'memory', /too large/));
    it('for an op that is not there, by path and name', () =>
      refused(
        edited('llama', { rope_parameters: { rope_type: 'spiral', rope_theta: 1e4 } }),
        ids(3),
        'unsupported',
        /model\.layers\.0\.self_attn: rotary scaling "spiral"/,
      ));
  });

  it('goes beyond the positions where these are stretched to any length', async () => {
    const { engine, states } = localEngine();
    const head = await engine.openRun(1, request(configText('llama-dynamic-rope'), ids(40)));
    assert.equal(head.layers[0]!.queries, 40);
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
  });

  it('longest fitting length does fit', async () => {
    const { engine, states } = localEngine({ memory: 2 ** 20 });
    const head = await engine.openRun(1, request(edited('gpt2', { n_positions: 4096 }), ids(488)));
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
  });

  it('shares its memory with those that open at the same time', async () => {
    const { engine, states } = localEngine({ memory: 2 ** 20 });
    const text = edited('gpt2', { n_positions: 4096 });
    const openings = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => i).map((ticket) =>
        engine.openRun(ticket, request(text, ids(180))),
      ),
    );
    const refusals = openings.flatMap((opening) =>
      opening.status === 'rejected' ? [(opening.reason as { code: string }).code] : [],
    );
    assert.ok(refusals.length > 0 && refusals.every((code) => code === 'memory'), String(refusals));
    // The first keeps its maps; others find room for what theirs are computed from.
    const heads = openings.flatMap((opening) => (opening.status === 'fulfilled' ? [opening.value] : []));
    assert.deepEqual([...new Set(heads.map(({ maps }) => maps))], ['kept', 'again']);
    for (const { run } of heads) assert.deepEqual(await states.ended(run), { type: 'done' });
  });

  it('holds no memory when its opening fails or is cancelled', async () => {
    const { engine } = localEngine({ memory: 2 ** 20 });
    const text = edited('gpt2', { n_positions: 4096 });
    const wrong = path.join(fixtures, 'vit');
    await refuses(engine.openRun(1, request(text, ids(200), wrong)), 'weights', /none of its/);
    for (let turns = 1; turns <= 8; turns++) {
      const opening = engine.openRun(2, request(text, ids(200), path.join(fixtures, 'llama')));
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      engine.cancel(2);
      await opening.then(
        ({ run }) => engine.closeRun(run),
        ({ code }: { code: string }) => assert.equal(code, 'cancelled'),
      );
    }
    await engine.openRun(3, request(text, ids(200)));
  });

  it('gives its memory back when it is closed', async () => {
    const { engine, states } = localEngine({ memory: 2 ** 20 });
    const text = edited('gpt2', { n_positions: 4096 });
    const head = await engine.openRun(1, request(text, ids(200)));
    await states.ended(head.run);
    await refuses(engine.openRun(2, request(text, ids(200))), 'memory', /0 MB are free/);
    await engine.closeRun(head.run);
    await engine.openRun(3, request(text, ids(200)));
    await refuses(engine.headMap(head.run, 0, 0), 'engine', /not open/);
  });
});

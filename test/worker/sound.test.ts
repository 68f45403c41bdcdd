import assert from 'node:assert/strict';
import { testVideo } from '../../src/engine/picture';
import { testSound } from '../../src/engine/sound';
import { localEngine, request } from './support/engine';

const sound = { name: 'x', type: 'sound' } as const;

describe('a test sound', () => {
  it('has mean 0 and variance 1, as feature extractors give samples', () => {
    const { shape, data } = testSound({ ...sound, length: 48_000 });
    assert.deepEqual(shape, [48_000]);
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    const variance = data.reduce((sum, x) => sum + x * x, 0) / data.length;
    assert.ok(Math.abs(mean) < 1e-2 && Math.abs(variance - 1) < 1e-3, `${mean} ${variance}`);
    // Half a second of tone, half a second of silence.
    assert.ok(data.subarray(8000, 16_000).every((x) => x === 0));
  });

  it('is a spectrum whose tone rises, whichever axis comes first', () => {
    const one = testSound({ ...sound, features: 20, length: 60 });
    const other = testSound({ ...sound, features: 20, length: 60, featuresFirst: true });
    assert.deepEqual(
      [one.shape, other.shape],
      [
        [60, 20],
        [20, 60],
      ],
    );
    const loudest = (frame: number): number => {
      const row = [...one.data.subarray(frame * 20, (frame + 1) * 20)];
      return row.indexOf(Math.max(...row));
    };
    assert.deepEqual([loudest(0), loudest(20), loudest(40)], [0, 8, 16]);
    for (let frame = 0; frame < 60; frame++) {
      for (let i = 0; i < 20; i++) assert.equal(other.data[i * 60 + frame], one.data[frame * 20 + i]);
    }
  });

  it('is heard by a speech model, whose positions are named by their time', async () => {
    const { engine, states } = localEngine();
    const config = JSON.stringify({
      model_type: 'wav2vec2',
      architectures: ['Wav2Vec2Model'],
      hidden_size: 24,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 32,
      conv_dim: [8, 8, 8],
      conv_stride: [5, 8, 8],
      conv_kernel: [10, 8, 8],
      num_feat_extract_layers: 3,
      num_conv_pos_embeddings: 8,
      num_conv_pos_embedding_groups: 2,
    });
    const head = await engine.openRun(1, request(config, ''));
    assert.equal(head.tokenizer, 'none');
    const [layer] = head.layers;
    assert.equal(head.tokens.length, layer!.queries);
    assert.deepEqual([head.tokens[0]!.text, head.tokens[50]!.text], ['0.00 s', '1.01 s']);
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
  });
});

describe('a test video', () => {
  it('is the picture, moved on with every frame', () => {
    const { shape, data } = testVideo(4, 1, 2, 8);
    assert.deepEqual(shape, [4, 1, 2, 8]);
    assert.deepEqual(
      [...data.subarray(16, 24)],
      [6, 7, 0, 1, 2, 3, 4, 5].map((x) => data[x]),
    );
  });
});

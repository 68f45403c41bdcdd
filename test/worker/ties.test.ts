import assert from 'node:assert/strict';
import * as path from 'node:path';
import { localEngine } from './support/engine';
import { changed, configText, fixtures, removeFolders, temporaryFolder } from './support/files';

const workload = { batch: 1, tokens: 8, decoderTokens: 8, context: 8 };

async function evidence(text: string, folder?: string): Promise<[string, string][]> {
  const { engine } = localEngine();
  const graph = await engine.graph(1, { text, workload, ...(folder === undefined ? {} : { folder }) });
  return graph.shared.filter(({ mark }) => mark === 'tiedTensor').map((each) => [each.name, each.evidence]);
}

describe('evidence of ties', () => {
  afterEach(removeFolders);
  const gpt2 = configText('gpt2');
  const tie = 'transformer.wte.weight';

  it('is the weights where the twin is not in the files', async () => {
    assert.deepEqual(await evidence(gpt2, path.join(fixtures, 'gpt2')), [[tie, 'weights']]);
  });

  it('is what the config says where both are there, and no byte was compared', async () => {
    const both = changed('gpt2', (header, data) => {
      const table = header[tie]!;
      const [from, to] = table.data_offsets;
      header['lm_head.weight'] = { ...table, data_offsets: [data.length, data.length + to - from] };
      return { header, data: Buffer.concat([data, data.subarray(from, to)]) };
    });
    assert.deepEqual(await evidence(gpt2, both), [[tie, 'config']]);
  });

  it('is the config’s or the architecture’s where there are no weights', async () => {
    const silent = JSON.stringify({ ...(JSON.parse(gpt2) as object), tie_word_embeddings: undefined });
    assert.deepEqual(await evidence(silent, temporaryFolder()), [[tie, 'architecture']]);
    assert.deepEqual(await evidence(gpt2), [[tie, 'config']]);
  });

  it('is not the weights where they cannot be read', async () => {
    const broken = changed('gpt2', (header, data) => ({ header, data: data.subarray(0, 10) }));
    assert.deepEqual(await evidence(gpt2, broken), [[tie, 'config']]);
  });
});

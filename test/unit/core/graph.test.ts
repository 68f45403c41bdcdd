import { strict as assert } from 'node:assert';
import { sharingGraph, analyse } from '../../../src/core/service';
import type { SharedThing, SharingGraph } from '../../../src/core/sharing/graph';

const workload = { batch: 1, tokens: 64, decoderTokens: 32, context: 64 };

function graph(config: object): SharingGraph {
  const found = sharingGraph(JSON.stringify(config), workload);
  assert.ok(found);
  return found;
}

const marked = (found: SharingGraph, mark: SharedThing['mark']) =>
  found.shared.filter((each) => each.mark === mark);
const gpt2 = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] };
const llama = { model_type: 'llama', architectures: ['LlamaForCausalLM'], num_key_value_heads: 8 };

describe('the shared-weight graph', () => {
  it('has ids that are unique, parents that exist, and edges between siblings or parent and child', () => {
    for (const model_type of ['llama', 'gpt2', 'bert', 'albert', 'mixtral', 'deepseek_v3', 't5', 'vit']) {
      const found = graph({ model_type });
      const nodes = new Map(found.nodes.map((node) => [node.id, node]));
      assert.equal(nodes.size, found.nodes.length, model_type);
      for (const node of found.nodes) if (node.id !== '') assert.ok(nodes.has(node.parent!), node.id);
      for (const { from, to } of found.data) {
        const [a, b] = [nodes.get(from), nodes.get(to)];
        assert.ok(a && b, `${from} → ${to}`);
        assert.ok(a.parent === b.parent || a.parent === to || b.parent === from, `${from} → ${to}`);
      }
      for (const thing of found.shared) for (const id of thing.nodes) assert.ok(nodes.has(id), id);
    }
  });

  it('agrees with the inline figures to the unit', () => {
    for (const model_type of ['llama', 'albert', 't5', 'vit', 'deepseek_v3']) {
      const found = graph({ model_type });
      const { figures } = analyse(JSON.stringify({ model_type }), workload);
      const root = found.nodes.find(({ id }) => id === '');
      assert.equal(found.total, figures?.parameters.total);
      assert.equal(root?.parameters, found.total);
      assert.equal(root.flops, String(figures?.flops?.forward));
      const saved = [...marked(found, 'tiedTensor'), ...marked(found, 'repeatedModule')];
      assert.equal(
        saved.reduce((sum, { saves }) => sum + saves, 0),
        figures?.parameters.shared,
      );
    }
  });

  it('folds equal layers and keeps unequal ones apart', () => {
    const ids = (found: SharingGraph) =>
      found.nodes.map(({ id }) => id).filter((id) => /layers\.[^.]*$/.test(id));
    assert.deepEqual(ids(graph(llama)), ['model.layers.{0-31}']);
    assert.deepEqual(ids(graph({ model_type: 'deepseek_v3' })), ['layers.{0-2}', 'layers.{3-60}']);
  });

  it('shows data and residual connections', () => {
    const edges = graph(llama).data.filter(({ to }) => to === 'model.layers.{0-31}.post_attention_layernorm');
    assert.deepEqual(edges, [
      { from: 'model.layers.{0-31}', to: 'model.layers.{0-31}.post_attention_layernorm', skip: true },
      { from: 'model.layers.{0-31}.self_attn', to: 'model.layers.{0-31}.post_attention_layernorm' },
    ]);
  });

  it('ties: GPT-2 head and table', () => {
    assert.deepEqual(marked(graph(gpt2), 'tiedTensor'), [
      {
        mark: 'tiedTensor',
        name: 'transformer.wte.weight',
        users: ['transformer.wte.weight', 'lm_head.weight'],
        nodes: ['transformer.wte', 'lm_head'],
        shape: [50257, 768],
        unique: 38_597_376,
        applications: 2,
        saves: 38_597_376,
        evidence: 'architecture',
      },
    ]);
    assert.equal(marked(graph({ ...gpt2, tie_word_embeddings: true }), 'tiedTensor')[0]?.evidence, 'config');
    assert.deepEqual(marked(graph({ ...gpt2, tie_word_embeddings: false }), 'tiedTensor'), []);
  });

  it("ties: T5's four names of one table, and a relative table for every layer of a stack", () => {
    const ties = marked(
      graph({ model_type: 't5', architectures: ['T5ForConditionalGeneration'] }),
      'tiedTensor',
    );
    assert.deepEqual(
      ties.map(({ name, users }) => [name, users.length]),
      [
        ['shared.weight', 4],
        ['encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight', 6],
        ['decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight', 6],
      ],
    );
  });

  it('repeats: an ALBERT group applied twelve times', () => {
    const base = { model_type: 'albert', hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 };
    const [group, ...rest] = marked(graph(base), 'repeatedModule');
    assert.deepEqual(rest, []);
    assert.equal(group?.name, 'encoder.albert_layer_groups.0');
    assert.equal(group.applications, 12);
    assert.equal(group.unique, 7_087_872);
    assert.equal(group.saves, 11 * 7_087_872);
    const groups = marked(graph({ ...base, num_hidden_groups: 4 }), 'repeatedModule');
    assert.deepEqual(
      groups.map(({ name, unique, applications }) => [name, unique, applications]),
      [['encoder.albert_layer_groups.{0-3}', 4 * 7_087_872, 3]],
    );
  });

  it('repeats: groups that take unequal turns save what each saves', () => {
    const layer = 7_087_872;
    const saved = (layers: number, groups: number) => {
      const config = { hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 };
      const found = graph({
        model_type: 'albert',
        ...config,
        num_hidden_layers: layers,
        num_hidden_groups: groups,
      });
      return marked(found, 'repeatedModule').reduce((sum, { saves }) => sum + saves, 0);
    };
    for (const [layers, groups] of [
      [7, 3],
      [3, 2],
      [5, 4],
      [6, 3],
    ] as const) {
      assert.equal(saved(layers, groups), (layers - groups) * layer, `${layers} layers, ${groups} groups`);
    }
  });

  it('groups: four query heads to a key/value head', () => {
    const [grouped] = marked(graph(llama), 'groupedHeads');
    assert.equal(grouped?.applications, 4);
    assert.equal(grouped.unique, 32 * 2 * 4096 * 1024);
    assert.equal(grouped.saves, 3 * grouped.unique);
    assert.deepEqual(marked(graph({ ...llama, num_key_value_heads: 32 }), 'groupedHeads'), []);
  });

  it('broadcasts: a kernel over patches, a matrix over tokens', () => {
    const found = marked(graph({ model_type: 'vit' }), 'broadcast');
    const kernel = found.find(({ name }) => name === 'embeddings.patch_embeddings.projection');
    assert.equal(kernel?.applications, 196);
    assert.equal(kernel.unique, 768 * 3 * 16 * 16 + 768);
    assert.equal(found.find(({ name }) => name === 'layers.{0-11}.mlp.fc1')?.applications, 197);
  });

  it('is undefined where nothing counts', () => {
    assert.equal(sharingGraph('{ "model_type": "nobody" }', workload), undefined);
    assert.equal(sharingGraph('{', workload), undefined);
  });
});

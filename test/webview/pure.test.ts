/** The webviews' computations that need no browser. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { sharingGraph } from '../../src/core/service';
import { arrange, module } from '../../webview/graph/arrange';
import { layOut } from '../../webview/graph/layout';
import { carriedOpen, nearestSeen, openTo, outlineOf } from '../../webview/graph/outline';
import { marks, tiesOf } from '../../webview/graph/ties';
import { ByteCache } from '../../webview/heatmap/cache';
import { bytePixels, pixelOf, rampOf } from '../../webview/heatmap/colours';
import { fittingCell, hitOf } from '../../webview/heatmap/headLayout';
import { measureGrid, seen } from '../../webview/heatmap/layout';
import { firstRandomLayer } from '../../webview/heatmap/randomness';
import { exactFloat32, matrixOf, readCell } from '../../webview/heatmap/reading';
import { parseDraft } from '../../webview/heatmap/runInput';
import { timeLeft } from '../../webview/heatmap/timeLeft';
import { wordsOf } from '../../webview/shared/words';
import { largeGraph, tiedDecoder } from './fake-graphs';
import { decoderLayers, runHead } from './fake-run';

const words = wordsOf({});

function matrix(queries: number, keys: number, values: number[]) {
  return matrixOf({
    run: 1,
    layer: 0,
    head: 0,
    first: 0,
    queries,
    keys,
    values: new Float32Array(values).buffer,
  });
}

describe('readings of a head', () => {
  it('prints the shortest decimal that is the value and no other', () => {
    assert.equal(exactFloat32(0.1), '0.1');
    assert.equal(exactFloat32(1), '1');
    assert.equal(exactFloat32(0), '0');
    assert.equal(exactFloat32(Math.fround(1 / 3)), '0.33333334');
    assert.equal(Math.fround(Number(exactFloat32(Math.fround(1.2345678e-9)))), Math.fround(1.2345678e-9));
  });

  it('ranks among visible cells, equal values equally', () => {
    const map = matrix(2, 4, [0.5, 0.25, 0.25, NaN, 0.1, 0.2, 0.3, 0.4]);
    assert.deepEqual(readCell(map, { query: 0, key: 2 }), { masked: false, value: 0.25, rank: 2, of: 3 });
    assert.deepEqual(readCell(map, { query: 0, key: 3 }), { masked: true });
    assert.equal(map.largest, 0.5);
  });

  it('refuses a map whose values are not as many as its cells', () => {
    assert.throws(() => matrix(2, 2, [1, 2, 3]), /3 values for 2 × 2 cells/);
  });
});

describe('colours', () => {
  it('give masked bytes no colour, and 254 that of the largest', () => {
    const ramp = rampOf('viridis');
    const pixels = bytePixels(0.5, 1, ramp);
    assert.equal(pixels[255], 0);
    assert.equal(pixels[254], ramp[128]);
    assert.equal(bytePixels(0.5, 0.5, ramp)[254], ramp[255]);
    assert.equal(pixelOf(2, 1, ramp), ramp[255]);
  });
});

describe('the cache', () => {
  it('drops what was used longest ago, and counts bytes once', () => {
    const cache = new ByteCache<string, number>(10);
    cache.set('a', 1, 4);
    cache.set('b', 2, 4);
    assert.equal(cache.get('a'), 1);
    cache.set('c', 3, 4);
    assert.equal(cache.get('b'), undefined);
    assert.equal(cache.get('a'), 1);
    cache.set('c', 4, 6);
    assert.equal(cache.get('a'), 1);
  });
});

describe('typed input', () => {
  const draft = { type: 'text', text: 'a', pair: '', decoder: '', seed: '7' } as const;

  it('leaves out empty segments', () => {
    assert.deepEqual(parseDraft(draft, words), { input: { type: 'text', text: 'a' }, seed: 7 });
    assert.deepEqual(parseDraft({ ...draft, pair: 'b' }, words), {
      input: { type: 'text', text: 'a', pair: 'b' },
      seed: 7,
    });
  });

  it('reads ids apart by spaces or commas, and names the first that is none', () => {
    assert.deepEqual(parseDraft({ ...draft, type: 'ids', text: ' 1, 2\n3 ', decoder: '0' }, words), {
      input: { type: 'ids', ids: [1, 2, 3], decoder: [0] },
      seed: 7,
    });
    for (const [text, wrong] of [
      ['1 -2', '-2'],
      ['1e3', '1e3'],
      ['0.5', '0.5'],
      ['9007199254740993', '9007199254740993'],
    ]) {
      const parsed = parseDraft({ ...draft, type: 'ids', text: text! }, words);
      assert.ok('error' in parsed && parsed.error.includes(`“${wrong}”`));
    }
    assert.ok('error' in parseDraft({ ...draft, type: 'ids', text: ' ' }, words));
  });
});

describe('the grid and the large head', () => {
  it('make thumbnails as large as fit, within limits', () => {
    const section = (heads: number) => [{ place: 'self', layers: [], heads }] as const;
    assert.equal(measureGrid(section(4), 2000).thumb, 112);
    assert.equal(measureGrid(section(12), 1000).thumb, 72);
    assert.equal(measureGrid(section(128), 1000).thumb, 36);
  });

  it('see only what is in the window, one more each way', () => {
    assert.deepEqual(seen(100, 300, 50, 100), [1, 7]);
    assert.deepEqual(seen(-500, -100, 50, 100), [0, 0]);
    assert.deepEqual(seen(0, 100, 50, 1), [0, 1]);
  });

  it('find what is under a point, scrolled or not', () => {
    const layout = { left: 50, top: 40, cell: 10, queries: 5, keys: 5 };
    const still = { left: 0, top: 0 };
    assert.deepEqual(hitOf(layout, { x: 65, y: 71 }, still), { type: 'cell', query: 3, key: 1 });
    assert.deepEqual(hitOf(layout, { x: 65, y: 41 }, { left: 20, top: 10 }), {
      type: 'cell',
      query: 1,
      key: 3,
    });
    assert.deepEqual(hitOf(layout, { x: 65, y: 10 }, still), { type: 'key', key: 1 });
    assert.deepEqual(hitOf(layout, { x: 10, y: 71 }, still), { type: 'query', query: 3 });
    assert.equal(hitOf(layout, { x: 101, y: 71 }, still), undefined);
    assert.equal(fittingCell({ width: 254, height: 300 }, 50, 40, 20, 20), 10);
  });
});

describe('the outline of a graph', () => {
  const outline = outlineOf(tiedDecoder());

  it('opens the first levels, and only nodes with children', () => {
    assert.deepEqual(openTo(outline, 2), ['', 'model']);
    assert.deepEqual(openTo(outline, 3), ['', 'model', 'model.layers.{0-31}']);
  });

  it('carries what was open over to other indices', () => {
    const fewer = outlineOf(tiedDecoder(16));
    assert.deepEqual(carriedOpen(fewer, ['', 'model.layers.{0-31}', 'gone']), ['', 'model.layers.{0-15}']);
  });

  it('finds the closed node that hides another', () => {
    assert.equal(nearestSeen(outline, 'model.layers.{0-31}.mlp', new Set(['', 'model'])), 'model');
    assert.equal(nearestSeen(outline, 'nowhere', new Set([''])), undefined);
  });
});

describe('the arrangement of a module', () => {
  const box = { width: 100, height: 40 };

  it("follows data from top to bottom, ends in the middle, and keeps siblings' order", () => {
    const { size, children, edges } = arrange(
      [box, box, box, box],
      [
        [module, 0],
        [module, 1],
        [module, 2],
        [0, 3],
        [1, 3],
        [2, 3],
        [3, module],
      ],
      0,
    );
    const [a, b, c, d] = children;
    assert.ok(a!.x + 100 < b!.x && b!.x + 100 < c!.x);
    assert.ok(d!.y > a!.y + 40);
    assert.equal(edges[0]![0]!.x, size.width / 2);
    assert.deepEqual(edges[6]!.at(-1), { x: size.width / 2, y: size.height });
  });

  it('sets boxes that nothing connects in lines', () => {
    const { size, children } = arrange(
      Array.from({ length: 50 }, () => box),
      [],
      0,
    );
    assert.ok(size.width < 900);
    assert.equal(new Set(children.map(({ x, y }) => `${x} ${y}`)).size, 50);
  });

  it('is the same object for modules that are alike', () => {
    const edges = [
      [module, 0],
      [0, module],
    ] as const;
    assert.equal(arrange([box], edges, 10), arrange([{ ...box }], edges, 10));
    assert.notEqual(arrange([box], edges, 10), arrange([{ ...box, width: 101 }], edges, 10));
  });
});

describe('ties', () => {
  const samples = ['gpt2', 'bert-base-uncased', 'albert-base-v2', 't5-small', 'mixtral-8x7b'];
  for (const sample of samples) {
    it(`of ${sample} run through no box that they are not about`, () => {
      const text = readFileSync(new URL(`../../samples/${sample}/config.json`, import.meta.url), 'utf8');
      const graph = sharingGraph(text, { batch: 1, tokens: 64, decoderTokens: 64, context: 0 })!;
      const outline = outlineOf(graph);
      for (let depth = 1; depth <= 6; depth++) {
        const layout = layOut(outline, graph.data, new Set(openTo(outline, depth)), (_, open) =>
          open ? { width: 220, height: 34 } : { width: 180, height: 60 },
        );
        for (const { from, to, path, ends } of tiesOf(graph.shared, marks, outline, layout).edges) {
          const points = [...path.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [
            Number(x),
            Number(y),
          ]);
          assert.deepEqual(
            [points[0], points.at(-1)],
            ends.map(({ x, y }) => [x, y]),
          );
          for (const { node, open, x, y, width, height } of layout.boxes.values()) {
            if (open || node.id === from || node.id === to) continue;
            points.slice(1).forEach(([x1, y1], index) => {
              const [x0, y0] = points[index]!;
              const meets =
                Math.max(x0!, x1!) > x &&
                Math.min(x0!, x1!) < x + width &&
                Math.max(y0!, y1!) > y &&
                Math.min(y0!, y1!) < y + height;
              assert.ok(!meets, `${from} – ${to} through ${node.id}, open to ${depth}`);
            });
          }
        }
      }
    });
  }
});

describe('random weights among those of files', () => {
  const files = { type: 'files', files: ['a'], dtype: 'F32', tensors: 1 } as const;
  const model = { modelType: 'm', architecture: 'M', weights: files, tokenizer: 'bytes' } as const;
  const first = (missing: string[], paths?: string[]): number => {
    const head = runHead({ ...model, layers: decoderLayers(paths?.length ?? 4, 1) }, 1, 0, 'a');
    const layers = head.layers.map((layer, index) => ({ ...layer, path: paths?.[index] ?? layer.path }));
    return firstRandomLayer({ ...head, layers, missing });
  };

  it('reach the layers from the first that lacks a tensor', () => {
    assert.equal(first([]), 4);
    assert.equal(first(['model.layers.3.mlp.up_proj.weight', 'model.layers.2.self_attn.q_proj.weight']), 2);
    assert.equal(first(['model.layers.1.self_attn.q_proj.weight', 'lm_head.weight']), 1);
    assert.equal(first(['model.layers.9.mlp.up_proj.weight']), 4);
  });

  it('reach all from the embedding, none from the final norm and the head', () => {
    assert.equal(first(['model.embed_tokens.weight']), 0);
    assert.equal(first(['model.norm.weight', 'lm_head.weight', 'score.weight']), 4);
    assert.equal(first(['bert.embeddings.LayerNorm.weight'], ['bert.encoder.layer.0.attention']), 0);
    assert.equal(first(['cls.predictions.transform.dense.weight']), 4);
  });

  it('reach the decoder from the end of the encoder', () => {
    const paths = [
      'encoder.block.0.layer.0.SelfAttention',
      'encoder.block.1.layer.0.SelfAttention',
      'decoder.block.0.layer.0.SelfAttention',
      'decoder.block.0.layer.1.EncDecAttention',
      'decoder.block.1.layer.0.SelfAttention',
    ];
    assert.equal(first(['encoder.block.1.layer.1.DenseReluDense.wi.weight'], paths), 1);
    assert.equal(first(['encoder.final_layer_norm.weight'], paths), 2);
    assert.equal(first(['decoder.block.0.layer.2.DenseReluDense.wi.weight'], paths), 2);
    assert.equal(first(['decoder.block.1.layer.0.SelfAttention.q.weight'], paths), 4);
    assert.equal(first(['decoder.final_layer_norm.weight'], paths), 5);
  });
});

describe('the time left', () => {
  it('is rounded, and said only once there is a guess', () => {
    assert.equal(timeLeft(undefined, words), '');
    assert.equal(timeLeft(0, words), '');
    assert.equal(timeLeft(400, words), 'about 5 s left');
    assert.equal(timeLeft(43_000, words), 'about 45 s left');
    assert.equal(timeLeft(59_000, words), 'about 1 min left');
    assert.equal(timeLeft(235_000, words), 'about 4 min left');
  });
});

describe('fake graphs', () => {
  it('add up', () => {
    const { nodes, total } = largeGraph(3, 2);
    assert.equal(total, 3 * 2 * 64 * 64);
    assert.equal(nodes.length, 10);
  });
});

import assert from 'node:assert/strict';
import { documents, fakePanel, openDocument, opening, type FakePanel } from './fakeVscode';
import type { Analysis, Figures } from '../../../src/core/analysis';
import type { SharingGraph } from '../../../src/core/sharing/graph';
import { Analyses } from '../../../src/host/analyses';
import { EngineClient } from '../../../src/host/engineClient';
import { GraphPanel } from '../../../src/host/panels/graphPanel';
import { HeatmapPanel } from '../../../src/host/panels/heatmapPanel';
import type { PanelContext } from '../../../src/host/panels/shell';
import type { EngineApi } from '../../../src/protocol/engine';
import type { GraphHost, HeatmapHost } from '../../../src/protocol/panels';
import type { RunHead, RunInput } from '../../../src/protocol/run';
import { deferred, fakeWorkers, settle, type FakeWorker } from './fakeWorker';

const config = 'file:///m/config.json';
const input: RunInput = { type: 'text', text: 'a' };
const counted: Analysis = { outcome: 'counted', anchors: {}, problems: [], figures: {} as Figures };
const workload = { batch: 1, tokens: 1, decoderTokens: 1, context: 1 };

function runHead(run: number): RunHead {
  const head = {
    engine: { name: 'headlight', device: 'cpu' },
    modelType: 'm',
    architecture: 'M',
    missing: [],
    unused: [],
    tokens: [],
    layers: [],
    maps: 'kept',
  } as const;
  return { ...head, run, weights: { type: 'seeded', seed: 0 }, tokenizer: 'bytes' };
}

function setup(api: Partial<EngineApi>): { context: PanelContext; workers: FakeWorker[] } {
  const { start, workers } = fakeWorkers({ analyse: () => Promise.resolve(counted), ...api });
  const silent = { warn: () => {}, error: () => {} };
  const engine = new EngineClient({
    start,
    log: () => {},
    settings: () => ({ memory: 2 ** 30 }),
    idle: () => 0,
  });
  const analyses = new Analyses(
    engine,
    () => workload,
    () => {},
  );
  const extension = openDocument('file:///extension', '').uri;
  return { context: { engine, analyses, extension, log: silent } as unknown as PanelContext, workers };
}

/** What the page was told and answered, in this order. */
function heatmap(context: PanelContext): FakePanel<HeatmapHost> & { heard: string[]; run(): Promise<void> } {
  const heard: string[] = [];
  const tell = (what: string) => () => void heard.push(what);
  const page = fakePanel<HeatmapHost>({
    runChanged: tell('runChanged'),
    engineRestarted: tell('engineRestarted'),
    configChanged: tell('configChanged'),
  });
  new HeatmapPanel(page.panel, document().uri, { config, input, seed: 0 }, context);
  return {
    ...page,
    heard,
    run: async () => {
      const answer = page.host.run(input, 0);
      await answer.then(tell('head'), (error: Error) => heard.push(error.message));
    },
  };
}

const document = (): (typeof documents)[number] => documents.find(({ uri }) => uri.toString() === config)!;

/** Lets timers without a delay run, too. */
async function later(): Promise<void> {
  await settle();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await settle();
}

function freshDocuments(): void {
  beforeEach(() => void openDocument(config, 'old'));
  afterEach(() => {
    documents.splice(0);
    opening.wait = () => Promise.resolve();
  });
}

describe('the attention panel', () => {
  freshDocuments();

  it('opens no run when it was closed while the config was read', async () => {
    const { context, workers } = setup({ openRun: () => Promise.resolve(runHead(1)) });
    const read = deferred<void>();
    opening.wait = () => read.promise;
    const page = heatmap(context);
    void page.run();
    await settle();
    page.close();
    read.resolve();
    await settle();
    assert.equal(workers.length, 0);
  });

  it('closes a run that is opened after it was closed', async () => {
    const opened = deferred<RunHead>();
    const { context, workers } = setup({ openRun: () => opened.promise });
    const page = heatmap(context);
    void page.run();
    await settle();
    page.close();
    opened.resolve(runHead(1));
    await settle();
    assert.deepEqual(workers[0]!.calls, ['configure', 'openRun', 'cancel', 'closeRun']);
  });

  it('runs what was asked last, whichever text was read first', async () => {
    const inputs: RunInput[] = [];
    const { context } = setup({
      openRun: (_, request) => {
        inputs.push(request.input);
        return Promise.resolve(runHead(1));
      },
    });
    const slow = deferred<void>();
    const page = heatmap(context);
    opening.wait = () => slow.promise;
    void page.run();
    await settle();
    opening.wait = () => Promise.resolve();
    const last: RunInput = { type: 'text', text: 'last' };
    await page.host.run(last, 0);
    slow.resolve();
    await settle();
    assert.deepEqual(inputs, [last]);
  });

  it('says after the head that the config was changed while its run was being opened', async () => {
    const opened = deferred<RunHead>();
    const { context } = setup({ openRun: () => opened.promise });
    const page = heatmap(context);
    void page.run();
    await settle();
    document().text = 'new';
    opened.resolve(runHead(1));
    await later();
    assert.deepEqual(page.heard, ['head', 'configChanged']);
  });

  it('says nothing of a config that is as it was', async () => {
    const { context } = setup({ openRun: () => Promise.resolve(runHead(1)) });
    const page = heatmap(context);
    await page.run();
    await later();
    assert.deepEqual(page.heard, ['head']);
  });

  it('tells of a restart before it refuses a run that was being opened when the engine ended', async () => {
    const { context, workers } = setup({ openRun: () => new Promise<RunHead>(() => {}) });
    const page = heatmap(context);
    void page.run();
    await settle();
    workers[0]!.die();
    await settle();
    assert.deepEqual(page.heard, ['engineRestarted', 'The Headlight engine was restarted.']);
    // The page runs again of its own accord; without that, nothing is asked of a new engine.
    assert.equal(workers.length, 1);
  });

  it('does not tell of a restart where the run was refused before', async () => {
    const { context, workers } = setup({ openRun: () => Promise.reject(new Error('no')) });
    const page = heatmap(context);
    await page.run();
    workers[0]!.die();
    await settle();
    assert.deepEqual(page.heard, ['no']);
  });
});

describe('the sharing panel', () => {
  freshDocuments();

  const graph = { nodes: [] } as unknown as SharingGraph;
  let changes: number;

  function open(context: PanelContext): FakePanel<GraphHost> {
    changes = 0;
    const page = fakePanel<GraphHost>({ graphChanged: () => void changes++, graphStale: () => {} });
    new GraphPanel(page.panel, document().uri, { config, open: [] }, context);
    return page;
  }

  /** The document is closed and opened again with the same text. */
  async function readAgain({ analyses }: PanelContext): Promise<void> {
    analyses.forget(config);
    await analyses.of(document());
    await settle();
  }

  it('asks for the graph of the same text again where it was given none', async () => {
    let fails = true;
    const { context } = setup({
      graph: () => (fails ? Promise.reject(new Error('no')) : Promise.resolve(graph)),
    });
    const page = open(context);
    await readAgain(context);
    await assert.rejects(page.host.graph(), /no/);
    changes = 0;
    await readAgain(context);
    assert.equal(changes, 1);
    fails = false;
    await page.host.graph();
    await readAgain(context);
    assert.equal(changes, 1, 'it has the graph of this text');
  });

  it('asks for the graph of the text that was analysed', async () => {
    const asked: string[] = [];
    const analysed = deferred<Analysis>();
    const { context } = setup({
      analyse: () => analysed.promise,
      graph: (_, { text }) => {
        asked.push(text);
        return Promise.resolve(graph);
      },
    });
    const answer = open(context).host.graph();
    await settle();
    // The analysis of the new text is asked for a little later.
    document().text = 'new';
    document().version = 2;
    analysed.resolve(counted);
    await answer;
    assert.deepEqual(asked, ['old']);
  });
});

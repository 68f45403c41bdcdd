/** Hosts that do what the extension's do, over seeded data, and note what they were asked. */
import type { SharingGraph } from '../../src/core/sharing/graph';
import type {
  GraphHost,
  GraphView,
  GraphViewState,
  HeatmapHost,
  HeatmapView,
  HeatmapViewState,
  PanelStrings,
} from '../../src/protocol/panels';
import { connect, type Channel, type Remote } from '../../src/protocol/rpc';
import type { HeadMap, LayerThumbnails, Pattern, RunHead, RunInput } from '../../src/protocol/run';
import { headMap, runHead, thumbnails, type FakeModel } from './fake-run';

/** A call that a host received. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface HeatmapScenario {
  readonly panel: 'heatmap';
  readonly state: HeatmapViewState;
  readonly model: FakeModel;
  readonly strings?: PanelStrings;
  /** `all` reports every layer at once; `byHand` waits for `step`. */
  readonly progress: 'all' | 'byHand';
  /** Text that the host refuses, with the words it says. */
  readonly refuse?: { readonly text: string; readonly message: string; readonly pattern?: true };
}

/** 4 × 4 of a causal mask, of layers 0 to 2 and 4. */
function causalPattern(): Pattern {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 > Math.floor(i / 4) ? 255 : 254));
  return {
    layers: [
      {
        indices: [0, 1, 2, 4],
        place: 'self',
        heads: 8,
        keyValueHeads: 2,
        mask: 'causal',
        sequences: 1,
        queries: 4,
        keys: 4,
        visible: 10,
        rows: 4,
        columns: 4,
        bytes: bytes.buffer,
      },
    ],
  };
}

export class FakeHeatmapHost implements HeatmapHost {
  readonly calls: Call[] = [];
  readonly view: Remote<HeatmapView, HeatmapHost>;
  private head?: RunHead;
  private seed = 0;
  private done = 0;

  constructor(
    channel: Channel,
    private readonly scenario: HeatmapScenario,
  ) {
    const host: HeatmapHost = {
      ready: () => this.ready(),
      run: (input, seed) => this.run(input, seed),
      pattern: () => this.pattern(),
      thumbnails: (run, layer, size) => this.thumbnails(run, layer, size),
      headMap: (run, layer, head) => this.headMap(run, layer, head),
      cancel: (run) => this.cancel(run),
    };
    this.view = connect<HeatmapView, HeatmapHost>(host, channel, [
      'runChanged',
      'engineRestarted',
      'configChanged',
    ]);
  }

  ready(): ReturnType<HeatmapHost['ready']> {
    this.note('ready');
    return Promise.resolve({
      state: this.scenario.state,
      strings: this.scenario.strings ?? {},
      title: 'Attention',
    });
  }

  pattern(): Promise<Pattern | undefined> {
    this.note('pattern');
    return Promise.resolve(this.scenario.refuse?.pattern && causalPattern());
  }

  run(input: RunInput, seed: number): Promise<RunHead> {
    this.note('run', input, seed);
    const text = input.type === 'text' ? input.text : input.ids.join(' ');
    const { refuse, model, progress } = this.scenario;
    if (text === refuse?.text) return Promise.reject(new Error(refuse.message));
    const decoder = input.type === 'text' ? input.decoder : input.decoder?.join(' ');
    this.head = runHead(model, (this.head?.run ?? 0) + 1, seed, text, decoder);
    this.seed = seed;
    this.done = 0;
    if (progress === 'all') setTimeout(() => this.step(model.layers.length));
    return Promise.resolve(this.head);
  }

  /** Reports `layers` more layers as done. */
  step(layers: number): void {
    const { run, layers: all } = this.head!;
    this.done = Math.min(all.length, this.done + layers);
    void this.view.runChanged(run, { type: 'running', done: this.done, of: all.length });
    if (this.done === all.length) void this.view.runChanged(run, { type: 'done' });
  }

  fail(message: string): void {
    const state = { type: 'failed', error: { code: 'memory', detail: 'not this' } } as const;
    void this.view.runChanged(this.head!.run, state, message);
  }

  thumbnails(run: number, layer: number, size: number): Promise<LayerThumbnails> {
    this.note('thumbnails', run, layer, size);
    return this.ofRun(run, layer, (head) => thumbnails(head, layer, size, this.seed));
  }

  headMap(run: number, layer: number, index: number): Promise<HeadMap> {
    this.note('headMap', run, layer, index);
    return this.ofRun(run, layer, (head) => headMap(head, layer, index, this.seed));
  }

  cancel(run: number): void {
    this.note('cancel', run);
    if (run === this.head?.run) void this.view.runChanged(run, { type: 'cancelled' });
  }

  private ofRun<T>(run: number, layer: number, make: (head: RunHead) => T): Promise<T> {
    if (run !== this.head?.run) return Promise.reject(new Error(`run ${run} is gone`));
    if (layer >= this.done) return Promise.reject(new Error(`layer ${layer} is not computed yet`));
    return Promise.resolve(make(this.head));
  }

  private note(name: string, ...args: unknown[]): void {
    this.calls.push({ name, args });
  }
}

export interface GraphScenario {
  readonly panel: 'graph';
  readonly state: GraphViewState;
  readonly strings?: PanelStrings;
  readonly graph: SharingGraph;
  /** The host can't count the config, and says so. */
  readonly refuse?: string;
}

export class FakeGraphHost implements GraphHost {
  readonly calls: Call[] = [];
  readonly view: Remote<GraphView, GraphHost>;
  shown: SharingGraph;

  constructor(
    channel: Channel,
    private readonly scenario: GraphScenario,
  ) {
    this.shown = scenario.graph;
    const host: GraphHost = {
      ready: () => this.ready(),
      graph: () => this.graph(),
      reveal: (node) => this.reveal(node),
    };
    this.view = connect<GraphView, GraphHost>(host, channel, ['graphChanged', 'graphStale']);
  }

  ready(): ReturnType<GraphHost['ready']> {
    this.calls.push({ name: 'ready', args: [] });
    return Promise.resolve({
      state: this.scenario.state,
      strings: this.scenario.strings ?? {},
      title: 'Sharing',
    });
  }

  graph(): Promise<SharingGraph> {
    this.calls.push({ name: 'graph', args: [] });
    const { refuse } = this.scenario;
    return refuse === undefined ? Promise.resolve(this.shown) : Promise.reject(new Error(refuse));
  }

  reveal(node: string): void {
    this.calls.push({ name: 'reveal', args: [node] });
  }

  /** The config changed: another graph from now on. */
  change(graph: SharingGraph): void {
    this.shown = graph;
    void this.view.graphChanged();
  }
}

/** The panel's talk with the host: one run at a time, its progress, and the maps that have been fetched. */
import type { HeatmapHost, HeatmapView } from '../../src/protocol/panels';
import { connect, type Channel, type Remote } from '../../src/protocol/rpc';
import type { LayerThumbnails, Pattern, RunHead, RunInput, RunState } from '../../src/protocol/run';
import { ByteCache } from './cache';
import { matrixOf, type Matrix } from './reading';

export type Phase =
  | 'idle'
  /** Asked for; the picture, if any, is still of the run before. */
  | 'starting'
  | 'running'
  | 'done'
  | 'cancelled'
  /** Stopped on its way. */
  | 'failed'
  /** Never began; the picture, if any, is still of the run before. */
  | 'refused';

export interface SessionState {
  readonly phase: Phase;
  readonly head?: RunHead;
  /** Layers whose maps can be asked for. */
  readonly done: number;
  /** Milliseconds that the layers still to come will take, going by those done. */
  readonly left?: number;
  /** Why the run was refused or stopped, in the host's words. */
  readonly error?: string;
  /** What attention may look at, where the run was refused for want of an op. */
  readonly pattern?: Pattern;
  /** What the host said when it started the engine anew. */
  readonly restarted?: string;
  /** The engine stopped on this input twice: it is not run again unasked. */
  readonly restartedTwice?: boolean;
  /** The config has changed since the run. */
  readonly stale: boolean;
}

const thumbnailBytes = 64 << 20;
const mapBytes = 64 << 20;

export class Session implements HeatmapView {
  readonly host: Remote<HeatmapHost, HeatmapView>;
  state: SessionState = { phase: 'idle', done: 0, stale: false };
  private readonly listeners = new Set<() => void>();
  private readonly thumbnailCache = new ByteCache<string, Promise<LayerThumbnails>>(thumbnailBytes);
  private readonly mapCache = new ByteCache<string, Promise<Matrix>>(mapBytes);
  /** States of runs whose `run` call has not been answered yet. */
  private early = new Map<number, { readonly state: RunState; readonly message?: string }>();
  private asked = 0;
  /** When the first layers of the run were told, and how many they were. */
  private began?: { readonly at: number; readonly done: number } | undefined;
  private cancelling = false;
  private last?: { readonly input: RunInput; readonly seed: number };
  /** True from a restart until a run ends well: a second restart in between does not run the input once more. */
  private recovering = false;

  constructor(channel: Channel) {
    const view: HeatmapView = {
      runChanged: (...args) => this.runChanged(...args),
      engineRestarted: (message) => this.engineRestarted(message),
      configChanged: () => this.configChanged(),
    };
    this.host = connect<HeatmapHost, HeatmapView>(view, channel, ['cancel']);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Starts a run; an older one is given up. Errors end in the state, not here. */
  async run(input: RunInput, seed: number): Promise<void> {
    this.recovering = false;
    await this.start(input, seed);
  }

  cancel(): void {
    const { phase, head } = this.state;
    if (phase === 'starting') this.cancelling = true;
    if (phase === 'running' && head !== undefined) void this.host.cancel(head.run);
  }

  runChanged(run: number, state: RunState, message?: string): void {
    if (this.state.phase === 'starting') {
      this.early.set(run, { state, ...(message === undefined ? {} : { message }) });
    } else if (run === this.state.head?.run) {
      this.follow(state, message);
    }
  }

  engineRestarted(message: string): void {
    if (this.last === undefined) return;
    if (this.recovering) {
      this.asked++;
      this.change({ phase: 'failed', restarted: message, restartedTwice: true });
      return;
    }
    this.recovering = true;
    this.change({ restarted: message });
    void this.start(this.last.input, this.last.seed);
  }

  configChanged(): void {
    this.change({ stale: true });
  }

  /** Runs the last input again. */
  async again(): Promise<void> {
    if (this.last !== undefined) await this.run(this.last.input, this.last.seed);
  }

  /** Thumbnails of a layer that is done, at most `size` cells a side. */
  thumbnails(layer: number, size: number): Promise<LayerThumbnails> {
    const run = this.state.head?.run ?? 0;
    const layers = this.state.head?.layers[layer];
    const bytes =
      (layers?.heads ?? 0) * Math.min(size, layers?.queries ?? 0) * Math.min(size, layers?.keys ?? 0);
    return this.cached(this.thumbnailCache, `${run} ${layer} ${size}`, bytes, () =>
      this.host.thumbnails(run, layer, size),
    );
  }

  /** Exact values of one head. */
  headMap(layer: number, head: number): Promise<Matrix> {
    const run = this.state.head?.run ?? 0;
    const bytes =
      4 * (this.state.head?.layers[layer]?.queries ?? 0) * (this.state.head?.layers[layer]?.keys ?? 0);
    return this.cached(this.mapCache, `${run} ${layer} ${head}`, bytes, async () =>
      matrixOf(await this.host.headMap(run, layer, head)),
    );
  }

  /** Forgets what a failed call was, so that the next look asks again. */
  private cached<V>(
    cache: ByteCache<string, Promise<V>>,
    key: string,
    bytes: number,
    ask: () => Promise<V>,
  ): Promise<V> {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const asked = ask();
    cache.set(key, asked, bytes);
    asked.catch(() => cache.delete(key));
    return asked;
  }

  private async start(input: RunInput, seed: number): Promise<void> {
    this.last = { input, seed };
    const asked = ++this.asked;
    this.cancelling = false;
    this.early = new Map();
    this.change({ phase: 'starting' }, [
      'error',
      'pattern',
      ...(this.recovering ? [] : (['restarted', 'restartedTwice'] as const)),
    ]);
    try {
      const head = await this.host.run(input, seed);
      if (asked !== this.asked) return;
      this.thumbnailCache.clear();
      this.mapCache.clear();
      const early = this.early.get(head.run);
      this.began = undefined;
      this.change({ phase: 'running', head, done: 0, stale: false }, ['left']);
      if (this.cancelling) void this.host.cancel(head.run);
      if (early !== undefined) this.follow(early.state, early.message);
    } catch (error) {
      if (asked !== this.asked) return;
      this.change({ phase: 'refused', error: messageOf(error) });
      const pattern = await this.host.pattern();
      if (pattern !== undefined && asked === this.asked) this.change({ pattern });
    }
  }

  private follow(state: RunState, message?: string): void {
    if (state.type === 'running') {
      this.running(state);
      return;
    }
    if (state.type !== 'failed') this.recovering = false;
    if (state.type === 'done') this.change({ phase: 'done', done: this.state.head?.layers.length ?? 0 });
    else if (state.type === 'cancelled') this.change({ phase: 'cancelled' });
    else this.change({ phase: 'failed', error: message ?? state.error.detail });
  }

  private running({ done, of }: Extract<RunState, { type: 'running' }>): void {
    if (done > 0) this.began ??= { at: performance.now(), done };
    const { began } = this;
    if (began === undefined || done <= began.done) {
      this.change({ phase: 'running', done }, ['left']);
      return;
    }
    const each = (performance.now() - began.at) / (done - began.done);
    this.change({ phase: 'running', done, left: each * (of - done) });
  }

  private change(part: Partial<SessionState>, without: readonly (keyof SessionState)[] = []): void {
    const next = { ...this.state, ...part };
    for (const key of without) delete next[key as 'error'];
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a webview panel and the host say to each other. Plain JSON and ArrayBuffers: no bigint crosses here. */
import type { SharingGraph } from '../core/sharing/graph';
import type { HeadMap, LayerThumbnails, Pattern, RunHead, RunInput, RunState } from './run';

/** Kept by the webview with setState, and handed to the host's serializer after a reload. */
export interface HeatmapViewState {
  /** Uri of the config. */
  readonly config: string;
  readonly input: RunInput;
  readonly seed: number;
  /** The head shown large, if any. */
  readonly open?: { readonly layer: number; readonly head: number };
}

/** Words of a panel, in the user's language, by key. */
export type PanelStrings = Readonly<Record<string, string>>;

export interface HeatmapHost {
  /** The first call of a new or restored view; the host answers with what to show. */
  ready(): Promise<{
    readonly state: HeatmapViewState;
    readonly strings: PanelStrings;
    readonly title: string;
  }>;
  /** Starts a run; the older one is cancelled. Rejects with a worded error. */
  run(input: RunInput, seed: number): Promise<RunHead>;
  /** What attention may look at, where the last run was refused because the engine lacks an op; undefined otherwise. */
  pattern(): Promise<Pattern | undefined>;
  thumbnails(run: number, layer: number, size: number): Promise<LayerThumbnails>;
  headMap(run: number, layer: number, head: number): Promise<HeadMap>;
  cancel(run: number): void;
}

export interface HeatmapView {
  runChanged(run: number, state: RunState, message?: string): void;
  /** The engine was started anew: the view runs its input again. */
  engineRestarted(message: string): void;
  /** The config's text changed: the picture is of an older one until it is run again. */
  configChanged(): void;
}

export interface GraphViewState {
  readonly config: string;
  /** Ids of the nodes that are open. */
  readonly open: readonly string[];
  readonly selected?: string;
}

export interface GraphHost {
  ready(): Promise<{
    readonly state: GraphViewState;
    readonly strings: PanelStrings;
    readonly title: string;
  }>;
  /** The graph of the config as it stands in the editor. Rejects with a worded error. */
  graph(): Promise<SharingGraph>;
  /** Shows a key or node's place in the config's text, where it has one. */
  reveal(node: string): void;
}

export interface GraphView {
  /** The config changed and counts again: ask for the graph. */
  graphChanged(): void;
  /** The config can't be counted at the moment; the shown graph is of the last text that could. */
  graphStale(message: string): void;
}

/** The worker's interface: what the host may call, and what the worker tells of its own accord. */
import type { Analysis, Workload } from '../core/analysis';
import type { SharingGraph } from '../core/sharing/graph';
import type { HeadMap, LayerThumbnails, RunHead, RunRequest, RunState } from './run';

export interface AnalyseRequest {
  /** The text of the config. */
  readonly text: string;
  readonly workload: Workload;
}

export interface GraphRequest extends AnalyseRequest {
  /** Folder with the weights, whose headers can prove a tie. */
  readonly folder?: string;
}

/** Functions of the worker. `ticket` names the call, so that `cancel` can end it; a cancelled call rejects. */
export interface EngineApi {
  analyse(ticket: number, request: AnalyseRequest): Promise<Analysis>;
  graph(ticket: number, request: GraphRequest): Promise<SharingGraph>;
  /** Resolves once the input is tokenised and the weights are found; layers follow as events. */
  openRun(ticket: number, request: RunRequest): Promise<RunHead>;
  /** Thumbnails of a layer that is done, pooled to at most `size` rows and columns. */
  thumbnails(run: number, layer: number, size: number): Promise<LayerThumbnails>;
  headMap(run: number, layer: number, head: number): Promise<HeadMap>;
  /** Forgets a run and stops it where it is still going. */
  closeRun(run: number): Promise<void>;
  cancel(ticket: number): void;
}

/** What the worker tells. */
export interface EngineEvents {
  /** A layer's maps are there to be asked for, or the run ended. */
  runChanged(run: number, state: RunState): void;
}

/** The worker's interface: what the host may call, and what the worker tells of its own accord. */
import type { Analysis, Workload } from '../core/analysis';
import type { SharingGraph } from '../core/sharing/graph';
import type {
  HeadMap,
  LayerThumbnails,
  MapPart,
  Pattern,
  RunHead,
  RunRequest,
  RunState,
  RunValues,
} from './run';

export interface AnalyseRequest {
  /** The text of the config. */
  readonly text: string;
  readonly workload: Workload;
}

export interface GraphRequest extends AnalyseRequest {
  /** Folder with the weights, whose headers can prove a tie. */
  readonly folder?: string;
}

export interface EngineSettings {
  /** Bytes that all open runs together may keep. */
  readonly memory: number;
}

/** Functions of the worker. `ticket` names the call, so that `cancel` can end it; a cancelled call rejects. */
export interface EngineApi {
  /** What runs may take from now on; those that are open keep what they have. */
  configure(settings: EngineSettings): void;
  analyse(ticket: number, request: AnalyseRequest): Promise<Analysis>;
  graph(ticket: number, request: GraphRequest): Promise<SharingGraph>;
  /** Resolves once the input is tokenised and the weights are found; layers follow as events. */
  openRun(ticket: number, request: RunRequest): Promise<RunHead>;
  /** What attention may look at, for a model that `openRun` refuses as unsupported. */
  pattern(ticket: number, request: RunRequest): Promise<Pattern>;
  /** Thumbnails of a layer that is done, pooled to at most `size` rows and columns. */
  thumbnails(run: number, layer: number, size: number, pooling?: 'max' | 'mean'): Promise<LayerThumbnails>;
  headMap(run: number, layer: number, head: number, part?: MapPart): Promise<HeadMap>;
  /** Of a run with its output: what the first layer gets (0) and what each layer makes. */
  hiddenState(run: number, index: number): Promise<RunValues>;
  /** Of a run with its output: what the model makes of positions [from, to). */
  output(run: number, positions: readonly [number, number]): Promise<RunValues>;
  /** Forgets a run and stops it where it is still going. */
  closeRun(run: number): Promise<void>;
  cancel(ticket: number): void;
}

/** What the worker tells. */
export interface EngineEvents {
  /** A layer's maps are there to be asked for, or the run ended. */
  runChanged(run: number, state: RunState): void;
}

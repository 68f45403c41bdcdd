/** A run as the engine's interface sees it, whoever computes its maps. */
import type { HeadMap, LayerThumbnails, MapPart, RunHead, RunState, RunValues } from '../protocol/run';
import type { Pooling } from './maps';
import type { Pace } from './pace';

export interface EngineRun {
  readonly head: RunHead;
  /** Computes every layer. Never rejects: the last state says how it ended. */
  start(signal: AbortSignal, changed: (state: RunState) => void): Promise<void>;
  /** Rejects where the layer is not done. */
  thumbnails(layer: number, size: number, pooling: Pooling, pace: Pace): Promise<LayerThumbnails>;
  /** Rejects where the layer is not done, or has no such head or queries. */
  headMap(layer: number, head: number, part: MapPart, pace: Pace): Promise<HeadMap>;
  hiddenState(index: number): Promise<RunValues>;
  output(positions: readonly [number, number], pace: Pace): Promise<RunValues>;
  /** Nothing of it can be asked for any more. */
  close(): Promise<void>;
}

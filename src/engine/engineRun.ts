/** What an engine's interface asks of a run, whichever engine computes it. */
import type { HeadMap, LayerThumbnails, RunHead, RunState } from '../protocol/run';

export interface EngineRun {
  readonly head: RunHead;
  /** Computes every layer, in the order of the head. Never rejects: the last state says how it ended. */
  start(signal: AbortSignal, changed: (state: RunState) => void): Promise<void>;
  /** Rejects with a `RunFailure` where the layer is not done. */
  thumbnails(layer: number, size: number): Promise<LayerThumbnails>;
  headMap(layer: number, head: number): Promise<HeadMap>;
  /** Gives back what it holds; one that still computes is cancelled first. */
  close(): Promise<void>;
}

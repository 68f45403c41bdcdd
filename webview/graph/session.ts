/** The panel's talk with the host: the graph as it stands, and whether it is of the text as it stands. */
import type { SharingGraph } from '../../src/core/sharing/graph';
import type { GraphHost, GraphView } from '../../src/protocol/panels';
import { connect, type Channel, type Remote } from '../../src/protocol/rpc';

export interface SessionState {
  readonly graph?: SharingGraph;
  /** Why there is no graph of the text as it stands, in the host's words. */
  readonly error?: string;
  /** The config does not count at the moment; the graph is of its last good text. */
  readonly stale?: string;
}

export class Session implements GraphView {
  readonly host: Remote<GraphHost, GraphView>;
  state: SessionState = {};
  private readonly listeners = new Set<() => void>();
  private asked = 0;

  constructor(channel: Channel) {
    const view: GraphView = {
      graphChanged: () => this.graphChanged(),
      graphStale: (message) => this.graphStale(message),
    };
    this.host = connect<GraphHost, GraphView>(view, channel, ['reveal']);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks for the graph; an error stands in the state, beside the graph before it. */
  async load(): Promise<void> {
    const asked = ++this.asked;
    try {
      const graph = await this.host.graph();
      if (asked === this.asked) this.change({ graph });
    } catch (error) {
      if (asked !== this.asked) return;
      this.change({ ...this.state, error: error instanceof Error ? error.message : String(error) });
    }
  }

  graphChanged(): void {
    void this.load();
  }

  graphStale(message: string): void {
    this.change({ ...this.state, stale: message });
  }

  private change(state: SessionState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

/** Runs in the page before the panel's script: VS Code's API, with a fake host behind it. */
import type { Channel } from '../../src/protocol/rpc';
import { FakeGraphHost, FakeHeatmapHost, type GraphScenario, type HeatmapScenario } from './fake-host';

export type Scenario = HeatmapScenario | GraphScenario;

/** What tests reach in the page. */
export interface FakePage {
  heatmap?: FakeHeatmapHost;
  graph?: FakeGraphHost;
  /** What the panel kept with setState. */
  kept: unknown;
  /** Policy violations that the page saw. */
  violations: string[];
}

declare global {
  interface Window {
    fake: FakePage;
    acquireVsCodeApi: unknown;
  }
}

const scenario = JSON.parse(document.getElementById('scenario')!.textContent) as Scenario & {
  kept?: unknown;
};
const receivers: ((message: unknown) => void)[] = [];
const channel: Channel = {
  // Cloned, as VS Code does; a task of its own, as a message is.
  post: (message) => window.postMessage(structuredClone(message), '*'),
  listen: (receive) => receivers.push(receive),
};

window.fake = { kept: scenario.kept, violations: [] };
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  window.fake.violations.push(`${violatedDirective} ${blockedURI}`),
);
if (scenario.panel === 'heatmap') window.fake.heatmap = new FakeHeatmapHost(channel, scenario);
else window.fake.graph = new FakeGraphHost(channel, scenario);

let acquired = false;
window.acquireVsCodeApi = () => {
  if (acquired) throw new Error('An instance of the VS Code API has already been acquired');
  acquired = true;
  return {
    postMessage(message: unknown) {
      const copy = structuredClone(message);
      setTimeout(() => receivers.forEach((receive) => receive(copy)));
    },
    getState: () => window.fake.kept,
    setState(state: unknown) {
      window.fake.kept = JSON.parse(JSON.stringify(state));
    },
  };
};

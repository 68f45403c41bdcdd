import assert from 'node:assert/strict';
import { documents, openDocument, provider } from './fakeVscode';
import type { Analysis } from '../../../src/core/analysis';
import { Analyses } from '../../../src/host/analyses';
import type { FeatureContext } from '../../../src/host/features/context';
import { registerReports } from '../../../src/host/features/report';
import { settle } from './fakeWorker';

const config = 'file:///m/config.json';
const workload = { batch: 1, tokens: 1, decoderTokens: 1, context: 1 };
const none: Analysis = { outcome: 'none', anchors: {}, problems: [] };

describe('an open report', () => {
  afterEach(() => documents.splice(0));

  it('is provided once for an analysis that fails, and again when one succeeds', async () => {
    const document = openDocument(config, '{ "model_type": "m" }');
    let asked = 0;
    const engine = { analyse: (): Promise<Analysis> => Promise.reject(new Error(`worker ${++asked}`)) };
    const analyses = new Analyses(
      engine,
      () => workload,
      () => {},
    );
    const registered = registerReports({ analyses } as FeatureContext);
    const report = openDocument(`headlight-report:///m/config.json.md?${encodeURIComponent(config)}`, '');
    // As VS Code does: what changed is provided anew.
    let provided = 0;
    const provide = async (): Promise<void> => {
      // A loop would never let the test's time limit come.
      assert.ok(++provided < 20, 'no end');
      report.text = (await provider!.provideTextDocumentContent(report.uri, undefined!)) as string;
    };
    provider!.onDidChange!(() => void provide());
    await provide();
    await settle();
    assert.equal(provided, 1);
    assert.equal(asked, 1);
    assert.match(report.text, /worker 1/);
    engine.analyse = () => Promise.resolve(none);
    await analyses.of(document);
    await settle();
    assert.equal(provided, 2);
    assert.doesNotMatch(report.text, /worker/);
    registered.dispose();
  });
});

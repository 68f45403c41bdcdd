import assert from 'node:assert/strict';
import type { Analysis, Figures } from '../../../src/core/analysis';
import { Analyses, type AnalysisChange, type ConfigText } from '../../../src/host/analyses';
import { cancelled } from '../../../src/host/engineErrors';
import { deferred, type Deferred } from './fakeWorker';

const workload = { batch: 1, tokens: 1, decoderTokens: 1, context: 1 };
const figures = { architecture: 'M' } as Figures;
const counted: Analysis = { outcome: 'counted', anchors: {}, problems: [], figures };
const without = (outcome: Analysis['outcome']): Analysis => ({ outcome, anchors: {}, problems: [] });

function document(version: number, text = ''): ConfigText {
  return { uri: { toString: () => 'file:///config.json' }, version, getText: () => text };
}

/** An engine whose answers the test gives, in the order of the questions. */
function setup(tokens = { now: 1 }) {
  const questions: (Deferred<Analysis> & { text: string; signal: AbortSignal })[] = [];
  const log: string[] = [];
  const analyses = new Analyses(
    {
      analyse: ({ text }, signal) => {
        const question = { ...deferred<Analysis>(), text, signal };
        signal.addEventListener('abort', () => question.reject(cancelled()));
        questions.push(question);
        return question.promise;
      },
    },
    () => ({ ...workload, tokens: tokens.now }),
    (line) => log.push(line),
  );
  const changes: AnalysisChange[] = [];
  analyses.changed.on((change) => changes.push(change));
  return { analyses, questions, changes, log };
}

describe('analyses', () => {
  it('asks once for a version, however many want it', async () => {
    const { analyses, questions, changes } = setup();
    const answers = [analyses.of(document(1)), analyses.of(document(1))];
    questions[0]!.resolve(counted);
    const [first, second] = await Promise.all(answers);
    assert.equal(first, second);
    assert.deepEqual(first, { version: 1, analysis: counted, figures, stale: false });
    await analyses.of(document(1));
    assert.equal(questions.length, 1);
    assert.equal(changes.length, 1);
  });

  it('gives up the older question when the text changes', async () => {
    const { analyses, questions } = setup();
    const old = analyses.of(document(1, 'old'));
    const newer = analyses.of(document(2, 'new'));
    assert.equal(questions[0]!.signal.aborted, true);
    assert.equal(await old, undefined);
    questions[1]!.resolve(counted);
    assert.equal((await newer)?.version, 2);
    assert.deepEqual(
      questions.map(({ text }) => text),
      ['old', 'new'],
    );
  });

  it('asks again when the workload changes', async () => {
    const tokens = { now: 1 };
    const { analyses, questions } = setup(tokens);
    void analyses.of(document(1));
    tokens.now = 2;
    void analyses.of(document(1));
    assert.equal(questions.length, 2);
    assert.equal(questions[0]!.signal.aborted, true);
    await Promise.resolve();
  });

  for (const outcome of ['syntax', 'invalid'] as const) {
    it(`keeps the last figures, marked, while the text is ${outcome}`, async () => {
      const { analyses, questions } = setup();
      void analyses.of(document(1));
      questions[0]!.resolve(counted);
      await questions[0]!.promise;
      const later = analyses.of(document(2));
      questions[1]!.resolve(without(outcome));
      assert.deepEqual(await later, { version: 2, analysis: without(outcome), figures, stale: true });
    });
  }

  for (const outcome of ['unknown', 'none'] as const) {
    it(`shows no older figures where the text is ${outcome}`, async () => {
      const { analyses, questions } = setup();
      void analyses.of(document(1));
      questions[0]!.resolve(counted);
      await questions[0]!.promise;
      const later = analyses.of(document(2));
      questions[1]!.resolve(without(outcome));
      assert.equal((await later)?.figures, undefined);
    });
  }

  it('keeps no failure: the same version is asked again', async () => {
    const { analyses, questions, changes } = setup();
    const failed = analyses.of(document(1));
    questions[0]!.reject(new Error('worker'));
    await assert.rejects(failed, /worker/);
    assert.match(String(changes[0]?.error), /worker/);
    const again = analyses.of(document(1));
    questions[1]!.resolve(counted);
    assert.equal((await again)?.figures, figures);
  });

  it('logs what a listener throws', async () => {
    const { analyses, questions, log } = setup();
    analyses.changed.on(() => {
      throw new Error('broken listener');
    });
    const answer = analyses.of(document(1));
    questions[0]!.resolve(counted);
    assert.equal((await answer)?.figures, figures);
    assert.match(log.join(), /broken listener/);
  });

  it('forgets a closed document, and says so', async () => {
    const { analyses, questions, changes } = setup();
    const open = analyses.of(document(1));
    analyses.forget('file:///config.json');
    assert.equal(await open, undefined);
    assert.equal(questions[0]!.signal.aborted, true);
    assert.deepEqual(changes, [{ uri: 'file:///config.json' }]);
    const later = analyses.of(document(1));
    questions[1]!.resolve(without('syntax'));
    assert.equal((await later)?.figures, undefined);
  });

  it('remembers the figures of a text that was no config for a moment', async () => {
    const { analyses, questions } = setup();
    void analyses.of(document(1));
    questions[0]!.resolve(counted);
    await questions[0]!.promise;
    analyses.withdraw('file:///config.json');
    assert.equal(analyses.known('file:///config.json'), undefined);
    const later = analyses.of(document(3));
    questions[1]!.resolve(without('syntax'));
    assert.equal((await later)?.figures, figures);
  });
});

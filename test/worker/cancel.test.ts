import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import * as path from 'node:path';
import type { RunHead } from '../../src/protocol/run';
import { localEngine, refuses, request } from './support/engine';
import { configText } from './support/files';

describe('cancelling', () => {
  const sample = path.join(import.meta.dirname, '../../samples/llama-3.1-8b/config.json');
  const text = readFileSync(sample, 'utf8');

  it('a ticket before its answer', async () => {
    const { engine } = localEngine();
    const opening = engine.openRun(5, request(text, 'hello'));
    engine.cancel(5);
    await refuses(opening, 'cancelled', /cancelled/);
    const analysing = engine.analyse(6, {
      text,
      workload: { batch: 1, tokens: 1, decoderTokens: 1, context: 1 },
    });
    engine.cancel(6);
    await refuses(analysing, 'cancelled', /cancelled/);
  });

  for (const [what, stop] of [
    ['by its ticket', (engine: ReturnType<typeof localEngine>['engine']) => engine.cancel(5)],
    [
      'by closing it',
      (engine: ReturnType<typeof localEngine>['engine'], head: RunHead) => engine.closeRun(head.run),
    ],
  ] as const) {
    it(`a run in the middle of a large layer, ${what}`, async () => {
      const { engine, states } = localEngine();
      const head = await engine.openRun(5, request(text, 'hello world'));
      await states.until(head.run, (state) => state.type === 'running' && state.done === 1);
      await stop(engine, head);
      assert.deepEqual(await states.ended(head.run), { type: 'cancelled' });
      // The second layer would have taken many turns more.
      assert.ok(!states.of(head.run).some((state) => state.type === 'running' && state.done > 1));
    });
  }

  it('an analysis asked meanwhile is answered before the layer is done', async () => {
    const { engine, states } = localEngine();
    const head = await engine.openRun(5, request(text, 'hello world'));
    await states.until(head.run, (state) => state.type === 'running' && state.done === 1);
    const analysis = await engine.analyse(6, {
      text: configText('gpt2'),
      workload: { batch: 1, tokens: 8, decoderTokens: 8, context: 8 },
    });
    assert.equal(analysis.outcome, 'counted');
    assert.deepEqual(states.of(head.run).at(-1), { type: 'running', done: 1, of: 32 });
    await engine.closeRun(head.run);
  });
});

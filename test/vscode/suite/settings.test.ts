import assert from 'node:assert/strict';
import { closeAll, diagnostics, eventually, hints, hover, lenses, open, set, summary } from './support';

describe('each feature can be switched off', () => {
  afterEach(closeAll);

  it('diagnostics, and on again', async () => {
    const editor = await open('gpt2/config.json');
    await summary(editor, /124,439,808/);
    await set('diagnostics.enabled', false);
    try {
      await eventually(() => assert.deepEqual(diagnostics(editor), []));
    } finally {
      await set('diagnostics.enabled', undefined);
    }
    await summary(editor, /124,439,808/);
  });

  const features: [string, (editor: Awaited<ReturnType<typeof open>>) => Promise<boolean>][] = [
    ['codeLens', async (editor) => (await lenses(editor)).length > 0],
    ['inlayHints', async (editor) => Object.keys(await hints(editor)).length > 0],
    ['hover', async (editor) => (await hover(editor, '"model_type"')).includes('124,439,808 (')],
  ];
  for (const [name, shown] of features) {
    it(name, async () => {
      const editor = await open('gpt2/config.json');
      assert.equal(await shown(editor), true);
      await set(`${name}.enabled`, false);
      try {
        assert.equal(await shown(editor), false);
      } finally {
        await set(`${name}.enabled`, undefined);
      }
      assert.equal(await shown(editor), true);
    });
  }
});

/** The heatmap panel's run, its states and its shapes, against a fake host. */
import assert from 'node:assert/strict';
import { decoderLayers, type FakeModel } from './fake-run';
import { heatmapSuite, scenario, seed, seeded, small } from './heatmap-page';

heatmapSuite('the heatmap panel', (panel) => {
  it('says what was run', async () => {
    await panel.showDone(scenario(small));
    const facts = await panel.page.locator('.facts').innerText();
    assert.match(facts, /gpt2 · GPT2LMHeadModel/);
    assert.match(facts, /model\.safetensors · F32 · 39 tensors/);
    assert.match(facts, /tokenizer\.json/);
    assert.match(facts, /Tokens\s*12/);
    assert.equal(await panel.page.locator('.badge.random').count(), 0);
  });

  it('says that weights are random, above the pictures and on them', async () => {
    await panel.showDone(scenario(seeded));
    assert.equal(await panel.page.locator('.badge.random').innerText(), 'random weights, seed 7');
    const side = (await panel.page.locator('.thumb canvas').first().boundingBox())!.width;
    assert.deepEqual(await panel.pixel('.thumb canvas', { x: side - 2, y: 1 }), [204, 167, 0]);
    await panel.openHead(0, 0);
    const yellow = await panel.page.locator('.head-canvas').evaluate((canvas) => {
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 80, 60);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) if (data[at]! > 150 && data[at + 2]! < 40) count++;
      return count;
    });
    assert.ok(yellow > 50, `${yellow} pixels of the warning`);
  });

  it('marks weights of which some are missing as partly random', async () => {
    await panel.showDone(scenario({ ...small, missing: ['lm_head.weight'] }));
    assert.equal(
      await panel.page.locator('.badge.random').innerText(),
      'partly random weights: 1 tensors missing',
    );
    assert.match(await panel.page.locator('details.names').textContent().then(String), /lm_head\.weight/);
  });

  it('marks only the pictures that random weights have a part in', async () => {
    await panel.showDone(scenario({ ...small, missing: ['model.layers.1.mlp.c_fc.weight'] }));
    await panel.page.waitForFunction(() => document.querySelectorAll('.thumb canvas').length === 12);
    const side = (await panel.page.locator('.thumb canvas').first().boundingBox())!.width;
    for (const layer of [0, 1, 2]) {
      const corner = await panel.pixel(`.row[aria-rowindex="${layer + 2}"] canvas`, { x: side - 2, y: 1 });
      assert.equal(String(corner) === '204,167,0', layer >= 1, `layer ${layer}: ${String(corner)}`);
    }
  });

  it("writes the input in its text's direction", async () => {
    await panel.showDone(scenario(small));
    const field = panel.page.locator('vscode-text-area textarea');
    const isFromRight = () => field.evaluate((one) => one.matches(':dir(rtl)'));
    assert.equal(await isFromRight(), false);
    await field.fill('شكرا');
    assert.equal(await isFromRight(), true);
  });

  it('brackets the query heads that share a K/V head', async () => {
    await panel.showDone(scenario(seeded));
    const row = panel.page.locator('[role=row].row').first();
    const groups = await row
      .locator('.bracket')
      .evaluateAll((all) =>
        all.map((one) => (one.matches('.first') ? '[' : one.matches('.last') ? ']' : '-')).join(''),
      );
    assert.equal(groups, '[--][--]');
    assert.equal(
      await row.locator('[role=gridcell]').nth(5).getAttribute('aria-label'),
      'Self-attention, layer 0, head 5, K/V head 1',
    );
    assert.match(
      await panel.page.locator('.summary').innerText(),
      /2 K\/V heads, each shared by 4 query heads/,
    );
  });

  it('keeps encoder, decoder and cross attention apart, each with its own tokens', async () => {
    const model: FakeModel = {
      ...small,
      modelType: 't5',
      layers: [
        { place: 'encoder', heads: 2, keyValueHeads: 2, mask: 'full' },
        { place: 'decoder', heads: 2, keyValueHeads: 2, mask: 'causal' },
        { place: 'cross', heads: 2, keyValueHeads: 2, mask: 'full' },
      ],
    };
    const state = {
      config: 'c',
      input: { type: 'text', text: 'one two three', decoder: 'eins zwei' },
      seed,
    } as const;
    await panel.showDone(scenario(model, { state }));
    assert.deepEqual(await panel.page.locator('h2').allInnerTexts(), [
      'Encoder self-attention',
      'Decoder self-attention',
      'Cross-attention',
    ]);
    await panel.page.getByRole('gridcell', { name: 'Cross-attention, layer 0, head 1' }).click();
    await panel.page.waitForSelector('.head-canvas');
    await panel.pointAt(1, 2);
    assert.match(await panel.readOut(), /^query 1 “·zwei” → key 2 “·three”: 0\./);
  });

  it('shows layers as they come, and asks for no others', async () => {
    await panel.show(scenario(small, { progress: 'byHand' }));
    await panel.page.waitForSelector('[data-phase=running]');
    assert.equal(await panel.page.locator('.thumb canvas').count(), 0);
    await panel.page.evaluate(() => window.fake.heatmap!.step(1));
    await panel.page.waitForSelector('.thumb canvas');
    assert.equal(await panel.page.locator('.progress').innerText(), '1 of 3 layers done');
    assert.equal(await panel.page.locator('.thumb canvas').count(), 4);
    assert.deepEqual(
      (await panel.calls('thumbnails')).map(([, layer]) => layer),
      [0],
    );
    await panel.page.evaluate(() => window.fake.heatmap!.step(1));
    await panel.page.waitForFunction(
      () =>
        document.querySelector<HTMLElement>('.progress')!.innerText === '2 of 3 layers done · about 5 s left',
    );
  });

  it('cancels a run and keeps what there is', async () => {
    await panel.show(scenario(small, { progress: 'byHand' }));
    await panel.page.waitForSelector('[data-phase=running]');
    await panel.page.evaluate(() => window.fake.heatmap!.step(2));
    await panel.page.getByText('Cancel', { exact: true }).click();
    await panel.page.waitForSelector('[data-phase=cancelled]');
    assert.equal(await panel.page.locator('.progress').innerText(), 'Cancelled after 2 of 3 layers.');
    assert.deepEqual(await panel.calls('cancel'), [[1]]);
    await panel.page.waitForFunction(() => document.querySelectorAll('.thumb canvas').length === 8);
  });

  it('runs what is typed, by the button and by Ctrl+Enter', async () => {
    await panel.showDone(scenario(seeded));
    const field = panel.page.locator('vscode-text-area textarea');
    await field.fill('a b\nc');
    await field.press('Control+Enter');
    await panel.page.waitForFunction(() =>
      document.querySelector('.facts')?.textContent?.endsWith('Tokens3'),
    );
    await panel.page.locator('vscode-text-field input').fill('11');
    await panel.page.getByText('Run', { exact: true }).click();
    await panel.page.waitForFunction(() =>
      document.querySelector('.badge')?.textContent?.endsWith('seed 11'),
    );
    assert.deepEqual((await panel.calls('run')).slice(1), [
      [{ type: 'text', text: 'a b\nc' }, 7],
      [{ type: 'text', text: 'a b\nc' }, 11],
    ]);
  });

  it('leaves the focus in the text while a head is shown large', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(0, 0);
    const field = panel.page.locator('vscode-text-area textarea');
    await field.fill('one two');
    await field.press('Control+Enter');
    await panel.page.waitForFunction(() =>
      document.querySelector('.facts')?.textContent?.endsWith('Tokens2'),
    );
    await panel.page.waitForSelector('.head-canvas');
    assert.equal(await panel.page.evaluate(() => document.activeElement?.localName), 'vscode-text-area');
  });

  it('says what is wrong with a seed instead of running it', async () => {
    await panel.showDone(scenario(seeded));
    await panel.page.locator('vscode-text-field input').fill('-1');
    await panel.page.getByText('Run', { exact: true }).click();
    assert.match(await panel.page.locator('.field-error').innerText(), /“-1” is none/);
    assert.equal((await panel.calls('run')).length, 1);
  });

  it("shows the host's error and stays usable", async () => {
    const message = 'The input has 3 tokens; the model has positions for 2.';
    await panel.showDone(scenario(small, { refuse: { text: 'too long text', message } }));
    const field = panel.page.locator('vscode-text-area textarea');
    await field.fill('too long text');
    await field.press('Control+Enter');
    const alert = panel.page.getByRole('alert');
    await alert.waitFor();
    assert.match(
      await alert.innerText(),
      /^The input has 3 tokens; .* for 2\.\s+The picture is of the run before\./,
    );
    await field.fill('short text');
    await field.press('Control+Enter');
    await panel.page.waitForSelector('[data-phase=done]');
    assert.equal(await alert.count(), 0);
  });

  it('offers pattern and counts where the engine lacks an op', async () => {
    const message = 'This can’t be run yet: model.layers.0: a Fourier transform.';
    await panel.showDone(scenario(small, { refuse: { text: 'unsupported', message, pattern: true } }));
    const field = panel.page.locator('vscode-text-area textarea');
    await field.fill('unsupported');
    await field.press('Control+Enter');
    const pattern = panel.page.locator('.pattern');
    await pattern.waitFor();
    const text = await pattern.innerText();
    assert.match(text, /attention 0–2, 4/);
    assert.match(text, /8 heads · 2 K\/V heads, each shared by 4 query heads/);
    assert.match(text, /4 queries × 4 keys, 10 pairs visible \(62\.5 %\)/);
    // A seen pair has the colour of 1, a masked one the hatched grey.
    assert.deepEqual(await panel.pixel('.pattern canvas', { x: 4, y: 92 }), [253, 231, 37]);
    const [red, green, blue] = await panel.pixel('.pattern canvas', { x: 92, y: 4 });
    assert.ok(Math.max(red!, green!, blue!) - Math.min(red!, green!, blue!) < 16);
    await field.fill('short text');
    await field.press('Control+Enter');
    await panel.page.waitForSelector('[data-phase=done]');
    assert.equal(await pattern.count(), 0);
  });

  it('says why a run stopped in the middle', async () => {
    await panel.show(scenario(small, { progress: 'byHand' }));
    await panel.page.waitForSelector('[data-phase=running]');
    await panel.page.evaluate(() => {
      window.fake.heatmap!.step(1);
      window.fake.heatmap!.fail('Not enough memory for 3 layers.');
    });
    const alert = panel.page.getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.innerText(), /stopped after 1 of 3 layers: Not enough memory for 3 layers\./);
    assert.equal(await panel.page.locator('.thumb canvas').count(), 4);
  });

  it('runs again after the engine was restarted, once', async () => {
    await panel.show(scenario(small, { progress: 'byHand' }));
    await panel.page.waitForSelector('[data-phase=running]');
    await panel.page.evaluate(
      () => void window.fake.heatmap!.view.engineRestarted('The engine stopped and was restarted.'),
    );
    await panel.page.waitForFunction(
      () => window.fake.heatmap!.calls.filter(({ name }) => name === 'run').length === 2,
    );
    assert.match(await panel.page.getByRole('alert').innerText(), /was restarted/);
    await panel.page.evaluate(
      () => void window.fake.heatmap!.view.engineRestarted('The engine stopped again.'),
    );
    await panel.page.getByText('it was not run a third time').waitFor();
    assert.equal((await panel.calls('run')).length, 2);
    await panel.page.getByText('Run', { exact: true }).click();
    await panel.page.waitForFunction(
      () => window.fake.heatmap!.calls.filter(({ name }) => name === 'run').length === 3,
    );
    await panel.page.evaluate(() => window.fake.heatmap!.step(3));
    await panel.page.waitForSelector('[data-phase=done]');
    assert.equal(await panel.page.getByRole('alert').count(), 0);
  });

  it('says that the config changed and runs again when asked', async () => {
    await panel.showDone(scenario(small));
    await panel.page.evaluate(() => void window.fake.heatmap!.view.configChanged());
    await panel.page.getByText('Run again', { exact: true }).click();
    await panel.page.waitForFunction(
      () => window.fake.heatmap!.calls.filter(({ name }) => name === 'run').length === 2,
    );
    await panel.page.waitForSelector('[data-phase=done]');
    assert.equal(await panel.page.getByRole('alert').count(), 0);
  });

  it('keeps its state and comes back to it', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(1, 3);
    const kept = await panel.page.evaluate(() => window.fake.kept);
    assert.deepEqual((kept as { open: unknown }).open, { layer: 1, head: 3 });
    await panel.page.close();
    await panel.show(scenario(small), { kept });
    await panel.page.waitForSelector('.head-canvas');
    assert.equal(await panel.page.locator('h2').innerText(), 'Self-attention · layer 1 · head 3');
  });

  it("uses the host's words where it sends them", async () => {
    await panel.showDone(scenario(small, { strings: { 'run.run': '运行', 'facts.tokens': '词元' } }));
    assert.equal(await panel.page.locator('vscode-button').first().innerText(), '运行');
    assert.match(await panel.page.locator('.facts').innerText(), /词元/);
  });

  it('draws borders in high contrast', async () => {
    await panel.showDone(scenario(seeded), { theme: 'highContrast' });
    const outline = await panel.page
      .locator('.thumb')
      .first()
      .evaluate((one) => getComputedStyle(one).outlineColor);
    assert.equal(outline, 'rgb(111, 195, 223)');
  });

  it('fits eight heads into the width there is', async () => {
    await panel.showDone(scenario(seeded));
    const { scrollWidth, clientWidth } = await panel.page
      .locator('.grid-scroll')
      .evaluate((one) => ({ scrollWidth: one.scrollWidth, clientWidth: one.clientWidth }));
    assert.equal(scrollWidth, clientWidth);
  });

  it('fits a panel of 300 pixels', async () => {
    await panel.showDone(scenario(seeded), { width: 300, height: 600 });
    const width = () => panel.page.evaluate(() => document.querySelector('.panel')!.scrollWidth);
    assert.ok((await width()) <= 300, `grid: ${await width()}`);
    await panel.openHead(0, 0);
    assert.ok((await width()) <= 300, `head: ${await width()}`);
  });

  it('makes only what is seen of 61 layers with 128 heads', async () => {
    await panel.showDone(scenario({ ...seeded, layers: decoderLayers(61, 128) }));
    const cells = await panel.page.locator('[role=gridcell]').count();
    assert.ok(cells > 50 && cells < 700, `${cells} cells`);
    assert.equal(await panel.page.locator('[role=grid]').getAttribute('aria-colcount'), '129');
    await panel.cell(0, 0).focus();
    await panel.page.keyboard.press('Control+End');
    await panel.page.waitForFunction(() =>
      document.activeElement?.getAttribute('aria-label')?.endsWith('layer 60, head 127'),
    );
    await panel.page.waitForFunction(() => document.activeElement?.querySelector('canvas') !== null);
  });
});

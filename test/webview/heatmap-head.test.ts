/** What the heatmap panel draws and reads out, number by number. */
import assert from 'node:assert/strict';
import { exactFloat32 } from '../../webview/heatmap/reading';
import { runHead } from './fake-run';
import { colour, heatmapSuite, scenario, seed, small, text, values } from './heatmap-page';

heatmapSuite('the pictures of the heatmap panel', (panel) => {
  it('paints thumbnails in the colours of their values', async () => {
    await panel.showDone(scenario(small));
    const side = (await panel.page.locator('.thumb canvas').first().boundingBox())!.width;
    for (const head of [0, 3]) {
      const { map, keys } = values(small, 0, head);
      for (const [query, key] of [
        [0, 0],
        [5, 4],
        [9, 8],
        [11, 2],
      ] as const) {
        const at = { x: ((key + 0.5) * side) / keys, y: ((query + 0.5) * side) / keys };
        const seen = await panel.pixel(`[role=gridcell][aria-colindex="${head + 2}"] canvas`, at);
        const wanted = colour(map[query * keys + key]!);
        // Bytes of the thumbnail are rounded once more than the exact values.
        const near = seen.every((part, index) => Math.abs(part - wanted[index]!) <= 4);
        assert.ok(near, `head ${head}: ${String(seen)} for ${String(wanted)}`);
      }
    }
  });

  for (const ratio of [1, 2]) {
    it(`opens a head by a click and paints each cell exactly, at ${ratio} device pixels a pixel`, async () => {
      await panel.showDone(scenario(small), { ratio });
      await panel.openHead(1, 2);
      const { map, keys } = values(small, 1, 2);
      for (const [query, key] of [
        [0, 0],
        [3, 3],
        [7, 2],
        [11, 11],
        [11, 0],
      ] as const) {
        const wanted = colour(map[query * keys + key]!);
        assert.deepEqual(await panel.pixel('.head-canvas', await panel.middle(query, key), ratio), wanted);
      }
    });
  }

  it('reads out the exact value, the tokens and the rank under the pointer', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(0, 3);
    const { map, keys } = values(small, 0, 3);
    const words = runHead(small, 1, seed, text).tokens.map((token) => token.text);
    for (const [query, key] of [
      [0, 0],
      [6, 3],
      [11, 7],
    ] as const) {
      await panel.pointAt(query, key);
      const row = map.slice(query * keys, query * keys + query + 1);
      const value = map[query * keys + key]!;
      const rank = 1 + row.filter((other) => other > value).length;
      const exact = exactFloat32(value);
      assert.equal(Math.fround(Number(exact)), value);
      assert.equal(
        await panel.readOut(),
        `query ${query} “${words[query]}” → key ${key} “${words[key]}”: ${exact}, rank ${rank} of ${query + 1} in its row`,
      );
    }
  });

  it('says masked for masked cells and hatches them in grey', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(0, 0);
    await panel.pointAt(2, 9);
    assert.match(await panel.readOut(), /key 9 “·was”: masked$/);
    assert.doesNotMatch(await panel.readOut(), /rank/);
    await panel.pointAt(11, 0);
    const [r, g, b] = await panel.pixel('.head-canvas', await panel.middle(2, 9));
    assert.ok(r === g && g === b && r! > 31 && r! < 120, `${r},${g},${b} is no grey`);
  });

  it('locks a row by a click and unlocks it by Escape, and says so', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(0, 0);
    await panel.page.locator('.head-canvas').click({ position: await panel.middle(5, 2) });
    assert.match(await panel.readOut(), /Row 5 locked; Escape unlocks\.$/);
    await panel.pointAt(9, 4);
    assert.match(await panel.readOut(), /^query 5 .* key 4 /);
    await panel.page.keyboard.press('Escape');
    assert.doesNotMatch(await panel.readOut(), /locked/);
    await panel.pointAt(9, 4);
    assert.match(await panel.readOut(), /^query 9 .* key 4 /);
    await panel.page.keyboard.press('Escape');
    await panel.page.waitForSelector('[role=grid]');
  });

  it('moves along a locked row by keys, wherever the pointer stands', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(0, 0);
    await panel.page.locator('.head-canvas').click({ position: await panel.middle(5, 2) });
    await panel.page.keyboard.press('ArrowRight');
    assert.match(await panel.readOut(), /^query 5 .* key 3 .* Row 5 locked/);
    await panel.page.keyboard.press('ArrowLeft');
    await panel.page.keyboard.press('ArrowLeft');
    assert.match(await panel.readOut(), /^query 5 .* key 1 .* Row 5 locked/);
    await panel.page.getByRole('button', { name: 'Larger cells' }).click();
    await panel.page.keyboard.press('ArrowRight');
    assert.match(await panel.readOut(), /^query 5 .* key 2 .* Row 5 locked/);
  });

  it('is used by keys alone', async () => {
    await panel.showDone(scenario(small));
    assert.equal(await panel.page.locator('[role=gridcell][tabindex="0"]').count(), 1);
    await panel.cell(0, 0).focus();
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowLeft'])
      await panel.page.keyboard.press(key);
    await panel.focusOn('Self-attention, layer 1, head 1');
    await panel.page.keyboard.press('Enter');
    await panel.page.waitForSelector('.head-canvas');
    assert.equal(await panel.page.locator('h2').innerText(), 'Self-attention · layer 1 · head 1');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight'])
      await panel.page.keyboard.press(key);
    const { map, keys } = values(small, 1, 1);
    assert.match(
      await panel.readOut(),
      new RegExp(`^query 2 .* key 1 .*: ${exactFloat32(map[2 * keys + 1]!)}, `),
    );
    await panel.page.keyboard.press('Enter');
    assert.match(await panel.readOut(), /Row 2 locked/);
    await panel.page.keyboard.press('ArrowDown');
    assert.match(await panel.readOut(), /^query 2 /);
    await panel.page.keyboard.press('Escape');
    await panel.page.keyboard.press('n');
    await panel.page.waitForFunction(() => document.querySelector('h2')?.textContent?.endsWith('head 2'));
    await panel.page.keyboard.press('Escape');
    await panel.page.waitForSelector('[role=grid]');
    await panel.focusOn('Self-attention, layer 1, head 2');
  });

  it('takes tokens for data', async () => {
    const hostile =
      '<img/src=x/onerror=document.title="hacked"> </script><script>document.title="hacked"</script>';
    const state = { config: 'c', input: { type: 'text', text: hostile }, seed } as const;
    await panel.showDone(scenario(small, { state }));
    await panel.openHead(0, 0);
    await panel.pointAt(0, 0);
    assert.ok((await panel.readOut()).includes('“<img/src=x/onerror=document.title="hacked">”'));
    await panel.page.getByText('Show as table').click();
    await panel.page.waitForSelector('.head-table');
    assert.equal(await panel.page.locator('#root img, #root script').count(), 0);
    assert.equal(await panel.page.title(), 'Attention');
  });

  it('has a table with the same values as its twin', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(2, 3);
    await panel.page.getByText('Show as table').click();
    const rows = panel.page.locator('.head-table tbody tr');
    const { map, keys } = values(small, 2, 3);
    assert.equal(await rows.count(), keys);
    const fifth = await rows.nth(4).locator('td').allInnerTexts();
    assert.deepEqual(
      fifth,
      Array.from({ length: keys }, (_, key) => (key > 4 ? 'masked' : map[4 * keys + key]!.toFixed(4))),
    );
  });

  it('bounds the table, and says so', async () => {
    const long = Array.from({ length: 140 }, (_, index) => `w${index}`).join(' ');
    const state = {
      config: 'c',
      input: { type: 'text', text: long },
      seed,
      open: { layer: 0, head: 0 },
    } as const;
    await panel.show(scenario(small, { state }));
    await panel.page.waitForSelector('.head-canvas');
    await panel.page.getByText('Show as table').click();
    await panel.page.getByText('first 128 × 128 of 140 × 140').waitFor();
    assert.equal(await panel.page.locator('.head-table tbody tr').count(), 128);
  });

  it('prints the domain of the colours and follows it', async () => {
    await panel.showDone(scenario(small));
    await panel.openHead(0, 3);
    assert.equal(await panel.page.locator('.domain-high').innerText(), '1');
    await panel.page.locator('vscode-dropdown').nth(2).click();
    await panel.page.locator('vscode-option', { hasText: '0 to the largest' }).click();
    const { map, keys } = values(small, 0, 3);
    const largest = Math.max(...map.filter((value) => !Number.isNaN(value)));
    assert.ok((await panel.page.locator('.domain-high').innerText()).startsWith(exactFloat32(largest)));
    const wanted = colour(map[11 * keys + 5]! / largest);
    assert.deepEqual(await panel.pixel('.head-canvas', await panel.middle(11, 5)), wanted);
  });

  it('paints anew when the theme changes', async () => {
    await panel.showDone(scenario(small), { theme: 'dark' });
    await panel.openHead(0, 0);
    const before = await panel.pixel('.head-canvas', await panel.middle(2, 9));
    await panel.page.evaluate(() => {
      document.documentElement.style.setProperty('--vscode-editor-background', '#ffffff');
      document.documentElement.style.setProperty('--vscode-foreground', '#3b3b3b');
      document.body.className = 'vscode-light';
    });
    await panel.page.waitForTimeout(100);
    const after = await panel.pixel('.head-canvas', await panel.middle(2, 9));
    assert.ok(before[0]! < 120 && after[0]! > 150, `${String(before)} → ${String(after)}`);
  });
});

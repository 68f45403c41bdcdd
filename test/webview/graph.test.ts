/** The graph panel in Chromium, against a fake host. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { GraphScenario } from './fake-host';
import { largeGraph, repeatedEncoder, tiedDecoder } from './fake-graphs';
import { Harness, type OpenOptions } from './harness';

const layers = 'model.layers.{0-31}';

function scenario(graph = tiedDecoder(), more: Partial<GraphScenario> = {}): GraphScenario {
  return { panel: 'graph', state: { config: 'file:///model/config.json', open: [] }, graph, ...more };
}

describe('the graph panel', function () {
  this.timeout(60_000);
  let harness: Harness;
  let page: Page & { readonly errors: string[] };

  before(async () => {
    harness = await Harness.start();
  });
  after(() => harness.stop());
  afterEach(async () => {
    assert.deepEqual(page.errors, []);
    assert.deepEqual(await page.evaluate('window.fake.violations'), []);
    await page.close();
  });

  async function show(given: GraphScenario, options: OpenOptions = {}): Promise<void> {
    page = await harness.open(given, { width: 1100, height: 900, ...options });
    await page.waitForSelector('.picture .node');
  }
  const node = (id: string) => page.locator(`.picture [data-node="${id}"]`);
  const toggle = (id: string) => page.locator(`.picture [data-toggle="${id}"]`);
  const item = (id: string) => page.locator(`[role=treeitem][data-id="${id}"]`);
  const drawn = (): Promise<string[]> =>
    page
      .locator('.picture .node')
      .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['node']!));
  const inTree = (): Promise<string[]> =>
    page
      .locator('[role=treeitem]')
      .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['id']!));
  const edges = (): Promise<string[]> =>
    page
      .locator('[data-edge-from]')
      .evaluateAll((all) =>
        all.map(
          (one) => `${(one as HTMLElement).dataset['edgeFrom']} > ${(one as HTMLElement).dataset['edgeTo']}`,
        ),
      );

  it('shows two levels at first, with equal layers folded', async () => {
    await show(scenario());
    assert.deepEqual(await drawn(), ['', 'model', 'model.embed_tokens', layers, 'model.norm', 'lm_head']);
    assert.match(await node(layers).locator('.times').textContent().then(String), /× 32/);
    assert.equal(await node(layers).locator('.stack rect').count(), 2);
    assert.equal(await node('lm_head').locator('.stack').count(), 0);
    assert.match(await node(layers).textContent().then(String), /1,946,288,128 parameters/);
  });

  it('opens and closes a node by a click, and the tree with it', async () => {
    await show(scenario());
    await toggle(layers).click();
    await node(`${layers}.self_attn`).waitFor();
    assert.deepEqual(await drawn(), await inTree());
    assert.equal(await item(layers).getAttribute('aria-expanded'), 'true');
    await toggle(layers).click();
    await node(`${layers}.self_attn`).waitFor({ state: 'detached' });
    assert.deepEqual(await drawn(), await inTree());
    assert.equal(await item(layers).getAttribute('aria-expanded'), 'false');
  });

  it("draws data's way through open modules and no other", async () => {
    await show(scenario());
    const closed = ['model.embed_tokens > ' + layers, `${layers} > model.norm`, 'model > lm_head'];
    for (const edge of closed) assert.ok((await edges()).includes(edge), edge);
    assert.ok(!(await edges()).some((edge) => edge.includes('self_attn')));
    await toggle(layers).click();
    await node(`${layers}.self_attn`).waitFor();
    for (const edge of [`${layers} > ${layers}.input_layernorm`, `${layers}.mlp > ${layers}`]) {
      assert.ok((await edges()).includes(edge), edge);
    }
  });

  it('sets children inside their parent, without overlap', async () => {
    await show(scenario());
    await toggle(layers).click();
    await toggle(`${layers}.self_attn`).click();
    await node(`${layers}.self_attn.q_proj`).waitFor();
    const box = async (id: string) => (await node(id).locator('> .box').boundingBox())!;
    const outer = await box(`${layers}.self_attn`);
    const inner = await Promise.all(
      ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((name) => box(`${layers}.self_attn.${name}`)),
    );
    for (const { x, y, width, height } of inner) {
      assert.ok(
        x >= outer.x &&
          y >= outer.y &&
          x + width <= outer.x + outer.width &&
          y + height <= outer.y + outer.height,
      );
    }
    const [q, k, v, o] = inner;
    assert.ok(q!.x + q!.width < k!.x && k!.x + k!.width < v!.x, 'query, key and value in their order');
    assert.ok(o!.y > q!.y + q!.height);
  });

  it('draws a tied tensor as an edge, grouped heads as a badge where they are hidden', async () => {
    await show(scenario());
    const tie = page.locator('[data-tie=tiedTensor]');
    assert.equal(await tie.getAttribute('data-from'), 'model.embed_tokens');
    assert.equal(await tie.getAttribute('data-to'), 'lm_head');
    assert.equal(await page.locator('[data-badge=groupedHeads]').getAttribute('data-on'), layers);
    await toggle(layers).click();
    await node(`${layers}.self_attn`).waitFor();
    assert.equal(
      await page.locator('[data-badge=groupedHeads]').getAttribute('data-on'),
      `${layers}.self_attn`,
    );
    await toggle('model').click();
    await node(layers).waitFor({ state: 'detached' });
    assert.equal(await tie.getAttribute('data-from'), 'model');
    await toggle('').click();
    await node('model').waitFor({ state: 'detached' });
    assert.equal(await tie.count(), 0);
    assert.equal(await page.locator('[data-badge=tiedTensor]').getAttribute('data-on'), '');
  });

  it('hides weights used at every position until asked, and each mark by its box', async () => {
    await show(scenario());
    assert.equal(await page.locator('[data-badge=broadcast]').count(), 0);
    assert.equal(await page.locator('.ledger tbody tr').count(), 2);
    await page.getByRole('checkbox', { name: /Weight used at every position/ }).check();
    await page.locator('[data-badge=broadcast]').waitFor();
    assert.equal(await page.locator('.ledger tbody tr').count(), 7);
    await page.getByRole('checkbox', { name: /Tied tensor/ }).uncheck();
    await page.locator('[data-tie=tiedTensor]').waitFor({ state: 'detached' });
  });

  it('does not let folding look like sharing', async () => {
    await show(scenario(largeGraph(2, 2)));
    assert.equal(await page.locator('.tie').count(), 0);
    await page.close();
    await show(scenario(tiedDecoder(), { graph: { ...tiedDecoder(), shared: [] } }));
    assert.equal(await node(layers).locator('.stack').count(), 1);
    assert.equal(await page.locator('.tie').count(), 0);
    assert.match(await page.locator('.ledger').innerText(), /Nothing here is shared\./);
  });

  it('says how often a repeated module runs', async () => {
    await show(scenario(repeatedEncoder()));
    assert.equal(await page.locator('[data-badge=repeatedModule] text').textContent(), '×12');
    assert.equal(await node('albert.encoder').locator('.stack').count(), 0);
  });

  it('has a ledger whose total is the total of the graph', async () => {
    const graph = tiedDecoder();
    await show(scenario(graph));
    const total = graph.total.toLocaleString('en-US');
    assert.match(await page.locator('.totals').innerText(), new RegExp(`^Total: ${total} parameters`));
    assert.equal(await page.locator('.toolbar .total').innerText(), `${total} parameters`);
    const [tied, heads] = await page
      .locator('.ledger tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => Array.from(row.children, (one) => (one as HTMLElement).innerText.trim())),
      );
    assert.deepEqual(tied, [
      'model.embed_tokens.weight',
      'Tied tensor',
      'model.embed_tokens.weight\nlm_head.weight',
      '128,256 × 2,048',
      '262,668,288',
      '2',
      '262,668,288',
      'config',
    ]);
    assert.equal(heads![6], '201,326,592');
    assert.match(
      await page.locator('.totals').innerText(),
      /Grouped K\/V heads: copies would add 201,326,592 parameters/,
    );
  });

  it('outlines the users of a chosen line', async () => {
    await show(scenario());
    await page.getByRole('button', { name: 'model.embed_tokens.weight' }).click();
    await page.waitForSelector('.ring.outlined');
    assert.equal(await page.locator('.ring.outlined').count(), 2);
    assert.equal(await page.locator('.tie.chosen').count(), 1);
  });

  it('has an ARIA tree, used by keys, that moves with the picture', async () => {
    await show(scenario());
    assert.equal(await page.locator('[role=tree] [tabindex="0"]').count(), 1);
    await item('').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight'])
      await page.keyboard.press(key);
    const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset['id']);
    await page.waitForFunction(() =>
      (document.activeElement as HTMLElement).dataset['id']?.endsWith('input_layernorm'),
    );
    assert.equal(await item(`${layers}.input_layernorm`).getAttribute('aria-level'), '4');
    assert.equal(await item(`${layers}.input_layernorm`).getAttribute('aria-posinset'), '1');
    assert.equal(await item(`${layers}.input_layernorm`).getAttribute('aria-setsize'), '4');
    assert.equal(await item(`${layers}.input_layernorm`).getAttribute('aria-selected'), 'true');
    assert.match(
      await page.locator('.selected-line').innerText(),
      /input_layernorm · RMS norm, 2048 · 65,536 parameters/,
    );
    assert.equal(await page.locator('.ring.selected').count(), 1);
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => (document.activeElement as HTMLElement).dataset['id']?.endsWith('}'));
    await page.keyboard.press('ArrowLeft');
    await node(`${layers}.input_layernorm`).waitFor({ state: 'detached' });
    assert.equal(await focused(), layers);
  });

  it('is used by keys in the picture too', async () => {
    await show(scenario());
    await page.locator('.picture svg').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await node(`${layers}.mlp`).waitFor();
    const scale = () =>
      page
        .locator('.picture svg > g')
        .evaluate((g) => Number(/scale\(([^)]+)\)/.exec(g.getAttribute('transform')!)![1]));
    const before = await scale();
    await page.keyboard.press('+');
    assert.ok(Math.abs((await scale()) / before - 1.25) < 1e-6);
  });

  it('pans by drag and zooms by wheel about the pointer', async () => {
    await show(scenario());
    const at = async () => (await node('model.norm').locator('> .box').boundingBox())!;
    const frame = (await page.locator('.picture').boundingBox())!;
    const before = await at();
    await page.mouse.move(frame.x + 40, frame.y + 40);
    await page.mouse.down();
    await page.mouse.move(frame.x + 100, frame.y + 70, { steps: 3 });
    await page.mouse.up();
    const dragged = await at();
    assert.deepEqual([Math.round(dragged.x - before.x), Math.round(dragged.y - before.y)], [60, 30]);
    await page.mouse.move(dragged.x, dragged.y);
    await page.mouse.wheel(0, -200);
    await page.waitForFunction(
      (width) =>
        document.querySelector('[data-node="model.norm"] > .box')!.getBoundingClientRect().width >
        width * 1.1,
      dragged.width,
    );
    const zoomed = await at();
    assert.ok(Math.abs(zoomed.x - dragged.x) < 1 && Math.abs(zoomed.y - dragged.y) < 1);
  });

  it('fits again when the panel gets narrower, until the user has moved the picture', async () => {
    await show(scenario());
    const transform = () => page.locator('.picture svg > g').first().getAttribute('transform');
    const sticksOut = () =>
      page.evaluate(() => {
        const frame = document.querySelector('.picture')!.getBoundingClientRect();
        const root = document.querySelector('.picture [data-node=""]')!.getBoundingClientRect();
        return root.left < frame.left || root.right > frame.right;
      });
    const wide = await transform();
    await page.setViewportSize({ width: 500, height: 900 });
    await page.waitForFunction(
      (old) => document.querySelector('.picture svg > g')!.getAttribute('transform') !== old,
      wide,
    );
    assert.equal(await sticksOut(), false);

    await page.locator('.picture svg').focus();
    await page.keyboard.press('+');
    const moved = await transform();
    await page.setViewportSize({ width: 700, height: 900 });
    await page.waitForTimeout(300);
    assert.equal(await transform(), moved);
  });

  it('asks the host to show a node in the config', async () => {
    await show(scenario());
    await node('model.norm').dblclick();
    await node(layers).click({ position: { x: 60, y: 30 } });
    await page.getByRole('button', { name: 'Show in config' }).click();
    await page.waitForFunction(
      () => window.fake.graph!.calls.filter(({ name }) => name === 'reveal').length === 2,
    );
    const revealed = await page.evaluate(() =>
      window.fake.graph!.calls.filter(({ name }) => name === 'reveal').map(({ args }) => args[0]),
    );
    assert.deepEqual(revealed, ['model.norm', layers]);
  });

  it('takes a changed graph and keeps what was open, under its new indices', async () => {
    await show(scenario());
    await toggle(layers).click();
    await node(`${layers}.mlp`).waitFor();
    const graph = tiedDecoder(16);
    await page.evaluate((changed) => window.fake.graph!.change(changed), graph);
    await node('model.layers.{0-15}.mlp').waitFor();
    assert.match(await page.locator('.totals').innerText(), new RegExp(graph.total.toLocaleString('en-US')));
  });

  it('says when the picture is of an older text', async () => {
    await show(scenario());
    await page.evaluate(() => void window.fake.graph!.view.graphStale('num_hidden_layers must be a number.'));
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match(
      await alert.innerText(),
      /Of the last text that could be counted\. num_hidden_layers must be a number\./,
    );
    await page.evaluate(() => window.fake.graph!.change(window.fake.graph!.shown));
    await alert.waitFor({ state: 'detached' });
  });

  it('says only that the picture is older where the host refuses the newer text too', async () => {
    await show(scenario());
    await page.evaluate(() => {
      const host = window.fake.graph!;
      host.graph = () => Promise.reject(new Error('This config does not count.'));
      void host.view.graphStale('num_hidden_layers must be a number.');
      void host.view.graphChanged();
    });
    await page.getByText('num_hidden_layers must be a number.').waitFor();
    await page.waitForTimeout(100);
    assert.equal(await page.locator('.notice').count(), 1);
    assert.equal(await page.getByText('This config does not count.').count(), 0);
    assert.ok((await node('model').count()) > 0);
  });

  it("shows the host's error, with a way to try again", async () => {
    page = await harness.open(scenario(tiedDecoder(), { refuse: 'No blueprint for “nonesuch”.' }));
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.innerText(), /No blueprint for “nonesuch”\./);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(
      () => window.fake.graph!.calls.filter(({ name }) => name === 'graph').length === 2,
    );
  });

  it('takes names for data', async () => {
    const graph = tiedDecoder();
    const name = '<img src=x onerror="document.title=1">';
    const nodes = graph.nodes.map((one) => (one.id === 'lm_head' ? { ...one, name, detail: name } : one));
    await show(scenario({ ...graph, nodes }));
    assert.ok((await item('lm_head').innerText()).includes(name));
    assert.equal(await page.locator('#root img').count(), 0);
    assert.equal(await page.title(), 'Sharing');
  });

  it('keeps what is open, selected and shown', async () => {
    await show(scenario());
    await toggle(layers).click();
    await node(`${layers}.mlp`).waitFor();
    await page.getByRole('checkbox', { name: /Weight used at every position/ }).check();
    await page.locator('[data-badge=broadcast]').first().waitFor();
    const kept = await page.evaluate(() => window.fake.kept);
    await page.close();
    await show(scenario(), { kept });
    await node(`${layers}.mlp`).waitFor();
    assert.equal(await item(layers).getAttribute('aria-selected'), 'true');
    assert.ok(await page.getByRole('checkbox', { name: /Weight used at every position/ }).isChecked());
  });

  it('leaves the ledger closed in a short or narrow panel, until asked', async () => {
    await show(scenario(), { width: 1100, height: 560 });
    const ledger = () => page.locator('.ledger');
    assert.equal(await ledger().count(), 0);
    await page.getByRole('button', { name: 'Sharing ledger' }).click();
    await ledger().waitFor();
    await page.close();
    await show(scenario(), { width: 500, height: 900 });
    assert.equal(await ledger().count(), 0);
    await page.setViewportSize({ width: 900, height: 900 });
    await ledger().waitFor();
  });

  it('fits the width where the whole would be too small to read', async () => {
    await show(scenario(), { width: 1100, height: 420 });
    const transform = await page.locator('.picture svg > g').getAttribute('transform');
    assert.match(transform!, /scale\(1\)/);
  });

  it('fits a panel of 300 pixels', async () => {
    await show(scenario(), { width: 300, height: 700 });
    const width = await page.evaluate(() => document.querySelector('.panel')!.scrollWidth);
    assert.ok(width <= 300, `${width}`);
    assert.equal(await page.locator('[role=tree]').count(), 0);
    await page.getByRole('button', { name: 'Modules' }).click();
    await page.locator('[role=tree]').waitFor();
    assert.ok((await page.evaluate(() => document.querySelector('.panel')!.scrollWidth)) <= 300);
  });

  it('draws borders in high contrast', async () => {
    await show(scenario(), { theme: 'highContrast' });
    const stroke = await node('model.norm')
      .locator('> .box')
      .evaluate((one) => getComputedStyle(one).stroke);
    assert.equal(stroke, 'rgb(111, 195, 223)');
  });

  it('makes only what is near the view of a graph with 2,051 open nodes', async () => {
    await show(scenario(largeGraph(50, 40)));
    assert.equal(await page.locator('[role=treeitem]').count(), 2051);
    await page.waitForFunction(() => document.querySelectorAll('.picture .node').length < 400);
    await item('block_49.linear_39').click();
    await node('block_49.linear_39').waitFor();
    assert.equal(await node('block_0.linear_0').count(), 0);
  });
});

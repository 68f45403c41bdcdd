/** The heatmap panel in Chromium, as tests use it: opened, pointed at, read. */
import assert from 'node:assert/strict';
import { rgb } from 'd3-color';
import { interpolateViridis } from 'd3-scale-chromatic';
import type { Locator, Page } from 'playwright-core';
import type { HeatmapScenario } from './fake-host';
import { attention, decoderLayers, runHead, type FakeModel } from './fake-run';
import { Harness, type OpenOptions } from './harness';

export const text = 'The animal did not cross the street because it was too tired';
export const seed = 7;

export const small: FakeModel = {
  modelType: 'gpt2',
  architecture: 'GPT2LMHeadModel',
  layers: decoderLayers(3, 4),
  weights: { type: 'files', files: ['model.safetensors'], dtype: 'F32', tensors: 39 },
  tokenizer: 'tokenizer.json',
};

export const seeded: FakeModel = {
  modelType: 'llama',
  architecture: 'LlamaForCausalLM',
  layers: decoderLayers(2, 8, 2),
  weights: { type: 'seeded', seed },
  tokenizer: 'bytes',
};

export function scenario(model: FakeModel, more: Partial<HeatmapScenario> = {}): HeatmapScenario {
  const state = { config: 'file:///model/config.json', input: { type: 'text', text }, seed } as const;
  return { panel: 'heatmap', progress: 'all', state, model, ...more };
}

/** What the fake model answers for one head. */
export function values(model: FakeModel, layer: number, head: number): { map: Float32Array; keys: number } {
  const { layers } = runHead(model, 1, seed, text);
  return { map: attention(layers[layer]!, head, seed), keys: layers[layer]!.keys };
}

/** Red, green and blue of a probability on viridis from 0 to 1. */
export function colour(value: number): number[] {
  const { r, g, b } = rgb(interpolateViridis(Math.round(value * 255) / 255));
  return [r, g, b].map(Math.round);
}

interface Place {
  readonly x: number;
  readonly y: number;
}

export class HeatmapPanel {
  page!: Page & { readonly errors: string[] };

  constructor(private readonly harness: Pick<Harness, 'open'>) {}

  async show(given: HeatmapScenario, options?: OpenOptions): Promise<void> {
    this.page = await this.harness.open(given, options);
    await this.page.waitForSelector('vscode-button');
  }

  async showDone(given: HeatmapScenario, options?: OpenOptions): Promise<void> {
    await this.show(given, options);
    await this.page.waitForSelector('[data-phase=done]');
    await this.page.waitForSelector('.thumb canvas');
  }

  cell(layer: number, head: number): Locator {
    return this.page.getByRole('gridcell', { name: `Self-attention, layer ${layer}, head ${head}` }).first();
  }

  async openHead(layer: number, head: number): Promise<void> {
    await this.cell(layer, head).click();
    await this.page.waitForSelector('.head-canvas');
  }

  /** The middle of a cell of the large picture, from the canvas's corner. */
  async middle(query: number, key: number): Promise<Place> {
    const [left, top, side] = await this.page.locator('.head-canvas').evaluate((canvas) => {
      const { left, top, cell } = (canvas as HTMLElement).dataset;
      return [Number(left), Number(top), Number(cell)] as const;
    });
    return { x: left + (key + 0.5) * side, y: top + (query + 0.5) * side };
  }

  async pointAt(query: number, key: number): Promise<void> {
    await this.page.locator('.head-canvas').hover({ position: await this.middle(query, key) });
  }

  /** Red, green and blue of a canvas at a place in CSS pixels. */
  async pixel(selector: string, { x, y }: Place, ratio = 1): Promise<number[]> {
    return this.page
      .locator(selector)
      .first()
      .evaluate(
        (canvas, [column, row]) => {
          const context = (canvas as HTMLCanvasElement).getContext('2d')!;
          return Array.from(context.getImageData(column, row, 1, 1).data.slice(0, 3));
        },
        [Math.floor(x * ratio), Math.floor(y * ratio)] as const,
      );
  }

  /** Waits until the element with this name has the focus. */
  async focusOn(label: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => document.activeElement?.getAttribute('aria-label') === wanted,
      label,
      { timeout: 5000 },
    );
  }

  /** The read-out in one line, without the marks that isolate tokens' writing direction. */
  async readOut(): Promise<string> {
    const shown = await this.page.locator('.read-out').innerText();
    return shown
      .replace(/[\u2068\u2069]/g, '')
      .replace(/\s+/g, ' ')
      .trim();
  }

  /** Arguments of the calls of one name that the host received. */
  calls(name: string): Promise<unknown[][]> {
    return this.page.evaluate(
      (wanted) =>
        window.fake.heatmap!.calls.filter((call) => call.name === wanted).map((call) => [...call.args]),
      name,
    );
  }
}

/** Tests with a panel; after each, the page must have thrown nothing and kept to its policy. */
export function heatmapSuite(title: string, tests: (panel: HeatmapPanel) => void): void {
  describe(title, function () {
    this.timeout(60_000);
    let harness: Harness;
    const panel = new HeatmapPanel({
      open: (...args: Parameters<Harness['open']>) => harness.open(...args),
    });

    before(async () => {
      harness = await Harness.start();
    });
    after(() => harness.stop());
    afterEach(async () => {
      assert.deepEqual(panel.page.errors, []);
      assert.deepEqual(await panel.page.evaluate('window.fake.violations'), []);
      await panel.page.close();
    });
    tests(panel);
  });
}

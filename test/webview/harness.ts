/** Bundles the panels, serves them under the host's content policy, and opens them in Chromium. */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { Scenario } from './fake-page';
import { themes, type ThemeName } from './themes';

const root = fileURLToPath(new URL('../../', import.meta.url));

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface OpenOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  /** Device pixels a CSS pixel. */
  readonly ratio?: number;
  /** What the view kept before it was hidden. */
  readonly kept?: unknown;
}

export class Harness {
  private readonly scenarios: (Scenario & { kept?: unknown })[] = [];

  private constructor(
    private readonly server: Server,
    private readonly files: ReadonlyMap<string, string>,
    readonly browser: Browser,
  ) {}

  static async start(): Promise<Harness> {
    const files = await bundle();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const browser = await chromium.launch({ executablePath: chromiumPath(), args: flags });
    const harness = new Harness(server, files, browser);
    server.on('request', (request, response) => {
      const { type, body } = harness.answer(request.url ?? '/');
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
    });
    return harness;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Opens a panel; an error that the page throws ends up in `errors`. */
  async open(scenario: Scenario, options: OpenOptions = {}): Promise<Page & { readonly errors: string[] }> {
    const { theme = 'dark', width = 1000, height = 800, ratio = 1, kept } = options;
    const id = this.scenarios.push({ ...scenario, ...(kept === undefined ? {} : { kept }) }) - 1;
    const page = await this.browser.newPage({ viewport: { width, height }, deviceScaleFactor: ratio });
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    const { port } = this.server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/${id}/${theme}`);
    return Object.assign(page, { errors });
  }

  private answer(url: string): { readonly type: string; readonly body: string | undefined } {
    const script = this.files.get(url);
    if (script !== undefined)
      return { type: url.endsWith('.css') ? 'text/css' : 'text/javascript', body: script };
    if (url === '/favicon.ico') return { type: 'image/x-icon', body: '' };
    const [, id, theme] = url.split('/');
    const scenario = this.scenarios[Number(id)];
    return {
      type: 'text/html',
      body: scenario === undefined ? undefined : this.html(scenario, themes[theme as ThemeName]),
    };
  }

  /** The host's page: the same policy, with the fake API's script before the panel's. */
  private html(scenario: Scenario, theme: (typeof themes)[ThemeName]): string {
    const nonce = 'dGVzdCBub25jZQ';
    const origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const policy = [
      `default-src 'none'`,
      `img-src ${origin} data:`,
      `style-src ${origin} 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      `font-src ${origin}`,
    ].join('; ');
    const variables = Object.entries(theme.variables).map(([name, value]) => `--vscode-${name}: ${value};`);
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="${nonce}">:root { ${variables.join(' ')} }</style>
<link rel="stylesheet" href="/${scenario.panel}.css">
</head>
<body class="${theme.bodyClass}">
<div id="root"></div>
<script id="scenario" type="application/json" nonce="${nonce}">${JSON.stringify(scenario).replaceAll('<', '\\u003c')}</script>
<script nonce="${nonce}" src="/fake-page.js"></script>
<script nonce="${nonce}" src="/${scenario.panel}.js"></script>
</body>
</html>`;
  }
}

async function bundle(): Promise<Map<string, string>> {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: {
      heatmap: 'webview/heatmap/main.tsx',
      graph: 'webview/graph/main.tsx',
      'fake-page': 'test/webview/fake-page.ts',
    },
    outdir: '/',
    bundle: true,
    write: false,
    format: 'iife',
    target: 'chrome134',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** CHROMIUM_PATH, or the browser where distributions put it. */
function chromiumPath(): string {
  const usual = [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/snap/bin/chromium',
  ];
  const given = process.env['CHROMIUM_PATH'];
  const found = given ?? usual.find((path) => existsSync(path));
  if (found === undefined) throw new Error('no Chromium: set CHROMIUM_PATH to one');
  return found;
}

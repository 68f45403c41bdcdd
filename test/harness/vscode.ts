/** Starts the real VS Code in Chromium, in a throw-away profile on a copy of a workspace. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumPath } from '../../scripts/lib/chromium.mjs';
import { exitOnSignals } from '../../scripts/lib/processes.mjs';
import { root, vsixFile } from '../../scripts/lib/project.mjs';
import {
  freePort,
  installExtension,
  makeProfile,
  removeProfile,
  startServer,
  type Profile,
  type Server,
} from '../../scripts/lib/server.mjs';

/** The repository itself as a development extension, or a package installed as a user would. */
export type ExtensionUnderTest = 'sources' | { readonly vsix: string };

export interface Options {
  /** As `npm test` asks by HEADLIGHT_EXTENSION, if left out. */
  readonly extension?: ExtensionUnderTest;
  /** Folders whose contents are copied into the workspace; samples/ and the tests' own if left out. */
  readonly workspace?: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  /** A colour theme by its id: `Default Light Modern`, `Default Dark Modern`, `Default High Contrast`. */
  readonly theme?: string;
  /** The window's size in pixels. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Compiled Mocha entry to run inside the extension host. */
  readonly tests?: string;
  /** For the server, and so for the extension host. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface VSCode {
  readonly page: Page;
  /** Of the open workspace; going there anew is like opening a new window. */
  readonly url: string;
  /** Folder of the workspace's copy. */
  readonly workspace: string;
  /** Of the server's log. */
  readonly log: string;
  /** Ends the browser and the server, and removes the profile. */
  stop(): Promise<void>;
}

const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

exitOnSignals();

/** Which extension `npm test` wants tested: HEADLIGHT_EXTENSION is `sources` or `vsix`. */
export function extensionUnderTest(): ExtensionUnderTest {
  const chosen = process.env.HEADLIGHT_EXTENSION ?? 'sources';
  if (chosen === 'sources') return 'sources';
  if (chosen !== 'vsix') throw new Error(`HEADLIGHT_EXTENSION is sources or vsix, not ${chosen}`);
  const vsix = process.env.HEADLIGHT_VSIX ?? vsixFile;
  if (!existsSync(vsix)) throw new Error(`${vsix} is not there: npm run package makes it`);
  return { vsix };
}

/**
 * Starts VS Code, without opening its page: `open` does, so that a caller can listen before the first script runs.
 */
export async function prepareVSCode(options: Options = {}): Promise<VSCode> {
  const extension = options.extension ?? extensionUnderTest();
  const profile = makeProfile({
    'git.enabled': false,
    'files.simpleDialog.enable': true,
    ...(options.theme ? { 'workbench.colorTheme': options.theme } : {}),
    ...options.settings,
  });
  const opened: { server?: Server; browser?: Browser } = {};
  const stop = async () => {
    await opened.browser?.close();
    await opened.server?.stop();
    removeProfile(profile);
  };
  try {
    const workspace = copyWorkspace(profile, options.workspace);
    if (extension !== 'sources') await installExtension(profile, extension.vsix);
    const server = await startServer(profile, {
      port: (await freePort()) ?? 0,
      // Without it, VS Code ignores the payload below.
      args: ['--vscode-option', 'enable-smoke-test-driver'],
      env: { ...options.env },
    });
    opened.server = server;
    const browser = await chromium.launch({ executablePath: await chromiumPath(), args: chromiumFlags });
    opened.browser = browser;
    const context = await browser.newContext({ viewport: options.size ?? { width: 1400, height: 900 } });
    const page = await context.newPage();
    const development = developmentExtension(extension, profile, options.tests !== undefined);
    const url = address(server, workspace, development, options.tests);
    return { page, url, workspace, log: profile.log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts VS Code and waits until its workbench shows the workspace. */
export async function startVSCode(options: Options = {}): Promise<VSCode> {
  const code = await prepareVSCode(options);
  try {
    await openWindow(code);
    return code;
  } catch (error) {
    await code.stop();
    throw error;
  }
}

/** Opens the workspace's window, or opens it anew, and waits until its explorer is there. */
export async function openWindow({ page, url }: VSCode): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('.monaco-workbench .explorer-folders-view .monaco-list-row', {
    timeout: 90_000,
  });
}

function copyWorkspace(profile: Profile, folders?: readonly string[]): string {
  const workspace = path.join(profile.folder, 'workspace');
  mkdirSync(workspace);
  for (const folder of folders ?? [path.join(root, 'samples'), path.join(root, 'test/fixtures/workspace')]) {
    if (existsSync(folder)) cpSync(folder, workspace, { recursive: true });
    else if (folders) throw new Error(`${folder} does not exist`);
  }
  return workspace;
}

/** Tests want a development extension, even where the one under test is installed: then it is an empty one. */
function developmentExtension(
  extension: ExtensionUnderTest,
  profile: Profile,
  forTests: boolean,
): string | undefined {
  if (extension === 'sources') return root;
  if (!forTests) return undefined;
  const folder = mkdtempSync(path.join(profile.folder, 'empty-extension-'));
  const manifest = { name: 'empty', publisher: 'test', version: '0.0.0', engines: { vscode: '^1.101.0' } };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

function address(server: Server, workspace: string, development?: string, tests?: string): string {
  const remote = (file: string) => `vscode-remote://127.0.0.1:${server.port}${file}`;
  const payload = [
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
    ...(development ? [['extensionDevelopmentPath', remote(development)]] : []),
    ...(tests ? [['extensionTestsPath', remote(tests)]] : []),
  ];
  const url = new URL(server.url);
  url.searchParams.set('folder', workspace);
  url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}

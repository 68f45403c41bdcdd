import assert from 'node:assert/strict';
import * as path from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const root = path.resolve(__dirname, '../../..');

/** `import` statements by the file they stand in: the first list is allowed, the second forbidden. */
const cases: Record<string, readonly [allowed: readonly string[], forbidden: readonly string[]]> = {
  'src/core/rules/x.ts': [
    [`import { build } from '../service';`, `import { parseTree } from 'jsonc-parser';`],
    [
      `import type { RunHead } from '../../protocol/run';`,
      `import { serve } from '../../engine/worker';`,
      `import type { Analyses } from '../../host/analyses';`,
      `import { draw } from '../../../webview/shared/draw';`,
      `import * as vscode from 'vscode';`,
      `import type { Uri } from 'vscode';`,
      `import { readFileSync } from 'node:fs';`,
      `import { readFileSync } from 'fs';`,
      `import { createBirpc } from 'birpc';`,
      `export * from '../../engine/worker';`,
      `export { serve } from '../../engine/worker';`,
      `export const later = import('../../engine/worker');`,
      `export const name = './x'; export const later = import(name);`,
      `export type Later = import('../../host/analyses').Analyses;`,
      `import engine = require('../../engine/worker');`,
      `export const engine = require('../../engine/worker');`,
      `import { start } from '../../../src/core/../engine/worker';`,
      `import data from '../../../package.json';`,
    ],
  ],
  'src/protocol/x.ts': [
    [`import type { Analysis } from '../core/analysis';`, `import { createBirpc } from 'birpc';`],
    [
      `import { build } from '../core/service';`,
      `import { type Analysis } from '../core/analysis';`,
      `import type { EngineClient } from '../host/engineClient';`,
      `import type { Kernels } from '../engine/kernels/kernels';`,
      `import * as vscode from 'vscode';`,
      `import { Worker } from 'node:worker_threads';`,
      `import { render } from 'preact';`,
    ],
  ],
  'src/engine/ops/x.ts': [
    [
      `import { build } from '../../core/service';`,
      `import { connect } from '../../protocol/rpc';`,
      `import { readFileSync } from 'node:fs';`,
      `import { Tokenizer } from 'oniguruma-to-es';`,
    ],
    [
      `import type { EngineClient } from '../../host/engineClient';`,
      `import type { Theme } from '../../../webview/shared/theme';`,
      `import { activate } from '../../extension';`,
      `import * as vscode from 'vscode';`,
    ],
  ],
  'src/host/features/x.ts': [
    [
      `import * as vscode from 'vscode';`,
      `import { connect } from '../../protocol/rpc';`,
      `import type { Analysis } from '../../core/analysis';`,
      `import { Worker } from 'node:worker_threads';`,
    ],
    [
      `import { build } from '../../core/service';`,
      `import { serve } from '../../engine/worker';`,
      `import type { Kernels } from '../../engine/kernels/kernels';`,
      `import type { Theme } from '../../../webview/shared/theme';`,
      `import { provideVSCodeDesignSystem } from '@vscode/webview-ui-toolkit';`,
    ],
  ],
  'src/extension.ts': [
    [`import * as vscode from 'vscode';`, `import { Analyses } from './host/analyses';`],
    [`import { build } from './core/service';`, `import { serve } from './engine/worker';`],
  ],
  'webview/heatmap/x.tsx': [
    [
      `import { connect } from '../../src/protocol/rpc';`,
      `import type { SharingGraph } from '../../src/core/sharing/graph';`,
      `import { button } from '../controls';`,
      `import { render } from 'preact';`,
      `import '../shared/shared.css';`,
    ],
    [
      `import { build } from '../../src/core/service';`,
      `import type { Analyses } from '../../src/host/analyses';`,
      `import { serve } from '../../src/engine/worker';`,
      `import * as vscode from 'vscode';`,
      `import * as path from 'node:path';`,
      `import { vsCodeButton } from '@vscode/webview-ui-toolkit';`,
      `import { vsCodeButton } from '@vscode/webview-ui-toolkit/dist/button';`,
    ],
  ],
  'webview/controls.ts': [[`import { vsCodeButton } from '@vscode/webview-ui-toolkit';`], []],
};

describe('who may import whom', () => {
  // The project's own configuration, without the rules that want the file in a project on the disk.
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: [
      tseslint.configs.disableTypeChecked,
      { languageOptions: { parserOptions: { projectService: false } } },
      {
        rules: {
          '@typescript-eslint/prefer-readonly': 'off',
          '@typescript-eslint/switch-exhaustiveness-check': 'off',
          '@typescript-eslint/consistent-type-imports': 'off',
        },
      },
    ],
  });

  /** Messages of the rule; anything that keeps the file from being read fails the test. */
  async function objections(file: string, text: string): Promise<string[]> {
    const [result] = await eslint.lintText(text, { filePath: path.join(root, file) });
    assert.ok(result);
    assert.deepEqual(
      result.messages.filter(({ fatal, ruleId }) => fatal || ruleId === null),
      [],
    );
    return result.messages.filter(({ ruleId }) => ruleId === 'zones/imports').map(({ message }) => message);
  }

  for (const [file, [allowed, forbidden]] of Object.entries(cases)) {
    for (const text of allowed) {
      it(`${file} may: ${text}`, async () => assert.deepEqual(await objections(file, text), []));
    }
    for (const text of forbidden) {
      it(`${file} may not: ${text}`, async () => assert.equal((await objections(file, text)).length, 1));
    }
  }

  it('reports a source file in no zone', async () => {
    assert.match((await objections('src/other/x.ts', `import './y';`))[0] ?? '', /no zone/);
  });
});

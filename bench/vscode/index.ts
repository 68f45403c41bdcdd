/**
 * Runs inside the extension host of real VS Code: how long after a keystroke the hints, lenses and diagnostics of the
 * new text are there. Writes JSON to HEADLIGHT_BENCH_RESULTS.
 */
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import * as vscode from 'vscode';

const samples = ['gpt2', 'llama-3.1-8b', 'deepseek-v3'];
const keystrokes = 60;

export async function run(): Promise<void> {
  const extension = vscode.extensions.all.find(
    ({ packageJSON }) => (packageJSON as { name?: string }).name === 'headlight',
  );
  if (extension === undefined) throw new Error('Headlight is not installed');
  await extension.activate();
  const configs = [];
  for (const sample of samples) configs.push(await measure(sample));
  const results = process.env.HEADLIGHT_BENCH_RESULTS;
  if (results === undefined) throw new Error('HEADLIGHT_BENCH_RESULTS names no file');
  writeFileSync(results, JSON.stringify({ version: vscode.version, configs }));
}

async function measure(sample: string) {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder === undefined) throw new Error('no workspace is open');
  const uri = vscode.Uri.joinPath(folder, sample, 'config.json');
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document);
  const at = document.positionAt(
    /"vocab_size": \d/.exec(document.getText())!.index + '"vocab_size": '.length,
  );
  const hints: number[] = [];
  const lenses: number[] = [];
  for (let i = 0; i < keystrokes; i++) {
    // A digit more, a digit less: each is a keystroke with figures of its own.
    await editor.edit((edit) =>
      i % 2 === 0 ? edit.insert(at, '1') : edit.delete(new vscode.Range(at, at.translate(0, 1))),
    );
    const begun = performance.now();
    const all = new vscode.Range(0, 0, document.lineCount, 0);
    const found = await vscode.commands.executeCommand<unknown[]>(
      'vscode.executeInlayHintProvider',
      uri,
      all,
    );
    if (found.length === 0) throw new Error(`no hints in ${sample}`);
    hints.push(performance.now() - begun);
    await vscode.commands.executeCommand('vscode.executeCodeLensProvider', uri);
    lenses.push(performance.now() - begun);
  }
  // The first answers start the worker; they are the cold figure.
  return { sample, first: hints[0], hints: hints.slice(2), hintsAndLenses: lenses.slice(2) };
}

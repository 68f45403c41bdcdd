/** What the suites inside VS Code share: configs in the workspace, what VS Code shows of them, and the engine's threads. */
import assert from 'node:assert/strict';
import type * as threads from 'node:worker_threads';
import * as vscode from 'vscode';

export const workspace = vscode.workspace.workspaceFolders![0]!.uri;

/** A thread of the engine, and which of its functions were called. */
export interface EngineThread extends threads.Worker {
  readonly calls: string[];
}

/** Every engine that Headlight started, the newest last; the suites' bundles look at the same list. */
export const engines = ((): EngineThread[] => {
  const key = Symbol.for('headlight.test.engines');
  const holder = globalThis as { [key]?: EngineThread[] };
  if (holder[key] !== undefined) return holder[key];
  const started: EngineThread[] = [];
  // The module itself, not an importer's copy of it: Headlight looks the class up here whenever it starts an engine.
  const module = process.getBuiltinModule('node:worker_threads');
  module.Worker = class extends module.Worker {
    readonly calls: string[] = [];

    constructor(file: string | URL, options?: threads.WorkerOptions) {
      super(file, options);
      if (options?.name === 'headlight') started.push(this);
    }

    override postMessage(message: unknown): void {
      this.calls.push((message as { headlight: { m: string } }).headlight.m);
      super.postMessage(message);
    }
  };
  return (holder[key] = started);
})();

/** Tries until `look` returns without an assertion failing; the last failure ends the test. */
export async function eventually<T>(look: () => T | Promise<T>, milliseconds = 20_000): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Opens a file of the workspace in an editor. */
export async function open(path: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(vscode.Uri.joinPath(workspace, path));
}

/** Writes a config of its own for a test and opens it. */
export async function openText(text: string, name = 'config.json'): Promise<vscode.TextEditor> {
  // A folder of its own: another text under the same name would have that one's past.
  const path = `written-${crypto.randomUUID()}/${name}`;
  await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(workspace, path), new TextEncoder().encode(text));
  return open(path);
}

/** The text of a sample's config. */
export async function sample(name: string): Promise<string> {
  const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(workspace, name, 'config.json'));
  return new TextDecoder().decode(bytes);
}

/** Replaces the first occurrence of `from`, as a user typing over it. */
export async function type(editor: vscode.TextEditor, from: string, to: string): Promise<void> {
  const start = editor.document.getText().indexOf(from);
  assert.notEqual(start, -1, `${from} is in the text`);
  const { document } = editor;
  const range = new vscode.Range(document.positionAt(start), document.positionAt(start + from.length));
  assert.ok(await editor.edit((edit) => edit.replace(range, to)));
}

export function diagnostics({ document }: vscode.TextEditor): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'Headlight');
}

/** The text that a range of the document has. */
export function textAt({ document }: vscode.TextEditor, range: vscode.Range): string {
  return document.getText(range);
}

/** The summary's diagnostic, once it says what `expected` says. */
export async function summary(
  editor: vscode.TextEditor,
  expected: string | RegExp,
): Promise<vscode.Diagnostic> {
  return eventually(() => {
    const found = diagnostics(editor).find(({ code }) => code === 'model.summary');
    assert.ok(found, 'there is a summary');
    if (typeof expected === 'string') assert.equal(found.message, expected);
    else assert.match(found.message, expected);
    return found;
  });
}

/** Titles of Headlight's CodeLenses. */
export async function lenses({ document }: vscode.TextEditor): Promise<string[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    'vscode.executeCodeLensProvider',
    document.uri,
  );
  return found
    .filter(({ command }) => command?.command.startsWith('headlight.'))
    .map(({ command }) => command!.title);
}

/** Labels of the inlay hints by the text of their line, with plain spaces. */
export async function hints({ document }: vscode.TextEditor): Promise<Record<string, string>> {
  const whole = new vscode.Range(0, 0, document.lineCount, 0);
  const found = await vscode.commands.executeCommand<vscode.InlayHint[]>(
    'vscode.executeInlayHintProvider',
    document.uri,
    whole,
  );
  return Object.fromEntries(
    found.map(({ position, label }) => {
      const key = /"([^"]+)"/.exec(document.lineAt(position.line).text)![1]!;
      const text = typeof label === 'string' ? label : label.map(({ value }) => value).join('');
      return [key, text.replaceAll('\u2007', ' ')];
    }),
  );
}

/** The Markdown of Headlight's hover over the first occurrence of `over`. */
export async function hover({ document }: vscode.TextEditor, over: string): Promise<string> {
  const position = document.positionAt(document.getText().indexOf(over) + 1);
  const found = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    position,
  );
  return found
    .flatMap(({ contents }) => contents)
    .map((content) => (content as vscode.MarkdownString).value)
    .join('\n');
}

export async function set(key: string, value: unknown): Promise<void> {
  await vscode.workspace
    .getConfiguration('headlight')
    .update(key, value, vscode.ConfigurationTarget.Workspace);
}

/** Titles of the open tabs with a webview of Headlight. */
export function panels(kind: 'heatmap' | 'graph'): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(
      ({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(`headlight.${kind}`),
    );
}

export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

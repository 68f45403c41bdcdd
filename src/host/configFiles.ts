/** Which documents are looked at: by language, by name, and by a cheap look at the content. */
import * as vscode from 'vscode';
import { configGlobs } from './settings';

const LANGUAGES: readonly string[] = ['json', 'jsonc'];

/** For registering providers; whether a document is one of ours is decided by `maybeModelConfig`. */
export const SELECTOR: vscode.DocumentSelector = LANGUAGES.map((language) => ({ language }));

/** Longer texts are no configs of models; they are not even searched. */
const LONGEST_TEXT = 2_000_000;

/**
 * True where the document may hold a model's config. The core has the last word; this keeps the worker from being
 * started by every other tool's config.json.
 */
export function maybeModelConfig(document: vscode.TextDocument): boolean {
  if (!LANGUAGES.includes(document.languageId)) return false;
  const globs = configGlobs(document.uri);
  if (!globs.some((pattern) => vscode.languages.match({ pattern }, document) > 0)) return false;
  const text = document.getText();
  return text.length <= LONGEST_TEXT && /"(?:model_type|architectures)"\s*:/.test(text);
}

/** Folder of the config on the engine's machine; undefined in a virtual workspace, where it has none. */
export function folderOf(config: vscode.Uri): string | undefined {
  return config.scheme === 'file' ? vscode.Uri.joinPath(config, '..').fsPath : undefined;
}

/** `llama-3.1-8b/config.json`: the last two segments, enough to tell configs apart. */
export function shortName(config: vscode.Uri): string {
  return config.path.split('/').filter(Boolean).slice(-2).join('/');
}

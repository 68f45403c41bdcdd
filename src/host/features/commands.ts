/** The commands, by the palette, the title of the editor, a CodeLens or a hover. */
import * as vscode from 'vscode';
import { maybeModelConfig } from '../configFiles';
import type { ActiveConfig } from './activeConfig';
import { COMMANDS } from './commandNames';

const { l10n } = vscode;

export interface CommandTargets {
  readonly active: ActiveConfig;
  readonly log: vscode.LogOutputChannel;
  showAttention(config: vscode.Uri): void;
  showSharing(config: vscode.Uri): void;
  showReport(config: vscode.Uri): Promise<void>;
  restartEngine(): void;
}

export function registerCommands(targets: CommandTargets): vscode.Disposable {
  /** Runs `action` with the config that was given, or that the active editor shows. */
  const onConfig =
    (action: (config: vscode.Uri) => void | Promise<void>) =>
    async (given?: unknown): Promise<void> => {
      const config = asUri(given) ?? targets.active.uri;
      if (config !== undefined && (await isConfig(config))) {
        await action(config);
        return;
      }
      void vscode.window.showWarningMessage(
        l10n.t(
          'Headlight shows models of Hugging Face configs: open a config.json with a “model_type” first.',
        ),
      );
    };
  const handlers: Readonly<Record<keyof typeof COMMANDS, (given?: unknown) => void | Promise<void>>> = {
    showAttention: onConfig((config) => targets.showAttention(config)),
    showSharing: onConfig((config) => targets.showSharing(config)),
    showReport: onConfig((config) => targets.showReport(config)),
    restartEngine: () => targets.restartEngine(),
    showLog: () => targets.log.show(),
  };
  return vscode.Disposable.from(
    ...Object.entries(COMMANDS).map(([name, command]) =>
      vscode.commands.registerCommand(command, handlers[name as keyof typeof COMMANDS]),
    ),
  );
}

/** A CodeLens gives a uri, a command link in a hover its text. */
function asUri(given: unknown): vscode.Uri | undefined {
  if (given instanceof vscode.Uri) return given;
  return typeof given === 'string' && given.includes(':') ? vscode.Uri.parse(given, true) : undefined;
}

async function isConfig(config: vscode.Uri): Promise<boolean> {
  try {
    return maybeModelConfig(await vscode.workspace.openTextDocument(config));
  } catch {
    return false;
  }
}

/** The second engine as settings, trust and the user's Python allow it. */
import * as vscode from 'vscode';
import { engineUse, pytorchSettings } from '../settings';
import type { PyTorchChoice } from './chosenEngine';
import { interpreter } from './interpreter';

const { l10n } = vscode;

export function pytorchChoice(log: (line: string) => void): PyTorchChoice {
  return {
    use: engineUse,
    find: async (folder) => {
      if (!vscode.workspace.isTrusted) {
        return l10n.t(
          'Headlight starts no Python in Restricted Mode: trust the workspace to run models with PyTorch.',
        );
      }
      const python = await interpreter(folder, log);
      if (python === undefined) {
        return l10n.t(
          'No Python is chosen: name one that has PyTorch and transformers in the setting “headlight.pytorch.interpreter”, or choose one in the Python extension.',
        );
      }
      return { interpreter: python, ...pytorchSettings() };
    },
    both: (worker, pytorch) => l10n.t('{0}. With PyTorch: {1}', worker, pytorch),
  };
}

/** Which Python the user has for Headlight, if any: nothing is searched for, and nothing is started here. */
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { pythonSetting } from '../settings';

/** As much of the Python extension's public API (`@vscode/python-extension`) as is used. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

/**
 * The interpreter that the setting names, or else the one chosen in the Python extension; undefined where there is none.
 *
 * What the user wrote for Headlight goes before what was chosen for the workspace: only the one is sure to have torch.
 */
export async function interpreter(
  folder: string | undefined,
  log: (line: string) => void,
): Promise<string | undefined> {
  const named = pythonSetting();
  if (named !== undefined) return named.startsWith('~/') ? path.join(os.homedir(), named.slice(2)) : named;
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  if (extension === undefined) return undefined;
  try {
    const { environments } = extension.isActive ? extension.exports : await extension.activate();
    const chosen = environments.getActiveEnvironmentPath(
      folder === undefined ? undefined : vscode.Uri.file(folder),
    );
    return (await environments.resolveEnvironment(chosen))?.executable.uri?.fsPath;
  } catch (error) {
    log(`the Python extension does not tell its interpreter: ${String(error)}`);
    return undefined;
  }
}

/** The page of a panel: nothing but its own bundle may load or run in it. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export type PanelName = 'heatmap' | 'graph';

/** Where webviews may load from. */
export function webviewRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}

export function panelHtml(
  webview: vscode.Webview,
  extension: vscode.Uri,
  name: PanelName,
  title: string,
): string {
  const file = (extensionName: string): string =>
    escapeHtml(
      webview
        .asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), `${name}.${extensionName}`))
        .toString(),
    );
  const nonce = randomBytes(18).toString('base64');
  // The toolkit reads the nonce for its own style elements from the meta property.
  return page(
    title,
    [
      `default-src 'none'`,
      `img-src ${webview.cspSource} data:`,
      `style-src ${webview.cspSource} 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      `font-src ${webview.cspSource}`,
    ],
    `<meta property="csp-nonce" content="${nonce}">
    <link rel="stylesheet" href="${file('css')}">`,
    `<div id="root"></div>
    <script nonce="${nonce}" src="${file('js')}"></script>`,
  );
}

/** A page without scripts that says why there is nothing to show. */
export function messageHtml(title: string, message: string): string {
  return page(
    title,
    [`default-src 'none'`],
    '',
    `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(message)}</p>`,
  );
}

function page(title: string, policy: readonly string[], head: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="${escapeHtml(vscode.env.language)}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    ${head}
  </head>
  <body>
    ${body}
  </body>
</html>`;
}

function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => names[character]!);
}

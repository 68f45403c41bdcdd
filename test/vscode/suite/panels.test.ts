import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, eventually, open, openText, panels, summary } from './support';

describe('the commands', () => {
  afterEach(closeAll);

  it('open a panel of the active config beside it, and no second one of the same', async () => {
    const editor = await open('gpt2/config.json');
    await summary(editor, /124,439,808/);
    await vscode.commands.executeCommand('headlight.showAttention');
    await vscode.commands.executeCommand('headlight.showAttention', editor.document.uri);
    await vscode.commands.executeCommand('headlight.showSharing', editor.document.uri);
    await vscode.commands.executeCommand('headlight.showSharing', editor.document.uri.toString());
    await eventually(() => {
      assert.deepEqual(
        panels('heatmap').map(({ label }) => label),
        ['Attention: gpt2/config.json'],
      );
      assert.deepEqual(
        panels('graph').map(({ label }) => label),
        ['Sharing: gpt2/config.json'],
      );
    });
    assert.notEqual(panels('heatmap')[0]!.group.viewColumn, editor.viewColumn);
  });

  it('open a panel for each config', async () => {
    for (const name of ['gpt2', 'bert-base-uncased']) {
      const editor = await open(`${name}/config.json`);
      await vscode.commands.executeCommand('headlight.showSharing', editor.document.uri);
    }
    await eventually(() => assert.equal(panels('graph').length, 2));
  });

  it('do nothing with what is no model’s config', async () => {
    const editor = await openText('{ "name": "x" }');
    await vscode.commands.executeCommand('headlight.showAttention', editor.document.uri);
    await vscode.commands.executeCommand('headlight.showSharing');
    await vscode.commands.executeCommand('headlight.showAttention', 'file:///nowhere/config.json');
    assert.deepEqual([...panels('heatmap'), ...panels('graph')], []);
  });
});

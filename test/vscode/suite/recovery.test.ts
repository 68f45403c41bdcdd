import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  engines,
  eventually,
  lenses,
  open,
  openText,
  panels,
  sample,
  summary,
  type,
  type EngineThread,
} from './support';

/** Ends the newest engine as a crash would. */
async function kill(): Promise<void> {
  await engines.at(-1)!.terminate();
}

describe('when the engine ends', () => {
  before(() => vscode.commands.executeCommand('headlight.restartEngine'));
  afterEach(closeAll);
  after(() => vscode.commands.executeCommand('headlight.restartEngine'));

  it('a new one answers the next keystroke', async () => {
    const editor = await openText(await sample('gpt2'));
    await summary(editor, /124,439,808/);
    const before = engines.length;
    await kill();
    await type(editor, '"n_layer": 12', '"n_layer": 6');
    await summary(editor, /81,912,576/);
    assert.equal(engines.length, before + 1);
  });

  it('a question that was open is asked again', async () => {
    const editor = await openText(await sample('gpt2'));
    await summary(editor, /124,439,808/);
    const before = engines.length;
    // Typed and killed in one turn: the question is under way, or not even sent.
    const typed = type(editor, '"n_layer": 12', '"n_layer": 24');
    const asked = typed.then(() => lenses(editor));
    await typed;
    await kill();
    assert.match((await asked)[0]!, /^209,494,272 parameters/);
    await summary(editor, /209,494,272/);
    assert.equal(engines.length, before + 1);
  });

  it('an open attention panel runs its input again', async () => {
    const editor = await open('induction/config.json');
    await summary(editor, /GPT2LMHeadModel/);
    await vscode.commands.executeCommand('headlight.showAttention', editor.document.uri);
    const opened = (thread: EngineThread | undefined): Promise<void> =>
      eventually(() => assert.ok(thread?.calls.includes('thumbnails'), 'the panel shows a layer'));
    await opened(engines.at(-1));
    const before = engines.length;
    await kill();
    await eventually(() => assert.equal(engines.length, before + 1));
    await opened(engines.at(-1));
    assert.equal(panels('heatmap').length, 1);
  });

  it('too often, it is not started again until the command says so', async () => {
    await vscode.commands.executeCommand('headlight.restartEngine');
    const editor = await openText(await sample('gpt2'));
    await summary(editor, /124,439,808/);
    for (let layers = 1; layers <= 5; layers++) {
      await kill();
      if (layers === 5) break;
      await editor.edit((edit) =>
        edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0), config(layers)),
      );
      await summary(editor, new RegExp(digits(39_385_344 + layers * 7_087_872)));
    }
    const started = engines.length;
    await editor.edit((edit) =>
      edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0), config(9)),
    );
    assert.deepEqual(await lenses(editor), []);
    assert.equal(engines.length, started, 'no engine was started');
    await vscode.commands.executeCommand('headlight.restartEngine');
    await summary(editor, new RegExp(digits(39_385_344 + 9 * 7_087_872)));
    await eventually(async () => assert.equal((await lenses(editor)).length, 4));
    assert.equal(engines.length, started + 1);
  });

  it('the others are none the worse', async () => {
    await summary(await open('llama-3.1-8b/config.json'), /8,030,261,248/);
  });
});

/** GPT-2 with this many layers: tables, layers and the last norm. */
function config(layers: number): string {
  return JSON.stringify(
    { architectures: ['GPT2LMHeadModel'], model_type: 'gpt2', n_layer: layers },
    undefined,
    2,
  );
}

function digits(value: number): string {
  return value.toLocaleString('en');
}

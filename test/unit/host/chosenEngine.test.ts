import assert from 'node:assert/strict';
import type { OpenRun } from '../../../src/host/engineClient';
import { Signal } from '../../../src/host/event';
import { ChosenEngine, type PyTorchChoice } from '../../../src/host/pytorch/chosenEngine';
import { RemoteError } from '../../../src/protocol/rpc';
import type { PyTorchEngine, RunRequest } from '../../../src/protocol/run';

const request: RunRequest = { configText: '{}', input: { type: 'text', text: 'a' }, seed: 0 };
const found: PyTorchEngine = { interpreter: '/python', dtype: 'float32' };
const never = new AbortController().signal;

/** An engine whose worker refuses with `worker`, and whose PyTorch with `pytorch`; codes, or nothing where they run. */
function setup(
  use: ReturnType<PyTorchChoice['use']>,
  python: PyTorchEngine | string,
  worker?: string,
  pytorch?: string,
): { readonly engine: ChosenEngine; readonly asked: (string | undefined)[] } {
  const asked: (string | undefined)[] = [];
  const nobody = (): Promise<never> => Promise.reject(new Error('not asked here'));
  const engine = new ChosenEngine(
    {
      died: new Signal(() => {}),
      analyse: nobody,
      graph: nobody,
      pattern: nobody,
      openRun: (wanted) => {
        asked.push(wanted.pytorch?.interpreter);
        const code = wanted.pytorch === undefined ? worker : pytorch;
        if (code !== undefined) return Promise.reject(new RemoteError(`${code}!`, 'RunFailure', code));
        return Promise.resolve({} as OpenRun);
      },
    },
    {
      use: () => use,
      find: () => Promise.resolve(python),
      both: (own, other) => `${own} | ${other}`,
    },
  );
  return { engine, asked };
}

describe('the choice of an engine', () => {
  it('is the worker’s own where that can run the model', async () => {
    const { engine, asked } = setup('auto', found);
    await engine.openRun(request, never);
    assert.deepEqual(asked, [undefined]);
  });

  for (const code of ['unsupported', 'memory']) {
    it(`is PyTorch where the worker refuses as ${code}`, async () => {
      const { engine, asked } = setup('auto', found, code);
      await engine.openRun(request, never);
      assert.deepEqual(asked, [undefined, '/python']);
    });
  }

  for (const code of ['config', 'weights', 'tokenizer', 'tooLong', 'cancelled']) {
    it(`is not changed by an error of the input (${code})`, async () => {
      const { engine, asked } = setup('auto', found, code);
      await assert.rejects(engine.openRun(request, never), { code });
      assert.deepEqual(asked, [undefined]);
    });
  }

  it('tells both reasons where neither can', async () => {
    const { engine } = setup('auto', found, 'unsupported', 'pytorch');
    await assert.rejects(engine.openRun(request, never), {
      code: 'unsupported',
      message: 'unsupported! | pytorch!',
    });
  });

  it('tells what would help where there is no Python', async () => {
    const { engine, asked } = setup('auto', 'choose one', 'memory');
    await assert.rejects(engine.openRun(request, never), { code: 'memory', message: 'memory! | choose one' });
    assert.deepEqual(asked, [undefined]);
  });

  it('is the worker alone, or PyTorch alone, where the setting says so', async () => {
    const worker = setup('worker', found, 'unsupported');
    await assert.rejects(worker.engine.openRun(request, never), {
      code: 'unsupported',
      message: 'unsupported!',
    });
    assert.deepEqual(worker.asked, [undefined]);
    const pytorch = setup('pytorch', found, 'unsupported');
    await pytorch.engine.openRun(request, never);
    assert.deepEqual(pytorch.asked, ['/python']);
    await assert.rejects(setup('pytorch', 'trust first').engine.openRun(request, never), {
      code: 'pytorch',
      message: 'trust first',
    });
  });
});

import assert from 'node:assert/strict';
import { Signal } from '../../../src/host/event';

describe('signals', () => {
  it('log a listener that throws, and the others hear all the same', () => {
    const lines: string[] = [];
    const signal = new Signal<number>((line) => lines.push(line));
    const heard: number[] = [];
    signal.on(() => {
      throw new Error('broken');
    });
    signal.on((value) => heard.push(value));
    signal.fire(1);
    assert.deepEqual(heard, [1]);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^a listener failed: Error: broken/);
  });
});

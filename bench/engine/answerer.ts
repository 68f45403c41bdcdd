/** A process that answers measurements, a JSON line each. */
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Asked } from './cases';

export class Answerer {
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;

  constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>) {
    this.reader = createInterface({ input: child.stdout });
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  /** Milliseconds of each repetition. */
  async ask(asked: Asked): Promise<number[]> {
    this.child.stdin.write(`${JSON.stringify(asked)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the process ended at ${JSON.stringify(asked)}`);
    return (JSON.parse(value) as { ms: number[] }).ms;
  }

  end(): void {
    this.reader.close();
    this.child.kill();
  }
}

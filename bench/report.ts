/** The measurements as docs/performance.md. */
import * as path from 'node:path';
import { median, quantile } from './statistics';
import { ms, table } from './table';

export interface Timed {
  readonly path: string;
  readonly total: number;
  readonly first: number;
  readonly warm: number;
}

/** Milliseconds. */
export interface Ours {
  readonly firstAnswer: number;
  readonly configs: readonly Timed[];
}

/** Seconds. */
export interface Peer {
  readonly imports: number;
  readonly configs: readonly Timed[];
}

/** Milliseconds. */
export interface Keystrokes {
  readonly version: string;
  readonly configs: readonly {
    readonly sample: string;
    readonly first: number;
    readonly hints: readonly number[];
    readonly hintsAndLenses: readonly number[];
  }[];
}

export interface Measurements {
  readonly ours: Ours;
  readonly peer: Peer | undefined;
  readonly keystrokes: Keystrokes;
  /** Extension → milliseconds. */
  readonly activation: readonly (readonly [string, number])[];
  readonly sizes: readonly (readonly [string, number])[];
  readonly cores: number;
}

export function report({ ours, peer, keystrokes, activation, sizes, cores }: Measurements): string {
  const analysis = ours.configs.map((each) => {
    const theirs = peer?.configs.find(({ path: file }) => file === each.path);
    return [
      path.basename(path.dirname(each.path)),
      each.total.toLocaleString('en'),
      ms(each.first),
      ms(each.warm),
      theirs ? ms(theirs.first * 1000) : '–',
      theirs ? ms(theirs.warm * 1000) : '–',
      theirs ? `${((theirs.warm * 1000) / each.warm).toFixed(0)}×` : '–',
    ];
  });
  const cold = peer && peer.imports * 1000 + (peer.configs[0]?.first ?? 0) * 1000;
  return `# Performance

Made by \`npm run bench\`, which measures Headlight and its peer in one run. The machine had ${cores} cores and was shared:
compare figures with one another, not with other machines'. What is never measured here is asserted by no test.

## Analysis of a config

Headlight's worker, asked over the same channel as the extension host does, beside transformers, which builds the class on
PyTorch's meta device and adds up its parameters. Both totals are equal for every row, or the run stops. Headlight's
time is for everything that it shows: parameters, FLOPs of four kinds, memory, the breakdown and what each key costs.

From the start of the process to the first answer: Headlight ${ms(ours.firstAnswer)}${
    cold === undefined ? '' : `, transformers ${ms(cold)} (${(cold / ours.firstAnswer).toFixed(0)}×)`
  }.

${table(
  ['config', 'parameters', 'first', 'warm', 'transformers, first', 'transformers, warm', 'warm, ratio'],
  analysis,
)}

## Keystrokes in VS Code ${keystrokes.version}

From an edit to the answer of the provider, through VS Code's own commands, in the extension host.

${table(
  ['config', 'first, with the worker’s start', 'hints p50', 'hints p95', 'hints and lenses p50', 'p95'],
  keystrokes.configs.map(({ sample, first, hints, hintsAndLenses }) => [
    sample,
    ms(first),
    ms(median(hints)),
    ms(quantile(hints, 0.95)),
    ms(median(hintsAndLenses)),
    ms(quantile(hintsAndLenses, 0.95)),
  ]),
)}

## Activation

As VS Code counts it ("Developer: Show Running Extensions"), of the packaged extension, beside extensions that VS Code ships and
that the same window activates. They wait for one another, and the count includes that.

${table(
  ['extension', 'activation'],
  activation.map(([name, time]) => [name, ms(time)]),
)}

## Sizes

${table(
  ['file', 'KB'],
  sizes.map(([file, bytes]) => [file, (bytes / 1000).toFixed(1)]),
)}
`;
}

/** The engine's part of docs/performance.md. */
import { ms, table } from '../table';
import { LLAMA_LAYERS, type Case } from './cases';

/** Milliseconds. */
export interface Compared {
  readonly name: string;
  readonly asked: Case;
  readonly threads: number;
  readonly own: number;
  /** In a process of the engine's own, where V8 joins vectors. */
  readonly wide: number;
  readonly other: number;
}

/** Bytes. */
export interface Footprint {
  readonly layers: number;
  readonly maps: 'kept' | 'again';
  readonly bytes: number;
  readonly before: number;
  readonly peak: number;
}

export interface Measured {
  readonly products: readonly Compared[];
  readonly attentions: readonly Compared[];
  readonly forwards: readonly Compared[];
  readonly node: string;
  readonly rounds: number;
  readonly cores: number;
  /** The load average at the start and at the end. */
  readonly load: readonly number[];
  readonly cold: { readonly own: number; readonly other: number };
  readonly kept: Footprint;
  readonly streamed: Footprint;
}

export function report(measured: Measured): string {
  const { products, attentions, forwards, node, cold, kept, streamed } = measured;
  const load = measured.load.map((each) => each.toFixed(1)).join(' to ');
  const ratio = ({ own, other }: { own: number; other: number }): string => `${(other / own).toFixed(2)}×`;
  const ratios = ({ own, wide, other }: Compared): string[] => [
    ratio({ own, other }),
    ratio({ own: wide, other }),
  ];
  const rates = products.map((each) => {
    const { asked } = each;
    const flops = asked.kind === 'product' ? 2 * asked.m * asked.k * asked.n : 0;
    const rate = (time: number): string => (flops / time / 1e6).toFixed(1);
    const { own, wide, other } = each;
    return [each.name, String(each.threads), rate(own), rate(wide), rate(other), ...ratios(each)];
  });
  const times = (rows: readonly Compared[]): string[][] =>
    rows.map((each) => {
      const { own, wide, other } = each;
      return [each.name, String(each.threads), ms(own), ms(wide), ms(other), ...ratios(each)];
    });
  const llama = forwards.filter(({ name }) => name.startsWith('Llama'));
  const extrapolated = llama.map(
    ({ threads, own, other }) =>
      `${threads} threads: ${ms((own * 16) / LLAMA_LAYERS)} and ${ms((other * 16) / LLAMA_LAYERS)}`,
  );
  return `## Attention engine

Made by \`npm run bench:engine\`: the engine in ${node}, beside torch and transformers on the same CPU. Each measurement is
asked of both in turn, rounds: ${measured.rounds}, with the same number of threads; the figures are medians. A ratio above 1 says that
Headlight is faster. *Wide* is the engine in a process of its own, where V8 joins vectors (\`headlight.engine.wide\`). The machine had ${measured.cores} cores and a load of ${load}: where that is more than the cores, others had their
share, times are long, and ratios of short measurements say little.

### Matrix products x·Wᵀ, GFLOP/s

${table(['rows × inner × columns', 'threads', 'Headlight', 'wide', 'torch', 'ratio', 'wide, ratio'], rates)}

### Attention with its maps: 12 heads of 64

${table(['tokens', 'threads', 'Headlight', 'wide', 'torch, eager', 'ratio', 'wide, ratio'], times(attentions))}

### From ids to the maps of every layer, all kept

Seeded weights here, random ones there; transformers with \`output_attentions=True\` and eager attention. Headlight's time has
everything in it from the config's text on; it leaves out what comes after the last map.

${table(['model', 'threads', 'Headlight', 'wide', 'transformers', 'ratio', 'wide, ratio'], times(forwards))}

All 16 layers of the Llama shapes, extrapolated from ${LLAMA_LAYERS}, Headlight and transformers: ${extrapolated.join('; ')}.

From the start of a process to the maps of BERT-base at 128 tokens: ${ms(cold.own)}, and ${ms(cold.other)} in Python (${ratio(cold)}).

### Memory

GPT-2 small at 1,024 tokens: ${megabytes(kept.bytes)} of maps, all kept, and the process grew by ${megabytes(
    kept.peak - kept.before,
  )} at most (${((kept.peak - kept.before) / kept.bytes).toFixed(2)} × the maps). With a budget too small for them, so that
maps are computed again from what each layer looked at: at most ${megabytes(streamed.peak)} for the whole process.`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

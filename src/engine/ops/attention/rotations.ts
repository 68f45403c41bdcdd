/** PyTorch's generator for the CPU, as far as hashing needs it: Reformer's classes seed it and draw rotations from it. */

const LENGTH = 624;
const SHIFT = 397;

/** MT19937 (Matsumoto and Nishimura 1998). */
class MersenneTwister {
  private readonly state = new Uint32Array(LENGTH);
  private at = LENGTH;

  constructor(seed: number) {
    this.state[0] = seed >>> 0;
    for (let i = 1; i < LENGTH; i++) {
      const before = this.state[i - 1]!;
      this.state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** 32 random bits. */
  next(): number {
    if (this.at === LENGTH) this.twist();
    let y = this.state[this.at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < LENGTH; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % LENGTH]! & 0x7fffffff);
      state[i] = state[(i + SHIFT) % LENGTH]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }
}

/** Numbers that are drawn together: eight pairs of Box and Muller's method. */
const GROUP = 16;

/** What `torch.manual_seed(seed)` and `torch.randn(count)` give in float32. */
export function torchNormal(seed: number, count: number): Float32Array {
  const twister = new MersenneTwister(seed);
  const out = new Float32Array(count);
  if (count < GROUP) {
    drawPairs(twister, out);
    return out;
  }
  const uniform = () => (twister.next() & 0xffffff) / 2 ** 24;
  for (let i = 0; i < count; i++) out[i] = uniform();
  for (let i = 0; i + GROUP <= count; i += GROUP) transform(out.subarray(i, i + GROUP));
  if (count % GROUP !== 0) {
    const last = out.subarray(count - GROUP);
    for (let i = 0; i < GROUP; i++) last[i] = uniform();
    transform(last);
  }
  return out;
}

/** Uniform numbers to normal ones: the first half are lengths, the second directions. */
function transform(group: Float32Array): void {
  const half = GROUP / 2;
  for (let i = 0; i < half; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - group[i]!));
    const angle = 2 * Math.PI * group[i + half]!;
    group[i] = radius * Math.cos(angle);
    group[i + half] = radius * Math.sin(angle);
  }
}

/** Few numbers are drawn one by one, in double precision; each draw makes two. */
function drawPairs(twister: MersenneTwister, out: Float32Array): void {
  const uniform = () => {
    const high = twister.next();
    const low = twister.next();
    return Number(((BigInt(high) << 32n) | BigInt(low)) & ((1n << 53n) - 1n)) / 2 ** 53;
  };
  for (let i = 0; i < out.length; i += 2) {
    const angle = 2 * Math.PI * uniform();
    const radius = Math.sqrt(-2 * Math.log1p(-uniform()));
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}

/** Kernels for all runs of an engine: opened for the first, kept while one is open, and dropped a while after the last. */
import type { Kernels } from './kernels';
import { openKernels, type KernelOptions, type OpenKernels } from './wasm/open';

const IDLE = 30_000;

export interface Lease {
  readonly kernels: Kernels;
  /** Arrays of these kernels' memory are not used any more. */
  release(): void;
}

interface Used {
  readonly open: OpenKernels;
  leases: number;
}

export class SharedKernels {
  private current: Used | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param options `idle`: milliseconds that nobody uses them before their memory and threads go. */
  constructor(private readonly options: KernelOptions & { readonly idle?: number } = {}) {}

  /** Kernels that live until their lease is released. Where a thread has died they are new ones. */
  lease(): Lease {
    clearTimeout(this.timer);
    if (this.current?.open.broken) this.drop();
    const used = (this.current ??= { open: openKernels(this.options), leases: 0 });
    used.leases++;
    let released = false;
    return {
      kernels: used.open.kernels,
      release: () => {
        if (released) return;
        released = true;
        used.leases--;
        if (used.leases > 0) return;
        if (used !== this.current) void used.open.close();
        else this.timer = setTimeout(() => this.drop(), this.options.idle ?? IDLE).unref();
      },
    };
  }

  /** Whoever has a lease keeps what it has; the next lease gets new ones. */
  private drop(): void {
    const used = this.current;
    this.current = undefined;
    if (used?.leases === 0) void used.open.close();
  }
}

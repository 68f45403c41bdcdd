/** Makes composite modules: a block's `forward` is written as in the model's own code and traced once. */
import type { Block, BlockRole, Module, Operation, Parameter, Step, Wire } from './module';

/** Modules and operations that run one after the other. */
export type Chain = readonly (Module | Operation)[];

/** Records what a forward pass runs. */
export class Trace {
  readonly steps: Step[] = [];
  private wires = 0;

  wire(): Wire {
    return { id: this.wires++ };
  }

  /** Runs a module or an operation on its inputs and returns its output. */
  run(run: Module | Operation, ...from: Wire[]): Wire {
    const to = this.wire();
    this.steps.push({ run, from, to });
    return to;
  }

  /** Runs modules one after the other. */
  chain(x: Wire, ...modules: Chain): Wire {
    for (const module of modules) x = this.run(module, x);
    return x;
  }

  add(a: Wire, b: Wire): Wire {
    return this.run({ op: 'add' }, a, b);
  }
}

/**
 * A composite of `children`, whose names are those of the checkpoint.
 *
 * @param forward is called once with a trace and as many wires as it has parameters after the first.
 * @param own parameters that the block holds itself.
 */
export function block(
  role: BlockRole,
  children: Readonly<Record<string, Module>>,
  forward: (trace: Trace, ...inputs: Wire[]) => Wire,
  own: Readonly<Record<string, Parameter>> = {},
): Block {
  const trace = new Trace();
  const inputs = Array.from({ length: Math.max(1, forward.length - 1) }, () => trace.wire());
  const output = forward(trace, ...inputs);
  return { kind: 'block', role, parameters: own, children, flow: { inputs, steps: trace.steps, output } };
}

export function parameter(...shape: number[]): Parameter {
  return { shape };
}

export function buffer(...shape: number[]): Parameter {
  return { shape, buffer: true };
}

/** Modules under `name.0`, `name.1` … */
export function listed(name: string, modules: readonly Module[]): Record<string, Module> {
  return Object.fromEntries(modules.map((module, index) => [`${name}.${index}`, module]));
}

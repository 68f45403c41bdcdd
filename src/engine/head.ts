/**
 * The end of a model that looks at each position alone (an output head): it is run for the positions that are asked for,
 * when they are asked for, and not for all.
 */
import type { Block, Module, Operation, Step } from '../core/model/module';
import { isOperation } from '../core/model/module';
import { opOf } from './ops';

export interface Cut {
  /** All of the model before that end; its output goes into `head`. */
  readonly body: Block;
  /** Undefined where the model ends with something else. */
  readonly head?: Block;
}

/** Cuts a model before the longest end that works position by position, and takes one value. */
export function cutHead(root: Block): Cut {
  const { steps, inputs, output } = root.flow;
  let first = steps.length;
  while (first > 1 && positionwise(steps[first - 1]!.run)) first--;
  for (; first < steps.length; first++) {
    const into = entering(steps.slice(first));
    if (into.size !== 1) continue;
    const [wire] = into;
    return {
      body: { ...root, flow: { inputs, steps: steps.slice(0, first), output: wire! } },
      head: { ...root, flow: { inputs: [wire!], steps: steps.slice(first), output } },
    };
  }
  return { body: root };
}

/** Wires that steps take from before them. */
function entering(steps: readonly Step[]): Set<Step['to']> {
  const made = new Set(steps.map(({ to }) => to));
  return new Set(steps.flatMap(({ from }) => from).filter((wire) => !made.has(wire)));
}

function positionwise(run: Module | Operation): boolean {
  if (!isOperation(run) && run.kind === 'block')
    return run.flow.steps.every((step) => positionwise(step.run));
  return opOf(run)?.positionwise?.(run) ?? false;
}

/** What a model returns of its layers: the outputs of modules that its class names, where the call asks for them. */
import type { Evaluator } from '../evaluate';
import { Class, Dict, Instance, Refusal, text, Tuple, truth, Unknowable, type Value } from '../values';

/** Takes the outputs of a model's modules while it runs. */
export class Recorder {
  private readonly taken = new Map<string, Value[]>();
  private readonly hooks = new Map<Instance, Task[]>();

  constructor(evaluator: Evaluator, model: Instance, keys: readonly string[]) {
    for (const key of keys) this.taken.set(key, []);
    if (keys.length > 0) this.install(evaluator, model, '', tasksOf(evaluator, model));
  }

  private install(evaluator: Evaluator, module: Instance, path: string, tasks: readonly Task[]): void {
    for (const [name, child] of module.children) {
      const own = child.of.order.some((cls) => cls.name === 'PreTrainedModel')
        ? tasksOf(evaluator, child)
        : tasks;
      this.install(evaluator, child, `${path}.${name}`, own);
    }
    const mine = tasks.filter(
      ({ target, className, layer }) =>
        ((target !== undefined && module.of.inherits(target)) ||
          (className !== undefined && path.endsWith(className))) &&
        (layer === undefined || `${path}.`.includes(`.${layer}.`)),
    );
    if (mine.length > 0) this.hooks.set(module, mine);
  }

  take(module: Instance, args: readonly Value[], out: Value): void {
    for (const { key, index, initial } of this.hooks.get(module) ?? []) {
      const list = this.taken.get(key);
      if (list === undefined) continue;
      if (initial && key === 'hidden_states' && list.length === 0) list.push(args[0] ?? null);
      if (!(out instanceof Tuple)) list.push(out);
      else if (out[index] !== null && out[index] !== undefined) list.push(out[index]);
    }
  }

  /** Puts what was taken into a model's output. */
  into(output: Value, tieLast: boolean): void {
    if (this.taken.size === 0) return;
    if (!(output instanceof Instance)) throw new Unknowable('outputs of layers in a tuple');
    for (const [key, list] of this.taken) {
      const last =
        output.attributes.get('vision_hidden_states') ?? output.attributes.get('last_hidden_state');
      if (key === 'hidden_states' && tieLast && last !== undefined) list.splice(-1, 1, last);
      output.attributes.set(key, Tuple.with(...list));
    }
  }
}

interface Task {
  readonly key: string;
  readonly index: number;
  readonly target?: Class;
  readonly className?: string;
  readonly layer?: string;
  readonly initial: boolean;
}

/** What a class's `_can_record_outputs` says. */
function tasksOf(evaluator: Evaluator, model: Instance): Task[] {
  const flags = evaluator.lookUp(model.of, '_can_record_outputs')?.value;
  if (!(flags instanceof Dict)) return [];
  return [...flags.map].flatMap(([name, given]) => {
    const key = text(name);
    return (Array.isArray(given) ? given : [given]).map((spec): Task => {
      if (spec instanceof Class)
        return { key, index: key.includes('hidden_states') ? 0 : 1, target: spec, initial: true };
      if (typeof spec === 'string')
        return { key, index: key.includes('hidden_states') ? 0 : 1, className: spec, initial: true };
      if (!(spec instanceof Instance)) throw new Unknowable('what a model records');
      const { attributes } = spec;
      const [target, className, layer] = ['target_class', 'class_name', 'layer_name'].map((each) =>
        attributes.get(each),
      );
      return {
        key,
        index: Number(attributes.get('index') ?? 0),
        ...(target instanceof Class ? { target } : {}),
        ...(typeof className === 'string' ? { className } : {}),
        ...(typeof layer === 'string' ? { layer: layer.replace(/^\.|\.$/g, '') } : {}),
        initial: attributes.get('capture_initial_hidden_state') !== false,
      };
    });
  });
}

/** Outputs that a call of a capturing model asks for. */
export function requested(
  evaluator: Evaluator,
  model: Instance,
  named: ReadonlyMap<string, Value>,
): string[] {
  const flags = evaluator.lookUp(model.of, '_can_record_outputs')?.value;
  const config = model.attributes.get('config');
  const asked = (option: string): boolean => {
    let value = named.get(option);
    if (value === undefined && config instanceof Instance) value = attribute(evaluator, config, option);
    if (Array.isArray(value)) throw new Unknowable('outputs of chosen layers');
    return value !== undefined && truth(value);
  };
  const keys = flags instanceof Dict ? [...flags.map.keys()].map(text) : [];
  return keys.filter((key) =>
    asked(
      key === 'cross_attentions' || key === 'mask_decoder_attentions' ? 'output_attentions' : `output_${key}`,
    ),
  );
}

/** An attribute that may be missing. */
export function attribute(evaluator: Evaluator, value: Instance, name: string): Value | undefined {
  try {
    return evaluator.attribute(value, name);
  } catch (error) {
    if (error instanceof Refusal && error.type === 'AttributeError') return undefined;
    throw error;
  }
}

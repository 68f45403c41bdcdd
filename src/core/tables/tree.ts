/** What a constructor built, as the tree that everything else reads. */
import type { Composite, Module, Parameter } from '../model/module';
import { NO_CHILDREN } from '../model/module';
import { MODULE } from './natives/classes';
import type { Tensor } from './values';
import { Unknowable, type Instance, type Value } from './values';

/** Makes the tree of a model; a tensor or module that stands in several places stays one. */
export function treeOf(root: Instance): Composite {
  const tensors = new Map<Tensor, Parameter>();
  const known = new Map<Instance, Module | undefined>();

  const parameterOf = (tensor: Tensor, path: string, isBuffer: boolean): Parameter => {
    const found = tensors.get(tensor);
    if (found !== undefined) return found;
    if (tensor.shape === undefined) throw new Unknowable(`the shape of ${path} is computed`);
    const made: Parameter = isBuffer ? { shape: tensor.shape, buffer: true } : { shape: tensor.shape };
    tensors.set(tensor, made);
    return made;
  };

  const convert = (instance: Instance, path: string, name: string): Module | undefined => {
    if (known.has(instance)) return known.get(instance);
    const parameters: Record<string, Parameter> = {};
    for (const [key, tensor] of instance.parameters)
      parameters[key] = parameterOf(tensor, `${path}${key}`, false);
    for (const [key, { tensor, persistent }] of instance.buffers) {
      if (persistent) parameters[key] = parameterOf(tensor, `${path}${key}`, true);
    }
    const children: Record<string, Module> = {};
    for (const [key, child] of instance.children) {
      const made = convert(child, `${path}${key}.`, key);
      if (made !== undefined) children[key] = made;
    }
    const empty = Object.keys(children).length === 0;
    const made =
      empty && Object.keys(parameters).length === 0
        ? undefined
        : (empty && leaf(instance, parameters, name)) || composite(instance, parameters, children);
    known.set(instance, made);
    return made;
  };

  const tree = convert(root, '', '');
  return tree?.kind === 'composite' ? tree : composite(root, tree?.parameters ?? {}, {});
}

function composite(
  instance: Instance,
  parameters: Readonly<Record<string, Parameter>>,
  children: Readonly<Record<string, Module>>,
): Composite {
  return { kind: 'composite', className: instance.of.name, parameters, children };
}

/** The kind of a module without parts, where it is one of PyTorch's own. */
function leaf(
  instance: Instance,
  parameters: Readonly<Record<string, Parameter>>,
  name: string,
): Module | undefined {
  const own = { parameters, children: NO_CHILDREN };
  const { weight, bias } = parameters;
  const given = instance.arguments;
  const native = instance.of.order.find((cls) => cls.table === undefined && cls !== MODULE)?.name;
  const extra = bias === undefined ? {} : { bias };
  if (weight === undefined || Object.keys(parameters).some((key) => !LEAF_TENSORS.has(key))) return undefined;
  switch (native) {
    case 'Linear':
      return {
        kind: 'linear',
        inputs: weight.shape[1]!,
        outputs: weight.shape[0]!,
        weight,
        ...extra,
        layout: 'output-input',
        ...own,
      };
    case 'Conv1D':
      return {
        kind: 'linear',
        inputs: weight.shape[0]!,
        outputs: weight.shape[1]!,
        weight,
        ...extra,
        layout: 'input-output',
        ...own,
      };
    case 'Embedding':
      return {
        kind: 'embedding',
        rows: weight.shape[0]!,
        width: weight.shape[1]!,
        weight,
        of: rowsOf(name),
        offset: 0,
        ...own,
      };
    case 'LayerNorm':
    case 'RMSNorm':
      return norm(native === 'LayerNorm' ? 'layer' : 'rms', weight, extra, number(given['eps'], 1e-5), own);
    case 'BatchNorm1d':
    case 'BatchNorm2d':
    case 'BatchNorm3d':
      return norm('batch', weight, extra, number(given['eps'], 1e-5), own);
    case 'Conv1d':
    case 'Conv2d':
    case 'Conv3d': {
      const groups = number(given['groups'], 1);
      return {
        kind: 'convolution',
        inputs: weight.shape[1]! * groups,
        outputs: weight.shape[0]!,
        kernel: weight.shape.slice(2),
        stride: numbers(given['stride']),
        padding: numbers(given['padding']),
        groups,
        weight,
        ...extra,
        ...own,
      };
    }
    default:
      return /RMSNorm$/.test(instance.of.name) && weight.shape.length === 1
        ? norm('rms', weight, extra, 1e-6, own)
        : undefined;
  }
}

const LEAF_TENSORS = new Set(['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']);

function norm(
  type: 'layer' | 'rms' | 'batch',
  weight: Parameter,
  bias: { readonly bias?: Parameter },
  epsilon: number,
  own: Pick<Composite, 'parameters' | 'children'>,
): Module {
  return { kind: 'norm', type, width: weight.shape.at(-1) ?? 1, epsilon, weight, ...bias, ...own };
}

/** What a table's rows stand for, by the name that the class gives it. */
function rowsOf(name: string): 'tokens' | 'positions' | 'segments' {
  if (/pos(ition)?/i.test(name)) return 'positions';
  return /type|segment/i.test(name) ? 'segments' : 'tokens';
}

function number(value: Value | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

function numbers(value: Value | undefined): number[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'number') : [];
}

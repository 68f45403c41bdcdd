/** What every module can do. */
import { deepCopy, isModule } from '../../attributes';
import type { Evaluator } from '../../evaluate';
import type { Instance } from '../../values';
import { Opaque, Tensor, text, truth, Tuple, type NativeMember, type Value } from '../../values';
import { MODULE } from '../classes';

/** Members of every module. */
export function moduleMembers(evaluator: () => Evaluator): void {
  const members: Record<string, NativeMember> = {
    __init__: () => null,
    register_buffer: (self, args, named) => {
      const [name, tensor] = [args[0] ?? named.get('name'), args[1] ?? named.get('tensor')];
      const persistent = args[2] ?? named.get('persistent') ?? true;
      if (tensor instanceof Tensor) self.buffers.set(text(name), { tensor, persistent: truth(persistent) });
      else if (tensor instanceof Opaque)
        self.buffers.set(text(name), { tensor: new Tensor(undefined), persistent: truth(persistent) });
      else self.attributes.set(text(name), null);
      return null;
    },
    register_parameter: (self, args, named) => {
      const [name, tensor] = [args[0] ?? named.get('name'), args[1] ?? named.get('param')];
      if (tensor instanceof Tensor) self.parameters.set(text(name), tensor);
      else self.attributes.set(text(name), null);
      return null;
    },
    add_module: (self, [name, value]) => {
      if (isModule(value)) self.children.set(text(name), value);
      return null;
    },
    parameters: (self) => descendants('', self).flatMap(([, module]) => [...module.parameters.values()]),
    children: (self) => [...self.children.values()],
    named_children: (self) => [...self.children].map(([name, child]) => Tuple.with(name, child)),
    modules: (self) => descendants('', self).map(([, module]) => module),
    named_modules: (self) => descendants('', self).map(([name, module]) => Tuple.with(name, module)),
    named_parameters: (self) =>
      descendants('', self).flatMap(([path, module]) =>
        [...module.parameters].map(([name, tensor]) =>
          Tuple.with(path === '' ? name : `${path}.${name}`, tensor),
        ),
      ),
    get_submodule: (self, [path]) =>
      text(path)
        .split('.')
        .reduce<Value>((module, name) => evaluator().attribute(module, name), self),
    __deepcopy__: (self) => deepCopy(self),
  };
  for (const name of ['to', 'eval', 'train', 'requires_grad_', 'half', 'float', 'cuda', 'cpu', 'apply'])
    members[name] = (self) => self;
  for (const name of [
    'register_forward_hook',
    'register_forward_pre_hook',
    '_register_load_state_dict_pre_hook',
    'register_load_state_dict_post_hook',
    'register_state_dict_pre_hook',
    'register_full_backward_hook',
    'load_state_dict',
    'zero_grad',
    'reset_parameters',
    '_register_state_dict_hook',
  ]) {
    members[name] = () => null;
  }
  members['register_module'] = members['add_module']!;
  for (const [name, member] of Object.entries(members)) MODULE.natives.set(name, member);
}

function descendants(path: string, module: Instance): (readonly [string, Instance])[] {
  return [
    [path, module],
    ...[...module.children].flatMap(([name, child]) =>
      descendants(path === '' ? name : `${path}.${name}`, child),
    ),
  ];
}

/** What a forward pass asks of torch itself. */
import { META } from '../../tensors';
import { Class, Instance, Namespace, Tensor } from '../../values';
import { named } from '../operations/registry';

named('finfo iinfo', () => {
  const limits = new Instance(new Class('finfo', []));
  for (const [name, number] of [
    ['min', -3.4e38],
    ['max', 3.4e38],
    ['eps', 2 ** -23],
    ['tiny', 2 ** -126],
  ] as const)
    limits.attributes.set(name, number);
  return limits;
});
named('device', () => META);
named('is_tensor', (_, given) => given.args[0] instanceof Tensor);
named(
  'is_autocast_enabled is_grad_enabled is_inference_mode_enabled are_deterministic_algorithms_enabled',
  () => false,
);
named('get_default_dtype', () => new Namespace('torch.float32'));
named(
  'get_autocast_gpu_dtype get_autocast_dtype result_type promote_types',
  () => new Namespace('torch.float32'),
);
for (const name of [
  'torch.jit.is_tracing',
  'torch.jit.is_scripting',
  'torch.compiler.is_compiling',
  'torch.cuda.is_available',
  'torch.onnx.is_in_onnx_export',
  'torch._dynamo.is_compiling',
  'torch.backends.mps.is_available',
  'torch.distributed.is_initialized',
  'torch.distributed.is_available',
]) {
  named(name, () => false);
}
for (const name of [
  'torch._check',
  'torch._check_is_size',
  'torch._dynamo.mark_static_address',
  'torch._dynamo.graph_break',
  'torch.manual_seed',
  'torch.cuda.synchronize',
])
  named(name, () => null);

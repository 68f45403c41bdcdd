/** Operations element by element. */
import { Tensor, Unknowable, type Value } from '../../values';
import type { Given } from '../arguments';
import { elementwise, mapped } from '../elementwise';
import { broadcast } from '../shapes';
import { Flowing, flowing, kindOf, type Kind } from '../tensor';
import { method } from './registry';

const CALCULATED: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp, log: Math.log, sqrt: Math.sqrt, rsqrt: (x) => 1 / Math.sqrt(x), abs: Math.abs, neg: (x) => -x, floor: Math.floor,
  ceil: Math.ceil, trunc: Math.trunc, round: Math.round, square: (x) => x * x, reciprocal: (x) => 1 / x, sign: Math.sign, log2: Math.log2,
}; // prettier-ignore
for (const [name, run] of Object.entries(CALCULATED)) {
  method(name, (_, given) => mapped(given.tensor(), run));
  method(`${name}_`, (_, given) => inPlace(given));
}

const SAME_SHAPE =
  'sin cos tan acos asin tanh sigmoid relu relu6 silu gelu softplus logsigmoid leaky_relu elu selu celu hardtanh hardswish hardsigmoid mish softmax log_softmax softmin erf erfc sinh cosh atan atan2 ' +
  'log1p expm1 tril triu flip roll cumprod cummax nan_to_num normalize dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout layer_norm rms_norm ' +
  'batch_norm group_norm instance_norm sinc logit masked_scatter index_copy index_fill scatter scatter_add scatter_reduce index_add index_put softsign ' +
  'tanhshrink exp2 log10 fft ifft fft2 ifft2 fftn ifftn fftshift ifftshift rot180 fake_quantize renorm hardshrink threshold prelu rrelu gumbel_softmax';
for (const name of SAME_SHAPE.split(' ')) method(name, (_, given) => sameShape(given));
const OVERWRITING =
  'masked_fill_ fill_ zero_ normal_ uniform_ mul_ add_ sub_ div_ clamp_ copy_ scatter_ scatter_add_ index_add_ index_copy_ index_fill_ masked_scatter_ index_put_ relu_ tril_ triu_ exp_ clip_ clamp_min_ clamp_max_ bitwise_or_ logical_or_ logical_and_ scatter_reduce_ fill_diagonal_ pow_ sigmoid_ tanh_ random_ trunc_normal_ exponential_ bernoulli_ cumsum_ floor_divide_ set_';
for (const name of OVERWRITING.split(' ')) method(name, (_, given) => inPlace(given));

function sameShape(given: Given): Flowing {
  const x = given.tensor();
  const gradient = [...given.args, ...given.named.values()].some(
    (each) => each instanceof Tensor && flowing(each).gradient,
  );
  return new Flowing(x.shape, { kind: x.kind, gradient });
}

function inPlace(given: Given): Value {
  const x = given.args[0];
  for (const each of [...given.args.slice(1), null]) if (x instanceof Flowing) x.overwrite(each);
  return x ?? null;
}

method('contiguous cpu cuda requires_grad_ resolve_conj as_subclass npu', (_, given) => given.args[0]!);
method('clone', (_, given) => {
  const x = given.tensor();
  return new Flowing(x.shape, { values: x.numbers, kind: x.kind, gradient: x.gradient });
});
method('detach numpy', (_, given) => {
  const x = given.tensor();
  return new Flowing(x.shape, { values: x.numbers, kind: x.kind });
});
const CASTS: Readonly<Record<string, Kind>> = {
  float: 'float',
  double: 'float',
  half: 'float',
  bfloat16: 'float',
  int: 'int',
  long: 'int',
  bool: 'bool',
  short: 'int',
};
const cast = (x: Flowing, kind: Kind) =>
  mapped(
    x,
    kind === 'int' && x.kind === 'float'
      ? Math.trunc
      : kind === 'bool'
        ? (each) => Number(each !== 0)
        : (each) => each,
    kind,
  );
for (const [name, kind] of Object.entries(CASTS)) method(name, (_, given) => cast(given.tensor(), kind));
method('to type type_as', (_, given) => {
  const x = given.tensor();
  const dtype = [...given.args.slice(1), ...given.named.values()]
    .map((value) => kindOf(value) ?? (value instanceof Flowing ? value.kind : undefined))
    .find((kind) => kind !== undefined);
  return dtype === undefined || dtype === x.kind ? x : cast(x, dtype);
});
method('logical_not bitwise_not', (_, given) => {
  const x = given.tensor();
  return mapped(x, x.kind === 'bool' ? (each) => Number(each === 0) : (each) => ~each);
});
method('isnan isinf isfinite isneginf', (_, given) => new Flowing(given.tensor().shape, { kind: 'bool' }));
method('clamp clip clamp_min clamp_max', (_, given) => {
  const x = given.tensor();
  return new Flowing(x.shape, { kind: x.kind, gradient: x.gradient });
});
const BINARY: Readonly<Record<string, string>> = {
  add: '+', sub: '-', subtract: '-', mul: '*', multiply: '*', div: '/', divide: '/', true_divide: '/', floor_divide: '//', remainder: '%', fmod: '%', pow: '**',
  eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=', not_equal: '!=', greater: '>', less: '<', maximum: 'max', minimum: 'min', bitwise_and: '&', bitwise_or: '|',
  bitwise_xor: '^', bitwise_left_shift: '<<', bitwise_right_shift: '>>',
}; // prettier-ignore
for (const [name, operation] of Object.entries(BINARY)) {
  method(name, (_, given) => {
    const out = elementwise(operation, given.tensor(), given.at(1, 'other')!);
    // Division may be asked to round.
    return name === 'div' && given.named.has('rounding_mode')
      ? new Flowing(out.shape, { kind: out.kind, gradient: out.gradient })
      : out;
  });
}
method(
  'logical_and logical_or logical_xor isclose',
  (_, given) =>
    new Flowing(broadcast(given.tensor().shape, given.tensor(1, 'other').shape), { kind: 'bool' }),
);
method('addcmul addcdiv lerp', (_, given) => {
  const [a, b] = [given.tensor(), given.tensor(1, 'other')];
  const c = given.at(2, 'weight');
  const third = c instanceof Tensor ? flowing(c) : undefined;
  return new Flowing(broadcast(a.shape, b.shape, third?.shape ?? []), {
    gradient: a.gradient || b.gradient || third?.gradient === true,
  });
});
method('masked_fill', (_, given) => {
  const [x, mask] = [given.tensor(), given.tensor(1, 'mask')];
  return new Flowing(broadcast(x.shape, mask.shape), { kind: x.kind, gradient: x.gradient });
});
method('where', (_, given) => {
  if (given.at(1, 'input') === undefined) throw new Unknowable('where a tensor is true depends on values');
  const first = flowing(given.args[0] ?? given.named.get('condition'));
  // As a method, the tensor is what is kept.
  const [a, b] = [flowing(given.at(1, 'input')), flowing(given.at(2, 'other'))];
  const method = first.kind !== 'bool' && a.kind === 'bool';
  const kept = method ? first : a;
  return new Flowing(broadcast(first.shape, a.shape, b.shape), {
    kind: kept.kind === 'float' || b.kind === 'float' ? 'float' : kept.kind,
    gradient: first.gradient || a.gradient || b.gradient,
  });
});

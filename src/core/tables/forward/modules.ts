/** Forward passes of PyTorch's own modules. */
import { isModule } from '../attributes';
import type { Instance } from '../values';
import { Dict, Refusal, text, Tuple, Unknowable, type Value } from '../values';
import type { Given } from './arguments';
import { each, whole, type Context } from './arguments';
import { callFunction } from './functions';
import { attention, convolution, linear, matmul } from './products';
import { axisOf, flattened, viewed } from './shapes';
import { Flowing, flowing, product } from './tensor';

type Forward = (context: Context, self: Instance, given: Given) => Value;

const all = new Map<string, Forward>();

/** Forward passes by the name of the module's class. */
export const moduleForwards: ReadonlyMap<string, Forward> = all;

function define(names: string, run: Forward): void {
  for (const name of names.split(' ')) all.set(name, run);
}

function own(self: Instance, name: string): Flowing | undefined {
  const found = self.parameters.get(name) ?? self.buffers.get(name)?.tensor ?? parametrised(self, name);
  return found === undefined ? undefined : flowing(found, name);
}

/** A weight that weight norm makes of a direction and a length. */
function parametrised(self: Instance, name: string): Value | undefined {
  return self.children.get('parametrizations')?.children.get(name)?.parameters.get('original1');
}

const SAME =
  'Identity Dropout Dropout1d Dropout2d Dropout3d AlphaDropout ReLU ReLU6 GELU SiLU Tanh Sigmoid ELU Mish LeakyReLU Hardswish Hardsigmoid Softplus Softmax LogSoftmax ' +
  'LogSigmoid Softsign SELU CELU Hardtanh Activation';
define(SAME, (_, _self, given) => {
  const x = given.tensor();
  return new Flowing(x.shape, { gradient: x.gradient, values: undefined, kind: x.kind });
});
define(
  'LayerNorm RMSNorm GroupNorm BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d PReLU XIELUActivation',
  (_, self, given) => {
    const x = given.tensor();
    const weight = own(self, 'weight');
    const name = self.of.order.map((cls) => cls.name).find((cls) => all.has(cls))!;
    const channels =
      name === 'LayerNorm' || name === 'RMSNorm'
        ? x.shape.slice(x.shape.length - (weight?.shape.length ?? 0))
        : [x.shape[1]];
    if (weight !== undefined && /Norm/.test(name) && weight.shape.join() !== channels.join()) {
      throw new Refusal('RuntimeError', `a norm of ${weight.shape.join(', ')} got ${x.shape.join(', ')}`);
    }
    return new Flowing(x.shape, { gradient: x.gradient || self.parameters.size > 0 });
  },
);
define('Linear', ({ tally }, self, given) =>
  linear(tally, given.tensor(), own(self, 'weight')!, own(self, 'bias')),
);
define('Conv1D', ({ tally }, self, given) => matmul(tally, given.tensor(0, 'x'), own(self, 'weight')!));
define(
  'Embedding',
  (_, self, given) =>
    new Flowing([...given.tensor().shape, own(self, 'weight')!.shape[1]!], {
      gradient: own(self, 'weight')!.gradient,
    }),
);
define('Sequential', ({ evaluator }, self, given) => {
  let x = given.at(0, 'input') ?? null;
  for (const child of self.children.values()) x = evaluator.call(child, [x], new Map());
  return x;
});
for (const axes of [1, 2, 3]) {
  define(`Conv${axes}d ConvTranspose${axes}d`, ({ tally }, self, given) => {
    const made = self.arguments;
    return convolution(
      tally,
      given.tensor(),
      own(self, 'weight')!,
      {
        kernel: each(made['kernel'], axes, 1),
        stride: each(made['stride'], axes, 1),
        padding: made['same'] === true ? 'same' : each(made['padding'], axes, 0),
        dilation: each(made['dilation'], axes, 1),
        groups: whole(made['groups'], 'groups'),
        transposed: made['transposed'] === true,
        outputPadding: each(made['output_padding'] ?? given.at(9, 'output_padding'), axes, 0),
      },
      own(self, 'bias'),
    );
  });
  for (const type of ['Avg', 'Max']) {
    const names =
      type === 'Max'
        ? ['kernel_size', 'stride', 'padding', 'dilation', 'return_indices', 'ceil_mode']
        : ['kernel_size', 'stride', 'padding', 'ceil_mode'];
    define(`${type}Pool${axes}d`, (context, self, given) =>
      again(context, self, given, `torch.nn.functional.${type.toLowerCase()}_pool${axes}d`, names),
    );
    define(`Adaptive${type}Pool${axes}d`, (context, self, given) =>
      again(context, self, given, `torch.nn.functional.adaptive_${type.toLowerCase()}_pool${axes}d`, [
        'output_size',
      ]),
    );
  }
}
define('Upsample', (context, self, given) =>
  again(context, self, given, 'torch.nn.functional.interpolate', ['size', 'scale_factor', 'mode']),
);
define('UpsamplingNearest2d', (context, self, given) =>
  again(context, self, given, 'torch.nn.functional.interpolate', ['size', 'scale_factor']),
);
define('Unfold', (context, self, given) =>
  again(context, self, given, 'torch.nn.functional.unfold', ['kernel_size', 'dilation', 'padding', 'stride']),
);
define('Fold', (context, self, given) =>
  again(context, self, given, 'torch.nn.functional.fold', [
    'output_size',
    'kernel_size',
    'dilation',
    'padding',
    'stride',
  ]),
);
define('PixelShuffle', (context, self, given) =>
  again(context, self, given, 'torch.nn.functional.pixel_shuffle', ['upscale_factor']),
);
define('PixelUnshuffle', (context, self, given) =>
  again(context, self, given, 'torch.nn.functional.pixel_unshuffle', ['downscale_factor']),
);
define('GLU', (context, self, given) => again(context, self, given, 'torch.nn.functional.glu', ['dim']));
define('Flatten', (_, self, given) => {
  const made = madeWith(self, ['start_dim', 'end_dim']);
  const x = given.tensor();
  return x.view(
    flattened(
      x.shape,
      whole(made.get('start_dim') ?? 1, 'start_dim'),
      whole(made.get('end_dim') ?? -1, 'end_dim'),
    ),
  );
});
define('Unflatten', (_, self, given) => {
  const made = madeWith(self, ['dim', 'unflattened_size']);
  const x = given.tensor();
  const axis = axisOf(whole(made.get('dim'), 'dim'), x.shape.length);
  return x.view([
    ...x.shape.slice(0, axis),
    ...viewed(
      [x.shape[axis]!],
      (made.get('unflattened_size') as Value[]).map((size) => whole(size, 'size')),
    ),
    ...x.shape.slice(axis + 1),
  ]);
});
define(
  'ZeroPad2d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d ReplicationPad1d ReplicationPad2d',
  (_, self, given) => {
    const name = self.of.order.map((cls) => cls.name).find((cls) => all.has(cls))!;
    const axes = Number(/(\d)d$/.exec(name)![1]);
    const asked = madeWith(self, ['padding']).get('padding');
    const amounts = Array.isArray(asked)
      ? asked.map((size) => whole(size, 'padding'))
      : Array.from({ length: 2 * axes }, () => whole(asked, 'padding'));
    const x = given.tensor();
    const shape = x.shape.map((size, i) => {
      const place = x.shape.length - 1 - i;
      return size + (amounts[2 * place] ?? 0) + (amounts[2 * place + 1] ?? 0);
    });
    return new Flowing(shape, { gradient: x.gradient });
  },
);

/** What a module was made with, by names where it stood by position. */
function madeWith(self: Instance, names: readonly string[]): Map<string, Value> {
  const { args: given, named } = self.arguments;
  const out = new Map<string, Value>(
    named instanceof Dict ? [...named.map].map(([name, value]) => [text(name), value]) : [],
  );
  if (Array.isArray(given)) given.forEach((value, i) => names[i] !== undefined && out.set(names[i], value));
  return out;
}

/** A module that hands what it was made with to a function. */
function again(
  context: Context,
  self: Instance,
  given: Given,
  path: string,
  names: readonly string[],
): Value {
  return callFunction(context, path, given.args.slice(0, 1), madeWith(self, names));
}

for (const [name, gates] of [
  ['RNN', 1],
  ['GRU', 3],
  ['LSTM', 4],
] as const) {
  define(name, ({ tally }, self, given) => {
    const x = given.tensor();
    const first = own(self, 'weight_ih_l0')!;
    const layers = [...self.parameters.keys()].filter((key) => /^weight_ih_l\d+$/.test(key)).length;
    const directions = self.parameters.has('weight_ih_l0_reverse') ? 2 : 1;
    const projected = own(self, 'weight_hr_l0');
    const hidden = first.shape[0]! / gates;
    const width = projected?.shape[0] ?? hidden;
    if (x.shape.at(-1) !== first.shape[1])
      throw new Refusal('RuntimeError', `a recurrence of ${first.shape[1]} got ${x.shape.at(-1)}`);
    const steps = product(x.shape.slice(0, -1));
    for (const [key, parameter] of self.parameters) {
      if (!key.startsWith('weight')) continue;
      const input = key === 'weight_ih_l0' || key === 'weight_ih_l0_reverse' ? Number(x.gradient) : 1;
      // On a CPU an LSTM is one function, which the counter does not see.
      tally.charge([steps, ...parameter.shape!], 1 + input, name === 'LSTM');
    }
    const out = new Flowing([...x.shape.slice(0, -1), directions * width], { gradient: true });
    const batchFirst = self.arguments['batch_first'] === true;
    const batch = x.shape.length === 3 ? [x.shape[batchFirst ? 0 : 1]!] : [];
    const last = (size: number) => new Flowing([layers * directions, ...batch, size], { gradient: true });
    return Tuple.with(out, name === 'LSTM' ? Tuple.with(last(width), last(hidden)) : last(hidden));
  });
  define(`${name}Cell`, ({ tally }, self, given) => {
    const x = given.tensor();
    const weights = [own(self, 'weight_ih')!, own(self, 'weight_hh')!];
    const rows = product(x.shape.slice(0, -1));
    tally.charge([rows, ...weights[0]!.shape], 1 + Number(x.gradient));
    tally.charge([rows, ...weights[1]!.shape], 2);
    const state = () => new Flowing([...x.shape.slice(0, -1), weights[1]!.shape[1]!], { gradient: true });
    return name === 'LSTM' ? Tuple.with(state(), state()) : state();
  });
}
define('MultiheadAttention', ({ tally }, self, given) => {
  const sources = [given.tensor(0, 'query'), given.tensor(1, 'key'), given.tensor(2, 'value')];
  const batchFirst = self.arguments['batch_first'] === true;
  const heads = whole(self.arguments['num_heads'], 'num_heads');
  if (self.parameters.has('bias_k') || self.arguments['add_zero_attn'] === true)
    throw new Unknowable('attention with a further key');
  const fused = own(self, 'in_proj_weight');
  const width = whole(self.arguments['embed_dim'], 'embed_dim');
  const projected = sources.map((x, i) =>
    linear(
      tally,
      x,
      fused === undefined ? own(self, `${'qkv'[i]}_proj_weight`)! : fused.view([width, fused.shape[1]!]),
    ),
  );
  const split = (x: Flowing): Flowing => {
    const { shape } = x;
    const [batch, length] =
      shape.length === 2 ? [1, shape[0]!] : batchFirst ? [shape[0]!, shape[1]!] : [shape[1]!, shape[0]!];
    return x.view([batch, heads, length, width / heads]);
  };
  const [query, key, value] = projected.map(split) as [Flowing, Flowing, Flowing];
  attention(tally, query, key, value);
  const out = self.children.get('out_proj');
  if (!isModule(out)) throw new Unknowable('attention without its output');
  const mixed = linear(tally, projected[0]!, own(out, 'weight')!, own(out, 'bias'));
  const weights = new Flowing([query.shape[0]!, query.shape[2]!, key.shape[2]!], { gradient: true });
  return Tuple.with(mixed, given.flag(4, 'need_weights', true) ? weights : null);
});

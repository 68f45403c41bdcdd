/** PyTorch's modules: which parameters and buffers each has, and of what shape. */
import type { Evaluator } from '../../evaluate';
import { flag } from '../../methods';
import type { Class } from '../../values';
import { Callable, Dict, Instance, Opaque, Refusal, Tensor, Unknowable, type Value } from '../../values';
import { BUFFER, MODULE, nativeClass, taken } from '../classes';
import { dimension, parameter, buffer, perAxis, type Arguments } from './sizes';
import { containers } from './containers';
import { convolve, recur } from './convolution';
import { tensors } from './tensors';
import { parametrised } from './weightNorm';

export function torchNames(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (name: string, value: Value) => names.set(name, value);
  /** A module class by its arguments' names and what it makes of them. */
  const layer = (
    name: string,
    parameters: readonly string[],
    make: (self: Instance, given: Arguments) => void,
  ) => {
    const cls = nativeClass(name, [MODULE], {
      __init__: (self, args, named) => {
        const given = taken(parameters, args, named);
        self.arguments = Object.fromEntries(
          Object.entries(given).filter((entry): entry is [string, Value] => entry[1] !== undefined),
        );
        for (const [key, value] of Object.entries(self.arguments)) {
          const plain = typeof value === 'number' || typeof value === 'boolean';
          // A flag that asks for a tensor has the tensor's name.
          if (plain && key !== 'bias') self.attributes.set(key, value);
        }
        make(self, given);
        return null;
      },
    });
    add(`torch.nn.${name}`, cls);
    return cls;
  };

  layer('Linear', ['in_features', 'out_features', 'bias'], (self, given) => {
    const [inputs, outputs] = [
      dimension(given['in_features'], 'in_features'),
      dimension(given['out_features'], 'out_features'),
    ];
    parameter(self, 'weight', outputs, inputs);
    if (flag(given['bias'], true)) parameter(self, 'bias', outputs);
    else self.attributes.set('bias', null);
  });
  layer('Embedding', ['num_embeddings', 'embedding_dim', 'padding_idx'], (self, given) => {
    const rows = dimension(given['num_embeddings'], 'num_embeddings');
    const padding = given['padding_idx'];
    if (typeof padding === 'number' && (padding >= rows || padding < -rows)) {
      throw new Refusal('AssertionError', `padding_idx ${padding} must be within num_embeddings ${rows}`);
    }
    parameter(self, 'weight', rows, dimension(given['embedding_dim'], 'embedding_dim'));
  });
  layer('LayerNorm', ['normalized_shape', 'eps', 'elementwise_affine', 'bias'], (self, given) => {
    if (!flag(given['elementwise_affine'], true)) return;
    const shape = perAxis(given['normalized_shape'], 1, 0).map((each) => dimension(each, 'normalized_shape'));
    parameter(self, 'weight', ...shape);
    if (flag(given['bias'], true)) parameter(self, 'bias', ...shape);
  });
  layer('RMSNorm', ['normalized_shape', 'eps', 'elementwise_affine'], (self, given) => {
    if (flag(given['elementwise_affine'], true))
      parameter(self, 'weight', ...perAxis(given['normalized_shape'], 1, 0));
  });
  layer('GroupNorm', ['num_groups', 'num_channels', 'eps', 'affine'], (self, given) => {
    const [groups, channels] = [
      dimension(given['num_groups'], 'num_groups'),
      dimension(given['num_channels'], 'num_channels'),
    ];
    if (groups === 0 || channels % groups !== 0)
      throw new Refusal('ValueError', 'num_channels must be divisible by num_groups');
    if (!flag(given['affine'], true)) return;
    parameter(self, 'weight', channels);
    parameter(self, 'bias', channels);
  });
  const batchNorm = (self: Instance, given: Arguments, fallback: boolean) => {
    const width = dimension(given['num_features'], 'num_features');
    if (flag(given['affine'], fallback)) {
      parameter(self, 'weight', width);
      parameter(self, 'bias', width);
    }
    if (!flag(given['track_running_stats'], fallback)) return;
    buffer(self, 'running_mean', width);
    buffer(self, 'running_var', width);
    buffer(self, 'num_batches_tracked');
  };
  for (const axes of [1, 2, 3]) {
    const keys = ['num_features', 'eps', 'momentum', 'affine', 'track_running_stats'];
    layer(`BatchNorm${axes}d`, keys, (self, given) => batchNorm(self, given, true));
    layer(`InstanceNorm${axes}d`, keys, (self, given) => batchNorm(self, given, false));
    const convolution = ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding'];
    layer(`Conv${axes}d`, [...convolution, 'dilation', 'groups', 'bias'], (self, given) =>
      convolve(self, given, axes, false),
    );
    layer(
      `ConvTranspose${axes}d`,
      [...convolution, 'output_padding', 'groups', 'bias', 'dilation'],
      (self, given) => convolve(self, given, axes, true),
    );
  }
  layer('PReLU', ['num_parameters'], (self, given) =>
    parameter(self, 'weight', dimension(given['num_parameters'] ?? 1, 'num_parameters')),
  );
  layer('Bilinear', ['in1_features', 'in2_features', 'out_features', 'bias'], (self, given) => {
    const outputs = dimension(given['out_features'], 'out_features');
    parameter(
      self,
      'weight',
      outputs,
      dimension(given['in1_features'], 'in1_features'),
      dimension(given['in2_features'], 'in2_features'),
    );
    if (flag(given['bias'], true)) parameter(self, 'bias', outputs);
  });
  const recurrent = [
    'input_size',
    'hidden_size',
    'num_layers',
    'bias',
    'batch_first',
    'dropout',
    'bidirectional',
    'proj_size',
  ];
  for (const [name, gates] of [
    ['RNN', 1],
    ['GRU', 3],
    ['LSTM', 4],
  ] as const) {
    layer(name, recurrent, (self, given) => recur(self, given, gates));
    layer(`${name}Cell`, ['input_size', 'hidden_size', 'bias'], (self, given) => {
      const [inputs, width] = [
        dimension(given['input_size'], 'input_size'),
        dimension(given['hidden_size'], 'hidden_size'),
      ];
      parameter(self, 'weight_ih', gates * width, inputs);
      parameter(self, 'weight_hh', gates * width, width);
      if (!flag(given['bias'], true)) return;
      parameter(self, 'bias_ih', gates * width);
      parameter(self, 'bias_hh', gates * width);
    });
  }
  layer(
    'MultiheadAttention',
    [
      'embed_dim',
      'num_heads',
      'dropout',
      'bias',
      'add_bias_kv',
      'add_zero_attn',
      'kdim',
      'vdim',
      'batch_first',
    ],
    (self, given) => {
      const width = dimension(given['embed_dim'], 'embed_dim');
      const [key, value] = [given['kdim'] ?? width, given['vdim'] ?? width].map((each) =>
        dimension(each, 'kdim'),
      );
      if (key === width && value === width) parameter(self, 'in_proj_weight', 3 * width, width);
      else {
        parameter(self, 'q_proj_weight', width, width);
        parameter(self, 'k_proj_weight', width, key!);
        parameter(self, 'v_proj_weight', width, value!);
      }
      const bias = flag(given['bias'], true);
      if (bias) parameter(self, 'in_proj_bias', 3 * width);
      const linear = evaluator().construct(
        names.get('torch.nn.Linear') as Class,
        [width, width, bias],
        new Map(),
      );
      self.children.set('out_proj', linear as Instance);
      if (!flag(given['add_bias_kv'], false)) return;
      parameter(self, 'bias_k', 1, 1, width);
      parameter(self, 'bias_v', 1, 1, width);
    },
  );
  for (const name of WITHOUT_PARAMETERS) {
    const cls = nativeClass(name, [MODULE], {
      __init__: (self, args, named) => {
        self.arguments = { args: [...args], named: new Dict([...named]) };
        for (const [key, value] of named) self.attributes.set(key, value);
        // A pool of another class hands these on to a function.
        if (name.startsWith('MaxPool')) {
          self.attributes.set('ceil_mode', false);
          args.forEach((value, i) => self.attributes.set(MAX_POOL[i] ?? '', value));
        }
        return null;
      },
    });
    add(`torch.nn.${name}`, cls);
  }
  for (const [name, value] of containers(evaluator)) add(name, value);
  for (const [name, value] of tensors(evaluator)) add(name, value);

  const parameterClass = nativeClass('Parameter', []);
  parameterClass.natives.set('__new__', (_self, args, named) => {
    const data = args[0] ?? named.get('data');
    if (!(data instanceof Tensor)) throw new Unknowable('a parameter is made of a computed value');
    const made = new Tensor(data.shape);
    made.parameter = true;
    return made;
  });
  add('torch.nn.Parameter', parameterClass);
  add(
    'torch.nn.Buffer',
    new Callable('Buffer', ([tensor], named) => {
      if (!(tensor instanceof Tensor)) return tensor ?? null;
      const made = new Instance(BUFFER);
      made.attributes.set('tensor', tensor);
      made.attributes.set('persistent', named.get('persistent') ?? true);
      return made;
    }),
  );
  add('torch.nn.Module', MODULE);
  const weightNorm = new Callable('weight_norm', (args, named) => parametrised(args, named));
  add('torch.nn.utils.weight_norm', weightNorm);
  add('torch.nn.utils.parametrizations.weight_norm', weightNorm);
  const differentiable = nativeClass('Function', []);
  differentiable.values.set('apply', new Opaque('a function of tensors'));
  add('torch.autograd.Function', differentiable);
  return names;
}

const MAX_POOL = ['kernel_size', 'stride', 'padding', 'dilation', 'return_indices', 'ceil_mode'];

const WITHOUT_PARAMETERS = [
  'Identity', 'Dropout', 'Dropout1d', 'Dropout2d', 'Dropout3d', 'ReLU', 'ReLU6', 'GELU', 'SiLU', 'Tanh', 'Sigmoid', 'ELU', 'GLU', 'Mish',
  'LeakyReLU', 'Hardswish', 'Hardsigmoid', 'Softplus', 'Softmax', 'LogSoftmax', 'LogSigmoid', 'Softsign', 'SELU', 'CELU', 'Hardtanh',
  'MaxPool1d', 'MaxPool2d', 'MaxPool3d', 'AvgPool1d', 'AvgPool2d', 'AvgPool3d', 'AdaptiveAvgPool1d', 'AdaptiveAvgPool2d', 'AdaptiveAvgPool3d',
  'AdaptiveMaxPool2d', 'Upsample', 'UpsamplingNearest2d', 'Flatten', 'Unflatten', 'Unfold', 'Fold', 'PixelShuffle', 'PixelUnshuffle', 'ZeroPad2d',
  'ConstantPad1d', 'ConstantPad2d', 'ConstantPad3d', 'ReflectionPad1d', 'ReflectionPad2d', 'ReplicationPad1d', 'ReplicationPad2d',
  'CrossEntropyLoss', 'BCEWithLogitsLoss', 'BCELoss', 'MSELoss', 'L1Loss', 'SmoothL1Loss', 'NLLLoss', 'KLDivLoss', 'CTCLoss', 'CosineSimilarity',
]; // prettier-ignore

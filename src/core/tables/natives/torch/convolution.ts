/** Convolutions and recurrent layers. */
import { flag } from '../../methods';
import type { Instance } from '../../values';
import { Refusal, Tuple } from '../../values';
import { dimension, parameter, perAxis, type Arguments } from './sizes';

export function convolve(self: Instance, given: Arguments, axes: number, transposed: boolean): void {
  const [inputs, outputs] = [
    dimension(given['in_channels'], 'in_channels'),
    dimension(given['out_channels'], 'out_channels'),
  ];
  const groups = dimension(given['groups'] ?? 1, 'groups');
  if (groups === 0 || inputs % groups !== 0 || outputs % groups !== 0) {
    throw new Refusal(
      'ValueError',
      `in_channels ${inputs} and out_channels ${outputs} must be divisible by groups ${groups}`,
    );
  }
  const kernel = perAxis(given['kernel_size'], axes, 1).map((each) => dimension(each, 'kernel_size'));
  for (const [name, fallback] of [
    ['stride', 1],
    ['padding', 0],
    ['dilation', 1],
  ] as const) {
    self.arguments = { ...self.arguments, [name]: perAxis(given[name], axes, fallback) };
    self.attributes.set(name, Tuple.with(...perAxis(given[name], axes, fallback)));
  }
  const same = given['padding'] === 'same';
  self.arguments = { ...self.arguments, kernel, groups, transposed, same };
  // What a subclass hands to a function instead.
  if (same) self.attributes.set('padding', 'same');
  self.attributes.set('groups', groups);
  self.attributes.set('kernel_size', Tuple.with(...kernel));
  if (transposed) parameter(self, 'weight', inputs, outputs / groups, ...kernel);
  else parameter(self, 'weight', outputs, inputs / groups, ...kernel);
  if (flag(given['bias'], true)) parameter(self, 'bias', outputs);
  else self.attributes.set('bias', null);
}

export function recur(self: Instance, given: Arguments, gates: number): void {
  const width = dimension(given['hidden_size'], 'hidden_size');
  const projection = dimension(given['proj_size'] ?? 0, 'proj_size');
  const out = projection === 0 ? width : projection;
  const directions = flag(given['bidirectional'], false) ? ['', '_reverse'] : [''];
  const layers = dimension(given['num_layers'] ?? 1, 'num_layers');
  for (let i = 0; i < layers; i++) {
    const inputs = i === 0 ? dimension(given['input_size'], 'input_size') : out * directions.length;
    for (const direction of directions) {
      const name = `l${i}${direction}`;
      parameter(self, `weight_ih_${name}`, gates * width, inputs);
      parameter(self, `weight_hh_${name}`, gates * width, out);
      if (flag(given['bias'], true)) {
        parameter(self, `bias_ih_${name}`, gates * width);
        parameter(self, `bias_hh_${name}`, gates * width);
      }
      if (projection > 0) parameter(self, `weight_hr_${name}`, projection, width);
    }
  }
}

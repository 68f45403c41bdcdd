/** Convolutions, pools and images. */
import { Unknowable } from '../../values';
import { each, whole, type Given } from '../arguments';
import { named } from '../operations/registry';
import { convolution } from '../products';
import { mismatch, windows } from '../shapes';
import { Flowing, product } from '../tensor';

for (const axes of [1, 2, 3]) {
  named(`F.conv${axes}d conv${axes}d`, (context, given) => {
    const padding = given.at(4, 'padding');
    return convolution(
      context.tally,
      given.tensor(),
      given.tensor(1, 'weight'),
      {
        kernel: [],
        stride: each(given.at(3, 'stride'), axes, 1),
        padding:
          padding === 'same'
            ? 'same'
            : padding === 'valid'
              ? each(undefined, axes, 0)
              : each(padding, axes, 0),
        dilation: each(given.at(5, 'dilation'), axes, 1),
        groups: given.whole(6, 'groups', 1),
        transposed: false,
        outputPadding: [],
      },
      given.optional(2, 'bias'),
    );
  });
  named(`F.conv_transpose${axes}d conv_transpose${axes}d`, (context, given) =>
    convolution(
      context.tally,
      given.tensor(),
      given.tensor(1, 'weight'),
      {
        kernel: [],
        stride: each(given.at(3, 'stride'), axes, 1),
        padding: each(given.at(4, 'padding'), axes, 0),
        dilation: each(given.at(7, 'dilation'), axes, 1),
        groups: given.whole(6, 'groups', 1),
        transposed: true,
        outputPadding: each(given.at(5, 'output_padding'), axes, 0),
      },
      given.optional(2, 'bias'),
    ),
  );
  for (const type of ['avg', 'max'])
    named(`F.${type}_pool${axes}d ${type}_pool${axes}d`, (_, given) => pool(given, axes, type));
  for (const type of ['avg', 'max'])
    named(`F.adaptive_${type}_pool${axes}d adaptive_${type}_pool${axes}d`, (_, given) =>
      adaptivePool(given, axes),
    );
}

/** Windows over the last axes. */
function pool(given: Given, axes: number, type: string): Flowing {
  const x = given.tensor();
  const kernel = each(given.at(1, 'kernel_size'), axes, 1);
  const max = type === 'max';
  const [dilation, ceil] = [max ? given.at(4, 'dilation') : undefined, given.at(max ? 5 : 4, 'ceil_mode')];
  const asked = given.at(2, 'stride');
  const space = windows(x.shape.slice(-axes), {
    kernel,
    stride:
      asked === undefined || (Array.isArray(asked) && asked.length === 0) ? kernel : each(asked, axes, 1),
    padding: each(given.at(3, 'padding'), axes, 0),
    dilation: each(dilation, axes, 1),
    ceil: ceil === true,
  });
  return new Flowing([...x.shape.slice(0, -axes), ...space], { gradient: x.gradient });
}

function adaptivePool(given: Given, axes: number): Flowing {
  const x = given.tensor();
  const size = given.at(1, 'output_size') ?? null;
  const asked = Array.isArray(size) ? size : Array.from({ length: axes }, () => size);
  const space = asked.map((item, i) => (item === null ? x.shape.at(i - axes)! : whole(item, 'output_size')));
  return new Flowing([...x.shape.slice(0, -axes), ...space], { gradient: x.gradient });
}

named('F.pad pad', (_, given) => {
  const x = given.tensor();
  const amounts = given.sizes(1, 'pad');
  const shape = [...x.shape];
  for (let i = 0; 2 * i < amounts.length; i++)
    shape[shape.length - 1 - i]! += amounts[2 * i]! + amounts[2 * i + 1]!;
  if (shape.some((size) => size < 0)) throw mismatch([x.shape, amounts]);
  return new Flowing(shape, { kind: x.kind, gradient: x.gradient });
});
named('F.interpolate F.upsample', (_, given) => {
  const x = given.tensor();
  const axes = x.shape.length - 2;
  const size = given.at(1, 'size');
  if (size !== undefined)
    return new Flowing([...x.shape.slice(0, 2), ...each(size, axes, 1)], { gradient: x.gradient });
  const factor = given.at(2, 'scale_factor');
  const factors = Array.isArray(factor) ? factor : Array.from({ length: axes }, () => factor ?? null);
  const space = factors.map((item, i) => {
    if (typeof item !== 'number') throw new Unknowable('a scale is computed');
    return Math.floor(x.shape[i + 2]! * item);
  });
  return new Flowing([...x.shape.slice(0, 2), ...space], { gradient: x.gradient });
});
named('F.unfold', (_, given) => {
  const x = given.tensor();
  const kernel = each(given.at(1, 'kernel_size'), 2, 1);
  const space = windows(x.shape.slice(-2), {
    kernel,
    dilation: each(given.at(2, 'dilation'), 2, 1),
    padding: each(given.at(3, 'padding'), 2, 0),
    stride: each(given.at(4, 'stride'), 2, 1),
  });
  return new Flowing([...x.shape.slice(0, -3), x.shape.at(-3)! * product(kernel), product(space)], {
    gradient: x.gradient,
  });
});
named('F.fold', (_, given) => {
  const x = given.tensor();
  const kernel = each(given.at(2, 'kernel_size'), 2, 1);
  return new Flowing(
    [...x.shape.slice(0, -2), x.shape.at(-2)! / product(kernel), ...each(given.at(1, 'output_size'), 2, 1)],
    { gradient: x.gradient },
  );
});
named('F.grid_sample grid_sampler', (_, given) => {
  const [x, grid] = [given.tensor(), given.tensor(1, 'grid')];
  return new Flowing([...x.shape.slice(0, 2), ...grid.shape.slice(1, -1)], {
    gradient: x.gradient || grid.gradient,
  });
});
named('F.affine_grid', (_, given) => {
  const size = given.sizes(1, 'size');
  return new Flowing([size[0]!, ...size.slice(2), size.length - 2]);
});
named('F.pixel_shuffle pixel_shuffle', (_, given) => {
  const x = given.tensor();
  const factor = given.whole(1, 'upscale_factor');
  const [channels, height, width] = x.shape.slice(-3);
  return new Flowing([...x.shape.slice(0, -3), channels! / factor ** 2, height! * factor, width! * factor], {
    gradient: x.gradient,
  });
});
named('F.pixel_unshuffle pixel_unshuffle', (_, given) => {
  const x = given.tensor();
  const factor = given.whole(1, 'downscale_factor');
  const [channels, height, width] = x.shape.slice(-3);
  return new Flowing([...x.shape.slice(0, -3), channels! * factor ** 2, height! / factor, width! / factor], {
    gradient: x.gradient,
  });
});

/** DeepLabv3 (Chen et al. 2017): segmentation by kernels that reach to several distances. */
import { labels, type Common } from '../../config/common';
import { block, listed, type Chain } from '../../model/build';
import type { Block } from '../../model/module';
import { pointwise, type NormedConvolution } from '../blocks/maps';
import { pixelInput } from '../blocks/patches';
import type { Blueprint } from '../family';

type DeepLab = Common & {
  readonly num_channels: number;
  readonly image_size: readonly [number, number];
  readonly aspp_out_channels: number;
  readonly atrous_rates: readonly number[];
};

/** A body, with the width of the map that it leaves. */
export interface Body {
  readonly root: Block;
  readonly outputs: number;
}

/** DeepLabv3's head: the map under kernels of several reaches and its average, joined, and classified at every place. */
export function deepLab(
  c: DeepLab,
  [name, body]: readonly [string, Body],
  convolved: (shape: NormedConvolution) => Block,
): Blueprint {
  const width = c.aspp_out_channels;
  const relu = { outputs: width, activation: 'relu' };
  const inputs = body.outputs;
  const views = [
    convolved({ ...relu, inputs, kernel: 1 }),
    ...c.atrous_rates.map((dilation) => convolved({ ...relu, inputs, kernel: 3, dilation })),
  ];
  const average = convolved({ ...relu, inputs, kernel: 1 });
  const project = convolved({ ...relu, inputs: (views.length + 1) * width, kernel: 1 });
  const classifier = pointwise(width, labels(c), true);
  const children = {
    [name]: body.root,
    ...listed('segmentation_head.aspp.convs', views),
    [`segmentation_head.aspp.convs.${views.length}.conv_1x1`]: average,
    'segmentation_head.aspp.project': project,
    'segmentation_head.classifier': classifier,
  };
  const pool: Chain = [{ op: 'poolAll' }, average];
  const root = block('model', children, (trace, pixels) => {
    const x = trace.run(body.root, pixels);
    const seen = views.map((view) => trace.run(view, x));
    const spread = trace.run({ op: 'resizeAs' }, trace.chain(x, ...pool), x);
    const joined = trace.run({ op: 'concatenate', axis: 'channels' }, ...seen, spread);
    return trace.chain(joined, project, classifier);
  });
  return { root, inputs: pixelInput(c) };
}

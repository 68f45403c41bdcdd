/** Attention inside of windows, with a bias for each offset: Swin, its older names, and Swin v2. */
import type { Common } from '../../config/common';
import { parameter } from '../../model/build';
import type { Attention, Module, Parameter, Windows } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { linear } from '../blocks/layers';
import { BERT_LIKE_NAMES, VIT_NAMES, type LayerNames } from '../blocks/patches';

/** What Swin and its kin read. */
export interface SwinConfig extends Common {
  readonly image_size: Grid;
  readonly patch_size: Grid;
  readonly num_channels: number;
  readonly embed_dim: number;
  readonly depths: readonly number[];
  readonly num_heads: readonly number[];
  readonly window_size: number;
  readonly mlp_ratio: number;
  readonly qkv_bias: boolean;
  readonly hidden_act: string;
  readonly use_absolute_embeddings: boolean;
  readonly layer_norm_eps: number;
  readonly pretrained_window_sizes?: readonly number[];
}

export type Grid = readonly [number, number];

/** One stage: its width, its heads, and the grid that reaches it. */
export interface Stage {
  readonly index: number;
  readonly width: number;
  readonly heads: number;
  readonly grid: Grid;
  /** The grid as the config alone has it, rounded down at each stage: Swin v2 chooses its windows by it. */
  readonly nominal: Grid;
}

/** What the families call the same tensors, and where they differ. */
export interface Variant {
  readonly names: LayerNames;
  /** Name of the table of offsets, in the attention. */
  readonly table: string;
  readonly second?: true;
  /** A window may be larger than the grid, which is then filled up to it and rolled all the same (MaskFormer). */
  readonly fixed?: true;
  readonly finalNorm: boolean;
  /** The older ones keep a row for a class token that they do not have. */
  readonly extraPosition: 0 | 1;
}

const SELF = { query: 'self.query', key: 'self.key', value: 'self.value' };
const TABLE = 'relative_position_bias_table';
export const SWIN: Variant = {
  names: VIT_NAMES,
  table: `relative_position_bias.${TABLE}`,
  finalNorm: true,
  extraPosition: 0,
};
export const OLDER: Variant = {
  names: { ...BERT_LIKE_NAMES, ...SELF },
  table: `self.${TABLE}`,
  finalNorm: true,
  extraPosition: 1,
};
export const DONUT: Variant = { ...OLDER, finalNorm: false };
export const MASKFORMER: Variant = { ...OLDER, fixed: true };
export const SECOND: Variant = { ...OLDER, second: true };

export function windowsOf(c: SwinConfig, stage: Stage, layer: number, variant: Variant): Windows {
  const [height, width] = stage.grid;
  const shift = layer % 2 === 0 ? 0 : Math.floor(c.window_size / 2);
  if (variant.second) {
    const [rows] = stage.nominal;
    const window = Math.max(1, Math.min(rows, c.window_size));
    return { height, width, window, shift: rows <= window ? 0 : shift };
  }
  if (variant.fixed) return { height, width, window: c.window_size, shift };
  // A grid that one window covers is not shifted.
  const least = Math.min(height, width);
  return least <= c.window_size
    ? { height, width, window: least, shift: 0 }
    : { height, width, window: c.window_size, shift };
}

/** Attention of one window, with a bias for each offset of two places. */
export function windowAttention(c: SwinConfig, stage: Stage, windows: Windows, variant: Variant): Attention {
  const { width, heads } = stage;
  const headDim = Math.floor(width / heads);
  const bias = c.qkv_bias;
  const { position, parameters, children } = variant.second
    ? continuous(c, stage, windows)
    : offsets(c, stage, variant);
  const attended = separateAttention(
    { heads, headDim, mask: { type: 'full' }, position },
    {
      query: linear(width, width, { bias }),
      key: linear(width, width, { bias: variant.second ? false : bias }),
      value: linear(width, width, { bias }),
      output: linear(width, width),
    },
    variant.names,
  );
  const scale = parameters['self.logit_scale'];
  return {
    ...attended,
    // The second version's class adds its mask twice.
    ...(windows.shift > 0 ? { windows: { ...windows, penalty: variant.second ? -200 : -100 } } : {}),
    ...(scale === undefined ? {} : { cosine: scale }),
    parameters,
    children: { ...attended.children, ...children },
  };
}

interface Bias {
  readonly position: Attention['position'];
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly children: Readonly<Record<string, Module>>;
}

/** A table [distances, heads]; it has the config's window, whatever the grid. */
function offsets(c: SwinConfig, { heads }: Stage, { table }: Variant): Bias {
  const side = 2 * c.window_size - 1;
  const rows = parameter(side * side, heads);
  const position = {
    type: 'relativeGrid',
    table: rows,
    height: c.window_size,
    width: c.window_size,
    classToken: false,
  } as const;
  return { position, parameters: { [table]: rows }, children: {} };
}

/** A small network of the offset, and a learned scale of cosines. */
function continuous(c: SwinConfig, { heads, index }: Stage, { window }: Windows): Bias {
  const hidden = linear(2, 512);
  const output = linear(512, heads, { bias: false });
  const pretrainedWindow = c.pretrained_window_sizes?.[index] ?? 0;
  return {
    position: { type: 'continuousGrid', hidden, output, window, pretrainedWindow },
    parameters: { 'self.logit_scale': parameter(heads, 1, 1) },
    children: {
      'self.continuous_position_bias_mlp.0': hidden,
      'self.continuous_position_bias_mlp.2': output,
    },
  };
}

/** What a class of the tables takes, from its forward's arguments and its config. */
import { isConfig } from '../attributes';
import type { Evaluator } from '../evaluate';
import type { ModelInput } from '../../model/module';
import type { Class, Instance } from '../values';
import { Dict, type Value } from '../values';
import { attribute } from './capture';

/** The side that image models without one of their own are made for. */
const SIDE = 224;

/** Inputs of one forward pass, the main one first; none where they can't be told. */
export function inputsOf(forwards: Evaluator, cls: Class, tables: Evaluator, config: Instance): ModelInput[] {
  const names = takes(forwards, cls);
  const stated = forwards.lookUp(cls, 'main_input_name')?.value;
  const main = typeof stated === 'string' ? stated : 'input_ids';
  const find = (...names: string[]) => firstOf(tables, config, names);
  if (main === 'input_ids' || (names.has('input_ids') && !names.has(main))) {
    if (!names.has('input_ids')) return [];
    return [tokens('input_ids', 'tokens', limitOf(find)), ...decoder(names, config, find)];
  }
  if (main.startsWith('pixel_values')) {
    const size = find('image_size', 'img_size', 'input_size') ?? SIDE;
    const sides = Array.isArray(size) ? size : [size, size];
    const channels = find('num_channels', 'in_channels', 'in_chans') ?? 3;
    const [height, width] = sides;
    if (typeof height !== 'number' || typeof width !== 'number' || typeof channels !== 'number') return [];
    const frames = main === 'pixel_values_videos' ? find('num_frames', 'frames_per_clip') : undefined;
    const image = { name: main, type: 'pixels', channels, height, width } as const;
    return [typeof frames === 'number' ? { ...image, frames } : image, ...decoder(names, config, find)];
  }
  if (main === 'input_features' || main === 'input_values')
    return [sound(main, find), ...decoder(names, config, find)];
  return [];
}

function tokens(name: string, stream: 'tokens' | 'decoderTokens', limit: number | undefined): ModelInput {
  return { name, type: 'tokens', stream, ...(limit === undefined ? {} : { limit }) };
}

type Find = (...names: string[]) => Value | undefined;

function decoder(names: ReadonlySet<string>, config: Instance, find: Find): ModelInput[] {
  const asked = names.has('decoder_input_ids') && config.attributes.get('is_encoder_decoder') === true;
  return asked ? [tokens('decoder_input_ids', 'decoderTokens', limitOf(find))] : [];
}

/** The longest sequence that learned positions allow; others have no end. */
function limitOf(find: Find): number | undefined {
  if (find('rope_parameters') !== undefined) return undefined;
  const limit = find('max_position_embeddings', 'n_positions');
  return typeof limit === 'number' && limit > 0 ? limit : undefined;
}

function sound(name: string, find: Find): ModelInput {
  if (name === 'input_values') return { name, type: 'sound' };
  const bins =
    find(
      'num_mel_bins',
      'feature_projection_input_dim',
      'feature_size',
      'input_feat_per_channel',
      'n_mels',
    ) ?? 80;
  const positions = find('max_source_positions');
  const features = typeof bins === 'number' ? bins : 80;
  if (typeof positions === 'number')
    return { name, type: 'sound', features, featuresFirst: true, length: 2 * positions };
  return { name, type: 'sound', features };
}

/** Names that a class's forward takes. */
export function takes(evaluator: Evaluator, cls: Class): ReadonlySet<string> {
  const run = evaluator.lookUp(cls, 'forward')?.function?.run;
  if (run === undefined || typeof run === 'function') return new Set();
  return new Set(
    run.parameters.map((parameter) => (typeof parameter === 'string' ? parameter : parameter[0])),
  );
}

/** The first of some keys in a config, or in those nested in it. */
function firstOf(tables: Evaluator, config: Instance, names: readonly string[]): Value | undefined {
  const nested = [...config.attributes.values()].filter(isConfig);
  for (const holder of [config, ...nested]) {
    for (const name of names) {
      const value = attribute(tables, holder, name);
      if (value !== undefined && value !== null && !(value instanceof Dict && value.map.size === 0))
        return value;
    }
  }
  return undefined;
}

/** RWKV-4 (Peng et al. 2023): no attention but an average of values whose weights decay, each token mixed with the last. */
import { tie } from '../../config/common';
import { depth, optionalSize, real, size, type Values } from '../../config/keys';
import { block, parameter, type Trace } from '../../model/build';
import type { Block, Module, Parameter, Wire } from '../../model/module';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family } from '../family';
import { rotatedDecoder } from './body';
import { gptArchitectures } from './heads';

const keys = {
  vocab_size: size(50277),
  context_length: size(1024, { aliases: ['max_position_embeddings'] }),
  hidden_size: size(4096, { role: 'width' }),
  num_hidden_layers: depth(32),
  attention_hidden_size: optionalSize(),
  intermediate_size: optionalSize(),
  layer_norm_epsilon: real(1e-5),
  tie_word_embeddings: tie(false),
} as const;

type Config = Values<typeof keys>;

const plain = (inputs: number, outputs: number) => linear(inputs, outputs, { bias: false });

/** A linear map of each token mixed with the one before it. */
function mixed(trace: Trace, x: Wire, mix: Parameter, map: Module): Wire {
  return trace.chain(x, { op: 'tokenShift', mix }, map);
}

const sigmoid = { op: 'activation', activation: 'sigmoid' } as const;

/** In the place of attention: σ(receptance) ⊙ wkv, projected. */
function timeMixing(c: Config): Block {
  const width = c.hidden_size;
  const inner = c.attention_hidden_size ?? width;
  const parts = {
    key: plain(width, inner),
    value: plain(width, inner),
    receptance: plain(width, inner),
    output: plain(inner, width),
  };
  const own = {
    time_decay: parameter(inner),
    time_first: parameter(inner),
    time_mix_key: parameter(1, 1, width),
    time_mix_value: parameter(1, 1, width),
    time_mix_receptance: parameter(1, 1, width),
  };
  return block(
    'part',
    parts,
    (trace, x) => {
      const key = mixed(trace, x, own.time_mix_key, parts.key);
      const value = mixed(trace, x, own.time_mix_value, parts.value);
      const gate = trace.run(sigmoid, mixed(trace, x, own.time_mix_receptance, parts.receptance));
      const average = trace.run({ op: 'wkv', decay: own.time_decay, first: own.time_first }, key, value);
      return trace.run(parts.output, trace.run({ op: 'multiply' }, gate, average));
    },
    own,
  );
}

/** Feed-forward with a squared ReLU, gated by σ(receptance). */
function channelMixing(c: Config): Block {
  const width = c.hidden_size;
  const inner = c.intermediate_size ?? 4 * width;
  const parts = { key: plain(width, inner), receptance: plain(width, width), value: plain(inner, width) };
  const own = { time_mix_key: parameter(1, 1, width), time_mix_receptance: parameter(1, 1, width) };
  return block(
    'part',
    parts,
    (trace, x) => {
      const key = mixed(trace, x, own.time_mix_key, parts.key);
      const value = trace.chain(key, { op: 'activation', activation: 'relu2' }, parts.value);
      const gate = trace.run(sigmoid, mixed(trace, x, own.time_mix_receptance, parts.receptance));
      return trace.run({ op: 'multiply' }, gate, value);
    },
    own,
  );
}

function layer(c: Config, index: number): Block {
  const norm = () => layerNorm(c.hidden_size, c.layer_norm_epsilon);
  const first = index === 0 ? { pre_ln: norm() } : {};
  const parts = { ln1: norm(), ln2: norm(), attention: timeMixing(c), feed_forward: channelMixing(c) };
  return block('layer', { ...first, ...parts }, (trace, x) =>
    sequential(
      trace,
      trace.chain(x, ...Object.values(first)),
      [parts.ln1, parts.attention],
      [parts.ln2, parts.feed_forward],
    ),
  );
}

const body = (c: Config): Decoder =>
  rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      layers: Array.from({ length: c.num_hidden_layers }, (_, index) => layer(c, index)),
      norm: layerNorm(c.hidden_size, 1e-5),
    },
    { tokens: 'embeddings', layers: 'blocks', norm: 'ln_out' },
  );

export const rwkv = family({
  modelType: 'rwkv',
  keys,
  base: 'RwkvModel',
  initializerRange: () => 0.02,
  architectures: gptArchitectures('Rwkv', { name: 'rwkv', body, heads: [], languageHead: 'head' }),
});

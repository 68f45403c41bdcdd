/**
 * HRM-Text: a hierarchical reasoning model (Wang et al. 2025). Two stacks of layers, low and high, are run in turns on
 * the sum of their states, so that the same weights serve in every cycle.
 */
import { flag, optionalDepth, optionalReal, real, size, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Block, Rotary, Wire } from '../../model/module';
import { groupedQueryAttention } from '../blocks/attention';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  preNorm,
  type Decoder,
} from '../blocks/decoder';
import { embedding, linear, rmsNorm } from '../blocks/layers';
import { rotary } from '../blocks/rotary';
import { family, type Checks } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 151808,
    width: 1536,
    intermediate: 4096,
    layers: 16,
    heads: 12,
    positions: 2048,
  }),
  head_dim: size(128),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  H_cycles: size(2),
  L_cycles: size(3),
  embedding_scale: optionalReal(),
  /** Where it is given, `num_hidden_layers` counts the layers of all cycles. */
  num_layers_per_stack: optionalDepth(),
} as const;

/** Layers, and a norm without parameters behind them. */
function stack(c: Values<typeof keys>, angles: Rotary): Block {
  const { hidden_size: width, num_attention_heads: heads, head_dim: headDim, attention_bias: bias } = c;
  const norm = () => rmsNorm(width, c.rms_norm_eps, 'nothing');
  const layers = Array.from({ length: c.num_layers_per_stack ?? c.num_hidden_layers }, () =>
    preNorm()({
      self_attn: groupedQueryAttention(
        width,
        {
          heads,
          keyValueHeads: heads,
          headDim,
          mask: { type: 'causal' },
          position: { type: 'rotary', rotary: angles },
          extras: { gate: linear(width, heads * headDim, { bias }) },
        },
        bias,
      ),
      feedForward: gatedMlp(width, c.intermediate_size, c.hidden_act, c.mlp_bias),
      norm,
    }),
  );
  const last = norm();
  return block('stack', { ...listed('layers', layers), final_norm: last }, (trace, x) =>
    trace.chain(x, ...layers, last),
  );
}

function body(c: Values<typeof keys>): Decoder {
  const angles = rotary(c, { dim: c.head_dim, defaultTheta: 10000, positions: c.max_position_embeddings });
  const table = embedding('tokens', c.vocab_size, c.hidden_size);
  const low = stack(c, angles);
  const high = stack(c, angles);
  const start = parameter(c.hidden_size);
  const children = { embed_tokens: table, L_module: low, H_module: high, rotary_emb: angles };
  const model = block(
    'stack',
    children,
    (trace, ids) => {
      const by = c.embedding_scale ?? 1 / c.initializer_range;
      let highState = trace.chain(ids, table, { op: 'scale', by });
      trace.run(angles, highState);
      let lowState: Wire | undefined;
      for (let cycle = 0; cycle < c.H_cycles; cycle++) {
        for (let inner = 0; inner < c.L_cycles; inner++) {
          const sum: Wire =
            lowState === undefined
              ? trace.run({ op: 'addVector', vector: start }, highState)
              : trace.add(lowState, highState);
          lowState = trace.run(low, sum);
        }
        highState = trace.run(high, trace.add(highState, lowState!));
      }
      return highState;
    },
    { z_L_init: start },
  );
  return { block: model, embedding: table, width: c.hidden_size };
}

function check(c: Values<typeof keys>, checks: Checks): void {
  const layers = c.num_layers_per_stack ?? c.num_hidden_layers;
  checks.layers({ num_hidden_layers: layers, H_cycles: c.H_cycles, L_cycles: c.L_cycles + 1 });
}

export const hrmText = family({
  modelType: 'hrm_text',
  keys,
  base: 'HrmTextModel',
  initializerRange: (c) => c.initializer_range,
  check,
  architectures: decoderArchitectures('HrmText', body, undefined, { without: GENERATION_ONLY }),
});

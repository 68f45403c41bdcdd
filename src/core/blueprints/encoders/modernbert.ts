/** ModernBERT (Warner et al. 2024) and its causal twin (Ettin). */
import { labels } from '../../config/common';
import { text } from '../../config/keys';
import { block } from '../../model/build';
import type { Attention, Linear, MaskPattern, Module, Operation, Rotary } from '../../model/module';
import { fusedAttention, separateAttention } from '../blocks/attention';
import { linear } from '../blocks/layers';
import {
  modernBertBody,
  modernBertChecks,
  modernBertKeys,
  predictionHead,
  type ModernBertBody,
  type ModernBertConfig,
  modernBertDeviation,
  modernBertStarts,
} from '../blocks/modernbert';
import { family, tokenInput, type Blueprint } from '../family';

const keys = { ...modernBertKeys, classifier_pooling: text('cls', ['cls', 'mean']) } as const;

type Config = ModernBertConfig & { readonly classifier_pooling: string };

function shapeOf(c: ModernBertConfig, mask: MaskPattern, rotary: Rotary) {
  const headDim = Math.floor(c.hidden_size / c.num_attention_heads);
  return { heads: c.num_attention_heads, headDim, mask, position: { type: 'rotary', rotary } } as const;
}

function square(c: ModernBertConfig, times = 1): Linear {
  return linear(c.hidden_size, times * c.hidden_size, { bias: c.attention_bias });
}

/** Local layers see half of the window on each side. */
function encoder(c: Config): ModernBertBody {
  const radius = c.sliding_window ?? Math.floor((c.local_attention ?? 0) / 2);
  const attend = (mask: MaskPattern, rotary: Rotary): Attention =>
    fusedAttention(
      shapeOf(c, mask, rotary),
      { qkv: square(c, 3), output: square(c) },
      { qkv: 'Wqkv', output: 'Wo' },
    );
  return modernBertBody(c, { type: 'localWindow', radius }, { type: 'full' }, attend, 'all');
}

/** The causal twin sees as far back as the encoder does on one side. */
function decoder(c: ModernBertConfig): ModernBertBody {
  const window = Math.max(1, Math.floor((c.local_attention ?? 0) / 2));
  const attend = (mask: MaskPattern, rotary: Rotary): Attention =>
    separateAttention(
      shapeOf(c, mask, rotary),
      { query: square(c), key: square(c), value: square(c), output: square(c) },
      { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'Wo' },
    );
  return modernBertBody(c, { type: 'slidingWindow', window }, { type: 'causal' }, attend, 'each sequence');
}

/** The body, the prediction head under its name, and an output. */
function headed<C extends ModernBertConfig>(
  body: (c: C) => ModernBertBody,
  names: { readonly head: string; readonly output: string },
  output: (c: C, body: ModernBertBody) => Linear,
  pooled: (c: C) => readonly Operation[] = () => [],
) {
  return (c: C): Blueprint => {
    const made = body(c);
    const head = predictionHead(c);
    const last = output(c, made);
    const children: Record<string, Module> = {
      model: made.block,
      [names.head]: head,
      [names.output]: last,
    };
    return {
      root: block('model', children, (trace, ids) => trace.chain(ids, made.block, ...pooled(c), head, last)),
      inputs: tokenInput(c.max_position_embeddings),
    };
  };
}

const bare =
  <C extends ModernBertConfig>(body: (c: C) => ModernBertBody) =>
  (c: C): Blueprint => ({ root: body(c).block, inputs: tokenInput(c.max_position_embeddings) });

/** Tied, it is the table of the tokens; the bias is its own. */
function vocabulary(c: ModernBertConfig, { tokens }: ModernBertBody): Linear {
  return linear(c.hidden_size, c.vocab_size, {
    bias: c.decoder_bias,
    ...(c.tie_word_embeddings ? { weight: tokens.weight } : {}),
  });
}

const classifier = { head: 'head', output: 'classifier' };
const pooled = (c: Config): Operation[] => [
  { op: c.classifier_pooling === 'mean' ? 'meanTokens' : 'firstToken' },
];
const labelled = (c: ModernBertConfig) => linear(c.hidden_size, labels(c));

export const modernBert = family({
  modelType: 'modernbert',
  keys,
  base: 'ModernBertModel',
  initializerRange: modernBertDeviation,
  starts: modernBertStarts,
  check: modernBertChecks,
  architectures: {
    ModernBertModel: bare(encoder),
    ModernBertForMaskedLM: headed(encoder, { head: 'head', output: 'decoder' }, vocabulary),
    ModernBertForSequenceClassification: headed(encoder, classifier, labelled, pooled),
    ModernBertForMultipleChoice: headed(encoder, classifier, (c) => linear(c.hidden_size, 1), pooled),
    ModernBertForTokenClassification: headed(encoder, classifier, labelled),
    ModernBertForQuestionAnswering: headed(encoder, classifier, labelled),
  },
});

export const modernBertDecoder = family({
  modelType: 'modernbert-decoder',
  keys: modernBertKeys,
  base: 'ModernBertDecoderModel',
  initializerRange: modernBertDeviation,
  starts: modernBertStarts,
  check: modernBertChecks,
  architectures: {
    ModernBertDecoderModel: bare(decoder),
    ModernBertDecoderForCausalLM: headed(decoder, { head: 'lm_head', output: 'decoder' }, vocabulary),
    ModernBertDecoderForSequenceClassification: headed(decoder, classifier, (c) =>
      linear(c.hidden_size, labels(c), { bias: c.classifier_bias }),
    ),
  },
});

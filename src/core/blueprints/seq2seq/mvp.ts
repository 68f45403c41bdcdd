/** MVP's prompts (Tang et al. 2022): keys and values for every layer, from a short learned sequence. */
import { block } from '../../model/build';
import type { Block } from '../../model/module';
import { embedding, linear } from '../blocks/layers';
import type { BartConfig, StackOptions } from './bartStack';

interface PromptConfig extends BartConfig {
  readonly prompt_length: number;
  readonly prompt_mid_dim: number;
}

/** → [1, prompt length, layers · 2 · width]; it depends on nothing that the model is given. */
function prompt(c: PromptConfig, layers: number): Block {
  const table = embedding('positions', c.prompt_length, c.d_model);
  const first = linear(c.d_model, c.prompt_mid_dim);
  const second = linear(c.prompt_mid_dim, layers * 2 * c.d_model);
  const parts = { prompt_embedding: table, 'prompt_trans.0': first, 'prompt_trans.2': second };
  return block('part', parts, (trace, x) =>
    trace.chain(
      x,
      { op: 'learnedSequence', table: table.weight },
      first,
      { op: 'activation', activation: 'gelu' },
      second,
    ),
  );
}

/** Of the decoder alone: transformers 5 builds the encoder without prompts, whatever the config says. */
export function mvpPrompt(c: PromptConfig, place: 'encoder' | 'decoder'): StackOptions {
  if (place === 'encoder') return {};
  const own = () => prompt(c, c.decoder_layers);
  return {
    shape: { promptKeys: c.prompt_length },
    aside: { self_attn_prompt: own(), cross_attn_prompt: own() },
  };
}

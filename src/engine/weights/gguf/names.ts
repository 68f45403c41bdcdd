/** Which tensor of a GGUF file a name of the tree is: llama.cpp's names, by what a name ends in. */
import type { StoredTensor, WeightSource } from '../source';

/** What a name ends in → the file's name for it; several where families use one name for different things. */
type Names = readonly (readonly [ending: RegExp, names: readonly string[]])[];

/** Outside of layers. */
const OUTER: Names = [
  [/^encoder\.final_layer_norm$/, ['enc.output_norm']],
  [/^decoder\.final_layer_norm$/, ['dec.output_norm']],
  [/(^|\.)(embed_tokens|word_embeddings|wte|embed_in|shared|tok_embeddings)$/, ['token_embd']],
  [/(^|\.)(position_embeddings|wpe|embed_positions)$/, ['position_embd']],
  [/(^|\.)token_type_embeddings$/, ['token_types']],
  [/(^|\.)(word_embeddings_layernorm|embeddings\.LayerNorm|embeddings\.norm)$/, ['token_embd_norm']],
  [/(^|\.)(norm|ln_f|norm_f|final_norm|final_layernorm|final_layer_norm)$/, ['output_norm']],
  // A file without an output matrix has tied it to the token embeddings.
  [/(^|\.)(lm_head|embed_out)$/, ['output', 'token_embd']],
];

/** Within layer N, after its index; the file's names stand after `blk.N.`. */
const LAYER: Names = [
  [/\((qkv)\)$/, ['attn_qkv']],
  [/\(k_b\)$/, ['attn_k_b']],
  [/\(v_b\)$/, ['attn_v_b']],
  [/q_a_layernorm$/, ['attn_q_a_norm']],
  [/kv_a_layernorm$/, ['attn_kv_a_norm']],
  [/q_a_proj$/, ['attn_q_a']],
  [/q_b_proj$/, ['attn_q_b']],
  [/kv_a_proj_with_mqa$/, ['attn_kv_a_mqa']],
  [/kv_b_proj$/, ['attn_kv_b']],
  [/(\(q_norm\)|q_norm|q_layernorm)$/, ['attn_q_norm']],
  [/(\(k_norm\)|k_norm|k_layernorm)$/, ['attn_k_norm']],
  [/(q_proj|self\.query|q_lin)$/, ['attn_q']],
  [/(k_proj|self\.key|k_lin)$/, ['attn_k']],
  [/(v_proj|self\.value|v_lin)$/, ['attn_v']],
  [/attention\.output\.LayerNorm$|sa_layer_norm$/, ['attn_output_norm']],
  [/attention\.output\.dense$/, ['attn_output']],
  [/(o_proj|attn\.out_proj|out_lin|attn\.c_proj|attn\.Wo|(self_attn|attention)\.dense)$/, ['attn_output']],
  [/sinks$/, ['attn_sinks']],
  [/(^|\.)(input_layernorm|ln_1|norm_1|attn_norm|ln_mlp)$/, ['attn_norm']],
  [/(^|\.)ln_attn$/, ['attn_norm_2']],
  [/(^|\.)(pre_feedforward_layernorm|ln_2|norm_2|mlp_norm)$/, ['ffn_norm']],
  [/(^|\.)post_self_attn_layernorm$/, ['post_attention_norm']],
  [/(^|\.)post_attention_layernorm$/, ['ffn_norm', 'post_attention_norm', 'attn_output_norm']],
  [/(^|\.)(post_feedforward_layernorm|post_mlp_layernorm)$/, ['post_ffw_norm', 'layer_output_norm']],
  [/(^|\.)(output\.LayerNorm|output_layer_norm)$/, ['layer_output_norm']],
  [/experts\.#\.(gate_proj|w1)$/, ['ffn_gate.#']],
  [/experts\.#\.(up_proj|w3)$/, ['ffn_up.#']],
  [/experts\.#\.(down_proj|w2)$/, ['ffn_down.#']],
  [/(shared_experts?|shared_mlp)\.gate_proj$/, ['ffn_gate_shexp']],
  [/(shared_experts?|shared_mlp)\.up_proj$/, ['ffn_up_shexp']],
  [/(shared_experts?\.down_proj|shared_mlp\.output_linear)$/, ['ffn_down_shexp']],
  [/shared_expert_gate$/, ['ffn_gate_inp_shexp']],
  [/experts\.gate_proj$/, ['ffn_gate_exps']],
  [/experts\.up_proj$/, ['ffn_up_exps']],
  [/experts\.down_proj$/, ['ffn_down_exps']],
  [/experts\.gate_up_proj$/, ['ffn_gate_up_exps']],
  [/e_score_correction_bias$/, ['exp_probs_b.bias']],
  [/(mlp\.gate|mlp\.router|block_sparse_moe\.gate|block_sparse_moe\.router)$/, ['ffn_gate_inp']],
  [/gate_proj$/, ['ffn_gate']],
  [/(up_proj|fc1|c_fc|dense_h_to_4h|intermediate\.dense|lin1|gate_up_proj|Wi)$/, ['ffn_up']],
  [/(down_proj|fc2|mlp\.c_proj|dense_4h_to_h|output\.dense|lin2|mlp\.Wo)$/, ['ffn_down']],
];

/** Within layer N of T5's stacks, after the stack's name and a blank. */
const T5_LAYER: Names = [
  [/ layer\.0\.SelfAttention\.([qkvo])$/, ['attn_$1']],
  [/ layer\.1\.EncDecAttention\.([qkvo])$/, ['cross_attn_$1']],
  [/relative_attention_bias$/, ['attn_rel_b']],
  [/ layer\.0\.layer_norm$/, ['attn_norm']],
  [/^decoder layer\.1\.layer_norm$/, ['cross_attn_norm']],
  [/(^encoder layer\.1|^decoder layer\.2)\.layer_norm$/, ['ffn_norm']],
  [/\.wi_0$/, ['ffn_gate']],
  [/\.(wi|wi_1)$/, ['ffn_up']],
  [/\.wo$/, ['ffn_down']],
];

/** Tree names → tensors, for those of `wanted` that the file has. */
export function ggufNames(wanted: ReadonlySet<string>, source: WeightSource): Map<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  const claimed = new Set<string>();
  const several: (readonly [name: string, candidates: readonly string[]])[] = [];
  for (const name of wanted) {
    const candidates = candidatesFor(name).filter((candidate) => source.tensors.has(candidate));
    if (candidates.length > 1) several.push([name, candidates]);
    if (candidates.length !== 1) continue;
    found.set(name, source.tensors.get(candidates[0]!)!);
    claimed.add(candidates[0]!);
  }
  // What stands for different things is what nothing else is.
  for (const [name, candidates] of several) {
    const own = candidates.find((candidate) => !claimed.has(candidate)) ?? candidates[0]!;
    found.set(name, source.tensors.get(own)!);
  }
  return found;
}

/** The file's names for a name of the tree, the likeliest first. */
function candidatesFor(full: string): string[] {
  const own = /\.(weight|bias)$/.exec(full)?.[0] ?? '';
  const name = full.slice(0, full.length - own.length);
  const suffix = own === '' ? '.weight' : own;
  const layer = /^(?:(.*?)\.)?(\d+)\.(.+)$/.exec(name);
  if (layer === null) return namesFor(name, OUTER).map((each) => each + suffix);
  const [, before = '', index, within] = layer;
  const t5 = /^(encoder|decoder)\.block$/.exec(before)?.[1];
  if (t5 !== undefined) {
    const stack = t5 === 'encoder' ? 'enc' : 'dec';
    return namesFor(`${t5} ${within}`, T5_LAYER).map((each) => `${stack}.blk.${index}.${each}${suffix}`);
  }
  const expert = /experts\.(\d+)\./.exec(within!)?.[1];
  return namesFor(within!.replace(/experts\.\d+\./, 'experts.#.'), LAYER).map((each) => {
    const named = expert === undefined ? each : each.replace('#', expert);
    return `blk.${index}.${named}${named.endsWith('.bias') ? '' : suffix}`;
  });
}

function namesFor(name: string, names: Names): readonly string[] {
  for (const [ending, targets] of names) {
    const match = ending.exec(name);
    if (match !== null) return targets.map((target) => target.replace('$1', match[1] ?? ''));
  }
  return [];
}

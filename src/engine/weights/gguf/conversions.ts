/** What llama.cpp's conversion does to values, undone. */
import { reordered, type View } from '../binding/view';
import type { GgufMetadata } from './metadata';

/** Architectures that llama.cpp rotates in pairs of neighbours (LLAMA_ROPE_TYPE_NORM). */
const ROTATED_IN_PAIRS = new Set([
  'llama',
  'llama4',
  'deci',
  'baichuan',
  'internlm2',
  'minicpm',
  'xverse',
  'command-r',
  'cohere2',
  'olmo',
  'arctic',
  'deepseek',
  'deepseek2',
  'plm',
  'chatglm',
  'glm4',
  'granite',
  'granitemoe',
  'granitehybrid',
  'chameleon',
  'bailingmoe',
  'smollm3',
  'arcee',
  'ernie4_5',
  'ernie4_5-moe',
  'mistral3',
]);

/**
 * Rows of queries or keys whose class rotates the halves of a head: where llama.cpp rotates pairs of neighbours in place
 * of those, its files hold dimension i of each half next to each other.
 */
export function unpaired(view: View, headDim: number, metadata: GgufMetadata): View {
  if (!ROTATED_IN_PAIRS.has(String(metadata.value('general.architecture')))) return view;
  const half = headDim / 2;
  return reordered(
    view,
    Array.from({ length: headDim }, (_, row) => (row < half ? 2 * row : 2 * (row - half) + 1)),
  );
}

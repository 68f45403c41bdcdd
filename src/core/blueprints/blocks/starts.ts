/** Initial values that families have in common. */
import type { Starts } from '../../model/module';

/** Tokens and positions that some classes start with zeros. */
export const ZERO_TOKENS: Starts = [
  [/(cls_token|distillation_token|detection_tokens|mask_token|position_embeddings)$/, { value: 0 }],
];

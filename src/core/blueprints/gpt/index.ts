/** GPT and its kin. */
import { gpt2, gptSw3 } from './gpt2';

export const gptFamilies = [gpt2, gptSw3] as const;

/** Dense decoders with rotary positions. */
import { coheres } from './cohere';
import { gemmas } from './gemma';
import { llama } from './llama';
import { mistrals } from './mistral';
import { olmos } from './olmo';
import { qwens } from './qwen';

export const decoders = [llama, ...mistrals, ...qwens, ...gemmas, ...coheres, ...olmos] as const;

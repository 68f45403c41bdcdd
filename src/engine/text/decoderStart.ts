/** Which token the decoder of an encoder–decoder begins with, as the config says. */
import { parse } from 'jsonc-parser';

/** `decoder_start_token_id`, or undefined where the config names none. */
export function decoderStart(configText: string): number | undefined {
  const config: unknown = parse(configText);
  if (typeof config !== 'object' || config === null) return undefined;
  const id = (config as Record<string, unknown>)['decoder_start_token_id'];
  return Number.isSafeInteger(id) && (id as number) >= 0 ? (id as number) : undefined;
}

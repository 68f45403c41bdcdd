/** A text's grapheme clusters (UAX #29). */
import { isLowSurrogate } from './characterClasses';

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Units that the segmenter is given at once: its time grows with the square of the length. */
const WINDOW = 512;

/** Each cluster in turn. Where one begins, nothing that stood before it decides where it ends. */
export function* graphemes(text: string): Generator<string> {
  for (let at = 0, window = WINDOW; at < text.length;) {
    // Between two characters, not within one.
    const end = isLowSurrogate(text, at + window) ? at + window - 1 : at + window;
    const part = text.slice(at, end);
    const rest = at + part.length < text.length;
    let reached = 0;
    for (const { segment, index } of segmenter.segment(part)) {
      // The window's last may go on behind it.
      if (rest && index + segment.length === part.length) break;
      yield segment;
      reached = index + segment.length;
    }
    at += reached;
    window = reached === 0 ? 2 * window : WINDOW;
  }
}

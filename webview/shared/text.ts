/** Texts that fit a width. */

const shortened = new Map<string, string>();
const limit = 20_000;

/** A text cut to `width` CSS pixels with an ellipsis, in the context's font. */
export function elided(
  context: Pick<CanvasRenderingContext2D, 'font' | 'measureText'>,
  text: string,
  width: number,
): string {
  const key = `${context.font}\n${width}\n${text}`;
  const known = shortened.get(key);
  if (known !== undefined) return known;
  // A token can be as long as the whole input; no width shows more than this.
  const characters = Array.from(text.slice(0, 200));
  let shown = characters.length < text.length ? `${characters.join('')}…` : text;
  while (characters.length > 1 && context.measureText(shown).width > width) {
    characters.pop();
    shown = `${characters.join('')}…`;
  }
  if (shortened.size > limit) shortened.clear();
  shortened.set(key, shown);
  return shown;
}

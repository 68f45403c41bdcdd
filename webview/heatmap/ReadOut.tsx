/** The line with the exact value under the cursor; always there, so that nothing jumps. */
import type { Token } from '../../src/protocol/run';
import { useWords, type Words } from '../shared/words';
import { exactFloat32, readCell, type Cell, type Matrix } from './reading';

export function ReadOut(props: {
  readonly matrix: Matrix | undefined;
  readonly cursor: Cell | undefined;
  readonly locked: number | undefined;
  readonly queryTokens: readonly Token[];
  readonly keyTokens: readonly Token[];
}) {
  const words = useWords();
  const { matrix, cursor, locked } = props;
  const text =
    matrix === undefined || cursor === undefined ? words('head.hint') : reading(props, matrix, cursor, words);
  return (
    <p class="read-out" role="status" aria-live="polite">
      <span class="number" title={text}>
        {text}
      </span>
      {locked !== undefined && <strong>{words('head.locked', locked)}</strong>}
    </p>
  );
}

function reading(
  {
    queryTokens,
    keyTokens,
  }: { readonly queryTokens: readonly Token[]; readonly keyTokens: readonly Token[] },
  matrix: Matrix,
  cursor: Cell,
  words: Words,
): string {
  const { query, key } = cursor;
  const place = [
    query,
    isolated(queryTokens[query]?.text ?? ''),
    key,
    isolated(keyTokens[key]?.text ?? ''),
  ] as const;
  const cell = readCell(matrix, cursor);
  return cell.masked
    ? words('head.readOutMasked', ...place)
    : words('head.readOut', ...place, exactFloat32(cell.value), cell.rank, cell.of);
}

/** Keeps a token's writing direction from turning the words around it. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

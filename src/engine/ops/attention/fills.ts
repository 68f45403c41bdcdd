/** What is added to the scores of an attention, from several sides. */
import type { AttendTask } from '../../kernels/kernels';

type Fill = NonNullable<AttendTask['fill']>;

/** One that does what each of them does, in order; empty where there is none. */
export function together(...fills: readonly (Fill | undefined)[]): { readonly fill?: Fill } {
  const all = fills.filter((fill) => fill !== undefined);
  if (all.length < 2) return all[0] === undefined ? {} : { fill: all[0] };
  return {
    async fill(head, first, rows, into) {
      for (const fill of all) await fill(head, first, rows, into);
    },
  };
}

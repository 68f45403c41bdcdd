/**
 * The k largest of a row as torch's topk on a processor picks them: which of equal values it takes depends on how its
 * selection moves them. Rectified scores are often equal, being zero.
 *
 * Of many values a few are found with a heap (`partial_sort`), else by quickselect (`nth_element`), as the C++ library of
 * GCC has both (libstdc++, bits/stl_algo.h), on which torch's Linux builds stand.
 */

/** Marks the chosen: 1 in `chosen`, 0 elsewhere. @param order as long as the values, for the work. */
export function largestAsTorch(values: Float32Array, k: number, order: Int32Array, chosen: Uint8Array): void {
  const n = values.length;
  for (let i = 0; i < n; i++) order[i] = i;
  const before = (a: number, b: number): boolean => values[a]! > values[b]!;
  if (k * 64 <= n) heapSelect(order, k, n, before);
  else quickSelect(order, k - 1, n, before);
  chosen.fill(0);
  for (let i = 0; i < k; i++) chosen[order[i]!] = 1;
}

type Before = (a: number, b: number) => boolean;

/** Brings what sorts first to [0, middle). */
function heapSelect(order: Int32Array, middle: number, last: number, before: Before): void {
  for (let parent = Math.floor((middle - 2) / 2); middle > 1 && parent >= 0; parent--) {
    sift(order, parent, middle, order[parent]!, before);
  }
  for (let i = middle; i < last; i++) {
    if (!before(order[i]!, order[0]!)) continue;
    const value = order[i]!;
    order[i] = order[0]!;
    sift(order, 0, middle, value, before);
  }
}

/** Puts a value into the hole of a heap: the hole goes down, then up to where the value belongs. */
function sift(order: Int32Array, from: number, length: number, value: number, before: Before): void {
  let hole = from;
  let child = hole;
  while (child < Math.floor((length - 1) / 2)) {
    child = 2 * (child + 1);
    if (before(order[child]!, order[child - 1]!)) child--;
    order[hole] = order[child]!;
    hole = child;
  }
  if (length % 2 === 0 && child === Math.floor((length - 2) / 2)) {
    child = 2 * (child + 1);
    order[hole] = order[child - 1]!;
    hole = child - 1;
  }
  let parent = Math.floor((hole - 1) / 2);
  while (hole > from && before(order[parent]!, value)) {
    order[hole] = order[parent]!;
    hole = parent;
    parent = Math.floor((hole - 1) / 2);
  }
  order[hole] = value;
}

/** Brings what sorts at `nth` there, and what sorts before it before it. */
function quickSelect(order: Int32Array, nth: number, length: number, before: Before): void {
  let first = 0;
  let last = length;
  for (let depth = 2 * Math.floor(Math.log2(length)); last - first > 3; depth--) {
    if (depth === 0) {
      const rest = order.subarray(first, last);
      heapSelect(rest, nth + 1 - first, last - first, before);
      swap(order, first, nth);
      return;
    }
    const cut = partition(order, first, last, before);
    if (cut <= nth) first = cut;
    else last = cut;
  }
  insertionSort(order, first, last, before);
}

/** Parts [first, last) around the median of three; what is from the result on does not sort before the others. */
function partition(order: Int32Array, first: number, last: number, before: Before): number {
  const middle = first + Math.floor((last - first) / 2);
  swap(order, first, medianOf(order, first + 1, middle, last - 1, before));
  const pivot = order[first]!;
  let low = first + 1;
  let high = last;
  for (;;) {
    while (before(order[low]!, pivot)) low++;
    high--;
    while (before(pivot, order[high]!)) high--;
    if (!(low < high)) return low;
    swap(order, low, high);
    low++;
  }
}

function medianOf(order: Int32Array, a: number, b: number, c: number, before: Before): number {
  const less = (i: number, j: number): boolean => before(order[i]!, order[j]!);
  if (less(a, b)) {
    if (less(b, c)) return b;
    return less(a, c) ? c : a;
  }
  if (less(a, c)) return a;
  return less(b, c) ? c : b;
}

function insertionSort(order: Int32Array, first: number, last: number, before: Before): void {
  for (let i = first + 1; i < last; i++) {
    const value = order[i]!;
    let to = i;
    if (before(value, order[first]!)) {
      for (; to > first; to--) order[to] = order[to - 1]!;
    } else {
      for (; before(value, order[to - 1]!); to--) order[to] = order[to - 1]!;
    }
    order[to] = value;
  }
}

function swap(order: Int32Array, a: number, b: number): void {
  const value = order[a]!;
  order[a] = order[b]!;
  order[b] = value;
}

/** Rounding to bfloat16, for what some classes compute in it whatever the weights are. */
const word = new DataView(new ArrayBuffer(4));

/** The nearest number with eight significant bits; of two equally near ones the even one. */
export function bfloat16(x: number): number {
  word.setFloat32(0, x);
  const bits = word.getUint32(0);
  const even = (bits >>> 16) & 1;
  word.setUint32(0, ((bits + 0x7fff + even) & 0xffff0000) >>> 0);
  return word.getFloat32(0);
}

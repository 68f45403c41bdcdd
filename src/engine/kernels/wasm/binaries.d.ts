/** The kernels' builds, compressed by Brotli, as base64 text, which scripts/kernels.mjs makes of kernels/assembly. */

/** Multiply and add apart. */
export const plain: string;
/** Fused multiply–add: relaxed SIMD. */
export const fused: string;
/** As `fused`, in tiles of 16 columns. */
export const wide: string;

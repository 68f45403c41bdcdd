/** The part of WebAssembly's interface that the engine uses; its types come with the DOM's, which is not here. */

export interface Memory {
  readonly buffer: SharedArrayBuffer;
  /** @returns pages before. */
  grow(pages: number): number;
}

/** A compiled module. */
export type Module = object;

interface Api {
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => Memory;
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (
    module: Module,
    imports: { env: { memory: Memory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  validate(bytes: Uint8Array): boolean;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;

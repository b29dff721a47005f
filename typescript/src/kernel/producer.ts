/** Computes scenarios' results. There are two that agree to the last bit; paths.ts chooses one. */

/** A model's figures, checked. */
export interface Figures {
  readonly days: number;
  readonly assets: number;
  /** Row by row: asset a's growth on day t is at t * assets + a. */
  readonly growth: Float64Array | readonly number[];
  /** In minor units, one an asset. */
  readonly exposures: Float64Array;
  readonly horizon: number;
  readonly blockDays: number;
  /** The random generator's: the seed's low and high half, uint32. */
  readonly key: readonly [number, number];
}

export interface Producer {
  readonly path: Path;
  /** Where a chunk's unrounded results lie, in minor units, until the next; as many as a chunk has at most. */
  readonly results: Float64Array;
  /** Computes `count` scenarios from `first` on into the beginning of `results`; what lies behind means nothing. */
  produce(first: number, count: number): void;
}

/** `plain` is TypeScript alone, `wasm` WebAssembly. */
export type Path = 'plain' | 'wasm';

/**
 * How many scenarios a chunk has, a multiple of 4 up to 256: its days fit the fastest cache, and of 256 results every
 * sum is exact in a double.
 */
export function chunkScenarios(horizon: number): number {
  return 4 * Math.min(Math.max(Math.floor(1024 / horizon), 1), 64);
}

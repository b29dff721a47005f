/** Which of the two producers computes. */
import { PlainProducer } from './plain.js';
import type { Figures, Path, Producer } from './producer.js';
import { WasmProducer } from './wasm.js';

/**
 * Those that run here, the fastest first: WebAssembly takes a third of the time, but a Node that was started with
 * --jitless has none, nor has every processor vectors.
 */
export const paths: readonly Path[] = WasmProducer.isSupported() ? ['wasm', 'plain'] : ['plain'];

export function createProducer(figures: Figures, path: Path | undefined = paths[0]): Producer {
  return path === 'wasm' ? new WasmProducer(figures) : new PlainProducer(figures);
}

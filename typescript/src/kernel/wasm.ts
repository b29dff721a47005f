/** The producer in WebAssembly: the same arithmetic, two results and four random words at a time. */
import { readFileSync } from 'node:fs';
import { arrangeGrowth } from './lanes.js';
import { chunkScenarios, type Figures, type Producer } from './producer.js';
import { keySchedule } from './random.js';

/** What wasm/produce.ts exports. */
interface Program {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  heapBase(): number;
  arrange(days: number, assets: number, horizon: number, blockDays: number): void;
  place(schedule: number, exposures: number, results: number, drawn: number, growth: number): void;
  produce(first: number, count: number): void;
}

/** What is used here of a global that neither the language's library nor Node's types declare. */
interface WebAssemblyGlobal {
  validate(content: Uint8Array): boolean;
  readonly Module: new (content: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyGlobal };
const content = readFileSync(new URL('wasm/produce.wasm', import.meta.url));
const module = WebAssembly?.validate(content) ? new WebAssembly.Module(content) : undefined;

/** The last lane is half as wide, if that is enough. */
const WIDTH = 8;
const PAGE = 65_536;
const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

export class WasmProducer implements Producer {
  static isSupported(): boolean {
    return module !== undefined;
  }

  readonly path = 'wasm';
  readonly results: Float64Array;
  readonly #program: Program;

  /** Makes an instance with its own copy of the figures. Throws Error if WebAssembly is not supported here. */
  constructor(figures: Figures) {
    this.#program = instantiate();
    this.results = arrange(this.#program, figures);
  }

  produce(first: number, count: number): void {
    this.#program.produce(first, count);
  }
}

function instantiate(): Program {
  if (WebAssembly === undefined || module === undefined) {
    throw new Error('this Node has no WebAssembly with vectors');
  }
  return new WebAssembly.Instance(module).exports as Program;
}

/** Lays the figures out in the program's memory, and returns where it leaves results. */
function arrange(program: Program, figures: Figures): Float64Array {
  const { days, assets, horizon, blockDays, exposures } = figures;
  const padded = Math.ceil(assets / 4) * 4;
  const chunk = chunkScenarios(horizon);
  const memory = new Layout(program.heapBase());
  const schedule = memory.reserve(12 * Int32Array.BYTES_PER_ELEMENT);
  const weights = memory.reserve(padded * DOUBLE);
  const results = memory.reserve(chunk * DOUBLE);
  // Days are drawn in pairs, so that of an odd horizon one more is written.
  const drawn = memory.reserve(chunk * 2 * Math.ceil(horizon / 2) * Int32Array.BYTES_PER_ELEMENT);
  const growth = memory.reserve(days * padded * DOUBLE);
  program.memory.grow(Math.ceil(memory.end / PAGE) - program.memory.buffer.byteLength / PAGE);

  const { buffer } = program.memory;
  new Int32Array(buffer, schedule).set(keySchedule(...figures.key));
  new Float64Array(buffer, weights).set(exposures);
  for (let first = 0; first < assets; first += WIDTH) {
    const width = Math.min(WIDTH, padded - first);
    const lane = new Float64Array(buffer, growth + days * first * DOUBLE, days * width);
    arrangeGrowth(lane, figures, first, width);
  }
  program.arrange(days, assets, horizon, blockDays);
  program.place(schedule, weights, results, drawn, growth);
  return new Float64Array(buffer, results, chunk);
}

/** Where things lie in memory, each from the beginning of a line of the processor's cache. */
class Layout {
  end: number;

  constructor(start: number) {
    this.end = align(start);
  }

  reserve(bytes: number): number {
    const start = this.end;
    this.end = align(start + bytes);
    return start;
  }
}

function align(address: number): number {
  return Math.ceil(address / 64) * 64;
}

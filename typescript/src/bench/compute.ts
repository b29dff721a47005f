/** What a worker thread runs, so that a long computation keeps no other activity waiting. */
export default function compute(iterations: number): number {
  let x = 1;
  for (let i = 0; i < iterations; i++) {
    // `| 0` keeps it an integer of 32 bits, for which the engine has instructions.
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
  }
  return x >>> 0;
}

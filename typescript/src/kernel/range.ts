import { KernelInputError } from './errors.js';

const SCENARIO_LIMIT = 2 ** 32;

/** The scenarios [first, first + count), within [0, 2^32). */
export interface ScenarioRange {
  readonly first: number;
  readonly count: number;
}

/** Throws KernelInputError. */
export function checkRange({ first, count }: ScenarioRange): void {
  if (!Number.isInteger(first) || first < 0 || first >= SCENARIO_LIMIT) {
    throw new KernelInputError('range.first', `${first} is not within 0 to 2^32 - 1`);
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new KernelInputError('range.count', `${count} is below 1`);
  }
  if (count > SCENARIO_LIMIT - first) {
    throw new KernelInputError('range.count', `${count} scenarios from ${first} on end beyond 2^32`);
  }
}

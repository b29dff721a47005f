/** Whether a snapshot that comes from elsewhere can be gone on from. */
import { KernelInputError } from './errors.js';
import type { Model } from './model.js';
import type { ScenarioRange } from './range.js';
import type { Shard } from './shard.js';
import { MAX_RESULT, tailSize, WORST_COUNT, worstTwentieth } from './smallest.js';

/** Refuses what cannot be a snapshot of simulating `range`: a KernelInputError says why. */
export function checkPartial(model: Model, range: ScenarioRange, partial: Shard): void {
  const { count, tail, worst } = partial;
  if (!(count >= 1 && count < range.count)) {
    throw new KernelInputError('scenario_count', `${count} is not within 1 to ${range.count - 1}`);
  }
  checkHistogram(model, partial);
  // In a number from a message a larger one may have lost its last digits.
  const beyond = [partial.min, partial.max, ...worst.map(({ pnl }) => pnl)].find(
    (pnl) => !(Math.abs(pnl) <= MAX_RESULT),
  );
  if (beyond !== undefined) {
    throw new KernelInputError('exposures_minor', `a result of ${beyond} minor units is beyond 2^43`);
  }
  if (tail.length < worstTwentieth(count) || tail.length > tailSize(count) || !ascends(tail)) {
    throw new KernelInputError(
      'tail_minor',
      `${tail.length} results are not the smallest of ${count} in order`,
    );
  }
  const end = range.first + count;
  const outside = worst.some(({ scenario }) => !(scenario >= range.first && scenario < end));
  if (worst.length !== Math.min(count, WORST_COUNT) || outside) {
    throw new KernelInputError('worst', `they are not scenarios of ${range.first} to ${end - 1}`);
  }
}

function checkHistogram({ bins }: Model, { count, histogram }: Shard): void {
  if (histogram.low !== bins.low || histogram.width !== bins.width) {
    throw new KernelInputError('histogram', 'it is of another model');
  }
  const counted = histogram.counts.reduce((total, bin) => total + bin, 0);
  if (histogram.counts.length !== bins.count || counted !== count) {
    throw new KernelInputError(
      'histogram',
      `${histogram.counts.length} bins count ${counted} scenarios, not ${bins.count} bins ${count}`,
    );
  }
}

function ascends(values: Float64Array): boolean {
  return values.every((value, i) => i === 0 || (values[i - 1] as number) <= value);
}

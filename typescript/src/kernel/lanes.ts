/** Assets, in groups whose products the processor's registers hold at once. */
import type { Figures } from './producer.js';

/**
 * Arranges the growth of up to `width` assets from `first` on: a row of `width` values for each day. What is left of
 * it is padded with growth 1, and wants exposure 0: that changes no bit, for it adds +0.
 */
export function arrangeGrowth(
  target: Float64Array,
  { days, assets, growth }: Figures,
  first: number,
  width: number,
): void {
  target.fill(1);
  const used = Math.min(width, assets - first);
  for (let day = 0; day < days; day++) {
    for (let i = 0; i < used; i++) {
      target[day * width + i] = growth[day * assets + first + i] as number;
    }
  }
}

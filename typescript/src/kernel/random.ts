/** The key of Threefry-2x32-20 (Salmon et al., Random123), the counter-based random generator. */

const PARITY = 0x1bd11bda;

/**
 * Int32[12]: the key schedule in the order in which the rounds use it, two words at a time, with the injection numbers
 * added in advance. `k0` and `k1` are the low and the high half of the seed.
 */
export function keySchedule(k0: number, k1: number): Int32Array {
  const words = [k0, k1, k0 ^ k1 ^ PARITY];
  const word = (index: number) => words[index % 3] as number;
  const schedule = [k0, k1];
  for (let number = 1; number <= 5; number++) {
    schedule.push(word(number), word(number + 1) + number);
  }
  // Only the low 32 bits of a sum count; an array of integers keeps those.
  return Int32Array.from(schedule);
}

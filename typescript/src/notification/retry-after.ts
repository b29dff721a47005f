/** The Retry-After header. Pure. */

const SECOND = 1_000;
/** A receiver neither provokes a flood of attempts nor puts them off beyond this. */
const LEAST = SECOND;
const MOST = 3_600 * SECOND;

const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How many milliseconds after `now` a Retry-After header asks to wait, within a second and an hour. Takes whole
 * seconds and HTTP dates in the form that RFC 9110 lets senders generate; undefined for anything else.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const delay = /^\d+$/.test(value)
    ? Number(value) * SECOND
    : IMF_FIXDATE.test(value)
      ? Date.parse(value) - now
      : Number.NaN;
  return Number.isNaN(delay) ? undefined : Math.min(Math.max(delay, LEAST), MOST);
}

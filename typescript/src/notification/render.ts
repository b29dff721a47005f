/** Words for a notification. Pure: no clock, no mail, no Temporal. */
import type { Figure, Notification } from '../gen/triglot/notification/v1/notification_pb.js';

/** What the brackets behind an amount mean. */
export const INTERVAL_NOTE = 'In brackets: the 95 % interval.';

/** The subject, safe as a header: one line without control characters. */
export function renderSubject({ subject }: Notification): string {
  return oneLine(subject);
}

/** The text of a mail: the summary, a line for each figure in the form of `renderFigure`, and one for each picture. */
export function renderText({ summary, figures, images }: Notification): string {
  const paragraphs = [summary];
  if (figures.length > 0) {
    paragraphs.push(figures.map(renderFigure).join('\n'), INTERVAL_NOTE);
  }
  if (images.length > 0) {
    paragraphs.push(images.map(({ description }) => `Picture: ${oneLine(description)}`).join('\n'));
  }
  return `${paragraphs.join('\n\n')}\n`;
}

/**
 * A figure on one line, for instance `VaR 99 %: USD 80,123.45 (USD 79,900.00 to USD 80,300.00)`. Programs read
 * it too: the form is stable.
 */
export function renderFigure({ label, currency, amountMinor, lowerMinor, upperMinor }: Figure): string {
  const amount = formatMoney(currency, amountMinor);
  const lower = formatMoney(currency, lowerMinor);
  const upper = formatMoney(currency, upperMinor);
  return `${oneLine(label)}: ${amount} (${lower} to ${upper})`;
}

/** Minor units of a currency with two decimals, exactly: `USD -80,123.45` for -8012345n. */
export function formatMoney(currency: string, minor: bigint): string {
  const magnitude = minor < 0n ? -minor : minor;
  const units = (magnitude / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const cents = (magnitude % 100n).toString().padStart(2, '0');
  return `${currency} ${minor < 0n ? '-' : ''}${units}.${cents}`;
}

/** Without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

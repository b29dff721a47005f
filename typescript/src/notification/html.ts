/** A notification as the HTML part of a mail. Pure. */
import type { Figure, Notification } from '../gen/triglot/notification/v1/notification_pb.js';
import { formatMoney, INTERVAL_NOTE, oneLine, renderSubject } from './render.js';

// Inline and few, because mail programs drop style sheets; colours are left to the reader's light or dark theme.
const BODY = 'margin:0;padding:16px;font:16px/1.5 system-ui,-apple-system,Segoe UI,Arial,sans-serif';
const COLUMN = 'max-width:560px;margin:0 auto;overflow-wrap:anywhere';
const HEADING = 'margin:0 0 12px;font-size:20px;line-height:1.3';
const TABLE = 'width:100%;border-collapse:collapse;margin:0 0 12px';
const CELL = 'padding:10px 0;border-top:1px solid #8888;text-align:left;font-weight:normal';
const AMOUNT = 'font-size:18px;font-weight:bold;font-variant-numeric:tabular-nums';
const SMALL = 'font-size:14px;margin:0';

/** A whole HTML document without script, image or link; every text of the notification is escaped. */
export function renderHtml(notification: Notification): string {
  const subject = markupOf(renderSubject(notification));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${subject}</title>
</head>
<body style="${BODY}">
<div style="${COLUMN}">
<h1 style="${HEADING}">${subject}</h1>
<p style="margin:0 0 16px">${renderLines(notification.summary)}</p>
${renderFigures(notification.figures)}</div>
</body>
</html>
`;
}

function renderFigures(figures: readonly Figure[]): string {
  if (figures.length === 0) {
    return '';
  }
  const rows = figures.map(renderRow).join('\n');
  return `<table style="${TABLE}">\n${rows}\n</table>\n<p style="${SMALL}">${INTERVAL_NOTE}</p>\n`;
}

/** One cell, because two would not fit beside each other on a phone. */
function renderRow({ label, currency, amountMinor, lowerMinor, upperMinor }: Figure): string {
  const [amount, lower, upper] = [amountMinor, lowerMinor, upperMinor].map((minor) =>
    markupOf(formatMoney(currency, minor)),
  );
  return (
    `<tr><td style="${CELL}">${markupOf(label)}<br>` +
    `<span style="${AMOUNT}">${amount}</span><br>` +
    `<span style="${SMALL}">(${lower} to ${upper})</span></td></tr>`
  );
}

function renderLines(text: string): string {
  return text
    .split(/\r\n|[\r\n]/)
    .map(markupOf)
    .join('<br>\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text on one line as markup. */
function markupOf(text: string): string {
  return oneLine(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

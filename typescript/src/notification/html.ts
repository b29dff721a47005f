/** A notification as the HTML part of a mail. Pure. */
import type { Figure, Notification } from '../gen/triglot/notification/v1/notification_pb.js';
import { formatMoney, INTERVAL_NOTE, oneLine, renderSubject } from './render.js';

// Inline and few, because mail programs drop style sheets; colours are left to the reader's light or dark theme.
const WIDTH = 600;
// On each cell, because Outlook lets tables inherit no font.
const FONT = 'font:16px/1.5 system-ui,-apple-system,Segoe UI,Arial,sans-serif';
const BODY = 'margin:0;padding:0';
const COLUMN = `width:100%;max-width:${WIDTH}px;margin:0 auto;border-collapse:collapse`;
const PAGE = `padding:16px;text-align:left;overflow-wrap:anywhere;${FONT}`;
const HEADING = 'margin:0 0 12px;font-size:20px;line-height:1.3';
const TABLE = 'width:100%;border-collapse:collapse;margin:0 0 12px';
const CELL = `padding:10px 0;border-top:1px solid #888888;text-align:left;font-weight:normal;${FONT}`;
const AMOUNT = 'font-size:18px;font-weight:bold;font-variant-numeric:tabular-nums';
const SMALL = 'font-size:14px;margin:0';
// White behind a picture keeps one with transparent parts legible in a dark theme.
const IMAGE =
  'display:block;width:100%;height:auto;border:0;margin:16px 0 0;background:#ffffff;color:#000000';
/** Outlook knows no max-width, so it gets a table of the width around the column. */
const OUTLOOK = [
  `<!--[if mso]><table role="presentation" align="center" width="${WIDTH}"><tr><td><![endif]-->`,
  '<!--[if mso]></td></tr></table><![endif]-->',
] as const;
/** Outlook takes a picture's width from the attribute: the column's without its padding. */
const IMAGE_WIDTH = WIDTH - 32;

/** A picture: a URL, and what it shows. */
export interface HtmlImage {
  readonly source: string;
  readonly description: string;
}

/**
 * A whole HTML document without script, link or anything to fetch but the images; every text of the notification is
 * escaped.
 */
export function renderHtml(notification: Notification, images: readonly HtmlImage[] = []): string {
  const subject = markupOf(renderSubject(notification));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
</head>
<body style="${BODY}">
${OUTLOOK[0]}
<table role="presentation" align="center" style="${COLUMN}">
<tr><td style="${PAGE}">
<h1 style="${HEADING}">${subject}</h1>
<p style="margin:0 0 16px">${renderLines(notification.summary)}</p>
${renderFigures(notification.figures)}${images.map(renderImage).join('')}</td></tr>
</table>
${OUTLOOK[1]}
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

/** As wide as the column, also on a phone. */
function renderImage({ source, description }: HtmlImage): string {
  const alt = markupOf(description);
  return `<img src="${markupOf(source)}" alt="${alt}" width="${IMAGE_WIDTH}" style="${IMAGE}">\n`;
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

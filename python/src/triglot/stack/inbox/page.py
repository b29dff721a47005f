"""The inbox's pages: without script, and nothing of a message unescaped but in a sandboxed frame."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from triglot.stack.inbox.attempts import Message, WebhookContent
from triglot.stack.inbox.failures import CHANNELS, MODES, Channel, Failure
from triglot.stack.inbox.receiving import MailContent

SAFETY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# Of a mail's own HTML: no script, no form, no link that leads anywhere, no picture from the network.
MAIL_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_SHOWN_MESSAGES = 200

_templates = Environment(
    loader=PackageLoader("triglot.stack.inbox"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _clock(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


_templates.filters["clock"] = _clock


def render_list(
    messages: Sequence[Message], failures: Mapping[Channel, Failure | None], *, refresh: bool
) -> str:
    """Returns the page of all messages, the latest first.

    Args:
        messages: In the order of their first attempts.
        failures: What each channel was told.
        refresh: Whether the browser is to load the page again every few seconds.
    """
    latest_first = sorted(messages, key=lambda message: message.latest.number, reverse=True)
    return _templates.get_template("list.html.jinja").render(
        messages=latest_first[:_SHOWN_MESSAGES],
        hidden=max(0, len(messages) - _SHOWN_MESSAGES),
        failures=failures,
        channels=CHANNELS,
        modes=MODES,
        refresh=refresh,
    )


def render_mail(message: Message, content: MailContent | None) -> str:
    """Returns the page of a mail; without content it shows its attempts alone."""
    return _templates.get_template("mail.html.jinja").render(message=message, content=content)


def render_webhook(message: Message, content: WebhookContent | None) -> str:
    """Returns the page of a webhook; without content it shows its attempts alone."""
    body = "" if content is None else _pretty(content.body)
    return _templates.get_template("webhook.html.jinja").render(message=message, content=content, body=body)


def style() -> bytes:
    """Returns the style sheet of all pages."""
    return (resources.files("triglot.stack.inbox") / "templates" / "style.css").read_bytes()


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body

"""The inbox: takes mails and webhooks, shows them, and fails when told to; for a laptop and for tests."""

from triglot.stack.inbox.mails import Mail, read_mails

NAME = "inbox"
WEBHOOK_PATH = "/hook"
SECRET_PREFIX = "TRIGLOT_WEBHOOK_SECRET_"  # noqa: S105 - how variables begin, not a secret
SECRET_NAME = "INBOX"  # noqa: S105 - a name, not a secret

__all__ = ["NAME", "SECRET_NAME", "SECRET_PREFIX", "WEBHOOK_PATH", "Mail", "read_mails"]

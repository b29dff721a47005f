"""Whether reports could be found by their search attributes, and would not hang for want of them."""

from temporalio.client import Client

from triglot.cli.ends import UNREACHABLE, CommandError
from triglot.registration import registering_command, unregistered


async def require_attributes(client: Client) -> None:
    """Makes sure that the namespace has what the workflow sets: else its tasks would fail for ever.

    Raises:
        CommandError: Which attributes are missing, and what registers them.
    """
    if missing := await unregistered(client):
        raise CommandError(
            f"the namespace {client.namespace} lacks search attributes that reports are found by; "
            f"register them: {registering_command(client.namespace, missing)}",
            UNREACHABLE,
        )

"""What `make up`, `make down` and `make clean` call: the stack in containers."""

import asyncio
import sys
from collections.abc import Sequence

from triglot.cli.ends import FAILED, INTERRUPTED
from triglot.cli.running import ROOT, remove_containers, write_containers
from triglot.leaving import leave
from triglot.stack.containers import Containers, RunningContainers
from triglot.stack.inbox import SECRET_NAME, WEBHOOK_PATH
from triglot.stack.processes import StackError


async def up(containers: Containers, *options: str) -> None:
    """Starts the containers, tells every command about them, and prints where they are.

    Args:
        containers: Which.
        options: More options for `docker compose up`.

    Raises:
        StackError: If they do not start, or do not become ready.
    """
    running = await containers.up(*options)
    write_containers(running)
    _print_addresses(running)


def down(containers: Containers, *, volumes: bool) -> None:
    """Stops and removes the containers.

    Raises:
        StackError: If that fails.
    """
    containers.down(volumes=volumes)
    remove_containers()


def _print_addresses(running: RunningContainers) -> None:
    print("\nTriglot runs in containers; `make down` stops it")
    for what, where in (
        ("Web UI", running.web_ui),
        ("Temporal server", running.address),
        ("inbox", running.inbox),
        ("SMTP", running.smtp),
        ("object store", running.store_url),
        ("webhooks", f"http://inbox:8025{WEBHOOK_PATH}, secret {SECRET_NAME}"),
    ):
        print(f"  {what:16} {where}")
    print("\nTo run a report: triglot report run --mail risk-desk@example.com")


def main(arguments: Sequence[str]) -> int:
    """Runs `up [OPTION ...]`, `down`, or `clean`, which deletes the volumes too; returns the exit code."""
    containers = Containers(ROOT.absolute() / "secrets")
    try:
        match arguments:
            case ["up", *options]:
                asyncio.run(up(containers, *options))
            case ["down"]:
                down(containers, volumes=False)
            case ["clean"]:
                down(containers, volumes=True)
            case _:
                raise StackError("say up, down or clean")
    except (StackError, OSError) as error:
        print(f"containers: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("containers: interrupted; `make ps` shows what runs, `make down` stops it", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

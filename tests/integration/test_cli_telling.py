"""What the command line says of a recipient who cannot be told: first why it waits, then who it was."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from commands import DEADLINE, SMALL, environment, triglot
from samples import WEBHOOK_SECRET_NAME
from triglot.stack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Receiver:
    """An HTTP server that always gives the same answer."""

    status: int
    host: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(503)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        receiver.host = f"127.0.0.1:{server.server_port}"
        yield receiver
        server.shutdown()


def notified(receiver: Receiver) -> tuple[str, ...]:
    url = f"http://{receiver.host}/hooks/t0ken?key=in-the-url"
    return (*SMALL, "--mail", "desk@example.com", "--webhook", url, "--webhook-secret", WEBHOOK_SECRET_NAME)


async def test_a_waiting_report_says_why_and_a_finished_one_who_was_not_told(
    stack: Stack, receiver: Receiver
) -> None:
    env = environment(stack)
    started = await triglot("report", "run", *notified(receiver), "--detach", "--json", env=env)
    report_id = started.document()["id"]
    shown = {"pending": []}
    async with asyncio.timeout(DEADLINE):
        while not shown["pending"]:
            shown = (await triglot("report", "show", report_id, "--json", env=env)).document()
            assert shown["status"] == "running"
    [failure] = shown["pending"]
    assert (failure["activity"], failure["error_type"]) == ("SendNotification", "DeliveryFailed")
    assert failure["attempt"] >= 2
    assert failure["message"] == f"the webhook receiver {receiver.host} answered 503"
    text = await triglot("report", "show", report_id, env=env)
    assert "waits for SendNotification: attempt " in text.output
    assert f"failed with DeliveryFailed: the webhook receiver {receiver.host} answered 503" in text.output

    receiver.status = 410
    watched = await triglot("report", "watch", report_id, env=env)
    sentence = (
        f"http://{receiver.host} could not be told: DeliveryRejected: "
        f"the webhook receiver {receiver.host} refused the notification with 410"
    )
    assert watched.refusal(1) == f"the report stands, but {sentence}"
    assert "value at risk       99 %  USD " in watched.output
    assert f"  not told      {sentence}\n" in watched.output
    assert "1 of 2 sent, 1 undeliverable" in watched.output
    assert "in-the-url" not in watched.output
    assert "t0ken" not in watched.output
    after = await triglot("report", "show", report_id, env=env)
    assert (after.code, after.errors) == (0, "")
    assert f"  not told      {sentence}\n" in after.output


async def test_a_report_of_which_not_all_were_told_is_saved(
    stack: Stack, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.status = 410

    run = await triglot(
        "report", "run", *notified(receiver), "--output", str(tmp_path), "--json", env=environment(stack)
    )

    assert run.refusal(1).startswith(f"the report stands, but http://{receiver.host} could not be told: ")
    document = json.loads(run.output)
    assert (document["status"], len(document["result"]["notifications"])) == ("completed", 1)
    [one] = document["result"]["undelivered"]
    assert (one["recipient_index"], one["recipient"]) == (1, f"http://{receiver.host}")
    assert one["error_type"] == "DeliveryRejected"
    assert document["started_at"].endswith("Z")
    assert document["closed_at"].endswith("Z")
    assert (tmp_path / "report.json").exists()


async def test_figures_are_not_lost_with_the_files(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()

    run = await triglot("report", "run", *SMALL, "--output", str(tmp_path), env=environment(stack))

    assert "value at risk       99 %  USD " in run.output
    report_id = run.output.splitlines()[0].removeprefix("started ")
    assert run.refusal(1) == (
        f"the report stands, but its files could not be saved: {tmp_path / 'report.html'}: Is a directory; "
        f"`triglot report open {report_id} --output FOLDER` saves them"
    )

"""A container's health check says what its worker says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from triglot import healthcheck


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/readyz": 200, "/fine": 200}.get(self.path, 503))
        self.end_headers()
        self.wfile.write(b'{"reason": "the worker is stopping"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_ready_worker_is_healthy(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIGLOT_HEALTH_ADDRESS", f"0.0.0.0:{port}")
    assert healthcheck.main([]) == 0


def test_a_url_may_be_asked_instead(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert healthcheck.main([f"http://127.0.0.1:{port}/fine"]) == 0
    assert healthcheck.main([f"http://127.0.0.1:{port}/stopping"]) == 1
    assert "the worker is stopping" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["", "localhost", "0.0.0.0:", "0.0.0.0:x"])
def test_without_an_address_it_says_so(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIGLOT_HEALTH_ADDRESS", address)
    assert healthcheck.main([]) == 1
    assert capsys.readouterr().err == "TRIGLOT_HEALTH_ADDRESS is not set to host:port\n"


def test_a_worker_that_is_gone_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        port = server.server_port
    monkeypatch.setenv("TRIGLOT_HEALTH_ADDRESS", f"127.0.0.1:{port}")
    assert healthcheck.main([]) == 1
    assert "refused" in capsys.readouterr().err

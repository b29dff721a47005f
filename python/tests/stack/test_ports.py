import os
import socket
from pathlib import Path

import pytest

from triglot.stack.ports import PortReservation


def test_reserved_ports_are_free_and_all_different() -> None:
    one, other = PortReservation(), PortReservation()
    ports = [reservation.take() for reservation in (one, other) for _ in range(50)]

    assert len(set(ports)) == 100
    for port in ports:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            server.bind(("127.0.0.1", port))
    one.release()
    other.release()


def test_a_port_in_use_or_reserved_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    holder, taker = PortReservation(), PortReservation()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        used, reserved, free = server.getsockname()[1], holder.take(), holder.take()
        holder_locks = dict(zip((reserved, free), holder._locks, strict=True))
        holder_locks[free].close()
        monkeypatch.setattr("random.sample", lambda *_: [used, reserved, free])

        assert taker.take() == free
        with pytest.raises(OSError, match="none of 200 ports"):
            taker.take()
    holder.release()
    taker.release()


def test_a_wanted_port_is_taken_if_it_is_free() -> None:
    one, other = PortReservation(), PortReservation()
    port = one.take()
    assert other.take(port) != port
    one.release()

    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        assert other.take(port) != port
        client.connect(("127.0.0.1", port))
        server.accept()[0].close()  # first, so that the port is left with a connection that waits to be over

    assert other.take(port) == port
    other.release()


def test_release_lets_others_take_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = PortReservation(), PortReservation()
    port = one.take()
    one.release()
    monkeypatch.setattr("random.sample", lambda *_: [port])

    assert other.take() == port
    other.release()


def test_a_folder_that_somebody_else_has_put_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"triglot-ports-{os.getuid()}").symlink_to(elsewhere)

    with pytest.raises(OSError, match="somebody else's"):
        PortReservation()


def test_locks_live_in_a_private_folder() -> None:
    folder: Path = PortReservation()._folder

    assert folder.stat().st_mode & 0o077 == 0

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


def test_release_lets_others_take_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = PortReservation(), PortReservation()
    port = one.take()
    one.release()
    monkeypatch.setattr("random.sample", lambda *_: [port])

    assert other.take() == port
    other.release()


def test_locks_live_in_a_private_folder() -> None:
    folder: Path = PortReservation()._folder

    assert folder.stat().st_mode & 0o077 == 0

"""The stack in containers, as far as that needs no engine."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.taskqueue.v1 import PollerInfo

from triglot.cli import containers as command
from triglot.stack.containers import Containers, is_polled, require_engine, write_secrets
from triglot.stack.processes import StackError

STARTED = datetime(2026, 1, 2, tzinfo=UTC)


def poller(identity: str, asked: datetime) -> PollerInfo:
    info = PollerInfo(identity=identity)
    info.last_access_time.FromDatetime(asked)
    return info


@pytest.mark.parametrize(
    ("identity", "seconds", "polled"),
    [
        ("1@0123456789ab", 1, True),
        ("1@0123456789ab@", 1, True),  # as the Go SDK calls itself
        ("1@0123456789ab", -1, False),
        ("1@another", 1, False),
        ("a-name-of-ones-own", 1, False),
    ],
)
def test_a_queue_is_polled_by_what_runs_since_it_was_started(
    identity: str, seconds: int, polled: bool
) -> None:
    pollers = [poller(identity, STARTED + timedelta(seconds=seconds))]

    assert is_polled(pollers, {"0123456789ab": STARTED}) is polled


def test_secrets_are_made_once_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    write_secrets(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "webhook.env").unlink()

    write_secrets(folder)

    second = {path.name: path.read_text() for path in folder.iterdir()}
    assert first.keys() == second.keys() == {"store.env", "store-client.env", "webhook.env", "postgres.env"}
    assert [name for name in first if first[name] != second[name]] == ["webhook.env"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def docker_that(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a docker on the PATH that does what a script says."""
    docker = folder / "docker"
    docker.write_text(f"#!/bin/sh\n{script}\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin", prepend=None)


@pytest.mark.parametrize(
    ("script", "missing"),
    [
        ('[ "$1" != compose ]', "docker has no compose plugin"),
        ('[ "$1" != info ]', "no container engine answers"),
    ],
)
def test_what_is_missing_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, missing: str
) -> None:
    docker_that(tmp_path, script, monkeypatch)

    with pytest.raises(StackError) as caught:
        require_engine()

    assert str(caught.value).startswith(f"{missing}; ")
    assert "make dev" in str(caught.value)


def test_without_docker_make_up_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert command.main(["up"]) == 1

    assert capsys.readouterr().err == (
        "containers: there is no docker on the PATH; start a container engine with docker's compose plugin, "
        "or run `make dev`, which needs neither\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_secrets_that_fit_each_other_are_made_together(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    first = (tmp_path / "store.env").read_text()
    (tmp_path / "store-client.env").unlink()

    write_secrets(tmp_path)

    values = [
        [line.partition("=")[2] for line in (tmp_path / name).read_text().splitlines()]
        for name in ("store.env", "store-client.env")
    ]
    assert values[0] == values[1]
    assert (tmp_path / "store.env").read_text() != first


def test_containers_of_another_clone_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that(
        tmp_path,
        """case "$2" in
        config) echo '{"name": "triglot"}' ;;
        ls) echo '[{"Name": "triglot", "ConfigFiles": "/another/clone/docker-compose.yml,/x.yml"}]' ;;
        down) echo "it went down" >&2; exit 1 ;;
        esac""",
        monkeypatch,
    )
    write_secrets(tmp_path / "secrets")

    with pytest.raises(StackError, match="project triglot run from /another/clone; stop them there"):
        Containers(tmp_path / "secrets").down()


def test_nothing_is_asked_of_compose_where_nothing_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_that(tmp_path, '[ "$1" = info ] || [ "$2" = version ]', monkeypatch)

    Containers(tmp_path / "secrets").down(volumes=True)

    assert not (tmp_path / "secrets").exists()


def test_a_failed_compose_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that(tmp_path, '[ "$1" = info ] || [ "$2" = version ]', monkeypatch)
    write_secrets(tmp_path / "secrets")

    with pytest.raises(StackError, match=r"^docker compose config failed; what it said is above$"):
        Containers(tmp_path / "secrets").down()


def test_a_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docker_that(tmp_path, "true", monkeypatch)
    (tmp_path / ".triglot").touch()
    monkeypatch.chdir(tmp_path)

    assert command.main(["up"]) == 1

    assert capsys.readouterr().err.startswith("containers: [Errno 20] Not a directory: ")

"""Which server and store a command means."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from triglot.cli.ends import BAD_INPUT, UNREACHABLE, CommandError
from triglot.cli.running import (
    ROOT,
    RunningStack,
    claimed,
    remove_containers,
    write_containers,
    write_running,
)
from triglot.cli.session import find_target, open_session
from triglot.stack.containers import RunningContainers


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current folder, and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("TEMPORAL_", "TRIGLOT_")):
            monkeypatch.delenv(name)
    config = tmp_path / "temporal.toml"
    config.write_text("[profile.default]\n")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(config))


def running(tmp_path: Path) -> RunningStack:
    return RunningStack(
        pid=os.getpid(),
        address="127.0.0.1:17000",
        namespace="of-the-stack",
        store_url=tmp_path.as_uri(),
        payload_encoding="binary",
        web_ui="http://127.0.0.1:17001",
        inbox="http://127.0.0.1:17002",
        smtp="smtp://127.0.0.1:17003",
        folder=str(tmp_path),
        started_at=datetime.now(UTC),
    )


def test_without_anything_the_defaults_count() -> None:
    target = find_target()

    assert (target.source, target.address) == ("the SDK's defaults", "localhost:7233")
    assert (target.payload_encoding, target.connect_timeout) == ("json", 3)
    with pytest.raises(CommandError, match="no object store is named") as error:
        target.open_store()
    assert error.value.code == BAD_INPUT


def in_containers(tmp_path: Path) -> RunningContainers:
    secrets = tmp_path / "store.env"
    secrets.write_text("AWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=a=secret\n")
    return RunningContainers(
        address="127.0.0.1:18000",
        store_url="s3://triglot?endpoint=http://127.0.0.1:18001",
        store_secrets=str(secrets),
        payload_encoding="json",
        web_ui="http://127.0.0.1:18002",
        inbox="http://127.0.0.1:18003",
        smtp="smtp://127.0.0.1:18004",
    )


def test_containers_are_found_from_below_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_containers(in_containers(tmp_path))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    target = find_target()

    assert (target.source, target.address) == ("the containers of `make up`", "127.0.0.1:18000")
    assert target.store_environment == {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "a=secret"}
    target.open_store()  # without credentials in the environment


def test_a_stack_that_lives_goes_before_containers(tmp_path: Path) -> None:
    write_containers(in_containers(tmp_path))
    with claimed(ROOT):
        write_running(running(tmp_path), ROOT)
        assert find_target().source == "the running stack"
    assert find_target().source == "the containers of `make up`"
    remove_containers()
    assert find_target().source == "the SDK's defaults"


def test_containers_without_their_secrets_are_one_sentence(tmp_path: Path) -> None:
    write_containers(in_containers(tmp_path))
    (tmp_path / "store.env").unlink()

    with pytest.raises(CommandError, match=r"store\.env.*make up") as error:
        find_target()
    assert error.value.code == UNREACHABLE


def test_the_running_stack_of_the_folder_is_found(tmp_path: Path) -> None:
    with claimed(ROOT):
        write_running(running(tmp_path), ROOT)
        target = find_target()

    assert (target.source, target.address) == ("the running stack", "127.0.0.1:17000")
    assert target.config["namespace"] == "of-the-stack"
    assert (target.store_url, target.payload_encoding) == (tmp_path.as_uri(), "binary")


@pytest.mark.parametrize(
    ("name", "value"),
    [("TEMPORAL_ADDRESS", "127.0.0.1:18000"), ("TRIGLOT_STORE_URL", "file:///elsewhere")],
)
def test_the_environment_outranks_the_running_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with claimed(ROOT):
        write_running(running(tmp_path), ROOT)
        target = find_target()

    assert target.source == "the environment"
    assert value in (target.address, target.store_url)
    assert "127.0.0.1:17000" not in (target.address, target.store_url)


@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("gopher://x", BAD_INPUT, "bad TRIGLOT_STORE_URL: must be file:///absolute/folder or s3://BUCKET"),
        ("file:///no/such/folder", UNREACHABLE, "there is no folder /no/such/folder; start a stack"),
    ],
)
def test_a_store_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, url: str, code: int, sentence: str
) -> None:
    monkeypatch.setenv("TRIGLOT_STORE_URL", url)
    with pytest.raises(CommandError, match=sentence) as error:
        find_target().open_store()
    assert error.value.code == code


@pytest.mark.parametrize(
    ("name", "value"),
    [("TRIGLOT_CONNECT_TIMEOUT", "soon"), ("TRIGLOT_PAYLOAD_ENCODING", "xml"), ("TEMPORAL_PROFILE", "nope")],
)
def test_a_bad_setting_is_bad_input(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CommandError) as error:
        find_target()
    assert error.value.code == BAD_INPUT
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["STORE_URL", "PAYLOAD_ENCODING", "CONNECT_TIMEOUT"])
def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    expected = find_target()
    monkeypatch.setenv(f"TRIGLOT_{name}", "")

    assert find_target() == expected


async def test_a_server_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("TRIGLOT_CONNECT_TIMEOUT", "0.3")
    with pytest.raises(CommandError) as error:
        async with open_session():
            pytest.fail("connected to nobody")
    assert error.value.code == UNREACHABLE
    assert str(error.value) == (
        "cannot reach the Temporal server at 127.0.0.1:1 within 0.3 s: Connection refused (named by the "
        "environment); start a stack with `triglot stack up` or `make up`, or set TEMPORAL_ADDRESS"
    )

"""What a client is made with."""

from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.converter import DataConverter

from triglot.cli.session import find_target
from triglot.connection import ConnectionSettings, connect
from triglot.settings import load_settings
from triglot.store import Store
from triglot.store.payloads import claim_in

LARGE = b"x" * 300_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The one that the environment names."""
    monkeypatch.setenv("TRIGLOT_STORE_URL", tmp_path.as_uri())
    return Store.from_url(tmp_path.as_uri())


@pytest.mark.parametrize("load", [load_settings, find_target], ids=["worker", "command"])
@pytest.mark.parametrize(("setting", "is_stored"), [("", True), ("on", True), ("off", False)])
async def test_the_setting_says_whether_large_payloads_are_stored(
    monkeypatch: pytest.MonkeyPatch, store: Store, load: Any, setting: str, is_stored: bool
) -> None:
    monkeypatch.setenv("TRIGLOT_EXTERNAL_STORAGE", setting)
    converter = await converter_of(monkeypatch, load(), store)

    (sent,) = await converter.encode([LARGE])

    assert (claim_in(sent) is not None) == is_stored
    assert await converter.decode([sent]) == [LARGE]


async def converter_of(
    monkeypatch: pytest.MonkeyPatch, settings: ConnectionSettings, store: Store
) -> DataConverter:
    given: dict[str, Any] = {}

    async def take(**options: Any) -> None:
        given.update(options)

    monkeypatch.setattr(Client, "connect", take)
    await connect(settings, lambda: store, {"target_host": "127.0.0.1:1"})
    converter: DataConverter = given["data_converter"]
    return converter

"""Payloads that one language's SDK has put into the store, fetched by another's: one claim, one error.

The SDKs do the work, each with our driver; what travels between them is what would stand in a history.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from triglot.connection import storing_data_converter
from triglot.store import Store
from triglot.store.payloads import claim_in

ROOT = Path(__file__).parents[2]
EXECUTORS = Path(__file__).parent / "executors"
MODULES = ROOT / "typescript" / "dist"
LANGUAGES = ("python", "go", "typescript")
LARGE = Payload(
    metadata={
        "messageType": b"triglot.risk.v1.GenerateRiskReportRequest",
        "encoding": b"json/protobuf",
        "another": b"",
    },
    data=bytes(range(256)) * 1200,
)


class SdkError(Exception):
    """What a worker would send to the server as its activity's failure."""

    def __init__(self, error_type: str, message: str, non_retryable: bool) -> None:
        super().__init__(message)
        self.type = error_type
        self.non_retryable = non_retryable


Executor = Callable[[str, str, Sequence[Payload]], Awaitable[list[Payload]]]
"""Does an operation, encode or decode, with the store at a URL. Raises SdkError."""


async def in_python(operation: str, url: str, payloads: Sequence[Payload]) -> list[Payload]:
    converter = storing_data_converter(lambda: Store.from_url(url))
    if operation == "encode":
        return await converter.encode([RawValue(payload) for payload in payloads])
    try:
        values = await converter.decode(payloads, [RawValue] * len(payloads))
    except Exception as cause:
        # As the SDK's worker does.
        wrapped = ApplicationError("Failed decoding arguments")
        wrapped.__cause__ = cause
        failure = Failure()
        converter.failure_converter.to_failure(wrapped, converter.payload_converter, failure)
        info = failure.application_failure_info
        words = f"{failure.message}: {failure.cause.message}"
        raise SdkError(info.type, words, info.non_retryable) from cause
    return [value.payload for value in values]


def run(command: Sequence[str | Path], url: str, payloads: Sequence[Payload]) -> list[Payload]:
    asked = json_format.MessageToJson(Payloads(payloads=payloads))
    answer = subprocess.run(
        command,
        env={"TRIGLOT_STORE_URL": url},
        input=asked.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr.decode()
    document = json.loads(answer.stdout)
    if "error" in document:
        error = document["error"]
        raise SdkError(error["type"], error["message"], error["nonRetryable"])
    return list(json_format.ParseDict(document, Payloads()).payloads)


@pytest.fixture(scope="session")
def executors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Executor]:
    folder = tmp_path_factory.mktemp("executors")
    binary = build_go(folder)
    node = shutil.which("node")
    assert node, "node is not on the PATH; run the tests by make"
    assert (MODULES / "store").exists(), "the TypeScript workers are not built; run the tests by make"
    packages = MODULES.parent / "node_modules"

    async def in_go(operation: str, url: str, payloads: Sequence[Payload]) -> list[Payload]:
        return run([binary, operation], url, payloads)

    async def in_typescript(operation: str, url: str, payloads: Sequence[Payload]) -> list[Payload]:
        script = EXECUTORS / "claims.mjs"
        return run([node, script, operation, packages.as_uri(), MODULES.as_uri()], url, payloads)

    return {"python": in_python, "go": in_go, "typescript": in_typescript}


def build_go(folder: Path) -> Path:
    """Builds the executor as if it lay in Go's module, whose internal packages it needs."""
    go = shutil.which("go")
    assert go, "go is not on the PATH; run the tests by make"
    place = ROOT / "go" / "internal" / "claims" / "main.go"
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {str(place): str(EXECUTORS / "claims.go")}}))
    binary = folder / "claims"
    subprocess.run(
        [go, "build", "-C", "go", "-overlay", overlay, "-o", binary, "./internal/claims"],
        cwd=ROOT,
        env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
        check=True,
    )
    return binary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One whose URL is percent-encoded."""
    return tmp_path / "risk desk ü %41"


@pytest.mark.parametrize("reader", LANGUAGES)
@pytest.mark.parametrize("writer", LANGUAGES)
async def test_what_one_language_stores_another_fetches(
    executors: dict[str, Executor], folder: Path, writer: str, reader: str
) -> None:
    small = Payload(metadata={"encoding": b"json/plain"}, data=b'"small"')

    sent = await executors[writer]("encode", folder.as_uri(), [LARGE, small])

    content = LARGE.SerializeToString(deterministic=True)
    digest = hashlib.sha256(content).hexdigest()
    assert claim_in(sent[0]) == {"sha256": digest, "size_bytes": str(len(content))}
    assert [details.size_bytes for details in sent[0].external_payloads] == [len(content)]
    assert sent[1] == small
    stored = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert stored == {digest: content}
    assert await executors[reader]("decode", folder.as_uri(), sent) == [LARGE, small]


def remove(path: Path) -> None:
    path.unlink()


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def take_the_folder_away(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.touch()


@pytest.mark.parametrize(
    ("damage", "error_type"),
    [(remove, "ObjectNotFound"), (change, "ObjectCorrupt"), (take_the_folder_away, "StoreUnavailable")],
)
@pytest.mark.parametrize("reader", LANGUAGES)
async def test_all_languages_name_a_damage_alike(
    executors: dict[str, Executor],
    folder: Path,
    reader: str,
    damage: Callable[[Path], None],
    error_type: str,
) -> None:
    sent = await in_python("encode", folder.as_uri(), [LARGE])
    (path,) = [path for path in folder.rglob("*") if path.is_file()]
    damage(path)

    with pytest.raises(SdkError) as failure:
        await executors[reader]("decode", folder.as_uri(), sent)

    assert (failure.value.type, failure.value.non_retryable) == (error_type, False)


@pytest.mark.parametrize("reader", LANGUAGES)
async def test_a_driver_that_nobody_knows_is_named_and_may_be_known_to_another_worker(
    executors: dict[str, Executor], folder: Path, reader: str
) -> None:
    (sent,) = await in_python("encode", folder.as_uri(), [LARGE])
    sent.data = sent.data.replace(b"triglot.store", b"somebody-else")

    with pytest.raises(SdkError, match="somebody-else") as failure:
        await executors[reader]("decode", folder.as_uri(), [sent])

    assert not failure.value.non_retryable

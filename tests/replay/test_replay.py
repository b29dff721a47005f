"""What runs have done, the workflows of today would do again: else runs under way would get stuck."""

import asyncio
import base64
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import gate
import pytest
from gate import replay
from paths import TAKE
from recorded import IDENTITIES, PATHS, Recording, digest_of, read, recordings, text_of, words_of, write
from temporalio.client import WorkflowHistory
from temporalio.common import RawValue
from temporalio.converter import ExternalStorage

from triglot.connection import storing_data_converter
from triglot.store import Store
from triglot.store.payloads import PayloadDriver, claim_in

PAGE = Path(__file__).parents[2] / "docs/replay.md"
RECORDINGS = recordings()
MOST_SECONDS = 30

each_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.file.name)


@dataclass(frozen=True)
class Replayed:
    """What came of all of them.

    Attributes:
        failures: What would be done otherwise, by recording.
        seconds: How long it took.
    """

    failures: dict[str, str | None]
    seconds: float


@pytest.fixture(scope="module")
def replayed() -> Replayed:
    begin = time.monotonic()
    failures = asyncio.run(replay({recording.file.name: read(recording.file) for recording in RECORDINGS}))
    return Replayed(failures, time.monotonic() - begin)


@each_recording
def test_the_workflows_do_as_recorded(recording: Recording, replayed: Replayed) -> None:
    failure = replayed.failures[recording.file.name]
    assert failure is None, f"{recording.file.name}: {failure}; docs/replay.md says what to do"


def test_all_histories_are_replayed_in_half_a_minute(replayed: Replayed) -> None:
    print(f"{len(RECORDINGS)} histories in {replayed.seconds:.1f} s")
    assert replayed.seconds < MOST_SECONDS


def test_every_path_has_a_history() -> None:
    assert {recording.path for recording in RECORDINGS} == PATHS.keys()


def test_the_docs_say_what_every_path_is() -> None:
    page = PAGE.read_text()

    rows = re.findall(r"^\| (`[^|]*) \|", page, flags=re.MULTILINE)
    told = [path for row in rows for path in re.findall(r"`([a-z0-9-]+)`", row) if path in PATHS]
    assert sorted(told) == sorted(PATHS)


def test_every_path_can_be_recorded_anew() -> None:
    # The children's own histories come with their parents'.
    assert TAKE.keys() == PATHS.keys() - {"shards-500", "shards-1", "cancelled-shards"}


@each_recording
def test_a_history_shows_its_path(recording: Recording) -> None:
    assert PATHS[recording.path] - words_of(read(recording.file)) == set()


@each_recording
def test_a_history_is_as_it_was_recorded(recording: Recording) -> None:
    assert digest_of(text_of(recording.file)) == recording.digest


def recorded(path: str) -> WorkflowHistory:
    return read(next(recording.file for recording in RECORDINGS if recording.path == path))


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """All strings with the names of their fields, payloads decoded."""
    match value:
        case {"metadata": dict(), "data": str(data)}:
            yield "data", base64.b64decode(data).decode()
        case dict():
            for key, one in value.items():
                yield from ((key, one),) if isinstance(one, str) else strings(one)
        case list():
            for one in value:
                yield from strings(one)


# A process by its number and host, which no address ends with; and a file by its path.
PROCESS, FILE = re.compile(r"(?<![\w./-])\d+@\w"), re.compile(r"(?<![\w.:-])/\w+/|\bFile \"")


@each_recording
def test_a_history_names_no_machine(recording: Recording) -> None:
    found = list(strings(read(recording.file).to_json_dict()))

    assert {text for name, text in found if name == "identity"} <= IDENTITIES
    for name, text in found:
        assert not PROCESS.search(text), f"{name}: {text}"
        assert not FILE.search(text), f"{name}: {text}"


def test_a_recording_leaves_out_stack_traces(tmp_path: Path) -> None:
    history = recorded("failed")
    traced = history.events[-1].workflow_execution_failed_event_attributes.failure.cause
    assert traced.message
    traced.stack_trace = '  File "/srv/app/fakes.py", line 1'

    file = write("failed", history, tmp_path, date(2026, 1, 31))

    assert "fakes.py" not in text_of(file)
    assert (
        read(file).events[-1].workflow_execution_failed_event_attributes.failure.cause.message
        == traced.message
    )


def test_what_names_a_machine_is_found() -> None:
    """The patterns of the test above are no use if they match nothing."""
    payload = {"metadata": {"encoding": ""}, "data": base64.b64encode(b'"1234@laptop"').decode()}

    (found,) = strings({"result": {"payloads": [payload]}})

    assert PROCESS.search(found[1])
    assert FILE.search('  File "/srv/app/fakes.py", line 1')
    assert FILE.search("see /srv/app/fakes.py")
    assert not FILE.search("risk-report/test/final/shards/0 is of type text/plain")


def test_a_history_that_the_workflows_would_not_make_is_refused() -> None:
    """Half of one run and half of another: a gate that lets everything through would let it through."""
    approved, rejected = recorded("approved"), recorded("rejected")
    decided = next(
        index
        for index, event in enumerate(approved.events)
        if event.HasField("workflow_execution_update_accepted_event_attributes")
    )
    mixed = WorkflowHistory("mixed", [*approved.events[:decided], *rejected.events[decided:]])

    failure = asyncio.run(replay({"mixed": mixed}))["mixed"]

    assert failure
    assert "Nondeterminism error" in failure


async def test_a_run_whose_large_payloads_lie_in_a_store_is_replayed_with_it(tmp_path: Path) -> None:
    converter = storing_data_converter(lambda: Store.from_url(tmp_path.as_uri()))
    storage = ExternalStorage(
        [PayloadDriver(lambda: Store.from_url(tmp_path.as_uri()))], payload_size_threshold=1
    )
    history = recorded("final")
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    claims = await replace(converter, external_storage=storage).encode([RawValue(payloads[0])])
    payloads[0].CopyFrom(claims[0])

    with_store = await replay({"final": history}, converter)
    without = await replay({"final": history})

    assert claim_in(payloads[0])
    assert with_store == {"final": None}
    assert without["final"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot read {}: No such file or directory"),
        ("{}", "{} is no history in JSON"),
        ("\x00", "{} is no history in JSON"),
    ],
    ids=["missing", "empty", "binary"],
)
def test_what_is_no_history_is_refused_in_one_sentence(
    content: str | None,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "run.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setattr("sys.argv", ["gate.py", str(file)])

    assert gate.main() == 2

    errors = capsys.readouterr().err
    assert errors.startswith("gate.py: " + told.format(file))
    assert len(errors.splitlines()) == 1

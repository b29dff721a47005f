"""Every supported option does something; the table and the emitters cannot drift apart."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from triglot.contract import option_page, options, wire
from triglot.contract.options import Ignored, Rejected

SECOND = "{seconds: 1}"
SAMPLES: dict[str, dict[str, str]] = {
    "ServiceOptions": {"task_queue": '"q"'},
    "ActivityOptions": {
        "task_queue": '"q"',
        "schedule_to_close_timeout": SECOND,
        "schedule_to_start_timeout": SECOND,
        "start_to_close_timeout": SECOND,
        "heartbeat_timeout": SECOND,
        "retry_policy": "{max_attempts: 1}",
        "name": '"n"',
        "wait_for_cancellation": "true",
        "priority": "{priority_key: 1}",
    },
    "RetryPolicy": {
        "initial_interval": SECOND,
        "backoff_coefficient": "3",
        "max_interval": SECOND,
        "max_attempts": "1",
        "non_retryable_error_types": '"E"',
    },
    "Priority": {"priority_key": "1", "fairness_key": '"k"', "fairness_weight": "1.5"},
    "WorkflowOptions": {
        "query": '{ref: "Look"}',
        "signal": '{ref: "Stop"}',
        "update": '{ref: "Edit2"}',
        "execution_timeout": SECOND,
        "id": '"i"',
        "id_reuse_policy": "WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY",
        "parent_close_policy": "PARENT_CLOSE_POLICY_REQUEST_CANCEL",
        "retry_policy": "{max_attempts: 1}",
        "run_timeout": SECOND,
        "task_queue": '"q"',
        "task_timeout": SECOND,
        "wait_for_cancellation": "true",
        "name": '"n"',
        "aliases": '"a"',
        "workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_FAIL",
        "versioning_behavior": "VERSIONING_BEHAVIOR_PINNED",
        "priority": "{priority_key: 1}",
    },
    "Query": {"ref": '"Look"'},
    "Signal": {"ref": '"Stop"', "start": "true"},
    "Update": {
        "ref": '"Edit2"',
        "start": "true",
        "workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_FAIL",
    },
    "QueryOptions": {"name": '"n"'},
    "SignalOptions": {"name": '"n"'},
    "UpdateOptions": {
        "id": '"i"',
        "validate": "true",
        "name": '"n"',
        "wait_for_stage": "WAIT_POLICY_ACCEPTED",
    },
}
# What each message sets where a sample does not set it otherwise.
PLAIN: dict[str, dict[str, str]] = {
    **{message: {} for message in SAMPLES},
    "ServiceOptions": {"task_queue": '"shop"'},
    "ActivityOptions": {"start_to_close_timeout": "{seconds: 9}"},
    "WorkflowOptions": {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING"},
    "RetryPolicy": {"backoff_coefficient": "2"},
    "Query": {"ref": '"Look2"'},
    "Signal": {"ref": '"Stop2"'},
    "Update": {"ref": '"Edit"'},
}
# What an option has an effect with, and none without.
NEEDS: dict[tuple[str, str], tuple[str, str]] = {
    ("Update", "workflow_id_conflict_policy"): ("Update", "start")
}
SIMPLE = """
  rpc Look(Order) returns (Receipt) {{ option (temporal.v1.query) = {{{QueryOptions}}}; }}
  rpc Look2(Order) returns (Receipt) {{ option (temporal.v1.query) = {{}}; }}
  rpc Stop(Order) returns (google.protobuf.Empty) {{ option (temporal.v1.signal) = {{{SignalOptions}}}; }}
  rpc Stop2(Order) returns (google.protobuf.Empty) {{ option (temporal.v1.signal) = {{}}; }}
  rpc Edit(Order) returns (Receipt) {{ option (temporal.v1.update) = {{{UpdateOptions}}}; }}
  rpc Edit2(Order) returns (Receipt) {{ option (temporal.v1.update) = {{}}; }}
"""
CONTRACT = (
    """service Shop {{
  option (temporal.v1.service) = {{{ServiceOptions}}};
  rpc Pack(Order) returns (Receipt) {{ option (temporal.v1.activity) = {{{ActivityOptions}}}; }}
  rpc Sell(Order) returns (Receipt) {{ option (temporal.v1.workflow) = {{{WorkflowOptions}}}; }}
"""
    + SIMPLE
    + "}}"
)


def contract(*samples: tuple[str, str]) -> str:
    """The plain contract, with the samples of these options of these messages."""
    values = {name: dict(plain) for name, plain in PLAIN.items()}
    nested = {
        "ActivityOptions": {"retry_policy": "RetryPolicy", "priority": "Priority"},
        "WorkflowOptions": {"query": "Query", "signal": "Signal", "update": "Update"},
    }
    for message, option in samples:
        values[message][option] = SAMPLES[message][option]
    for owner, fields in nested.items():
        for name, inner in fields.items():
            values[owner].setdefault(name, "{" + text(values[inner]) + "}")
    return CONTRACT.format_map({name: text(each) for name, each in values.items()})


def text(values: dict[str, str]) -> str:
    return " ".join(f"{name}: {value}" for name, value in values.items())


def supported() -> dict[str, set[str]]:
    return {
        schema.name.rpartition(".")[2]: {
            option.name
            for option in schema.fields.values()
            if not isinstance(option.type, Rejected | Ignored)
        }
        for schema in option_page.schemas()
    }


def test_every_supported_option_has_a_sample() -> None:
    assert {message: set(samples) for message, samples in SAMPLES.items()} == supported()


@pytest.mark.parametrize(
    ("message", "option"), [(message, option) for message in SAMPLES for option in SAMPLES[message]]
)
def test_every_supported_option_has_an_effect(
    compile_inline: Callable[..., str], message: str, option: str
) -> None:
    needed = [NEEDS[message, option]] if (message, option) in NEEDS else []
    assert compile_inline(contract(*needed, (message, option))) != compile_inline(contract(*needed))


def test_every_option_of_the_schema_has_a_row_in_the_docs() -> None:
    fields = [
        *options.SERVICE_EXTENSIONS.values(),
        *options.METHOD_EXTENSIONS.values(),
        *options.FIELD_EXTENSIONS.values(),
        *(option for schema in option_page.schemas() for option in schema.fields.values()),
    ]
    rows = [
        line
        for line in option_page.PAGE.read_text().splitlines()
        if line.startswith(("| `google.", "| `temporal."))
    ]

    assert len(rows) == len(fields) == 83
    for row in rows:
        assert row.rstrip(" |").rpartition("| ")[2].startswith(("supported", "rejected: ", "ignored: "))


def test_the_page_of_options_is_fresh(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = option_page.PAGE.read_text()
    stale = tmp_path / "compiler.md"
    stale.write_text(page.replace("| supported |", "| ignored: because |", 1))
    monkeypatch.setattr("sys.argv", ["option_page", "--check"])
    assert option_page.main() == 0

    monkeypatch.setattr(option_page, "PAGE", stale)
    assert option_page.main() == 1
    assert capsys.readouterr().err == "stale: docs/compiler.md; run make generate\n"
    monkeypatch.setattr("sys.argv", ["option_page"])
    assert option_page.main() == 0
    assert stale.read_text() == page


def test_a_page_without_its_comments_is_told() -> None:
    with pytest.raises(ValueError, match="has lost the comments around its generated part"):
        option_page.updated("# The contract compiler\n")


@pytest.mark.parametrize("value", [0.1, 1.5, 16777215.0, 3.4028234663852886e38, 1.401298464324817e-45])
def test_a_float_is_read_as_its_shortest_decimal(value: float) -> None:
    encoded = struct.pack("<f", value)
    read = wire.double(encoded)
    assert struct.pack("<f", read) == encoded
    assert len(repr(read)) <= len(repr(value))
    assert wire.double(struct.pack("<f", 0.1)) == 0.1

"""Every supported option does something; the table and the emitters cannot drift apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from triglot.contract import options
from triglot.contract.options import Ignored, Rejected, Schema

REPOSITORY = Path(__file__).parents[3]
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
        "workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_FAIL",
        "priority": "{priority_key: 1}",
    },
    "Query": {"ref": '"Look"'},
    "Signal": {"ref": '"Stop"', "start": "true"},
    "Update": {"ref": '"Edit2"', "start": "true"},
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


def contract(message: str = "", option: str = "") -> str:
    """The plain contract, with the sample of an option if one is named."""
    values = {name: dict(plain) for name, plain in PLAIN.items()}
    nested = {
        "ActivityOptions": {"retry_policy": "RetryPolicy", "priority": "Priority"},
        "WorkflowOptions": {"query": "Query", "signal": "Signal", "update": "Update"},
    }
    if message:
        values[message][option] = SAMPLES[message][option]
    for owner, fields in nested.items():
        for name, inner in fields.items():
            values[owner].setdefault(name, "{" + text(values[inner]) + "}")
    return CONTRACT.format_map({name: text(each) for name, each in values.items()})


def text(values: dict[str, str]) -> str:
    return " ".join(f"{name}: {value}" for name, value in values.items())


def schemas() -> Iterator[Schema]:
    """All options messages that the extensions reach."""
    todo = [
        option.type
        for option in (*options.SERVICE_EXTENSIONS.values(), *options.METHOD_EXTENSIONS.values())
        if isinstance(option.type, Schema)
    ]
    while todo:
        schema = todo.pop()
        yield schema
        todo += [option.type for option in schema.fields.values() if isinstance(option.type, Schema)]


def supported() -> dict[str, set[str]]:
    return {
        schema.name.rpartition(".")[2]: {
            option.name
            for option in schema.fields.values()
            if not isinstance(option.type, Rejected | Ignored)
        }
        for schema in schemas()
        if schema is not options.DURATION
    }


def test_every_supported_option_has_a_sample() -> None:
    assert {message: set(samples) for message, samples in SAMPLES.items()} == supported()


@pytest.mark.parametrize(
    ("message", "option"), [(message, option) for message in SAMPLES for option in SAMPLES[message]]
)
def test_every_supported_option_has_an_effect(
    compile_inline: Callable[..., str], message: str, option: str
) -> None:
    assert compile_inline(contract(message, option)) != compile_inline(contract())


def unsupported_rows() -> Iterator[str]:
    """What docs/contracts.md must say: a row for each message with options that are rejected or ignored."""
    extensions = {"ServiceOptions": options.SERVICE_EXTENSIONS, "MethodOptions": options.METHOD_EXTENSIONS}
    extensions["FieldOptions"] = options.FIELD_EXTENSIONS
    messages = {f"google.protobuf.{name}": fields for name, fields in extensions.items()}
    messages |= {schema.name: schema.fields for schema in schemas()}
    for name, fields in messages.items():
        rejected, ignored = (
            ", ".join(f"`{option.name}`" for option in fields.values() if isinstance(option.type, kind))
            for kind in (Rejected, Ignored)
        )
        if rejected or ignored:
            yield f"| `{name}` | {rejected} | {ignored} |"


def test_what_is_not_supported_is_listed() -> None:
    documented = (REPOSITORY / "docs" / "contracts.md").read_text().splitlines()
    listed = [line for line in documented if line.startswith(("| `google.protobuf.", "| `temporal.v1."))]

    assert sorted(listed) == sorted(unsupported_rows())

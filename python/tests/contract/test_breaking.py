"""What is a break on Temporal's side or by buf, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from shop_states import CONFIG, CONTRACT, Expected, changed, located, told, write
from triglot.contract import breaking
from triglot.contract.generate import Job

BREAKS: dict[str, tuple[str, Expected]] = {
    # On Temporal's side.
    "type renamed": (
        changed('name: "acme.v1.Shop.Pack"', 'name: "acme.v1.Shop.Wrap"'),
        [
            (
                "nothing serves the activity type acme.v1.Shop.Pack, which callers and open workflows name "
                "(TEMPORAL_TYPE_NO_DELETE)",
                "service Shop",
            )
        ],
    ),
    "alias gone": (
        changed(' aliases: "acme.Sell"', ""),
        [
            (
                "nothing serves the workflow type acme.Sell, which callers and open workflows name "
                "(TEMPORAL_TYPE_NO_DELETE)",
                "service Shop",
            )
        ],
    ),
    "alias of another workflow": (
        changed(
            ' aliases: "acme.Sell"',
            "",
            "  rpc Look(",
            """  rpc Trade(Other) returns (Receipt) {
    option (temporal.v1.workflow) = {name: "Trade" task_queue: "trade" aliases: "acme.Sell"};
  }
  rpc Look(""",
        ),
        [
            *(
                (
                    f"workflow acme.Sell does not take the {kind} acme.v1.Shop.{rpc} any more "
                    "(TEMPORAL_HANDLER_NO_DELETE)",
                    "rpc Trade",
                )
                for kind, rpc in (("query", "Look"), ("signal", "Cancel"), ("update", "Change"))
            ),
            (
                'workflow acme.Sell had the id "order/${! id }" and has of the server\'s choice '
                "(TEMPORAL_SAME_ID)",
                "rpc Trade",
            ),
            (
                "workflow acme.Sell took acme.v1.Order and takes acme.v1.Other (TEMPORAL_SAME_REQUEST)",
                "rpc Trade",
            ),
            (
                "workflow acme.Sell was on task queue shop and is on trade (TEMPORAL_SAME_TASK_QUEUE)",
                "rpc Trade",
            ),
        ],
    ),
    "versioning behaviour": (
        changed(
            'aliases: "acme.Sell"', 'aliases: "acme.Sell" versioning_behavior: VERSIONING_BEHAVIOR_PINNED'
        ),
        [
            (
                "workflow acme.v1.Shop.Sell had no versioning behaviour and has PINNED "
                "(TEMPORAL_NEW_VERSIONING)",
                "rpc Sell",
            )
        ],
    ),
    "id that was an expression": (
        changed("order/${! id }", "order/\\\\${! id }"),
        [
            (
                'workflow acme.v1.Shop.Sell had the id "order/${! id }" and has "order/\\${! id }" '
                "(TEMPORAL_SAME_ID)",
                "rpc Sell",
            )
        ],
    ),
    "kind": (
        changed(
            "temporal.v1.activity) = {",
            "temporal.v1.workflow) = {",
            " start_to_close_timeout: {seconds: 1}",
            "",
        ),
        [("acme.v1.Shop.Pack was of kind activity and is of kind workflow (TEMPORAL_SAME_KIND)", "rpc Pack")],
    ),
    "queue": (
        changed('{name: "acme.v1.Shop.Pack"', '{task_queue: "packing" name: "acme.v1.Shop.Pack"'),
        [
            (
                "activity acme.v1.Shop.Pack was on task queue shop and is on "
                "packing (TEMPORAL_SAME_TASK_QUEUE)",
                "rpc Pack",
            )
        ],
    ),
    "request and response": (
        changed("Pack(Order) returns (Receipt)", "Pack(Other) returns (google.protobuf.Empty)"),
        [
            (
                "activity acme.v1.Shop.Pack took acme.v1.Order and takes "
                "acme.v1.Other (TEMPORAL_SAME_REQUEST)",
                "Pack(",
            ),
            (
                "activity acme.v1.Shop.Pack returned acme.v1.Receipt and returns "
                "nothing (TEMPORAL_SAME_RESPONSE)",
                "Pack(",
            ),
        ],
    ),
    "workflow id": (
        changed("order/${! id }", "sale/${! id }"),
        [
            (
                'workflow acme.v1.Shop.Sell had the id "order/${! id }" and has '
                '"sale/${! id }" (TEMPORAL_SAME_ID)',
                "rpc Sell",
            )
        ],
    ),
    "update's id": (
        changed(' id: "change-${! id }"', ""),
        [
            (
                'update acme.v1.Shop.Change had the id "change-${! id }" and has of the server\'s choice '
                "(TEMPORAL_SAME_ID)",
                "rpc Change",
            )
        ],
    ),
    "validator": (
        changed(" validate: true", ""),
        [("update acme.v1.Shop.Change had a validator, and has none (TEMPORAL_SAME_VALIDATE)", "rpc Change")],
    ),
    **{
        f"{kind} taken away": (
            changed(f' {kind}: {{ref: "{rpc}"}}', ""),
            [
                (
                    f"workflow acme.v1.Shop.Sell does not take the {kind} acme.v1.Shop.{rpc} any more "
                    "(TEMPORAL_HANDLER_NO_DELETE)",
                    "rpc Sell",
                )
            ],
        )
        for kind, rpc in (("query", "Look"), ("signal", "Cancel"), ("update", "Change"))
    },
    "error type, though reserved": (
        changed("ERROR_TYPE_SOLD_OUT = 1;", 'reserved 1; reserved "ERROR_TYPE_SOLD_OUT";'),
        [
            (
                "acme.v1.ErrorType has lost ERROR_TYPE_SOLD_OUT, which callers and "
                "retry policies tell errors by "
                "(ERROR_TYPE_NO_DELETE)",
                "enum ErrorType",
            )
        ],
    ),
    # What buf sees.
    "field of another type": (
        changed("string note = 2;", "int64 note = 2;"),
        [
            (
                'Field "2" with name "note" on message "Line" changed type from '
                '"string" to "int64" (FIELD_SAME_TYPE)',
                "message Line",
            )
        ],
    ),
    "field gone and not reserved": (
        changed(" string note = 2;", ' reserved "note";'),
        [
            (
                'Previously present field "2" with name "note" on message "Line" was deleted without '
                'reserving the number "2" (FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED)',
                "message Line",
            )
        ],
    ),
}

NO_BREAKS = {
    "nothing changed": CONTRACT,
    "field added": changed("string note = 2;", "string note = 2; string unit = 3;"),
    "field gone and reserved": changed(" string note = 2;", ' reserved 2; reserved "note";'),
    "field added whose rule allows that it is absent": changed(
        "string note = 2;",
        "string note = 2; optional string unit = 3 [(buf.validate.field).string.min_len = 1];",
    ),
    "enum value added": changed("COLOR_RED = 1;", "COLOR_RED = 1; COLOR_BLUE = 2;"),
    "rules loosened": changed(
        "min_len: 1, max_len: 20", "max_len: 21", '["S", "M"]', '["S", "M", "L"]', "{gte: 0}", "{gt: -1}"
    ),
    "rule of a response": changed(
        "message Receipt { string id = 1;",
        "message Receipt { string id = 1 [(buf.validate.field).required = true];",
    ),
    "time-outs and retries": changed("{seconds: 1}", "{seconds: 2} retry_policy: {max_attempts: 3}"),
    "RPC renamed, type kept": changed("rpc Pack(", "rpc Wrap("),
    "workflow renamed with an alias": changed(
        'name: "acme.v1.Shop.Sell"',
        'name: "acme.v1.Shop.Trade"',
        '"acme.Sell"',
        '["acme.Sell", "acme.v1.Shop.Sell"]',
    ),
    "RPC added": changed(
        "  rpc Look(",
        '  rpc See(Order) returns (Other) { option (temporal.v1.query) = {name: "See"}; }\n  rpc Look(',
    ),
}


@pytest.mark.parametrize(("text", "expected"), BREAKS.values(), ids=BREAKS)
def test_a_break_is_reported_with_its_place(job: Job, tmp_path: Path, text: str, expected: Expected) -> None:
    found = breaking.breaks(job, write(tmp_path / "new", text), CONFIG)
    assert told(found) == located(text, expected)


@pytest.mark.parametrize("text", NO_BREAKS.values(), ids=NO_BREAKS)
def test_what_breaks_nobody_is_not_reported(job: Job, tmp_path: Path, text: str) -> None:
    assert breaking.breaks(job, write(tmp_path / "new", text), CONFIG) == []


@pytest.mark.parametrize("now", ["versioning_behavior: VERSIONING_BEHAVIOR_AUTO_UPGRADE", ""])
def test_another_versioning_behaviour_or_none_breaks_nobody(tmp_path: Path, now: str) -> None:
    old, new = (
        write(tmp_path / name, changed('aliases: "acme.Sell"', f'aliases: "acme.Sell" {behavior}'))
        for name, behavior in (("old", "versioning_behavior: VERSIONING_BEHAVIOR_PINNED"), ("new", now))
    )
    assert breaking.breaks(old, new, CONFIG) == []

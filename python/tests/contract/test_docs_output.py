"""The page of a contract that `lang=docs` writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from triglot.contract import docs_words, plugin

SHOP = """
// Sells | lends.
//
// On credit.
service Shop {
  option (temporal.v1.service) = {task_queue: "shop"};
  // Sells.
  rpc Sell(Order) returns (Receipt) {
    option (temporal.v1.workflow) = {
      id: "sale/${! buyer.address.city }/${! uuid_v4() }" aliases: ["Old", "Older"] task_queue: "sales"
      query: {ref: "Look"} signal: {ref: "Stop" start: true} update: {ref: "Change"}
      execution_timeout: {seconds: 7200} run_timeout: {seconds: 90} task_timeout: {nanos: 1500000}
      id_reuse_policy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
      workflow_id_conflict_policy: WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
      parent_close_policy: PARENT_CLOSE_POLICY_REQUEST_CANCEL wait_for_cancellation: true
      versioning_behavior: VERSIONING_BEHAVIOR_PINNED retry_policy: {max_attempts: 1}
    };
  }
  rpc Pack(google.protobuf.Empty) returns (google.protobuf.Timestamp) {
    option deprecated = true;
    option (temporal.v1.activity) = {
      schedule_to_close_timeout: {seconds: 86400} start_to_close_timeout: {seconds: 1}
      priority: {priority_key: 2 fairness_key: "gold" fairness_weight: 1.5}
      retry_policy: {
        initial_interval: {seconds: 2} backoff_coefficient: 1 non_retryable_error_types: ["A", "B"]
      }
    };
  }
  rpc Look(Order) returns (Receipt) { option (temporal.v1.query) = {}; }
  rpc Stop(Order) returns (google.protobuf.Empty) { option (temporal.v1.signal) = {name: "stop"}; }
  rpc Change(Order) returns (Receipt) {
    option (temporal.v1.update) = {validate: true wait_for_stage: WAIT_POLICY_ACCEPTED};
  }
}
"""
TYPES = """syntax = "proto3";
package acme.v1;
import "buf/validate/validate.proto";
// Everything.
message All {
  option (buf.validate.message).cel = {id: "all.sense" message: "must make sense" expression: "true"};
  // The name.
  string name = 1 [
    (buf.validate.field).string = {min_len: 1 email: true}, (buf.validate.field).required = true
  ];
  repeated int64 counts = 2 [(buf.validate.field).repeated = {min_items: 1 items: {int64: {gt: -1}}}];
  map<string, Inner> by_name = 3 [deprecated = true];
  oneof either { bool yes = 4 [(buf.validate.field).bool.const = false]; Grade grade = 5; }
  optional string note = 6 [(buf.validate.field).string.pattern = "^a|b$"];
  message Inner {}
}
enum Grade {
  // Not said.
  GRADE_UNSPECIFIED = 0;
  GRADE_OLD = 1 [deprecated = true];
}
"""


def rows(text: str, heading: str) -> list[str]:
    """The lines of one section."""
    _, _, rest = text.partition(f"\n{heading}\n")
    return rest.partition("\n#")[0].strip().splitlines()


def test_services_stand_in_a_table_and_have_sections(compile_inline: Callable[..., str]) -> None:
    text = compile_inline(SHOP, "docs")
    assert "| [Shop](#acmev1shop) | `shop` | Sells \\| lends. |" in text.splitlines()
    assert rows(text, "## acme.v1.Shop") == [
        "Sells | lends.",
        "",
        "On credit.",
        "",
        "Declared in `acme/v1/shop.proto`. Served on the task queue `shop`.",
    ]


def test_a_workflow_says_all_that_its_options_say(compile_inline: Callable[..., str]) -> None:
    assert rows(compile_inline(SHOP, "docs"), "### Sell: workflow") == [
        "Sells.",
        "",
        "| | |",
        "|---|---|",
        "| type | `acme.v1.Shop.Sell` |",
        "| request | [Order](#acmev1order) |",
        "| response | [Receipt](#acmev1receipt) |",
        "| further types | `Old`, `Older` |",
        "| id | `sale/{buyer.address.city}/{a random UUID}` |",
        "| task queue | `sales` |",
        "| queries | Look |",
        "| signals | Stop (may start it) |",
        "| updates | Change |",
        "| time-outs | all runs 2 h, a run 90 s, a workflow task 1,500 µs |",
        "| tried again | never |",
        "| an id used before | is refused |",
        "| an id in use | finds the run that has it |",
        "| when its parent closes | it is asked to cancel |",
        "| cancelled | its parent waits for its end |",
        "| versions | a run stays with the version of the worker that began it; a worker without a version "
        "cannot serve it |",
    ]


def test_an_activity_says_when_it_is_tried_again(compile_inline: Callable[..., str]) -> None:
    assert rows(compile_inline(SHOP, "docs"), "### Pack: activity") == [
        "**Deprecated.**",
        "",
        "| | |",
        "|---|---|",
        "| type | `acme.v1.Shop.Pack` |",
        "| request | none |",
        "| response | `google.protobuf.Timestamp` |",
        "| time-outs | an attempt 1 s, all attempts 1 d |",
        "| tried again | within the time of all, after 2 s, not after `A`, `B` |",
        "| priority | 2, fair among `gold`, weight 1.5 |",
    ]


def test_an_update_says_how_long_one_waits(compile_inline: Callable[..., str]) -> None:
    assert rows(compile_inline(SHOP, "docs"), "### Change: update")[-3:] == [
        "| id | random |",
        "| validated | before it is accepted |",
        "| a client may wait | until it is accepted, or done |",
    ]


def test_messages_show_fields_with_rules(request_of: Callable[..., CodeGeneratorRequest]) -> None:
    request = request_of({"acme/v1/types.proto": TYPES})
    request.parameter = "lang=docs"
    (text,) = plugin.generate(request).values()
    assert rows(text, "### acme.v1.All") == [
        "Everything.",
        "",
        "Rules: must make sense.",
        "",
        "| field | type | rules | what it is |",
        "|---|---|---|---|",
        "| `name` | string | `string.min_len = 1`, `string.email`, `required` | The name. |",
        "| `counts` | list of int64 | `repeated.min_items = 1`, `repeated.items.int64.gt = -1` |  |",
        "| `by_name` | map of [Inner](#acmev1allinner) by string |  | **Deprecated.** |",
        "| `yes` | bool, one of `either` | `bool.const = false` |  |",
        "| `grade` | [Grade](#acmev1grade), one of `either` |  |  |",
        '| `note` | string, optional | `string.pattern = "^a\\|b$"` |  |',
    ]
    assert rows(text, "### acme.v1.All.Inner") == ["It has no fields."]
    assert rows(text, "### acme.v1.Grade") == [
        "| value | number | what it is |",
        "|---|---|---|",
        "| `GRADE_UNSPECIFIED` | 0 | Not said. |",
        "| `GRADE_OLD` | 1 | **Deprecated.** |",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"), [(172_800, "2 d"), (3600, "1 h"), (60, "1 min"), (0.25, "250 ms"), (1.5, "1,500 ms")]
)
def test_durations_have_no_fractions(seconds: float, said: str) -> None:
    assert docs_words.duration(timedelta(seconds=seconds)) == said

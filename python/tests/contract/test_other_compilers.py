"""Contracts as they are annotated for other compilers of the schema: each shape compiles, or is told why not.

The shapes are those of protoc-gen-go-temporal's and protoc-gen-rust-temporal's examples and tests; the words
are ours.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from triglot.contract import plugin

# The messages by which other compilers are steered; numbers as in the full schema.
SCHEMA = """syntax = "proto3";
package temporal.v1;
import "google/protobuf/descriptor.proto";
import "google/protobuf/duration.proto";
import "temporal/api/common/v1/message.proto";
import "temporal/api/enums/v1/workflow.proto";
extend google.protobuf.ServiceOptions { optional ServiceOptions service = 7233; optional CLI cli = 7234; }
extend google.protobuf.MethodOptions {
  optional WorkflowOptions workflow = 7233; optional ActivityOptions activity = 7234;
  optional QueryOptions query = 7235; optional SignalOptions signal = 7236;
  optional UpdateOptions update = 7237; optional Command command = 7238;
}
extend google.protobuf.FieldOptions { optional Flag field = 7233; }
message CLI { bool ignore = 1; string name = 2; repeated string aliases = 4; }
message Flag { CLI cli = 1; }
message Command { bool ignore = 1; }
message Patch { enum Version { PV_UNSPECIFIED = 0; PV_64 = 1; } Version version = 1; }
message XNS { google.protobuf.Duration start_to_close_timeout = 4; }
message ServiceOptions { string task_queue = 1; string namespace = 2; repeated Patch patches = 3; }
message ActivityOptions {
  google.protobuf.Duration start_to_close_timeout = 4; string name = 7;
  temporal.api.common.v1.Priority priority = 9;
}
message WorkflowOptions {
  message Query { string ref = 1; XNS xns = 2; }
  message Signal { string ref = 1; bool start = 2; XNS xns = 3; CLI cli = 4; }
  message Update {
    string ref = 1; XNS xns = 2; bool start = 3; CLI cli = 4;
    temporal.api.enums.v1.WorkflowIdConflictPolicy workflow_id_conflict_policy = 5;
    optional bool validate = 6;
  }
  repeated Query query = 1; repeated Signal signal = 2; repeated Update update = 3; string id = 5;
  string namespace = 7; string task_queue = 11; string name = 14; string search_attributes = 15; XNS xns = 16;
  repeated string aliases = 17; repeated Patch patches = 18; CLI cli = 19;
  temporal.api.enums.v1.VersioningBehavior versioning_behavior = 21; string typed_search_attributes = 22;
  bool enable_eager_start = 23; temporal.api.common.v1.Priority priority = 25;
}
message QueryOptions { string name = 1; XNS xns = 2; repeated Patch patches = 3; CLI cli = 4; }
message SignalOptions { string name = 1; XNS xns = 2; repeated Patch patches = 3; CLI cli = 4; }
enum WaitPolicy { WAIT_POLICY_UNSPECIFIED = 0; WAIT_POLICY_ADMITTED = 1; WAIT_POLICY_COMPLETED = 3; }
message UpdateOptions {
  string id = 1; bool validate = 2; WaitPolicy wait_policy = 3; string name = 4; XNS xns = 5;
  repeated Patch patches = 6; WaitPolicy wait_for_stage = 7; CLI cli = 8;
}
"""
HEADER = """package acme.v1;
import "google/protobuf/empty.proto";
import "temporal/v1/temporal.proto";
option go_package = "example.com/acme/shop/v1;shopv1";
message Ask { string order_id = 1 [(temporal.v1.field) = {cli: {aliases: ["o"]}}]; float part = 2; }
message Answer { string text = 1; }
"""
BLOBLANG = "and other Bloblang would need an interpreter in each language"
SEVERAL = (
    "but an RPC stands for one type with one name, queue and set of options: give each kind an RPC of its own"
)
MAPPINGS = "mappings in Bloblang would need an interpreter in each language"
TIMED = "start_to_close_timeout: {seconds: 10}"
CONFLICT = "workflow_id_conflict_policy: WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING"


def rpc(kind: str, name: str, options: str = "", *, answer: str = "Answer", more: str = "") -> str:
    return f"rpc {name}(Ask) returns ({answer}) {{ option (temporal.v1.{kind}) = {{{options}}}; {more} }}"


def service(*rpcs: str, options: str = 'option (temporal.v1.service) = {task_queue: "shop"};') -> str:
    return f"service Shop {{ {options} {' '.join(rpcs)} }}"


EMPTY = "google.protobuf.Empty"
COMPILES = {
    "names by default": service(rpc("workflow", "Sell"), rpc("activity", "Pack", TIMED)),
    "queue by statement": service(
        rpc("workflow", "Sell"), options='option (temporal.v1.service).task_queue = "q";'
    ),
    "queue of the workflow alone": service(rpc("workflow", "Sell", 'task_queue: "q"'), options=""),
    "id by the field's JSON name": service(rpc("workflow", "Sell", "id: 'sale:${! orderId }'")),
    "id without spaces": service(rpc("workflow", "Sell", "id: 'sale/${!orderId}/${!uuid_v4()}'")),
    "command line": service(
        rpc("workflow", "Sell", 'cli: {ignore: true} signal: {ref: "Stop" cli: {name: "s"}}'),
        rpc("signal", "Stop", 'cli: {aliases: ["h", "halt"]}', answer=EMPTY),
        options='option (temporal.v1.cli) = {name: "s"}; option (temporal.v1.service) = {task_queue: "q"};',
    ),
    "patches and namespaces": service(
        rpc("workflow", "Sell", 'patches: [{version: PV_64}] namespace: "n" enable_eager_start: true'),
        rpc("query", "Look", "patches: {version: PV_64}"),
        options='option (temporal.v1.service) = {task_queue: "q" namespace: "n" patches: {version: PV_64}};',
    ),
    "command": service(
        rpc("workflow", "Sell"),
        rpc("signal", "Stop", answer=EMPTY, more="option (temporal.v1.command) = {ignore: true};"),
    ),
    "wait_policy of old": service(
        rpc("update", "Change", "wait_policy: WAIT_POLICY_ADMITTED wait_for_stage: WAIT_POLICY_COMPLETED")
    ),
    "update that starts by its own policy": service(
        rpc("workflow", "Sell", f'update: {{ref: "Change" start: true {CONFLICT} validate: true}}'),
        rpc("update", "Change", "validate: true"),
    ),
    "aliases": service(rpc("workflow", "Sell", 'name: "sell" aliases: ["acme.Sell", "acme.SellV0"]')),
    "versioning": service(
        rpc("workflow", "Sell", "versioning_behavior: VERSIONING_BEHAVIOR_UNSPECIFIED"),
        rpc("workflow", "Rent", "versioning_behavior: VERSIONING_BEHAVIOR_PINNED"),
        rpc("workflow", "Lease", "versioning_behavior: VERSIONING_BEHAVIOR_AUTO_UPGRADE"),
    ),
    "priority": service(
        rpc("workflow", "Sell", 'priority: {priority_key: 2 fairness_key: "gold" fairness_weight: 1}'),
        rpc("activity", "Pack", f"{TIMED} priority: {{priority_key: 4}}"),
    ),
    "deprecated": service(
        rpc("workflow", "Sell", 'query: {ref: "Look"}', more="option deprecated = true;"),
        rpc("query", "Look", more="option deprecated = true;"),
    ),
    "a workflow called as its service": service(rpc("workflow", "Shop", 'name: "shop"')),
    "acronyms": service(rpc("workflow", "ManageAWSResourceURN"), rpc("activity", "PutV2S3Object", TIMED)),
    "neither request nor answer": service(
        f"rpc Ping({EMPTY}) returns ({EMPTY}) {{ option (temporal.v1.activity) = {{{TIMED}}}; }}",
        f"rpc Wait({EMPTY}) returns ({EMPTY}) {{ option (temporal.v1.workflow) = {{}}; }}",
    ),
    "a service of somebody else beside": service(rpc("workflow", "Sell"))
    + " service Other { rpc A(Ask) returns (Ask); }",
}
REJECTED = {
    "workflow and activity": (
        service(rpc("workflow", "Sell", more=f"option (temporal.v1.activity) = {{{TIMED}}};")),
        f"Sell is workflow and activity, {SEVERAL}",
    ),
    "signal and activity": (
        service(rpc("signal", "Stop", answer=EMPTY, more=f"option (temporal.v1.activity) = {{{TIMED}}};")),
        f"Stop is activity and signal, {SEVERAL}",
    ),
    "update and activity": (
        service(rpc("update", "Change", more=f"option (temporal.v1.activity) = {{{TIMED}}};")),
        f"Change is activity and update, {SEVERAL}",
    ),
    "workflow without a queue": (
        service(rpc("workflow", "Sell"), options=""),
        "Sell has no task queue: name one here or on the service",
    ),
    "activity without a time-out": (
        service(rpc("activity", "Pack", 'name: "acme.Pack"')),
        "Pack needs start_to_close_timeout or schedule_to_close_timeout",
    ),
    "update that starts without a policy": (
        service(rpc("workflow", "Sell", 'update: {ref: "Change" start: true}'), rpc("update", "Change")),
        "Sell starts with an update, for which clients demand a workflow_id_conflict_policy",
    ),
    "query without an answer": (
        service(rpc("query", "Look", answer=EMPTY)),
        "Look is a query and must answer with a message",
    ),
    "signal with an answer": (
        service(rpc("signal", "Stop")),
        "Stop is a signal and must return google.protobuf.Empty",
    ),
    "id by a method": (
        service(rpc("workflow", "Sell", "id: 'sale/${! orderId.slug() }'")),
        f'id: "${{! orderId.slug() }}" is neither a field nor uuid_v4(), {BLOBLANG}',
    ),
    "id with a fallback": (
        service(rpc("workflow", "Sell", "id: 'sale/${! orderId.or(throw(\"no order\")) }'")),
        f'id: "${{! orderId.or(throw("no order")) }}" is neither a field nor uuid_v4(), {BLOBLANG}',
    ),
    "id by another generator": (
        service(rpc("workflow", "Sell", "id: 'sale/${! ksuid() }'")),
        f'id: "${{! ksuid() }}" is neither a field nor uuid_v4(), {BLOBLANG}',
    ),
    "id of a float": (
        service(rpc("update", "Change", "id: 'part/${! part.string() }'")),
        'id: "part" is of type float, not a string, integer or bool',
    ),
    "id by another compiler's template": (
        service(rpc("workflow", "Sell", 'id: "sale-{{ .OrderId }}"')),
        'id: "{{" begins no interpolation here: write ${! field }, or escape it as \\{{',
    ),
    "search attributes": (
        service(rpc("workflow", "Sell", "search_attributes: 'Order = orderId'")),
        f"option search_attributes is rejected: {MAPPINGS}",
    ),
    "typed search attributes": (
        service(rpc("workflow", "Sell", "typed_search_attributes: 'keyword.Order = orderId'")),
        f"option typed_search_attributes is rejected: {MAPPINGS}",
    ),
    "another namespace's workflow": (
        service(rpc("workflow", "Sell", f"xns: {{{TIMED}}}")),
        "option xns is rejected: no calls across namespaces are generated",
    ),
    "another namespace's query": (
        service(rpc("workflow", "Sell", f'query: {{ref: "Look" xns: {{{TIMED}}}}}'), rpc("query", "Look")),
        "option xns is rejected: no calls across namespaces are generated",
    ),
}


def respond(request_of: Callable[..., CodeGeneratorRequest], body: str, syntax: str) -> tuple[str, list[str]]:
    """The error, and what was written in Python."""
    files = {"acme/v1/shop.proto": f"{syntax}\n{HEADER}{body}", "temporal/v1/temporal.proto": SCHEMA}
    request = request_of(files, roots=())
    request.parameter = "lang=python"
    response = plugin.respond(request)
    return response.error, [file.content for file in response.file]


@pytest.mark.parametrize("syntax", ['syntax = "proto3";', 'edition = "2023";'], ids=["proto3", "edition"])
@pytest.mark.parametrize("body", COMPILES.values(), ids=COMPILES)
def test_it_compiles(request_of: Callable[..., CodeGeneratorRequest], body: str, syntax: str) -> None:
    error, (text,) = respond(request_of, body, syntax)
    assert error == ""
    ast.parse(text)


@pytest.mark.parametrize(("body", "sentence"), REJECTED.values(), ids=REJECTED)
def test_it_is_told_why_not(
    request_of: Callable[..., CodeGeneratorRequest], body: str, sentence: str
) -> None:
    error, written = respond(request_of, body, 'syntax = "proto3";')
    place, _, told = error.partition(": ")
    assert place.startswith("acme/v1/shop.proto:8:")
    assert told == sentence
    assert written == []

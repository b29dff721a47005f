"""A user's own, fuller copy of the annotation schema in place of ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from triglot.contract import image, options, plugin

# Field numbers as in the full schema; 99 stands for what a later version adds.
SCHEMA = """syntax = "proto3";
package temporal.v1;
import "google/protobuf/descriptor.proto";
import "google/protobuf/duration.proto";
extend google.protobuf.ServiceOptions { ServiceOptions service = 7233; CLI cli = 7234; }
extend google.protobuf.MethodOptions {
  WorkflowOptions workflow = 7233; ActivityOptions activity = 7234; QueryOptions query = 7235;
  SignalOptions signal = 7236; UpdateOptions update = 7237; CommandOptions command = 7238;
}
extend google.protobuf.FieldOptions { CLI field = 7233; }
message CLI { string name = 1; }
message XNS { string name = 1; }
message Nexus { bool include = 1; }
message CommandOptions { string name = 1; }
message ServiceOptions {
  string task_queue = 1; string namespace = 2; repeated string patches = 3; Nexus nexus = 4;
}
message ActivityOptions {
  string task_queue = 1; google.protobuf.Duration start_to_close_timeout = 4; string name = 7;
  string later = 99;
}
message WorkflowOptions {
  string id = 5; string namespace = 7; string search_attributes = 15; XNS xns = 16;
  repeated string aliases = 17; string typed_search_attributes = 22;
  repeated string patches = 18; CLI cli = 19; int32 versioning_behavior = 21;
  bool enable_eager_start = 23; Nexus nexus = 24; bool later = 99;
}
message QueryOptions { string name = 1; XNS xns = 2; repeated string patches = 3; CLI cli = 4; }
message SignalOptions { string name = 1; XNS xns = 2; repeated string patches = 3; CLI cli = 4; }
message UpdateOptions {
  int32 wait_policy = 3; string name = 4; XNS xns = 5; repeated string patches = 6; CLI cli = 8;
}
"""
CONTRACT = """syntax = "proto3";
package acme.v1;
import "google/protobuf/empty.proto";
import "temporal/v1/temporal.proto";
message Order {{ string id = 1 [(temporal.v1.field) = {{name: "id"}}]; }}
service Shop {{
  option (temporal.v1.service) = {{task_queue: "shop" {service}}};
  option (temporal.v1.cli) = {{name: "shop"}};
  rpc Sell(Order) returns (Order) {{
    option (temporal.v1.workflow) = {{{workflow}}};
  }}
  rpc Pack(Order) returns (Order) {{
    option (temporal.v1.activity) = {{start_to_close_timeout: {{seconds: 1}} {activity}}};
  }}
  rpc Look(Order) returns (Order) {{ option (temporal.v1.query) = {{{query}}}; }}
  rpc Stop(Order) returns (google.protobuf.Empty) {{ option (temporal.v1.signal) = {{{signal}}}; }}
  rpc Edit(Order) returns (Order) {{ option (temporal.v1.update) = {{{update}}}; }}
}}
"""
PLACES = dict.fromkeys(("service", "workflow", "activity", "query", "signal", "update"), "")
RequestOf = Callable[..., CodeGeneratorRequest]


def compiled(request_of: RequestOf, **set_options: str) -> CodeGeneratorRequest:
    text = CONTRACT.format_map(PLACES | set_options)
    files = {"temporal/v1/temporal.proto": SCHEMA, "acme/v1/shop.proto": text}
    request = request_of(files, roots=())
    request.parameter = "lang=python"
    return request


def test_what_is_ignored_changes_nothing(request_of: RequestOf) -> None:
    plain = plugin.generate(compiled(request_of))
    ignored = compiled(
        request_of,
        service='namespace: "n" patches: "p"',
        workflow='namespace: "n" patches: "p" cli: {} enable_eager_start: true',
        query='patches: "p" cli: {}',
        signal='patches: "p" cli: {}',
        update='patches: "p" cli: {} wait_policy: 2',
    )
    assert plugin.generate(ignored) == plain


@pytest.mark.parametrize(
    ("place", "option", "line", "sentence"),
    [
        ("service", "nexus: {}", 7, "option nexus is rejected: Nexus is not supported"),
        ("workflow", "nexus: {}", 10, "option nexus is rejected: Nexus is not supported"),
        ("workflow", "xns: {}", 10, "option xns is rejected: cross-namespace calls are not supported"),
        (
            "workflow",
            'search_attributes: "root"',
            10,
            "option search_attributes is rejected: mappings in Bloblang are not supported",
        ),
        (
            "workflow",
            'typed_search_attributes: "root"',
            10,
            "option typed_search_attributes is rejected: mappings in Bloblang are not supported",
        ),
        (
            "workflow",
            'aliases: "Old"',
            10,
            "option aliases is rejected: a workflow is registered under one type",
        ),
        (
            "workflow",
            "versioning_behavior: 1",
            10,
            "option versioning_behavior is rejected: set it where the worker registers the workflow",
        ),
        (
            "workflow",
            "later: true",
            10,
            "temporal.v1.WorkflowOptions has no option with number 99 that this compiler knows",
        ),
        (
            "activity",
            'later: "x"',
            13,
            "temporal.v1.ActivityOptions has no option with number 99 that this compiler knows",
        ),
        ("query", "xns: {}", 15, "option xns is rejected: cross-namespace calls are not supported"),
        ("signal", "xns: {}", 16, "option xns is rejected: cross-namespace calls are not supported"),
        ("update", "xns: {}", 17, "option xns is rejected: cross-namespace calls are not supported"),
    ],
)
def test_what_only_the_full_schema_declares_is_not_passed_over(
    request_of: RequestOf, place: str, option: str, line: int, sentence: str
) -> None:
    error = plugin.respond(compiled(request_of, **{place: option})).error
    position, _, told = error.partition(": ")
    assert position.startswith(f"acme/v1/shop.proto:{line}:")
    assert told == sentence


def test_a_command_is_rejected(request_of: RequestOf) -> None:
    request = compiled(request_of, update='}; option (temporal.v1.command) = {name: "x"')
    assert "Edit is update and command; exactly one of" in plugin.respond(request).error
    alone = CONTRACT.format_map(PLACES).replace("(temporal.v1.update)", "(temporal.v1.command)")
    request = request_of({"temporal/v1/temporal.proto": SCHEMA, "acme/v1/shop.proto": alone}, roots=())
    request.parameter = "lang=python"
    assert (
        plugin.respond(request).error
        == "acme/v1/shop.proto:17:37: option command is rejected: it is deprecated"
    )


def test_a_malformed_option_is_told(request_of: RequestOf) -> None:
    schema = SCHEMA.replace("string name = 7;", "bool name = 7;")
    text = CONTRACT.format_map(PLACES | {"activity": "name: true"})
    request = request_of({"temporal/v1/temporal.proto": schema, "acme/v1/shop.proto": text}, roots=())
    request.parameter = "lang=python"
    assert plugin.respond(request).error == (
        "acme/v1/shop.proto:13:5: option name of temporal.v1.ActivityOptions is malformed"
    )


def test_messages_are_generated_without_the_schema(request_of: RequestOf) -> None:
    stripped = image.without_annotations(FileDescriptorSet(file=compiled(request_of).proto_file))
    assert not [file.name for file in stripped.file if file.package == "temporal.v1"]
    (shop,) = (file for file in stripped.file if file.package == "acme.v1")
    assert list(shop.dependency) == ["google/protobuf/empty.proto"]
    (service,) = shop.service
    assert not service.options.SerializeToString()
    assert not any(method.options.SerializeToString() for method in service.method)
    assert not shop.message_type[0].field[0].options.SerializeToString()


def test_our_copy_declares_what_is_supported_and_nothing_else(request_of: RequestOf) -> None:
    request = request_of({"empty.proto": 'syntax = "proto3"; import "temporal/v1/temporal.proto";'})
    (ours,) = (file for file in request.proto_file if file.package == "temporal.v1")
    schemas = {
        "RetryPolicy": options.RETRY_POLICY,
        "ServiceOptions": options.SERVICE,
        "ActivityOptions": options.ACTIVITY,
        "WorkflowOptions": options.WORKFLOW,
        "QueryOptions": options.QUERY,
        "SignalOptions": options.SIGNAL,
        "UpdateOptions": options.UPDATE,
    }
    for message in ours.message_type:
        declared = {field.number: field.name for field in message.field}
        supported = {
            number: option.name
            for number, option in schemas[message.name].fields.items()
            if not isinstance(option.type, options.Rejected | options.Ignored)
        }
        assert declared == supported, message.name

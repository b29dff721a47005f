"""A user's own, fuller copy of the annotation schema in place of ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from triglot.contract import image, option_page, options, plugin

# Field numbers as in the full schema; LATER stands for what a later version adds.
LATER = 99
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
  repeated Query query = 1; repeated Signal signal = 2; repeated Update update = 3;
  message Query { string ref = 1; XNS xns = 2; bool later = 99; }
  message Signal { string ref = 1; bool start = 2; XNS xns = 3; CLI cli = 4; }
  message Update {
    string ref = 1; XNS xns = 2; bool start = 3; CLI cli = 4; int32 workflow_id_conflict_policy = 5;
    optional bool validate = 6;
  }
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
MAPPINGS = "mappings in Bloblang would need an interpreter in each language"
RequestOf = Callable[..., CodeGeneratorRequest]


def compiled(request_of: RequestOf, **set_options: str) -> CodeGeneratorRequest:
    text = CONTRACT.format_map(PLACES | set_options)
    files = {"temporal/v1/temporal.proto": SCHEMA, "acme/v1/shop.proto": text}
    request = request_of(files, roots=())
    request.parameter = "lang=python"
    return request


def test_what_is_ignored_changes_nothing(request_of: RequestOf) -> None:
    refs = 'signal: {ref: "Stop"} update: {ref: "Edit"}'
    plain = plugin.generate(compiled(request_of, workflow=refs))
    ignored = compiled(
        request_of,
        service='namespace: "n" patches: "p"',
        workflow='namespace: "n" patches: "p" cli: {} enable_eager_start: true '
        'signal: {ref: "Stop" cli: {}} update: {ref: "Edit" cli: {} validate: false}',
        query='patches: "p" cli: {}',
        signal='patches: "p" cli: {}',
        update='patches: "p" cli: {} wait_policy: 2}; option (temporal.v1.command) = {name: "x"',
    )
    assert plugin.generate(ignored) == plain


@pytest.mark.parametrize(
    ("place", "option", "line", "sentence"),
    [
        ("service", "nexus: {}", 7, "option nexus is rejected: no Nexus operations are generated"),
        ("workflow", "nexus: {}", 10, "option nexus is rejected: no Nexus operations are generated"),
        ("workflow", "xns: {}", 10, "option xns is rejected: no calls across namespaces are generated"),
        (
            "workflow",
            'search_attributes: "root"',
            10,
            f"option search_attributes is rejected: {MAPPINGS}",
        ),
        (
            "workflow",
            'typed_search_attributes: "root"',
            10,
            f"option typed_search_attributes is rejected: {MAPPINGS}",
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
        *(
            (
                "workflow",
                f'{kind}: {{ref: "X" xns: {{}}}}',
                10,
                "option xns is rejected: no calls across namespaces are generated",
            )
            for kind in ("query", "signal", "update")
        ),
        (
            "workflow",
            'query: {ref: "Look" later: true}',
            10,
            "temporal.v1.WorkflowOptions.Query has no option with number 99 that this compiler knows",
        ),
        ("query", "xns: {}", 15, "option xns is rejected: no calls across namespaces are generated"),
        ("signal", "xns: {}", 16, "option xns is rejected: no calls across namespaces are generated"),
        ("update", "xns: {}", 17, "option xns is rejected: no calls across namespaces are generated"),
    ],
)
def test_what_only_the_full_schema_declares_is_not_passed_over(
    request_of: RequestOf, place: str, option: str, line: int, sentence: str
) -> None:
    error = plugin.respond(compiled(request_of, **{place: option})).error
    position, _, told = error.partition(": ")
    assert position.startswith(f"acme/v1/shop.proto:{line}:")
    assert told == sentence


@pytest.mark.parametrize(
    ("workflow", "expected"),
    [
        ('aliases: "Old"', 'SELL_ALIASES: Final = ("Old",)'),
        ("versioning_behavior: 2", "SELL_VERSIONING_BEHAVIOR: Final = VersioningBehavior.AUTO_UPGRADE"),
    ],
)
def test_what_the_full_schema_calls_a_number_is_read(
    request_of: RequestOf, workflow: str, expected: str
) -> None:
    (text,) = plugin.generate(compiled(request_of, workflow=workflow)).values()
    assert f"    {expected}\n" in text


def test_a_command_is_no_kind(request_of: RequestOf) -> None:
    alone = CONTRACT.format_map(PLACES).replace("(temporal.v1.update)", "(temporal.v1.command)")
    request = request_of({"temporal/v1/temporal.proto": SCHEMA, "acme/v1/shop.proto": alone}, roots=())
    request.parameter = "lang=python"
    assert plugin.respond(request).error.startswith("acme/v1/shop.proto:17:3: Edit has no kind; ")


@pytest.mark.parametrize(
    ("extended", "place", "line"), [("ServiceOptions", "service", 7), ("MethodOptions", "query", 15)]
)
def test_an_extension_that_a_later_schema_adds_is_not_passed_over(
    request_of: RequestOf, extended: str, place: str, line: int
) -> None:
    schema = f"{SCHEMA}\nextend google.protobuf.{extended} {{ CLI later = 7299; }}"
    text = CONTRACT.format_map(PLACES | {place: "}; option (temporal.v1.later) = {"})
    request = request_of({"temporal/v1/temporal.proto": schema, "acme/v1/shop.proto": text}, roots=())
    request.parameter = "lang=python"
    position, _, told = plugin.respond(request).error.partition(": ")
    assert position.startswith(f"acme/v1/shop.proto:{line}:")
    assert told == "option temporal.v1.later is one that this compiler does not know"


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
        "Query": options.QUERY_REF,
        "Signal": options.SIGNAL_REF,
        "Update": options.UPDATE_REF,
        "QueryOptions": options.QUERY,
        "SignalOptions": options.SIGNAL,
        "UpdateOptions": options.UPDATE,
    }
    messages = [each for message in ours.message_type for each in (message, *message.nested_type)]
    assert {message.name for message in messages} == set(schemas)
    for message in messages:
        declared = {field.number: field.name for field in message.field}
        supported = {
            number: option.name
            for number, option in schemas[message.name].fields.items()
            if not isinstance(option.type, options.Rejected | options.Ignored)
        }
        assert declared == supported, message.name


def test_every_option_of_a_full_copy_is_known(request_of: RequestOf) -> None:
    (full,) = (file for file in compiled(request_of).proto_file if file.package == "temporal.v1")
    known = {schema.name: schema.fields for schema in option_page.schemas()}
    messages = {f"temporal.v1.{each.name}": each for each in full.message_type}
    messages |= {f"{name}.{each.name}": each for name, one in messages.items() for each in one.nested_type}
    for name in messages.keys() & known.keys():
        declared = {field.number: field.name for field in messages[name].field if field.number != LATER}
        assert declared.items() <= {number: option.name for number, option in known[name].items()}.items()
    extended = {
        ".google.protobuf.ServiceOptions": options.SERVICE_EXTENSIONS,
        ".google.protobuf.MethodOptions": options.METHOD_EXTENSIONS,
        ".google.protobuf.FieldOptions": options.FIELD_EXTENSIONS,
    }
    for extension in full.extension:
        assert extended[extension.extendee][extension.number].name == extension.name

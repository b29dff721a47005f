"""What the compiler refuses, each with file, line and one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from triglot.contract import plugin
from triglot.contract.names import ContractError

FILE = "acme/v1/shop.proto"
ONE_KIND = "exactly one of workflow, activity, query, signal and update is needed"
BLOBLANG = "and other Bloblang would need an interpreter in each language"
ONE_TYPE = (
    "an RPC stands for one type with one name, queue and set of options: give each kind an RPC of its own"
)
PING = """syntax = "proto3";
package acme.v1;
import "temporal/v1/temporal.proto";
option go_package = "{package}";
message Order {{}}
service Shop {{
  rpc Pack(Order) returns (Order) {{
    option (temporal.v1.activity) = {{task_queue: "shop" start_to_close_timeout: {{seconds: 1}}}};
  }}
}}
"""
NO_DURATION = "is no Duration: that is 10,000 years at most, and its parts have one sign"
TIMED = "start_to_close_timeout: {seconds: 1}"


def activity(options: str, signature: str = "Pack(Order) returns (Receipt)") -> str:
    """A service whose one activity stands in line 15, its options in line 16."""
    return f"""service Shop {{
  option (temporal.v1.service) = {{task_queue: "shop"}};
  rpc {signature} {{
    option (temporal.v1.activity) = {{{options}}};
  }}
}}"""


def workflow(options: str, others: str = "") -> str:
    """A service whose workflow stands in line 15, its options in line 16, other RPCs from line 18 on."""
    return f"""service Shop {{
  option (temporal.v1.service) = {{task_queue: "shop"}};
  rpc Sell(Order) returns (Receipt) {{
    option (temporal.v1.workflow) = {{{options}}};
  }}
{others}
}}"""


def one(kind: str, rpc: str, options: str = "") -> str:
    """An RPC on one line."""
    return f"  rpc {rpc} {{ option (temporal.v1.{kind}) = {{{options}}}; }}"


QUERY = one("query", "Look(Nothing) returns (Receipt)")
SIGNAL = one("signal", "Cancel(Nothing) returns (google.protobuf.Empty)")
UPDATE = one("update", "Change(Order) returns (Receipt)")

REJECTED = {
    # Shape.
    "no kind": (
        'service Shop {\n  option (temporal.v1.service) = {task_queue: "shop"};\n'
        "  rpc Pack(Order) returns (Receipt);\n}",
        f"15:3: Pack has no kind; {ONE_KIND}",
    ),
    "two kinds": (
        activity(f"{TIMED}}}; option (temporal.v1.query) = {{"),
        f"15:3: Pack is activity and query, but {ONE_TYPE}",
    ),
    "workflow and activity": (
        workflow(f"}}; option (temporal.v1.activity) = {{{TIMED}"),
        f"15:3: Sell is workflow and activity, but {ONE_TYPE}",
    ),
    "client stream": (
        activity(TIMED, "Pack(stream Order) returns (Receipt)"),
        "15:3: Pack streams; Temporal has no streams",
    ),
    "server stream": (
        activity(TIMED, "Pack(Order) returns (stream Receipt)"),
        "15:3: Pack streams; Temporal has no streams",
    ),
    # Activities.
    "no task queue": (
        "service Shop {\n" + one("activity", "Pack(Order) returns (Receipt)", TIMED) + "\n}",
        "14:3: Pack has no task queue: name one here or on the service",
    ),
    "no workflow task queue": (
        "service Shop {\n" + one("workflow", "Sell(Order) returns (Receipt)") + "\n}",
        "14:3: Sell has no task queue: name one here or on the service",
    ),
    "no timeout": (
        activity("heartbeat_timeout: {seconds: 1}"),
        "15:3: Pack needs start_to_close_timeout or schedule_to_close_timeout",
    ),
    "negative timeout": (
        activity("start_to_close_timeout: {seconds: -1}"),
        "16:5: start_to_close_timeout must be positive",
    ),
    "zero timeout": (activity("start_to_close_timeout: {}"), "16:5: start_to_close_timeout must be positive"),
    "too fine timeout": (
        activity("start_to_close_timeout: {nanos: 1}"),
        "16:5: start_to_close_timeout must be a whole number of microseconds",
    ),
    "timeout beyond any Duration": (
        activity("start_to_close_timeout: {seconds: 9223372036854775807}"),
        f"16:5: start_to_close_timeout {NO_DURATION}",
    ),
    "nanos beyond a second": (
        activity("start_to_close_timeout: {nanos: 1000000000}"),
        f"16:5: start_to_close_timeout {NO_DURATION}",
    ),
    "timeout of two signs": (
        activity("start_to_close_timeout: {seconds: 1 nanos: -500000000}"),
        f"16:5: start_to_close_timeout {NO_DURATION}",
    ),
    "negative interval": (
        activity(f"{TIMED} retry_policy: {{initial_interval: {{nanos: -1000}}}}"),
        "16:5: initial_interval must be positive",
    ),
    "backoff below 1": (
        activity(f"{TIMED} retry_policy: {{backoff_coefficient: 0.5}}"),
        "15:3: Pack has a backoff_coefficient that is not a number from 1 on",
    ),
    "backoff that is no number": (
        activity(f"{TIMED} retry_policy: {{backoff_coefficient: nan}}"),
        "15:3: Pack has a backoff_coefficient that is not a number from 1 on",
    ),
    "endless backoff": (
        activity(f"{TIMED} retry_policy: {{backoff_coefficient: inf}}"),
        "15:3: Pack has a backoff_coefficient that is not a number from 1 on",
    ),
    "negative priority": (
        activity(f"{TIMED} priority: {{priority_key: -1}}"),
        "15:3: Pack has a negative priority_key",
    ),
    "weight that is no number": (
        workflow("priority: {fairness_weight: nan}"),
        "15:3: Sell has a fairness_weight that is not a number from 0 on",
    ),
    "negative attempts": (
        activity(f"{TIMED} retry_policy: {{max_attempts: -1}}"),
        "15:3: Pack has negative max_attempts",
    ),
    "interval order": (
        activity(f"{TIMED} retry_policy: {{initial_interval: {{seconds: 2}} max_interval: {{seconds: 1}}}}"),
        "15:3: Pack has a max_interval below its initial_interval",
    ),
    "interval below the default": (
        activity(f"{TIMED} retry_policy: {{max_interval: {{nanos: 500000000}}}}"),
        "15:3: Pack has a max_interval below its initial_interval",
    ),
    "service like a keyword": (
        activity(TIMED).replace("service Shop", "service None"),
        "13:1: acme.v1.None needs the Python name None, which generated code has",
    ),
    "reserved name": (
        activity(f'{TIMED} name: "__pack"'),
        "15:3: Pack is named __pack, and Temporal keeps names that begin with __ to itself",
    ),
    "type taken": (
        workflow(
            "",
            "\n".join(
                one("activity", f"{name}(Order) returns (Receipt)", f'{TIMED} name: "x"') for name in "AB"
            ),
        ),
        "19:3: activity type x is taken by acme.v1.Shop.A",
    ),
    # Workflows.
    "two id policies": (
        workflow(
            "id_reuse_policy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING "
            "workflow_id_conflict_policy: WORKFLOW_ID_CONFLICT_POLICY_FAIL"
        ),
        "15:3: Sell sets workflow_id_conflict_policy beside TERMINATE_IF_RUNNING; the server refuses both",
    ),
    "reject and terminate": (
        workflow(
            "id_reuse_policy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE "
            "workflow_id_conflict_policy: WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"
        ),
        "15:3: Sell sets TERMINATE_EXISTING beside REJECT_DUPLICATE; the server refuses both",
    ),
    "reject and terminate by an update": (
        workflow(
            'id_reuse_policy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE update: {ref: "Change" start: true '
            "workflow_id_conflict_policy: WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING}",
            UPDATE,
        ),
        "15:3: Sell sets TERMINATE_EXISTING beside REJECT_DUPLICATE; the server refuses both",
    ),
    "signal start that fails": (
        workflow(
            'signal: {ref: "Cancel" start: true} '
            "workflow_id_conflict_policy: WORKFLOW_ID_CONFLICT_POLICY_FAIL",
            SIGNAL,
        ),
        "15:3: Sell starts with a signal, for which the server refuses the workflow_id_conflict_policy FAIL",
    ),
    "empty alias": (workflow('aliases: ""'), "15:3: Sell has an empty alias"),
    "alias twice": (workflow('aliases: ["a", "a"]'), "15:3: Sell names one of its aliases twice"),
    "alias that is the name": (
        workflow('aliases: "acme.v1.Shop.Sell"'),
        "15:3: Sell names one of its aliases twice",
    ),
    "reserved alias": (
        workflow('aliases: "__sell"'),
        "15:3: Sell is named __sell, and Temporal keeps names that begin with __ to itself",
    ),
    "alias taken": (
        workflow('aliases: "old"', one("workflow", "Rent(Order) returns (Receipt)", 'aliases: "old"')),
        "18:3: workflow type old is taken by acme.v1.Shop.Sell",
    ),
    "alias that is another's name": (
        workflow('aliases: "acme.v1.Shop.Rent"', one("workflow", "Rent(Order) returns (Receipt)")),
        "18:3: workflow type acme.v1.Shop.Rent is taken by acme.v1.Shop.Sell",
    ),
    "unknown ref": (
        workflow('query: {ref: "Look"}'),
        "15:3: Sell names the query acme.v1.Shop.Look, which does not exist",
    ),
    "ref of another kind": (
        workflow('query: {ref: "Cancel"}', SIGNAL),
        "15:3: Sell names the query acme.v1.Shop.Cancel, which is of kind signal",
    ),
    "ref twice": (
        workflow('query: {ref: "Look"} query: {ref: "acme.v1.Shop.Look"}', QUERY),
        "15:3: Sell names the query acme.v1.Shop.Look twice",
    ),
    "update start without conflict policy": (
        workflow('update: {ref: "Change" start: true}', UPDATE),
        "15:3: Sell starts with an update, for which clients demand a workflow_id_conflict_policy",
    ),
    # Queries, signals, updates.
    "query without answer": (
        workflow("", one("query", "Look(Nothing) returns (google.protobuf.Empty)")),
        "18:3: Look is a query and must answer with a message",
    ),
    "signal with answer": (
        workflow("", one("signal", "Cancel(Nothing) returns (Receipt)")),
        "18:3: Cancel is a signal and must return google.protobuf.Empty",
    ),
    "admitted": (
        workflow(
            "", one("update", "Change(Order) returns (Receipt)", "wait_for_stage: WAIT_POLICY_ADMITTED")
        ),
        "18:3: Change has wait_for_stage ADMITTED, which clients refuse; use ACCEPTED or COMPLETED",
    ),
    "validator without request": (
        workflow("", one("update", "Change(google.protobuf.Empty) returns (Receipt)", "validate: true")),
        "18:3: Change sets validate and has no request to validate",
    ),
    # Ids.
    "id field": (
        workflow('id: "${! buyer.age }"'),
        '16:5: id: "buyer.age" does not exist: acme.v1.Buyer has no field age',
    ),
    "id repeated": (workflow('id: "${! tags }"'), '16:5: id: "tags" is repeated'),
    "id map": (workflow('id: "${! notes }"'), '16:5: id: "notes" is repeated'),
    "id double": (
        workflow('id: "${! weight }"'),
        '16:5: id: "weight" is of type double, not a string, integer or bool',
    ),
    "id enum": (
        workflow('id: "${! size }"'),
        '16:5: id: "size" is of type enum, not a string, integer or bool',
    ),
    "id message": (
        workflow('id: "${! buyer }"'),
        '16:5: id: "buyer" is of type message, not a string, integer or bool',
    ),
    "id below a scalar": (
        workflow('id: "${! id.x }"'),
        '16:5: id: "id.x" does not exist: the request has no field x',
    ),
    "id function": (
        workflow('id: "${! id.uppercase() }"'),
        '16:5: id: "${! id.uppercase() }" is neither a field nor uuid_v4(), ' + BLOBLANG,
    ),
    "id ksuid": (
        workflow('id: "x/${! ksuid() }"'),
        '16:5: id: "${! ksuid() }" is neither a field nor uuid_v4(), ' + BLOBLANG,
    ),
    "id open": (
        workflow('id: "x/${! id"'),
        '16:5: id: "${! id" opens an interpolation and does not close it',
    ),
    "id ends in an escape": (
        workflow(r'id: "x\\"'),
        "16:5: id: it ends with a backslash, which escapes nothing",
    ),
    "id of another compiler": (
        workflow('id: "sale-{{ .Id }}"'),
        '16:5: id: "{{" begins no interpolation here: write ${! field }, or escape it as \\{{',
    ),
    "id without its exclamation mark": (
        workflow('id: "sale-${ id }"'),
        '16:5: id: "${" begins no interpolation here: write ${! field }, or escape it as \\${',
    ),
    "id with a fallback": (
        workflow("id: '${! id.or(\"x\") }'"),
        '16:5: id: "${! id.or("x") }" is neither a field nor uuid_v4(), ' + BLOBLANG,
    ),
    "id of two names": (
        workflow('id: "${! twin }"').replace("Sell(Order)", "Sell(Twins)")
        + '\nmessage Twins { string twin = 1 [json_name = "x"]; string other = 2 [json_name = "twin"]; }',
        '16:5: id: "twin" is the name of one field and the JSON name of another',
    ),
    "id in a wrapper": (
        workflow('id: "${! seconds }"').replace("Sell(Order)", "Sell(google.protobuf.Timestamp)"),
        '16:5: id: "seconds" is a field of google.protobuf.Timestamp, which languages hold differently',
    ),
    "update id": (
        workflow("", one("update", "Change(Order) returns (Receipt)", 'id: "${! nope }"')),
        '18:41: id: "nope" does not exist: acme.v1.Order has no field nope',
    ),
    # Names.
    "two RPCs, one Python name": (
        workflow(
            "",
            one("activity", "PackIt(Order) returns (Receipt)", TIMED)
            + "\n"
            + one("activity", "pack_it(Order) returns (Receipt)", TIMED),
        ),
        "19:3: pack_it's type needs the Python name PACK_IT, which PackIt's type has",
    ),
}


def problems(compile_inline: Callable[..., str], body: str, language: str = "python") -> list[str]:
    with pytest.raises(ContractError) as caught:
        compile_inline(body, language)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("body", "sentence"), REJECTED.values(), ids=REJECTED)
def test_is_rejected_with_file_line_and_sentence(
    compile_inline: Callable[..., str], body: str, sentence: str
) -> None:
    assert problems(compile_inline, body) == [f"{FILE}:{sentence}"]


def test_all_problems_are_told_at_once_in_order_of_place(compile_inline: Callable[..., str]) -> None:
    body = workflow('query: {ref: "Look"}', one("activity", "Pack(Order) returns (Receipt)"))
    assert problems(compile_inline, body) == [
        f"{FILE}:15:3: Sell names the query acme.v1.Shop.Look, which does not exist",
        f"{FILE}:18:3: Pack needs start_to_close_timeout or schedule_to_close_timeout",
    ]


def test_an_option_set_by_statement_is_placed_at_its_statement(compile_inline: Callable[..., str]) -> None:
    body = workflow("").replace(
        "option (temporal.v1.workflow) = {};",
        'option (temporal.v1.workflow).name = "x";\n    option (temporal.v1.workflow).id = "${! y }";',
    )
    (problem,) = problems(compile_inline, body)
    assert problem == f'{FILE}:17:5: id: "y" does not exist: acme.v1.Order has no field y'


def test_a_proto2_service_is_rejected(request_of: Callable[..., CodeGeneratorRequest]) -> None:
    text = """syntax = "proto2";
package acme.v1;
import "temporal/v1/temporal.proto";
message Order {}
service Shop { option (temporal.v1.service) = {task_queue: "shop"}; }
"""
    request = request_of({FILE: text})
    request.parameter = "lang=python"
    assert plugin.respond(request).error == (
        f"{FILE}:5:1: service Shop is in a proto2 file; proto3 and editions are supported"
    )


@pytest.mark.parametrize(
    ("parameter", "error"),
    [
        ("", "parameter lang must be one of python, go, typescript, manifest, docs, not ''"),
        ("lang=cobol", "parameter lang must be one of python, go, typescript, manifest, docs, not 'cobol'"),
        ("lang=python,module=x", "lang=python has no parameter module"),
        ("lang=go", "lang=go needs the parameter module or go_runtime"),
        ("lang=typescript", "lang=typescript needs the parameter ts_runtime"),
    ],
)
def test_a_wrong_parameter_is_rejected(
    request_of: Callable[..., CodeGeneratorRequest], parameter: str, error: str
) -> None:
    request = request_of({FILE: 'syntax = "proto3";'})
    request.parameter = parameter
    assert plugin.respond(request).error == error


def test_a_defect_of_the_compiler_is_told_in_one_line(
    request_of: Callable[..., CodeGeneratorRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(contract: object) -> None:
        raise OverflowError(f"too much of {type(contract).__name__}")

    monkeypatch.setattr(plugin, "check", broken)
    request = request_of({FILE: 'syntax = "proto3";'})
    request.parameter = "lang=python"
    response = plugin.respond(request)
    assert re.fullmatch(
        r"defect of protoc-gen-triglot at test_rejections\.py:\d+: OverflowError: too much of Contract",
        response.error,
    )
    assert not response.file


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("acme/1a.proto", "1a_pb2 in acme.1a_pb2 is no Python name and cannot be imported"),
        ("acme/a+b.proto", "a+b_pb2 in acme.a+b_pb2 is no Python name and cannot be imported"),
    ],
)
def test_a_file_that_python_cannot_import_is_rejected(
    request_of: Callable[..., CodeGeneratorRequest], file: str, sentence: str
) -> None:
    request = request_of({file: PING.format(package="example.com/acme/shop/v1;shopv1")})
    request.parameter = "lang=python"
    assert plugin.respond(request).error == f"{file}:6:1: {sentence}"


def test_a_go_package_that_cannot_be_named_so_is_rejected(
    request_of: Callable[..., CodeGeneratorRequest],
) -> None:
    request = request_of({FILE: PING.format(package="example.com/acme/shop/v1;type")})
    request.parameter = "lang=go,module=example.com/acme"
    assert plugin.respond(request).error == (
        f"{FILE}:6:1: {FILE} has a go_package whose name type cannot be that of a package"
    )


def test_a_go_package_outside_the_module_is_rejected(compile_inline: Callable[..., str]) -> None:
    with pytest.raises(ContractError) as caught:
        compile_inline(activity(TIMED), parameter="lang=go,module=example.com/other")
    assert str(caught.value) == (
        f"{FILE}:13:1: go_package example.com/acme/shop/v1 is not in the Go module example.com/other"
    )

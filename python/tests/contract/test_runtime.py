"""What generated Python code calls at run time."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from google.protobuf import duration_pb2
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from buf.validate import validate_pb2
from triglot.contract import runtime
from triglot.risk.v1 import market_pb2, report_pb2, report_temporal, simulation_pb2
from triglot.store.v1 import object_pb2

REF = object_pb2.ObjectRef(sha256="0" * 64, size_bytes=1, media_type="text/plain")
GOOD = simulation_pb2.SimulateShardRequest(
    spec=REF, range=simulation_pb2.ScenarioRange(first=1 << 31, count=1 << 31)
)
BAD = simulation_pb2.SimulateShardRequest(
    spec=object_pb2.ObjectRef(sha256="x", size_bytes=1, media_type="text/plain"),
    range=simulation_pb2.ScenarioRange(first=1 << 31, count=(1 << 31) + 1),
)
LINE = (
    r"spec.sha256: does not match regex pattern `^[0-9a-f]{64}$`; range: first + count must not exceed 2^32"
)


def test_a_good_message_passes() -> None:
    runtime.check(GOOD)
    runtime.validate(GOOD)
    assert runtime.receive(simulation_pb2.SimulateShardRequest, GOOD) is GOOD


def test_a_client_gets_a_value_error_that_names_fields() -> None:
    with pytest.raises(ValueError, match="sha256") as caught:
        runtime.check(BAD)
    assert isinstance(caught.value, runtime.InvalidArgumentError)
    assert str(caught.value) == LINE
    assert [violation.rule_id for violation in caught.value.violations.violations] == [
        "string.pattern",
        "scenario_range.end",
    ]


def test_a_worker_fails_for_good_with_the_violations_as_details() -> None:
    with pytest.raises(ApplicationError) as caught:
        runtime.validate(BAD)
    assert (caught.value.type, caught.value.non_retryable) == ("InvalidArgument", True)
    assert caught.value.message == LINE
    (details,) = caught.value.details
    assert isinstance(details, validate_pb2.Violations)
    assert len(details.violations) == 2


def test_an_index_and_a_key_stand_in_brackets() -> None:
    portfolio = market_pb2.Portfolio(
        id="p", name="P", currency="EUR", positions=[market_pb2.Position(symbol="A"), market_pb2.Position()]
    )
    with pytest.raises(runtime.InvalidArgumentError) as caught:
        runtime.check(portfolio)
    assert str(caught.value).startswith("positions[1].symbol: ")
    key = validate_pb2.FieldPathElement(field_name="notes", string_key="a")
    violation = validate_pb2.Violation(
        field=validate_pb2.FieldPath(elements=[key]), rule_id="string.min_len", message=""
    )
    error = runtime.InvalidArgumentError(validate_pb2.Violations(violations=[violation]))
    assert str(error) == 'notes["a"]: breaks the rule string.min_len'


def raw(message: Message, encoding: str) -> RawValue:
    converter = runtime.data_converter("json" if encoding == "json/protobuf" else "binary").payload_converter
    payload = converter.to_payload(message)
    assert payload.metadata["encoding"] == encoding.encode()
    return RawValue(payload)


def received(request: RawValue) -> Message:
    """Receives a payload as an activity does."""
    environment = ActivityEnvironment()
    environment.payload_converter = runtime.data_converter().payload_converter
    result: Message = environment.run(lambda: runtime.receive(simulation_pb2.SimulateShardRequest, request))
    return result


@pytest.mark.parametrize("encoding", ["json/protobuf", "binary/protobuf"])
def test_an_activity_reads_both_encodings(encoding: str) -> None:
    assert received(raw(GOOD, encoding)) == GOOD


def plain(data: bytes, encoding: str, message_type: str = "") -> RawValue:
    return RawValue(
        Payload(metadata={"encoding": encoding.encode(), "messageType": message_type.encode()}, data=data)
    )


EXPECTED = "expected triglot.risk.v1.SimulateShardRequest"


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (runtime.NOTHING, f"{EXPECTED}, got NoneType"),
        (raw(REF, "json/protobuf"), f"{EXPECTED}, got triglot.store.v1.ObjectRef"),
        (plain(b"{}", "json/plain"), f"{EXPECTED}: json/plain is no triglot.risk.v1.SimulateShardRequest"),
        (plain(b"x", "binary/plain"), f"{EXPECTED}, got bytes"),
        (
            plain(b"{", "json/protobuf", "triglot.risk.v1.SimulateShardRequest"),
            f"{EXPECTED}: Expecting property name",
        ),
        (
            plain(b"\xff", "binary/protobuf", "triglot.risk.v1.SimulateShardRequest"),
            f"{EXPECTED}: Error parsing",
        ),
        (
            plain(b"\xff", "json/protobuf", "triglot.risk.v1.SimulateShardRequest"),
            f"{EXPECTED}: 'utf-8' codec can't decode",
        ),
        (plain(b"{}", "json/protobuf", "acme.Unknown"), f"{EXPECTED}: Couldn't find message acme.Unknown"),
        (plain(b"", "other/encoding"), f"{EXPECTED}: Unknown payload encoding other/encoding"),
        (raw(BAD, "binary/protobuf"), LINE),
    ],
)
def test_an_activity_refuses_for_good_what_is_not_its_request(request_: RawValue, told: str) -> None:
    with pytest.raises(ApplicationError) as caught:
        received(request_)
    assert caught.value.message.startswith(told)
    assert "\n" not in caught.value.message
    assert (caught.value.type, caught.value.non_retryable) == ("InvalidArgument", True)
    assert isinstance(caught.value.details[0], validate_pb2.Violations)


def test_a_refusal_may_quote_what_cannot_be_sent_back() -> None:
    refusal = runtime.invalid_argument("half of a pair: \ud800")
    assert refusal.message == r"half of a pair: \ud800"
    assert refusal.details[0].violations[0].message == refusal.message


def test_a_refusal_can_be_sent_whatever_its_cause_quotes() -> None:
    half = plain(rb'"\ud800"', "json/protobuf", "google.protobuf.Duration")
    default = DataConverter.default
    with pytest.raises(ApplicationError) as caught:
        runtime.decode(duration_pb2.Duration, half, lambda: default.payload_converter)
    failure = Failure()
    default.failure_converter.to_failure(caught.value, default.payload_converter, failure)
    assert failure.application_failure_info.non_retryable


@pytest.mark.parametrize("encoding", ["json", "binary"])
def test_both_converters_read_both_encodings(encoding: Any) -> None:
    converter = runtime.data_converter(encoding).payload_converter
    for other in ("json/protobuf", "binary/protobuf"):
        assert converter.from_payload(raw(GOOD, other).payload, type(GOOD)) == GOOD


def test_fields_of_a_newer_contract_are_passed_over() -> None:
    payload = raw(REF, "json/protobuf").payload
    payload.data = payload.data[:-1] + b',"addedLater":[{"a":1}]}'
    assert runtime.data_converter().payload_converter.from_payload(payload, type(REF)) == REF


def test_json_plain_serves_everything_but_messages() -> None:
    converter = runtime.data_converter().payload_converter
    payload = converter.to_payload({"a": 1})
    assert payload.metadata["encoding"] == b"json/plain"
    assert converter.from_payload(payload) == {"a": 1}
    with pytest.raises(TypeError, match=r"json/plain is no triglot.store.v1.ObjectRef"):
        converter.from_payload(payload, type(REF))


def test_uuids_outside_a_workflow_are_random() -> None:
    first, second = uuid.UUID(runtime.uuid_v4()), uuid.UUID(runtime.uuid_v4())
    assert first.version == 4
    assert first != second


async def test_a_generated_client_refuses_before_it_sends() -> None:
    # Connected lazily, to nothing: a request that were sent would fail with a connection error.
    client = await Client.connect("127.0.0.1:1", lazy=True)
    with pytest.raises(runtime.InvalidArgumentError, match="portfolio: value is required"):
        await report_temporal.RiskReportServiceClient(client).start_generate_risk_report(
            report_pb2.GenerateRiskReportRequest()
        )


def test_an_answer_that_cannot_be_decoded_is_no_refusal() -> None:
    # Another version of its worker may mend it.
    converter = runtime.data_converter().payload_converter

    with pytest.raises(TypeError, match="json/plain is no triglot"):
        converter.from_payload(plain(b"{}", "json/plain").payload, simulation_pb2.SimulateShardResponse)
    with pytest.raises(KeyError, match="Unknown payload encoding other/encoding"):
        converter.from_payload(plain(b"", "other/encoding").payload)

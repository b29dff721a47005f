"""What fails in Python: activities and workflows, one error a case."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import Any, NoReturn

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import create_payload_validation_error
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError

with workflow.unsafe.imports_passed_through():
    from triglot.contract import runtime
    from triglot.contract.errors import on_the_wire
    from triglot.errors.v1.errors_pb2 import ErrorType
    from triglot.notification.v1 import notification_pb2
    from triglot.store.v1.object_pb2 import ObjectRef

OBJECT_NOT_FOUND = on_the_wire(ErrorType.ERROR_TYPE_OBJECT_NOT_FOUND)
STORE_UNAVAILABLE = on_the_wire(ErrorType.ERROR_TYPE_STORE_UNAVAILABLE)
INTERRUPTED = on_the_wire(ErrorType.ERROR_TYPE_INTERRUPTED)
HEARTBEAT_SECONDS = 0.05


class OrderError(Exception):
    """A class of errors as any program has its own."""


def reference() -> ObjectRef:
    return ObjectRef(sha256="ab12", size_bytes=(1 << 53) + 1, media_type="text/html")


def raise_case(case: str) -> NoReturn:
    """Raises the error of a case."""
    match case:
        case "application":
            raise ApplicationError("no such object", type=OBJECT_NOT_FOUND)
        case "one-message":
            # quote: raise
            raise ApplicationError("no such object", reference(), type=OBJECT_NOT_FOUND)
            # end of quote
        case "several-details":
            raise ApplicationError("no such object", reference(), "shelf", 7, type=OBJECT_NOT_FOUND)
        case "json-details":
            detail = {"shelf": "top", "rows": [1, 2], "locked": True, "owner": None}
            raise ApplicationError("no such object", detail, type=OBJECT_NOT_FOUND)
        case "non-retryable":
            # quote: refuse
            raise ApplicationError("no such object", type=OBJECT_NOT_FOUND, non_retryable=True)
            # end of quote
        case "next-retry-delay":
            # quote: delay
            delay = timedelta(milliseconds=250)
            raise ApplicationError("the store is busy", type=STORE_UNAVAILABLE, next_retry_delay=delay)
            # end of quote
        case "benign":
            benign = ApplicationErrorCategory.BENIGN
            raise ApplicationError("the store is busy", type=STORE_UNAVAILABLE, category=benign)
        case "cause-chain":
            # quote: cause
            try:
                raise ValueError("disk is full")
            except ValueError as root:
                cause = ApplicationError("cannot write", reference(), type=STORE_UNAVAILABLE)
                cause.__cause__ = root
                raise ApplicationError("no such object", type=OBJECT_NOT_FOUND, non_retryable=True) from cause
            # end of quote
        case "unknown-message":
            raise ApplicationError("no such object", _unknown_message(), type=OBJECT_NOT_FOUND)
        case "payload-validation":
            raise create_payload_validation_error({"field": "sha256"})
    _raise_plainly(case)


def _raise_plainly(case: str) -> NoReturn:
    match case:
        case "plain-error":
            raise ValueError("bad")
        case "own-class":
            raise OrderError("order 7 is wrong")
        case "wrapped":
            raise RuntimeError("while loading") from ValueError("bad")
        case "wrapped-refusal":
            raise RuntimeError("while loading") from runtime.invalid_argument("first: is missing")
        case "wrapped-other":
            late = ApplicationError("late", type=INTERRUPTED, non_retryable=True)
            raise RuntimeError("while loading") from late
        case "programming-error":
            absent: Any = None
            absent["bad"] = 1
        case "not-an-error":
            {"good": 1}["bad"]
        case "cancelled-unasked":
            raise CancelledError("unasked")
    raise AssertionError(f"no such case: {case}")


def _unknown_message() -> RawValue:
    """What a newer contract might send: a message that nobody here has."""
    metadata = {"encoding": b"json/protobuf", "messageType": b"acme.unknown.v1.Reason"}
    return RawValue(Payload(metadata=metadata, data=b'{"text":"new"}'))


class Raiser:
    """The activities."""

    def __init__(self) -> None:
        self._ready: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def _started(self, case: str) -> asyncio.Event:
        """Set when a workflow's activity waits for its cancellation."""
        return self._ready[f"{activity.info().workflow_run_id} {case}"]

    @activity.defn(name="RaiseError")
    async def raise_error(self, case: str) -> Any:
        if case.startswith("ready:"):
            return await self._started(case.removeprefix("ready:")).wait()
        match case:
            case "hang":
                await asyncio.Event().wait()
            case "heartbeat":
                activity.heartbeat(reference(), 7)
                await asyncio.Event().wait()
            case "stopped":
                self._started(case).set()
                await asyncio.Event().wait()
            case "cancelled" | "cancelled-details" | "cancelled-otherwise" | "cancelled-ignored":
                if self._started(case).is_set():  # an attempt after a reset
                    return "done all the same"
                self._started(case).set()
                return await self._until_cancelled(case)
            case "text-result":
                return "no message"
        raise_case(case)

    async def _until_cancelled(self, case: str) -> str:
        try:
            while True:
                activity.heartbeat()
                await asyncio.sleep(HEARTBEAT_SECONDS)
        except asyncio.CancelledError:
            match case:
                case "cancelled-details":
                    raise CancelledError("given up", reference()) from None
                case "cancelled-otherwise":
                    raise ApplicationError("given up", type=INTERRUPTED) from None
                case "cancelled-ignored":
                    return "done all the same"
            raise

    async def send_notification(
        self, request: notification_pb2.SendNotificationRequest, /
    ) -> notification_pb2.SendNotificationResponse:
        """Refuses nothing itself: what breaks the contract does not get here."""
        return notification_pb2.SendNotificationResponse(delivery_id="sent")


@workflow.defn(name="FailWith")
class FailWith:
    """Ends as a case says."""

    @workflow.run
    async def run(self, case: str) -> None:
        match case:
            case "wait":
                await workflow.wait_condition(lambda: False)
            case "again":
                workflow.continue_as_new("end")
            case "end":
                return
        raise_case(case)


@workflow.defn(name="Answer")
class Answer:
    """Fails queries and updates until somebody terminates it."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query(name="Ask")
    def ask(self, case: str) -> str:
        raise_case(case)

    @workflow.update(name="Accept")
    async def accept(self, case: str) -> str:
        raise_case(case)

    @workflow.update(name="Refuse")
    async def refuse(self, case: str) -> str:
        return "accepted"

    @refuse.validator
    def validate_refuse(self, case: str) -> None:
        raise_case(case)

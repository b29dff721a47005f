"""The activity of the JSON contract in Python, and workflows that call whoever serves a contract."""

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from json_contract.trade import ACTIVITY, SETTLEMENT_DAYS, Settlement, Trade

LANGUAGES = ("python", "go", "typescript")
# As the contract in Protobuf has it.
RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=10),
    maximum_attempts=2,
    non_retryable_error_types=["InvalidArgument"],
)
PATIENCE = timedelta(seconds=30)


@activity.defn(name=ACTIVITY)
async def settle_trade(trade: Trade) -> Settlement:
    """Says when a trade settles. That it is one, Pydantic has checked while decoding it."""
    return Settlement(trade=trade, settles_at=trade.traded_at + SETTLEMENT_DAYS)


@workflow.defn
class SettleEverywhere:
    """Has one trade settled in each language, by the JSON contract."""

    @workflow.run
    async def run(self, trade: Trade) -> list[Settlement]:
        return [
            await workflow.execute_activity(
                ACTIVITY,
                trade,
                result_type=Settlement,
                task_queue=f"json-{language}",
                start_to_close_timeout=PATIENCE,
                retry_policy=RETRIES,
            )
            for language in LANGUAGES
        ]


@dataclass
class Calls:
    """Calls of one activity with payloads that are written by hand."""

    activity_type: str
    task_queue: str
    metadata: dict[str, str]
    data: list[str]
    """In base64, since some of it is no text."""


@dataclass
class Answer:
    """What came back: data or an error."""

    data: str | None
    message: str = ""
    retried: bool = False


@workflow.defn
class Relay:
    """Makes calls and returns the raw answers in the same order."""

    @workflow.run
    async def run(self, calls: Calls) -> list[Answer]:
        metadata = {name: value.encode() for name, value in calls.metadata.items()}
        handles = [
            workflow.start_activity(
                calls.activity_type,
                RawValue(Payload(metadata=metadata, data=base64.b64decode(data))),
                result_type=RawValue,
                task_queue=calls.task_queue,
                start_to_close_timeout=PATIENCE,
                retry_policy=RETRIES,
            )
            for data in calls.data
        ]
        return [await self._answer(handle) for handle in handles]

    async def _answer(self, handle: Any) -> Answer:
        try:
            result: RawValue = await handle
        except ActivityError as error:
            if not isinstance(error.cause, ApplicationError):
                raise
            return Answer(
                None, error.cause.message, error.retry_state is not RetryState.NON_RETRYABLE_FAILURE
            )
        return Answer(result.payload.data.decode())

"""Telling a report's recipients, each by an activity of its own, and who was told."""

import asyncio
from collections.abc import Iterable, Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from triglot.notification.v1.notification_pb2 import (
    Notification,
    Recipient,
    SendNotificationRequest,
    SendNotificationResponse,
)
from triglot.notification.v1.notification_temporal import send_notification
from triglot.risk.failures import sentence_of, type_of
from triglot.risk.notices import READY
from triglot.risk.v1.report_pb2 import UndeliveredNotification


class Announcer:
    """Tells people, and remembers whom.

    Attributes:
        asked: How many notifications there have been to send.
    """

    def __init__(self, recipients: Sequence[Recipient]) -> None:
        self.asked = 0
        self._recipients = recipients
        self._topics: list[str] = []
        # By topic's and recipient's place, since answers come in any order.
        self._accepted: dict[tuple[int, int], SendNotificationResponse] = {}
        self._undelivered: dict[tuple[int, int], UndeliveredNotification] = {}
        self._perhaps_told: set[int] = set()

    @property
    def accepted(self) -> list[SendNotificationResponse]:
        """The accepted notifications, by topic and recipient."""
        return [self._accepted[place] for place in sorted(self._accepted)]

    @property
    def undelivered(self) -> list[UndeliveredNotification]:
        """Those that could not be delivered, for good, by topic and recipient."""
        return [self._undelivered[place] for place in sorted(self._undelivered)]

    @property
    def perhaps_told(self) -> list[int]:
        """Who has been told of anything, or may have been: an attempt that was given up may have arrived."""
        return sorted(self._perhaps_told)

    async def tell(self, notification: Notification, recipients: Iterable[int]) -> int:
        """Tells some of the recipients, all at the same time.

        One who cannot be told is recorded as such: the report is made, and a failure would take it away.

        Returns:
            How many could not be told.
        """
        self._topics.append(notification.topic)
        topic = len(self._topics)
        places = [(topic, index) for index in recipients]
        await asyncio.gather(*(self._send(notification, place) for place in places))
        return sum(place in self._undelivered for place in places)

    async def _send(self, notification: Notification, place: tuple[int, int]) -> None:
        index = place[1]
        known = index in self._perhaps_told
        self.asked += 1
        self._perhaps_told.add(index)
        try:
            self._accepted[place] = await send_notification(
                SendNotificationRequest(
                    # The workflow's id outlives retries and resets of the run, so the key does too.
                    idempotency_key=f"{workflow.info().workflow_id}/{notification.topic}/{index}",
                    recipient=self._recipients[index],
                    notification=notification,
                )
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                # A question that is given up has been answered; who is not told of a report misses it.
                if notification.topic == READY:
                    self._fail(
                        place, notification.topic, "Cancelled", "given up when the report was cancelled"
                    )
                raise
            if not known:
                self._perhaps_told.discard(index)
            self._fail(place, notification.topic, type_of(error), sentence_of(error))

    def _fail(self, place: tuple[int, int], topic: str, error_type: str, message: str) -> None:
        self._undelivered[place] = UndeliveredNotification(
            recipient_index=place[1], error_type=error_type, message=message, topic=topic
        )

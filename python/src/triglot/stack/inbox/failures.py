"""How the inbox fails when it is told to: for a number of attempts, or for good."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Channel = Literal["mail", "webhook"]
CHANNELS: tuple[Channel, ...] = ("mail", "webhook")
Mode = Literal["unavailable", "reject", "lose", "withhold"]
MODES: tuple[Mode, ...] = ("unavailable", "reject", "lose", "withhold")


class FailureRequest(BaseModel):
    """What to fail: the body of POST /api/failures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Literal["mail", "webhook", "all"] = "all"
    mode: Mode = "unavailable"
    """`unavailable`: 451 or 503, so that the sender tries again. `reject`: 550 or 400, for good.
    `lose`: say that it was accepted, and forget it. `withhold`: take it, and say nothing."""
    count: int = Field(default=1, ge=0, le=1_000_000)
    """How many attempts fail; 0 ends what was told before."""
    retry_after: int | None = Field(default=None, ge=0, le=86_400)
    """What an unavailable webhook asks for in Retry-After, in seconds."""


class Failure(BaseModel):
    """What is told to a channel."""

    model_config = ConfigDict(frozen=True)

    mode: Mode
    remaining: int | None
    """How many more attempts fail; None: all."""
    retry_after: int | None = None


class Failures:
    """The failures that are still to come. Not safe for threads: the attempts' lock guards it."""

    def __init__(self) -> None:
        self._by_channel: dict[Channel, Failure] = {}

    def tell(self, asked: FailureRequest) -> None:
        """Sets what is to come, in place of what was told before."""
        for channel in CHANNELS:
            if asked.channel in (channel, "all"):
                self._set(
                    channel, Failure(mode=asked.mode, remaining=asked.count, retry_after=asked.retry_after)
                )

    def lose_all_mails(self) -> None:
        """Loses every mail from now on."""
        self._set("mail", Failure(mode="lose", remaining=None))

    def take(self, channel: Channel) -> Failure | None:
        """Returns how the next attempt fails, and counts it; None if it does not."""
        failure = self._by_channel.get(channel)
        if failure is not None and failure.remaining is not None:
            self._set(channel, failure.model_copy(update={"remaining": failure.remaining - 1}))
        return failure

    def to_come(self) -> dict[Channel, Failure | None]:
        """Returns what each channel was told."""
        return {channel: self._by_channel.get(channel) for channel in CHANNELS}

    def _set(self, channel: Channel, failure: Failure) -> None:
        if failure.remaining == 0:
            self._by_channel.pop(channel, None)
        else:
            self._by_channel[channel] = failure

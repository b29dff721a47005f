"""What a worker or client reads from its environment, beside the SDK's own `TEMPORAL_*`."""

import re
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, PlainValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from triglot.store.location import parse_location

PayloadEncoding = Literal["json", "binary"]
Switch = Literal["on", "off"]
SettingsT = TypeVar("SettingsT", bound=BaseSettings)


class SettingsError(ValueError):
    """A setting is missing or wrong; the message says which and why in one sentence."""


MAX_AMOUNT = 10_000
"""Of slots or pollers, in every language: more is a slip of the finger."""


def _parse_amount(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= MAX_AMOUNT):
        raise PydanticCustomError("amount", f"must be a positive integer up to {MAX_AMOUNT} or auto")
    return int(text)


def _parse_address(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
        raise PydanticCustomError("address", "must be host:port")
    # An IPv6 address is in brackets, which separate its colons from the port's.
    return host.removeprefix("[").removesuffix("]"), int(port)


DEPLOYMENT_NAME = "TEMPORAL_DEPLOYMENT_NAME"
BUILD_ID = "TEMPORAL_WORKER_BUILD_ID"


_NAME_RULE = "must not contain . or : nor begin with __"
_NAME_PATTERN = re.compile(r"(?!__)[^.:]+")
_BUILD_ID_RULE = "must be up to 63 printable ASCII characters without spaces, not beginning with __"
_BUILD_ID_PATTERN = re.compile(r"(?!__)[!-~]{1,63}")


def _version_problem(name: str | None, build_id: str | None) -> str | None:
    if name is None or build_id is None:
        missing, there = (BUILD_ID, DEPLOYMENT_NAME) if build_id is None else (DEPLOYMENT_NAME, BUILD_ID)
        return None if name == build_id else f"{missing} is not set, but {there} is"
    # The server refuses every poll under other names, and the SDK would ask again for ever.
    if not _NAME_PATTERN.fullmatch(name):
        return f"{DEPLOYMENT_NAME}: {_NAME_RULE}"
    return None if _BUILD_ID_PATTERN.fullmatch(build_id) else f"{BUILD_ID}: {_BUILD_ID_RULE}"


def _check_store_url(url: str) -> str:
    try:
        parse_location(url)
    except ValueError as error:
        raise PydanticCustomError("store_url", "{problem}", {"problem": str(error)}) from error
    return url


Amount = Annotated[int | Literal["auto"], PlainValidator(_parse_amount)]
Address = Annotated[tuple[str, int], PlainValidator(_parse_address)]


def _variable(field: str) -> str:
    return f"TRIGLOT_{field.upper()}"


# As in the other languages, an empty variable counts as not set, and so does one in small letters.
ENVIRONMENT = SettingsConfigDict(
    alias_generator=_variable, case_sensitive=True, env_ignore_empty=True, frozen=True
)


class Settings(BaseSettings):
    """The `TRIGLOT_*` variables, under the same names in all three languages."""

    model_config = ENVIRONMENT

    store_url: Annotated[str, AfterValidator(_check_store_url)]
    """Where large objects lie: `file:///absolute/folder` or `s3://BUCKET[/PREFIX]` with its parameters."""
    payload_encoding: PayloadEncoding = "json"
    """How messages travel; both forms are always decoded."""
    external_storage: Switch = "on"
    """Whether large payloads go to the store, and claims to them into the history; claims are always read."""
    connect_timeout: float = Field(default=10, gt=0, le=86_400)
    """How long to try to reach the Temporal server, in seconds."""
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """The least severe level that is logged."""
    slots: Amount | None = None
    """How many tasks a worker works on at once; auto: as many as its targets let it."""
    cpu_target: float = Field(default=0.9, gt=0, le=1)
    """Up to which share of the machine's CPU `auto` takes on more."""
    memory_target: float = Field(default=0.8, gt=0, le=1)
    """Up to which share of the machine's memory it does."""
    pollers: Amount | None = None
    """How many tasks a worker asks for at once; auto: as many as the server recommends."""
    health_address: Annotated[Address | None, NoDecode] = None
    """Where a worker answers /healthz and /readyz; nowhere unless it is set."""
    # The names under which Temporal's worker controller tells a worker what it is a version of.
    deployment_name: str | None = Field(default=None, validation_alias=DEPLOYMENT_NAME)
    """The worker deployment that a versioned worker belongs to."""
    build_id: str | None = Field(default=None, validation_alias=BUILD_ID)
    """The version of its code; without both, a worker is not versioned."""

    @model_validator(mode="after")
    def _check_version(self) -> Self:
        if problem := _version_problem(self.deployment_name, self.build_id):
            raise PydanticCustomError("version", "{problem}", {"problem": problem})
        return self


def _lower_initial(sentence: str) -> str:
    # No more of it, since it may name variables.
    return sentence[:1].lower() + sentence[1:]


def load_settings() -> Settings:
    """Reads a worker's settings from the environment.

    Raises:
        SettingsError: If a variable is missing or wrong.
    """
    return load(Settings)


def load(model: type[SettingsT]) -> SettingsT:
    """Reads `TRIGLOT_*` variables from the environment.

    Args:
        model: Which ones.

    Raises:
        SettingsError: If a variable is missing or wrong.
    """
    try:
        return model()
    except ValidationError as error:
        problems = (_describe(problem["loc"], problem["msg"]) for problem in error.errors())
        raise SettingsError("bad settings: " + "; ".join(problems)) from error


def _describe(location: tuple[int | str, ...], message: str) -> str:
    if not location:  # It is about two variables, and names both.
        return message
    return f"{location[0]}: {_lower_initial(message)}"

"""What a worker or client reads from its environment, beside the SDK's own `TEMPORAL_*`."""

from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PayloadEncoding = Literal["json", "binary"]


class SettingsError(ValueError):
    """A setting is missing or wrong; the message says which and why in one sentence."""


class Settings(BaseSettings):
    """The `TRIGLOT_*` variables, under the same names in all three languages."""

    model_config = SettingsConfigDict(env_prefix="TRIGLOT_", frozen=True)

    store_url: str = Field(pattern=r"^file:///.")
    """Where large objects lie: `file:///absolute/folder`."""
    payload_encoding: PayloadEncoding = "json"
    """How messages travel; both forms are always decoded."""
    connect_timeout: float = Field(default=10, gt=0, le=86_400)
    """How long to try to reach the Temporal server, in seconds."""
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """The least severe level that is logged."""


def load_settings() -> Settings:
    """Reads the settings from the environment.

    Raises:
        SettingsError: If a variable is missing or wrong.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = (
            f"TRIGLOT_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg'].lower()}"
            for problem in error.errors()
        )
        raise SettingsError("bad settings: " + "; ".join(problems)) from error

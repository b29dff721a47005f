"""What the Python tests share."""

import shutil
import sys
from pathlib import Path

import pytest


def tool(name: str) -> str:
    """The path of a tool that the locks install beside Python."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    assert found, f"{name} is not installed; run `make setup`"
    return found


@pytest.fixture(scope="session")
def test_server_path() -> str:
    """The time-skipping server."""
    return tool("temporal-test-server")


@pytest.fixture(scope="session")
def temporal_path() -> str:
    """The command that starts a development server."""
    return tool("temporal")

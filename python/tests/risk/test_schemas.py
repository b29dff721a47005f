import json
import sys
from pathlib import Path

import pytest

from triglot.risk import schemas

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "schemas"


def test_published_schemas_are_fresh() -> None:
    assert schemas.stale(FOLDER) == []


def test_stale_files_are_named_and_mended(tmp_path: Path) -> None:
    path, other = tmp_path / "portfolio.schema.json", tmp_path / "other.schema.json"
    assert path in schemas.stale(tmp_path)
    path.write_text("{}")
    other.write_text("{}")
    assert path in schemas.stale(tmp_path)
    schemas.write(tmp_path)
    assert schemas.stale(tmp_path) == []
    assert other.read_text() == "{}"


def test_the_check_passes_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["schemas", "--check"])
    assert schemas.main() == 0


def test_the_portfolios_schema_has_the_contracts_limits() -> None:
    schema = json.loads((FOLDER / "portfolio.schema.json").read_text())
    exposure, quantity = (schema["$defs"][name] for name in ("ExposurePosition", "QuantityPosition"))
    assert schema["properties"]["id"]["pattern"] == "^[a-z0-9][a-z0-9-]{0,62}$"
    assert schema["properties"]["positions"]["maxItems"] == 1_000
    assert exposure["properties"]["exposure_minor"]["exclusiveMaximum"] == 2**53
    assert exposure["properties"]["symbol"]["maxLength"] == 32
    assert all(part["additionalProperties"] is False for part in (schema, exposure, quantity))
    assert quantity["required"] == ["symbol", "quantity"]
    limit = schema["$defs"]["Limit"]
    assert limit["additionalProperties"] is False
    assert limit["properties"]["value_at_risk_minor"]["exclusiveMaximum"] == 2**53
    assert limit["properties"]["decide_within_hours"]["maximum"] == 720
    assert limit["properties"]["decide_within_hours"]["default"] == 24
    assert limit["properties"]["approvers"]["maxItems"] == 20
    assert exposure["properties"]["labels"]["maxProperties"] == 20
    assert exposure["properties"]["labels"]["additionalProperties"] is False

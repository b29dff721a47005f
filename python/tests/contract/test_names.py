"""How RPC names become identifiers."""

from __future__ import annotations

import pytest

from triglot.contract import names


@pytest.mark.parametrize(
    ("name", "snake", "pascal", "camel"),
    [
        ("Get", "get", "Get", "get"),
        ("SimulateShard", "simulate_shard", "SimulateShard", "simulateShard"),
        ("GetHTTPStatus", "get_http_status", "GetHTTPStatus", "getHTTPStatus"),
        ("HTTPGet", "http_get", "HTTPGet", "hTTPGet"),
        ("CountSKUs", "count_skus", "CountSKUs", "countSKUs"),
        ("ListIDsOf", "list_ids_of", "ListIDsOf", "listIDsOf"),
        ("PutV2Order", "put_v2_order", "PutV2Order", "putV2Order"),
        ("getStatus", "get_status", "GetStatus", "getStatus"),
        ("get_status", "get_status", "GetStatus", "getStatus"),
    ],
)
def test_cases(name: str, snake: str, pascal: str, camel: str) -> None:
    assert (names.snake(name), names.pascal(name), names.camel(name)) == (snake, pascal, camel)

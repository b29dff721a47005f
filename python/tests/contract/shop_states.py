"""A contract of a shop, and how tests change it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from triglot.contract import generate
from triglot.contract.breaking import Finding
from triglot.contract.generate import Job

REPOSITORY = Path(__file__).parents[3]
CONFIG = REPOSITORY / "proto" / "buf.yaml"
FILE = "acme/v1/shop.proto"

CONTRACT = """syntax = "proto3";
package acme.v1;
import "buf/validate/validate.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "temporal/v1/temporal.proto";
option go_package = "example.com/acme/shop/v1;shopv1";

service Shop {
  option (temporal.v1.service) = {task_queue: "shop"};
  rpc Sell(Order) returns (Receipt) {
    option (temporal.v1.workflow) = {
      name: "acme.v1.Shop.Sell" id: "order/${! id }" aliases: "acme.Sell"
      query: {ref: "Look"} signal: {ref: "Cancel"} update: {ref: "Change"}
    };
  }
  rpc Pack(Order) returns (Receipt) {
    option (temporal.v1.activity) = {name: "acme.v1.Shop.Pack" start_to_close_timeout: {seconds: 1}};
  }
  rpc Look(Nothing) returns (Receipt) { option (temporal.v1.query) = {name: "acme.v1.Shop.Look"}; }
  rpc Cancel(Nothing) returns (google.protobuf.Empty) {
    option (temporal.v1.signal) = {name: "acme.v1.Shop.Cancel"};
  }
  rpc Change(Order) returns (Receipt) {
    option (temporal.v1.update) = {name: "acme.v1.Shop.Change" validate: true id: "change-${! id }"};
  }
}
message Order {
  string id = 1 [(buf.validate.field).string = {min_len: 1, max_len: 20}];
  int32 pieces = 2 [(buf.validate.field).int32 = {gte: 0}];
  string size = 3 [(buf.validate.field).string = {in: ["S", "M"]}];
  repeated Line lines = 4 [(buf.validate.field).repeated.items.required = true];
  Color color = 5;
  google.protobuf.Duration within = 6 [(buf.validate.field).duration.lte = {seconds: 60}];
}
message Line { string sku = 1; string note = 2; }
message Receipt { string id = 1; }
message Other { string id = 1; }
message Nothing {}
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
enum ErrorType { ERROR_TYPE_UNSPECIFIED = 0; ERROR_TYPE_SOLD_OUT = 1; }
"""

Expected = list[tuple[str, str]]
"""Sentences of findings, each with a part of the line that it names."""


def write(folder: Path, text: str, further: Mapping[str, str] = MappingProxyType({})) -> Job:
    """Writes a contract's folder."""
    for name, content in {FILE: text, **further}.items():
        path = folder / "proto" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    shutil.copy(CONFIG, folder / "proto")
    return replace(generate.own_job(), proto=folder / "proto", imports=(REPOSITORY / "proto",))


def changed(*edits: str) -> str:
    """The contract with pairs of texts, old and new, exchanged; each old one occurs."""
    text = CONTRACT
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def told(found: list[Finding]) -> list[tuple[str, str, int]]:
    """What findings say, and where."""
    return [
        (f"{finding.sentence} ({finding.rule})", finding.location.file, finding.location.line)
        for finding in found
    ]


def located(text: str, expected: Expected) -> list[tuple[str, str, int]]:
    """What a changed contract's findings are to say, and where."""
    return [(sentence, FILE, line_of(text, part)) for sentence, part in expected]

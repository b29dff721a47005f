"""Which rules refuse more than they did."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shop_states import CONFIG, Expected, changed, located, told, write
from triglot.contract import breaking
from triglot.contract.generate import Job

BREAKS: dict[str, tuple[str, Expected]] = {
    "bounds": (
        changed("min_len: 1, max_len: 20", "min_len: 2, max_len: 19", "{gte: 0}", "{gt: 0}"),
        [
            (
                "acme.v1.Order.id has the rule string.max_len: 19 instead of 20 (RULE_NO_TIGHTENING)",
                "string id = 1 [",
            ),
            (
                "acme.v1.Order.id has the rule string.min_len: 2 instead of 1 (RULE_NO_TIGHTENING)",
                "string id = 1 [",
            ),
            (
                "acme.v1.Order.pieces has the rule int32.gt: 0 instead of int32.gte: 0 (RULE_NO_TIGHTENING)",
                "int32 pieces",
            ),
        ],
    ),
    "shorter list": (
        changed('["S", "M"]', '["S", "L"]'),
        [("acme.v1.Order.size refuses M by the rule string.in (RULE_NO_TIGHTENING)", "string size")],
    ),
    "new rule in a message within a request": (
        changed("string sku = 1;", "string sku = 1 [(buf.validate.field).string.pattern = '^[a-z]+$'];"),
        [
            (
                'acme.v1.Line.sku has the new rule string.pattern: "^[a-z]+$" (RULE_NO_TIGHTENING)',
                "message Line",
            )
        ],
    ),
    "new expression": (
        changed(
            "message Order {",
            'message Order { option (buf.validate.message).cel = {id: "few" expression: "this.pieces < 9"};',
        ),
        [('acme.v1.Order has the new rule cel.few: "this.pieces < 9" (RULE_NO_TIGHTENING)', "message Order")],
    ),
    "shorter time": (
        changed("duration.lte = {seconds: 60}", "duration.lte = {seconds: 59}"),
        [
            (
                "acme.v1.Order.within has the rule duration.lte: 59s instead of 60s (RULE_NO_TIGHTENING)",
                "Duration within",
            )
        ],
    ),
    "new field that is required": (
        changed(
            "message Nothing {}", "message Nothing { Line line = 1 [(buf.validate.field).required = true]; }"
        ),
        [
            (
                "acme.v1.Nothing.line is new and refuses what callers send who do "
                "not know it: value is required "
                "(RULE_NEW_FIELD_OPTIONAL)",
                "message Nothing",
            )
        ],
    ),
    "new field that may not be empty": (
        changed(
            "string note = 2;", "string note = 2; string unit = 3 [(buf.validate.field).string.min_len = 1];"
        ),
        [
            (
                "acme.v1.Line.unit is new and refuses what callers send who do not know it: "
                "must be at least 1 characters (RULE_NEW_FIELD_OPTIONAL)",
                "message Line",
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BREAKS.values(), ids=BREAKS)
def test_a_rule_that_refuses_more_is_reported_with_its_place(
    job: Job, tmp_path: Path, text: str, expected: Expected
) -> None:
    found = breaking.breaks(job, write(tmp_path / "new", text), CONFIG)
    assert told(found) == located(text, expected)


# A message's body as it was and as it is, and what is told of it.
CASES: dict[str, tuple[str, str, list[str]]] = {
    "expression added to a message": (
        'int64 a = 1; option M.cel_expression = "this.a > 0";',
        'int64 a = 1; option M.cel_expression = "this.a > 0"; option M.cel_expression = "this.a < 5";',
        ['has the new rule cel_expression: "this.a < 5"'],
    ),
    "expression taken from a message": (
        'int64 a = 1; option M.cel_expression = "this.a > 0"; option M.cel_expression = "this.a < 5";',
        'int64 a = 1; option M.cel_expression = "this.a > 0";',
        [],
    ),
    "expression added to a field": (
        'int64 a = 1 [F.cel_expression = "this > 0"];',
        'int64 a = 1 [F.cel_expression = "this > 0", F.cel_expression = "this < 5"];',
        ['a has the new rule cel_expression: "this < 5"'],
    ),
    "another expression by the same id": (
        'int64 a = 1 [F.cel = {id: "few", expression: "this < 9"}];',
        'int64 a = 1 [F.cel = {id: "few", expression: "this < 8"}];',
        ['a has the rule cel.few: "this < 8" instead of "this < 9"'],
    ),
    "oneof added": (
        'int64 a = 1; int64 b = 2; int64 c = 3; option M.oneof = {fields: ["a", "b"]};',
        'int64 a = 1; int64 b = 2; int64 c = 3; option M.oneof = {fields: ["a", "b"]};'
        ' option M.oneof = {fields: ["b", "c"]};',
        ["has the new rule oneof: at most one of b, c"],
    ),
    "oneof of fewer": (
        'int64 a = 1; int64 b = 2; int64 c = 3; option M.oneof = {fields: ["a", "b", "c"]};',
        'int64 a = 1; int64 b = 2; int64 c = 3; option M.oneof = {fields: ["b", "a"]};',
        [],
    ),
    "required oneof of fewer": (
        'int64 a = 1; int64 b = 2; int64 c = 3; option M.oneof = {fields: ["a", "b", "c"] required: true};',
        'int64 a = 1; int64 b = 2; int64 c = 3; option M.oneof = {fields: ["a", "b"] required: true};',
        ["has the new rule oneof: exactly one of a, b"],
    ),
    "oneof gone in which a field could be empty": (
        'string a = 1 [F.string.min_len = 2]; string b = 2; option M.oneof = {fields: ["a", "b"]};',
        "string a = 1 [F.string.min_len = 2]; string b = 2;",
        ["a is checked when it is empty, which it was not"],
    ),
    "characters, then bytes": (
        "string a = 1 [F.string.max_len = 10];",
        "string a = 1 [F.string.max_bytes = 20];",
        ["a has the new rule string.max_bytes: 20"],
    ),
    "bytes, then characters": (
        # One character may have four bytes.
        "string a = 1 [F.string.min_bytes = 4];",
        "string a = 1 [F.string.min_len = 3];",
        ["a has the new rule string.min_len: 3"],
    ),
    "as many bytes as characters": (
        "string a = 1 [F.string = {min_len: 4, max_bytes: 9}];",
        "string a = 1 [F.string = {min_bytes: 4, max_len: 9}];",
        [],
    ),
    "length, then bounds around it": (
        "string a = 1 [F.string.len = 5];",
        "string a = 1 [F.string = {min_len: 4, max_len: 5}];",
        [],
    ),
    "bounds, then a length between them": (
        "string a = 1 [F.string = {min_len: 4, max_len: 5}];",
        "string a = 1 [F.string.len = 5];",
        ["a has the rule string.len: 5 instead of string.min_len: 4 and string.max_len: 5"],
    ),
    "range outside becomes a range above": (
        "int64 a = 1 [F.int64 = {gt: 10, lt: 5}];",
        "int64 a = 1 [F.int64 = {gt: 10}];",
        ["a has the rule int64.gt: 10 instead of int64.gt: 10 and int64.lt: 5"],
    ),
    "range above becomes a range outside": (
        "int64 a = 1 [F.int64 = {gt: 10}];",
        "int64 a = 1 [F.int64 = {gt: 10, lt: 5}];",
        [],
    ),
    "range inside becomes a range outside": (
        "int64 a = 1 [F.int64 = {gt: 0, lt: 10}];",
        "int64 a = 1 [F.int64 = {gt: 7, lt: 5}];",
        ["a has the rule int64.gt: 7 and int64.lt: 5 instead of int64.gt: 0 and int64.lt: 10"],
    ),
    "one value, then a list with it": (
        'string a = 1 [F.string.const = "x"];',
        'string a = 1 [F.string = {in: ["x", "y"]}];',
        [],
    ),
    "list, then one value of it": (
        'string a = 1 [F.string = {in: ["x", "y"]}];',
        'string a = 1 [F.string.const = "x"];',
        ["a refuses y by the rule string.const"],
    ),
    "list, then bounds around it": (
        "int64 a = 1 [F.int64 = {in: [3, 5]}];",
        "int64 a = 1 [F.int64 = {gte: 3, lte: 5}];",
        [],
    ),
    "list, then a bound within it": (
        "int64 a = 1 [F.int64 = {in: [3, 5]}];",
        "int64 a = 1 [F.int64 = {gt: 3}];",
        ["a has the new rule int64.gt: 3"],
    ),
    "longer list of what may not be": (
        "int64 a = 1 [F.int64.not_in = 5];",
        "int64 a = 1 [F.int64 = {not_in: [4, 5]}];",
        ["a refuses 4 by the rule int64.not_in"],
    ),
    "false alone": (
        "bool a = 1;",
        "bool a = 1 [F.bool.const = false];",
        ["a has the new rule bool.const: false"],
    ),
    "rule that is off": ("string a = 1;", "string a = 1 [F.string.email = false];", []),
    "shorter prefix": (
        'string a = 1 [F.string.prefix = "ab"];',
        'string a = 1 [F.string.prefix = "a"];',
        [],
    ),
    "longer prefix": (
        'string a = 1 [F.string.prefix = "a"];',
        'string a = 1 [F.string.prefix = "ab"];',
        ['a has the rule string.prefix: "ab" instead of "a"'],
    ),
    "stricter header": (
        "string a = 1 [F.string = {well_known_regex: KNOWN_REGEX_HTTP_HEADER_NAME, strict: false}];",
        "string a = 1 [F.string = {well_known_regex: KNOWN_REGEX_HTTP_HEADER_NAME}];",
        ["a has the rule string.strict: true instead of false"],
    ),
    "enum that lost a value": (
        "enum E { U = 0; V = 1; } E a = 1 [F.enum.defined_only = true];",
        'enum E { U = 0; reserved 1; reserved "V"; } E a = 1 [F.enum.defined_only = true];',
        ["a refuses V, gone from its enum, by the rule enum.defined_only"],
    ),
    "enum in a map that lost a value": (
        "enum E { U = 0; V = 1; } map<string, E> a = 1 [F.map.values.enum.defined_only = true];",
        'enum E { U = 0; reserved 1; reserved "V"; }'
        " map<string, E> a = 1 [F.map.values.enum.defined_only = true];",
        ["a refuses V, gone from its enum, by the rule map.values.enum.defined_only"],
    ),
    "enum that lost a value, and takes any number": (
        "enum E { U = 0; V = 1; } E a = 1;",
        'enum E { U = 0; reserved 1; reserved "V"; } E a = 1;',
        [],
    ),
    "items that could be empty": (
        "repeated string a = 1 [F.repeated.items = {ignore: IGNORE_IF_ZERO_VALUE string: {min_len: 2}}];",
        "repeated string a = 1 [F.repeated.items = {string: {min_len: 2}}];",
        ["a is checked by its repeated.items when it is empty, which it was not"],
    ),
    "items that may be empty": (
        "repeated string a = 1 [F.repeated.items = {string: {min_len: 2}}];",
        "repeated string a = 1 [F.repeated.items = {ignore: IGNORE_IF_ZERO_VALUE string: {min_len: 2}}];",
        [],
    ),
    "rules that were ignored": (
        "string a = 1 [F.string.min_len = 2, F.ignore = IGNORE_ALWAYS];",
        "string a = 1 [F.string.min_len = 2];",
        ["a has the new rule string.min_len: 2"],
    ),
    "rules gone, and that they are ignored": (
        "string a = 1 [F.string.min_len = 2, F.ignore = IGNORE_IF_ZERO_VALUE];",
        "string a = 1;",
        [],
    ),
    "predefined rule": (
        "int64 a = 1;",
        "int64 a = 1 [F.int64.(acme.v1.divisible) = 2];",
        ["a has the new rule int64.[acme.v1.divisible]"],
    ),
    "predefined rule, as it was": (
        "int64 a = 1 [F.int64.(acme.v1.divisible) = 2];",
        "int64 a = 1 [F.int64.(acme.v1.divisible) = 2];",
        [],
    ),
    "another value of a predefined rule": (
        "int64 a = 1 [F.int64.(acme.v1.divisible) = 2];",
        "int64 a = 1 [F.int64.(acme.v1.divisible) = 4];",
        ["a has another value or expression in its rule int64.[acme.v1.divisible]"],
    ),
    "another expression behind a predefined rule": (
        "int64 a = 1 [F.int64.(acme.v1.small) = true];",
        "int64 a = 1 [F.int64.(acme.v1.small) = true];",
        ["a has another value or expression in its rule int64.[acme.v1.small]"],
    ),
}

# Rules can be extended by proto2 and editions alone.
PREDEFINED = """syntax = "proto2";
package acme.v1;
import "buf/validate/validate.proto";
option go_package = "example.com/acme/shop/v1;shopv1";
extend buf.validate.Int64Rules {
  optional int64 divisible = 80000 [
    (buf.validate.predefined).cel = {id: "divisible" message: "no" expression: "this % rule == 0"}
  ];
  optional bool small = 80001 [
    (buf.validate.predefined).cel = {id: "small" message: "no" expression: "this < LIMIT"}
  ];
}
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is told of all cases, each in a message of its own."""
    jobs = []
    for index, limit in enumerate(("9", "8")):
        messages = "".join(
            f"message Case{number} {{ {case[index]} }}\n".replace("M.", "(buf.validate.message).").replace(
                "F.", "(buf.validate.field)."
            )
            for number, case in enumerate(CASES.values())
        )
        fields = " ".join(f"Case{number} case{number} = {number + 1};" for number in range(len(CASES)))
        text = changed(
            'import "buf/validate/validate.proto";',
            'import "buf/validate/validate.proto"; import "acme/v1/predefined.proto";',
            "message Nothing {}",
            f"message Nothing {{ {fields} }}\n{messages}",
        )
        further = {"acme/v1/predefined.proto": PREDEFINED.replace("LIMIT", limit)}
        jobs.append(write(tmp_path_factory.mktemp("cases") / "shop", text, further))
    return [finding.sentence for finding in breaking.breaks(*jobs, CONFIG)]


@pytest.mark.parametrize("case", CASES)
def test_a_rule_is_compared_with_what_it_was(found: list[str], case: str) -> None:
    name = f"acme.v1.Case{list(CASES).index(case)}"
    mine = [sentence[len(name) + 1 :] for sentence in found if re.match(rf"{re.escape(name)}\b", sentence)]
    assert mine == CASES[case][2]

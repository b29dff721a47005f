"""Every kind of validation rule, each with values just inside and just outside of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final


@dataclass(frozen=True)
class Rule:
    """A rule of one field, named `value`.

    Attributes:
        kind: The field's type as in a .proto.
        text: The rule in protobuf's text format.
        inside: Values that keep it; None leaves the field out.
        outside: Values that break it.
    """

    kind: str
    text: str
    inside: Sequence[Any]
    outside: Sequence[Any]


def rules() -> list[Rule]:
    """All rules."""
    found = [*_numbers(), *_STRINGS, *_FORMATS, *_BYTES, *_OTHERS, *_COLLECTIONS, *_TIMES, *_COMMON]
    return [rule if isinstance(rule, Rule) else Rule(*rule) for rule in found]


_INTEGERS = {
    "int32": (-(2**31), 2**31 - 1),
    "sint32": (-(2**31), 2**31 - 1),
    "sfixed32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "sint64": (-(2**63), 2**63 - 1),
    "sfixed64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "fixed32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "fixed64": (0, 2**64 - 1),
}
_NAN, _INF = float("nan"), float("inf")


def _numbers() -> Iterator[Rule]:
    for kind, (least, most) in _INTEGERS.items():
        yield from _bounds(kind, 10, 20, 1, (least, most))
        # Where JavaScript's numbers end.
        if most > 2**53:
            yield Rule(kind, f"{kind} {{gt: {2**53}}}", (2**53 + 1,), (2**53, 2**53 - 1))
            yield Rule(kind, f"{kind} {{const: {most}}}", (most,), (most - 1,))
    for kind, step in (("double", 2**-40), ("float", 2**-18)):
        yield from _bounds(kind, 10, 20, step, (-_INF, _INF))
        yield Rule(kind, f"{kind} {{finite: true}}", (1.5, -0.0, 5e-324), (_NAN, _INF, -_INF))
        for rule in ("gt: 1", "lt: 1", "gte: 1", "lte: 1", "gt: 1 lt: 5", "gt: 5 lt: 1"):
            yield Rule(kind, f"{kind} {{{rule}}}", (), (_NAN,))


def _bounds(kind: str, low: int, high: int, step: float, ends: tuple[float, float]) -> Iterator[Rule]:
    least, most = ends
    below, above = low - step, high + step
    for text, inside, outside in (
        (f"const: {low}", (low,), (below, low + step)),
        (f"lt: {high}", (high - step, least), (high, above, most)),
        (f"lte: {high}", (high, least), (above, most)),
        (f"gt: {low}", (low + step, most), (low, below, least)),
        (f"gte: {low}", (low, most), (below, least)),
        (f"gt: {low} lt: {high}", (low + step, high - step), (low, high, least, most)),
        (f"gte: {low} lte: {high}", (low, high), (below, above)),
        (f"gt: {low} lte: {high}", (low + step, high), (low, above)),
        (f"gte: {low} lt: {high}", (low, high - step), (below, high)),
        # The bounds turned round exclude what lies between them.
        (f"gt: {high} lt: {low}", (above, below), (low, high, low + step)),
        (f"gte: {high} lte: {low}", (high, low), (low + step, high - step)),
        (f"gt: {high} lte: {low}", (above, low), (high, low + step)),
        (f"gte: {high} lt: {low}", (high, below), (low, high - step)),
        (f"in: [{low}, {high}]", (low, high), (below, above)),
        (f"not_in: [{low}, {high}]", (below, above), (low, high)),
    ):
        yield Rule(kind, f"{kind} {{{text}}}", inside, outside)


_STRINGS: Final = (
    ("string", 'string {const: "a"}', ("a",), ("", "A", "aa")),
    ("string", "string {len: 3}", ("abc", "äöü", "😀😀😀"), ("ab", "abcd", "😀😀", "e\u0301e\u0301e\u0301")),
    ("string", "string {min_len: 2}", ("ab", "😀😀"), ("a", "😀")),
    ("string", "string {max_len: 2}", ("", "ab", "😀😀"), ("abc", "😀😀😀")),
    ("string", "string {min_len: 2 max_len: 2}", ("ab",), ("a", "abc")),
    ("string", "string {len_bytes: 4}", ("abcd", "😀", "äö"), ("abc", "äöü", "a😀")),
    ("string", "string {min_bytes: 3}", ("abc", "aä"), ("ab", "ä")),
    ("string", "string {max_bytes: 3}", ("abc", "aä"), ("abcd", "ää", "😀")),
    ("string", 'string {pattern: "^[a-z]{2}$"}', ("ab",), ("a", "abc", "AB", "ab\n", "\nab")),
    ("string", 'string {pattern: "b+"}', ("abc", "b"), ("ac",)),
    ("string", 'string {pattern: "^\\\\p{L}+$"}', ("äö", "aß"), ("1", "a b")),
    ("string", 'string {pattern: "(?i)^ab$"}', ("AB", "ab"), ("a",)),
    ("string", 'string {pattern: "^a.c$"}', ("abc", "a😀c"), ("a\nc", "ac")),
    ("string", 'string {prefix: "ab"}', ("ab", "abc"), ("a", "Ab", "cab")),
    ("string", 'string {suffix: "ab"}', ("ab", "cab"), ("b", "abc")),
    ("string", 'string {contains: "ab"}', ("ab", "xaby"), ("a", "ba")),
    ("string", 'string {not_contains: "ab"}', ("a", "ba"), ("ab", "xaby")),
    ("string", 'string {in: ["a", "b"]}', ("a", "b"), ("c", "ab")),
    ("string", 'string {not_in: ["a", "b"]}', ("c", "ab"), ("a", "b")),
)
_FORMATS: Final = (
    (
        "string",
        "string {email: true}",
        ("a@example.com", "a.b+c@x.example", "a@localhost", "a@1.2.3.4"),
        (
            "",
            "a",
            "@example.com",
            "a@",
            "a@b@c",
            " a@example.com",
            "a@example..com",
            "A <a@example.com>",
            "ü@example.com",
        ),
    ),
    (
        "string",
        "string {hostname: true}",
        ("example.com", "localhost", "a-b.example", "example.com.", "1a.com", "A.COM"),
        ("", "-a.com", "a-.com", "a..com", "a_b.com", "1.2.3.4", "ü.com", "a" * 64 + ".com", "a b"),
    ),
    (
        "string",
        "string {ip: true}",
        ("1.2.3.4", "::1", "2001:db8::1", "::ffff:1.2.3.4", "fe80::1%eth0"),
        ("", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", ":::", "12345::", "::1%", "[::1]"),
    ),
    (
        "string",
        "string {ipv4: true}",
        ("127.0.0.1", "255.255.255.255"),
        ("::1", "256.0.0.1", "1.2.3", "1.2.3.4/8"),
    ),
    (
        "string",
        "string {ipv6: true}",
        ("::", "1:2:3:4:5:6:7:8"),
        ("1.2.3.4", "1:2:3:4:5:6:7", "1::2::3", "g::"),
    ),
    (
        "string",
        "string {uri: true}",
        ("https://example.com/a?b=c#d", "urn:a:b", "mailto:a@b", "a:", "http://[::1]/", "x://%41"),
        ("", "/a", "example.com", "http://a b", "http://%zz", "1a:b", "http://[::1", "http://example.com/ü"),
    ),
    (
        "string",
        "string {uri_ref: true}",
        ("", "/a", "a/b", "?x", "#y", "https://example.com", "//a"),
        ("a b", "%zz", "\\", "#a#b", ":a"),
    ),
    ("string", "string {address: true}", ("example.com", "1.2.3.4", "::1"), ("", "a b", "-a", "1.2.3.4:5")),
    (
        "string",
        "string {uuid: true}",
        ("00000000-0000-0000-0000-000000000000", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"),
        (
            "",
            "f81d4fae7dec11d0a76500a0c91e6bf6",
            "g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
        ),
    ),
    (
        "string",
        "string {tuuid: true}",
        ("f81d4fae7dec11d0a76500a0c91e6bf6",),
        ("", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f8"),
    ),
    (
        "string",
        "string {ip_with_prefixlen: true}",
        ("1.2.3.4/8", "::1/64", "1.2.3.4/0"),
        ("", "1.2.3.4", "1.2.3.4/33", "::/129", "1.2.3.4/08"),
    ),
    (
        "string",
        "string {ipv4_with_prefixlen: true}",
        ("1.2.3.4/32",),
        ("", "1.2.3.4", "::1/64", "1.2.3.4/-1"),
    ),
    ("string", "string {ipv6_with_prefixlen: true}", ("::1/128",), ("", "::1", "1.2.3.4/8", "::1%a/64")),
    (
        "string",
        "string {ip_prefix: true}",
        ("1.2.0.0/16", "2001:db8::/32"),
        ("", "1.2.3.4/16", "2001:db8::1/32", "1.2.0.0"),
    ),
    ("string", "string {ipv4_prefix: true}", ("1.0.0.0/8",), ("", "1.0.0.1/8", "::/0")),
    ("string", "string {ipv6_prefix: true}", ("::/0",), ("", "::1/64", "1.0.0.0/8")),
    (
        "string",
        "string {host_and_port: true}",
        ("example.com:80", "1.2.3.4:0", "[::1]:65535"),
        ("", "example.com", "example.com:", "example.com:65536", "::1:80", "[::1]", ":80", "a:080"),
    ),
    (
        "string",
        "string {ulid: true}",
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
        ("", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAU"),
    ),
    (
        "string",
        "string {well_known_regex: KNOWN_REGEX_HTTP_HEADER_NAME}",
        ("a", ":authority", "X-Y_z"),
        ("", "a b", "a:", "ü"),
    ),
    (
        "string",
        "string {well_known_regex: KNOWN_REGEX_HTTP_HEADER_NAME strict: false}",
        ("a", "a b"),
        ("", "a\nb", "a\x00"),
    ),
    (
        "string",
        "string {well_known_regex: KNOWN_REGEX_HTTP_HEADER_VALUE}",
        ("", "a b\t", "ü"),
        ("a\nb", "\x7f", "\x01"),
    ),
    (
        "string",
        "string {well_known_regex: KNOWN_REGEX_HTTP_HEADER_VALUE strict: false}",
        ("", "\x01"),
        ("a\nb", "\x00"),
    ),
)
_BYTES: Final = (
    ("bytes", 'bytes {const: "a"}', (b"a",), (b"", b"b")),
    ("bytes", "bytes {len: 2}", (b"\xff\x00",), (b"a", b"abc")),
    ("bytes", "bytes {min_len: 2}", (b"ab",), (b"a", b"\xff")),
    ("bytes", "bytes {max_len: 2}", (b"", b"ab"), (b"abc",)),
    ("bytes", 'bytes {pattern: "^[a-z]+$"}', (b"ab",), (b"", b"A")),
    ("bytes", 'bytes {prefix: "\\377"}', (b"\xff", b"\xffa"), (b"", b"a\xff")),
    ("bytes", 'bytes {suffix: "\\377"}', (b"\xff", b"a\xff"), (b"\xffa",)),
    ("bytes", 'bytes {contains: "\\000"}', (b"a\x00b",), (b"ab",)),
    ("bytes", 'bytes {in: ["a", "\\377"]}', (b"a", b"\xff"), (b"b",)),
    ("bytes", 'bytes {not_in: ["a", "\\377"]}', (b"b",), (b"a", b"\xff")),
    ("bytes", "bytes {ip: true}", (b"1234", b"a" * 16), (b"", b"123", b"a" * 15)),
    ("bytes", "bytes {ipv4: true}", (b"1234",), (b"", b"a" * 16)),
    ("bytes", "bytes {ipv6: true}", (b"a" * 16,), (b"", b"1234")),
    ("bytes", "bytes {uuid: true}", (b"a" * 16,), (b"", b"a" * 15, b"a" * 17)),
)
_OTHERS: Final = (
    ("bool", "bool {const: true}", (True,), (False,)),
    ("bool", "bool {const: false}", (False,), (True,)),
    ("Kind", "enum {const: 1}", (1,), (0, 2)),
    ("Kind", "enum {defined_only: true}", (0, 1, 2), (3, -1)),
    ("Kind", "enum {in: [1, 2]}", (1, 2), (0, 3)),
    ("Kind", "enum {not_in: [1, 2]}", (0, 3), (1, 2)),
    (
        "Any",
        'any {in: ["type.googleapis.com/a.B"]}',
        ("type.googleapis.com/a.B",),
        ("type.googleapis.com/a.C", ""),
    ),
    (
        "Any",
        'any {not_in: ["type.googleapis.com/a.B"]}',
        ("type.googleapis.com/a.C",),
        ("type.googleapis.com/a.B",),
    ),
    ("FieldMask", 'field_mask {const: {paths: ["a", "b"]}}', (["a", "b"],), (["a"], ["b", "a"], [])),
    (
        "FieldMask",
        'field_mask {in: ["a", "b.c"]}',
        (["a"], ["b.c", "a"], []),
        (["c"], ["a", "b"], ["b.c.d.e", "x"]),
    ),
    ("FieldMask", 'field_mask {not_in: ["a", "b.c"]}', (["c"], []), (["a"], ["c", "b.c"])),
    ("Int64Value", "int64 {gt: 5}", (6, None), (5, 0)),
    ("StringValue", "string {min_len: 2}", ("ab", None), ("a", "")),
    ("BytesValue", "bytes {max_len: 1}", (b"", None), (b"ab",)),
    ("BoolValue", "bool {const: true}", (True, None), (False,)),
    ("DoubleValue", "double {finite: true}", (0.0, None), (_NAN,)),
    ("UInt32Value", "uint32 {in: [1]}", (1, None), (0, 2)),
)
_COLLECTIONS: Final = (
    ("repeated int32", "repeated {min_items: 2}", ([1, 2],), ([1], [])),
    ("repeated int32", "repeated {max_items: 2}", ([1, 2], []), ([1, 2, 3],)),
    ("repeated int32", "repeated {unique: true}", ([1, 2], []), ([1, 1], [1, 2, 1])),
    ("repeated string", "repeated {unique: true}", (["a", "A"],), (["a", "a"],)),
    ("repeated double", "repeated {unique: true}", ([0.5, 1.5], [_NAN, _NAN]), ([0.5, 0.5], [0.0, -0.0])),
    ("repeated bytes", "repeated {unique: true}", ([b"a", b"b"],), ([b"a", b"a"],)),
    ("repeated int64", "repeated {items: {int64: {gt: 5}}}", ([6, 7], []), ([5], [6, 5, 4])),
    (
        "repeated string",
        "repeated {min_items: 1 items: {string: {min_len: 2}}}",
        (["ab"],),
        ([], ["a"], ["ab", "a"]),
    ),
    ("repeated Kind", "repeated {items: {enum: {defined_only: true}}}", ([0, 1],), ([1, 3],)),
    (
        "repeated string",
        'repeated {items: {cel: {id: "item" message: "no" expression: "this != \'x\'"}}}',
        (["a"],),
        (["a", "x"],),
    ),
    (
        "repeated string",
        "repeated {items: {ignore: IGNORE_IF_ZERO_VALUE string: {min_len: 2}}}",
        (["", "ab"],),
        (["a"],),
    ),
    ("map<string, int32>", "map {min_pairs: 1}", ({"a": 1},), ({},)),
    ("map<string, int32>", "map {max_pairs: 1}", ({"a": 1}, {}), ({"a": 1, "b": 2},)),
    ("map<string, int32>", "map {keys: {string: {min_len: 2}}}", ({"ab": 1}, {}), ({"a": 1}, {'"': 2})),
    ("map<string, int32>", "map {values: {int32: {gt: 5}}}", ({"a": 6}, {}), ({"a": 5}, {'ä"\\': 0})),
    (
        "map<string, int32>",
        "map {keys: {string: {min_len: 2}} values: {int32: {gt: 5}}}",
        ({"ab": 6},),
        ({"a": 5},),
    ),
    ("map<int64, string>", "map {keys: {int64: {lt: 0}}}", ({-1: "a"},), ({0: "a"}, {2**63 - 1: "a"})),
    ("map<uint64, string>", "map {keys: {uint64: {lt: 5}}}", ({4: "a"},), ({2**64 - 1: "a"},)),
    ("map<bool, string>", "map {keys: {bool: {const: true}}}", ({True: "a"},), ({False: "a"},)),
    ("map<sint32, bytes>", "map {values: {bytes: {len: 1}}}", ({-5: b"a"},), ({-5: b""},)),
)


def _span(seconds: int, nanos: int = 0) -> tuple[int, int]:
    return (seconds, nanos)


_DAY = int(timedelta(days=1).total_seconds())
_TIMES: Final = (
    ("Duration", "duration {const: {seconds: 5}}", (_span(5), None), (_span(5, 1), _span(4, 999999999))),
    ("Duration", "duration {lt: {seconds: 5}}", (_span(4, 999999999), _span(-9)), (_span(5), _span(6))),
    ("Duration", "duration {lte: {seconds: 5}}", (_span(5),), (_span(5, 1),)),
    ("Duration", "duration {gt: {seconds: 5}}", (_span(5, 1),), (_span(5), _span(0), _span(-1, -1))),
    ("Duration", "duration {gte: {seconds: 5}}", (_span(5),), (_span(4, 999999999),)),
    ("Duration", "duration {gt: {seconds: 1} lt: {seconds: 5}}", (_span(2),), (_span(1), _span(5))),
    ("Duration", "duration {gte: {seconds: 5} lte: {seconds: 1}}", (_span(5), _span(1)), (_span(2),)),
    ("Duration", "duration {in: [{seconds: 1}, {nanos: 5}]}", (_span(1), _span(0, 5)), (_span(2),)),
    ("Duration", "duration {not_in: [{seconds: 1}]}", (_span(2),), (_span(1),)),
    ("Timestamp", "timestamp {const: {seconds: 5}}", (_span(5), None), (_span(5, 1),)),
    ("Timestamp", "timestamp {lt: {seconds: 5}}", (_span(4, 999999999),), (_span(5), _span(5, 1))),
    ("Timestamp", "timestamp {lte: {seconds: 5}}", (_span(5),), (_span(5, 1),)),
    ("Timestamp", "timestamp {gt: {seconds: 5 nanos: 7}}", (_span(5, 8),), (_span(5, 7), _span(-1))),
    ("Timestamp", "timestamp {gte: {seconds: 5}}", (_span(5),), (_span(4, 999999999),)),
    ("Timestamp", "timestamp {gt: {seconds: 1} lt: {seconds: 5}}", (_span(2),), (_span(1), _span(5))),
    ("Timestamp", "timestamp {gte: {seconds: 5} lte: {seconds: 1}}", (_span(0), _span(6)), (_span(2),)),
    # Far from any moment at which this may run.
    ("Timestamp", "timestamp {lt_now: true}", (_span(0),), (_span(200000 * _DAY),)),
    ("Timestamp", "timestamp {gt_now: true}", (_span(200000 * _DAY),), (_span(0),)),
    ("Timestamp", "timestamp {within: {seconds: 3600}}", (), (_span(0), _span(200000 * _DAY))),
)
_COMMON: Final = (
    ("string", "required: true", ("a",), ("", None)),
    ("int64", "required: true", (1,), (0,)),
    ("Inner", "required: true", ("ab",), (None,)),
    ("repeated int32", "required: true", ([0],), ([],)),
    ("map<string, int32>", "required: true", ({"": 0},), ({},)),
    ("Inner", "", ("ab", None), ("a",)),
    ("repeated Inner", "", (["ab"], []), (["ab", "a"],)),
    ("map<string, Inner>", "", ({"x": "ab"},), ({"x": "a"},)),
    ("Inner", "ignore: IGNORE_ALWAYS", ("a", "ab"), ()),
    ("string", "ignore: IGNORE_IF_ZERO_VALUE string {min_len: 3}", ("", "abc"), ("a",)),
    ("string", "ignore: IGNORE_ALWAYS string {min_len: 3}", ("", "a"), ()),
    ("optional string", "string {min_len: 3}", (None, "abc"), ("", "a")),
    ("optional string", "required: true string {min_len: 3}", ("abc",), (None, "", "a")),
    ("optional string", "ignore: IGNORE_IF_ZERO_VALUE string {min_len: 3}", (None, "abc"), ("", "a")),
    ("int32", 'cel {id: "even" message: "must be even" expression: "this % 2 == 0"}', (2, 0), (1, -1)),
    ("int32", "cel {id: \"words\" expression: \"this > 5 ? '' : 'must be over ' + string(5)\"}", (6,), (5,)),
    ("int32", 'cel_expression: "this > 5"', (6,), (5,)),
    (
        "string",
        'cel {id: "twice" message: "a" expression: "this.size() > 1"} string {max_len: 3}',
        ("ab",),
        ("a", "abcd"),
    ),
    (
        "Timestamp",
        'cel {id: "year" message: "y" expression: "this.getFullYear() == 2000"}',
        (_span(951782400),),
        (_span(0),),
    ),
    (
        "double",
        'cel {id: "nan" message: "n" expression: "!this.isNan() && !this.isInf()"}',
        (0.5,),
        (_NAN, _INF),
    ),
    ("repeated int32", 'cel {id: "sum" message: "s" expression: "this.all(x, x > 0)"}', ([1],), ([0],)),
    (
        "map<string, int32>",
        'cel {id: "key" message: "k" expression: "this.all(k, k != \'\')"}',
        ({"a": 0},),
        ({"": 0},),
    ),
)

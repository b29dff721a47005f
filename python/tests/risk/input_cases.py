"""Every kind of bad input with its exact message: the tests' table, and that of docs/input.md."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

PRICES = """\
Date,AAA,BBB
2026-01-02,10.5,0.001
2026-01-05,11,0.002
2026-01-06,10.25,0.0015
"""
PORTFOLIO = """\
{
  "id": "pair",
  "name": "A pair",
  "currency": "USD",
  "positions": [
    {"symbol": "AAA", "exposure_minor": 100000},
    {"symbol": "BBB", "quantity": "-12.5"}
  ]
}
"""
LIMIT = """\
  "limit": {"confidence": 99, "value_at_risk_minor": 5000000,
    "approvers": ["risk-officer"],
    "decide_within_hours": 8.5,
    "escalate_to": ["head@example.com"]}
"""


@dataclass(frozen=True)
class Folder:
    """A directory in place of a file."""


@dataclass(frozen=True)
class Link:
    """A symbolic link in place of a file."""

    target: str


@dataclass(frozen=True)
class Absent:
    """No file at all."""


Content = bytes | Folder | Link | Absent


@dataclass(frozen=True)
class Case:
    """One kind of bad input.

    Attributes:
        kind: What is wrong, in words.
        message: What `load_inputs` says.
        files: What lies in the folder besides, or in place of, the good files.
        arguments: Those of `load_inputs`, where they are not the good files.
    """

    kind: str
    message: str
    files: Mapping[str, Content] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)


def prices(kind: str, old: str, new: str, message: str) -> Case:
    """The good prices with one thing changed."""
    assert old in PRICES, old
    return Case(kind, message, {"prices.csv": PRICES.replace(old, new, 1).encode()})


def price_file(kind: str, content: Content, message: str, name: str = "prices.csv") -> Case:
    """Another file in place of the good prices."""
    return Case(kind, message, {name: content}, {"prices": name})


def portfolio(kind: str, old: str, new: str, message: str) -> Case:
    """The good portfolio with one thing changed."""
    assert old in PORTFOLIO, old
    return Case(kind, message, {"portfolio.json": PORTFOLIO.replace(old, new, 1).encode()})


def portfolio_file(kind: str, content: Content, message: str) -> Case:
    """Another file in place of the good portfolio."""
    return Case(kind, message, {"portfolio.json": content})


def argument(kind: str, message: str, **arguments: str) -> Case:
    """Good files, but another argument."""
    return Case(kind, message, arguments=arguments)


def lay_out(case: Case, folder: Path) -> dict[str, str]:
    """Writes a case's files and returns the arguments of `load_inputs`, seen from the folder."""
    good: dict[str, Content] = {"prices.csv": PRICES.encode(), "portfolio.json": PORTFOLIO.encode()}
    for name, content in {**good, **case.files}.items():
        path = folder / name
        match content:
            case bytes():
                path.write_bytes(content)
            case Folder():
                path.mkdir()
            case Link(target):
                path.symlink_to(target)
            case Absent():
                pass
    return {"portfolio": "portfolio.json", "prices": "prices.csv", **case.arguments}


def many_days(count: int) -> bytes:
    """Prices of one asset."""
    last = date(2026, 1, 31)
    days = (last - timedelta(days=count - 1 - index) for index in range(count))
    return "\n".join(["Date,AAA", *(f"{day},1" for day in days)]).encode()


def many_columns(count: int) -> bytes:
    """Prices of two days."""
    symbols = "".join(f",S{number}" for number in range(count))
    return "\n".join([f"Date{symbols}", *(f"2026-01-0{day}" + ",1" * count for day in (1, 2))]).encode()


PRICE_FILES = [
    price_file("no such file", Absent(), "prices.csv: does not exist"),
    price_file("a directory", Folder(), "prices.csv: is a directory, not a file"),
    price_file(
        "unreadable", Link("prices.csv"), "prices.csv: cannot be read: Too many levels of symbolic links"
    ),
    price_file("empty", b"", "prices.csv: is empty"),
    price_file(
        "too large",
        gzip.compress(bytes(64 * 2**20 + 1), 1),
        "prices.csv.gz: is larger than 64 MiB",
        "prices.csv.gz",
    ),
    price_file(
        "not compressed, but named so",
        PRICES.encode(),
        "prices.csv.gz: has a name that ends in .gz, but is not compressed by gzip",
        "prices.csv.gz",
    ),
    price_file(
        "compressed, but not named so",
        gzip.compress(PRICES.encode()),
        "prices.csv: is compressed by gzip; give it a name that ends in .gz",
    ),
    price_file(
        "compressed and cut off",
        gzip.compress(PRICES.encode())[:-10],
        "prices.csv.gz: is cut off: its compressed data have no end",
        "prices.csv.gz",
    ),
    price_file(
        "compressed and damaged",
        gzip.compress(PRICES.encode())[:-8] + bytes(8),
        "prices.csv.gz: is damaged: its compressed data are not what gzip wrote",
        "prices.csv.gz",
    ),
    price_file("UTF-16", PRICES.encode("utf-16"), "prices.csv: is written in UTF-16; save it as UTF-8"),
    price_file(
        "UTF-16 without a byte order mark",
        PRICES.encode("utf-16-le"),
        "prices.csv, line 1, column 2: there is a zero byte, so this is not text in UTF-8",
    ),
    price_file(
        "Latin-1",
        PRICES.replace("BBB", "Börse").encode("latin-1"),
        "prices.csv, line 1, column 11: the byte 0xF6 is not UTF-8; save the file as UTF-8",
    ),
    prices(
        "a cell quoted wrongly",
        "11,0.002",
        '11,"0.002',
        "prices.csv, line 3: a cell is quoted wrongly or far too long",
    ),
    prices(
        "text behind a quoted cell",
        "11,0.002",
        '"11"1,0.002',
        "prices.csv, line 3: a cell is quoted wrongly or far too long",
    ),
]

PRICE_HEADERS = [
    price_file("blank lines alone", b"\n\n", "prices.csv: is empty"),
    price_file("no symbols", b"Date\n2026-01-02\n", "prices.csv, line 1: the header names no symbols"),
    price_file(
        "columns separated by semicolons",
        PRICES.replace(",", ";").encode(),
        "prices.csv, line 1: the header names no symbols; it separates columns by ';', but must by commas",
    ),
    price_file(
        "no header",
        PRICES.partition("\n")[2].encode(),
        "prices.csv, line 1: the header is missing: the first line must name the symbols",
    ),
    prices(
        "a column without a symbol",
        "BBB",
        "",
        "prices.csv, line 1, column 3: the header names no symbol here",
    ),
    prices(
        "a symbol that is too long",
        "BBB",
        "B" * 33,
        "prices.csv, line 1, column 3: 'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB' is no symbol "
        "of at most 32 printable characters",
    ),
    prices(
        "a symbol that does not print",
        "BBB",
        "B\x07B",
        "prices.csv, line 1, column 3: 'B\\x07B' is no symbol of at most 32 printable characters",
    ),
    prices("a duplicate column", "BBB", "AAA", "prices.csv, line 1, column AAA: the symbol occurs twice"),
    prices(
        "a missing symbol",
        ",BBB",
        ",CCC",
        "prices.csv, line 1: there is no column for BBB, which the portfolio holds",
    ),
    price_file("a header alone", b"Date,AAA,BBB\n", "prices.csv: holds prices of fewer than two days"),
    price_file(
        "one day alone",
        b"Date,AAA,BBB\n2026-01-02,10.5,0.001\n",
        "prices.csv: holds prices of fewer than two days",
    ),
]

PRICE_ROWS = [
    prices(
        "an empty line between others", "2026-01-05", "\n2026-01-05", "prices.csv, line 3: the line is empty"
    ),
    prices(
        "a row that is too short",
        "11,0.002",
        "11",
        "prices.csv, line 3: holds 1 price where the header names 2 symbols",
    ),
    prices(
        "a row that is too long",
        "11,0.002",
        "11,0,002",
        "prices.csv, line 3: holds 3 prices where the header names 2 symbols",
    ),
    prices("a missing date", "2026-01-05", "", "prices.csv, line 3, column Date: the date is missing"),
    prices(
        "a date in another form",
        "2026-01-05",
        "05.01.2026",
        "prices.csv, line 3, column Date: '05.01.2026' is no date of the form 2026-01-31",
    ),
    prices(
        "a date that is in no calendar",
        "2026-01-05",
        "2026-02-30",
        "prices.csv, line 3, column Date: '2026-02-30' is no date of the form 2026-01-31",
    ),
    prices(
        "a duplicate date",
        "2026-01-05",
        "2026-01-02",
        "prices.csv, line 3, column Date: 2026-01-02 occurs twice",
    ),
    prices(
        "dates that do not ascend",
        "2026-01-05",
        "2026-01-07",
        "prices.csv, line 4, column Date: 2026-01-06 comes after 2026-01-07; dates must ascend",
    ),
    prices("a gap", "0.002", "", "prices.csv, line 3, column BBB: the price is missing"),
    prices(
        "a price that is 0",
        "0.002",
        "0.00",
        "prices.csv, line 3, column BBB: the price '0.00' is not above 0",
    ),
    prices(
        "a price below 0",
        "0.002",
        "-0.002",
        "prices.csv, line 3, column BBB: the price '-0.002' is not above 0",
    ),
    prices(
        "a price that is not finite",
        "0.002",
        "NaN",
        "prices.csv, line 3, column BBB: the price 'NaN' is not finite",
    ),
    prices(
        "an exponent",
        "0.002",
        "2e-3",
        "prices.csv, line 3, column BBB: the price '2e-3' has an exponent; write its digits out",
    ),
    prices(
        "no number", "0.002", "n/a", "prices.csv, line 3, column BBB: 'n/a' is no decimal number like 123.45"
    ),
    prices(
        "separated thousands",
        "0.002",
        '"1,000.5"',
        "prices.csv, line 3, column BBB: '1,000.5' is no decimal number like 123.45",
    ),
    prices(
        "too many decimals",
        "0.002",
        "0.0020000000000001",
        "prices.csv, line 3, column BBB: the price has 16 decimals, and at most 15 are kept",
    ),
    prices(
        "overflow",
        "0.002",
        "9007199254740.993",
        "prices.csv, line 3, column BBB: the price '9007199254740.993' has too many "
        "digits: without its point it may be at most 2^53",
    ),
    prices(
        "overflow beside finer prices",
        "11,",
        "9007199254740,",
        "prices.csv, line 3, column AAA: with the 4 decimals of another price it has too "
        "many digits: at most 2^53 in all",
    ),
]

PORTFOLIO_FILES = [
    portfolio_file("no such file", Absent(), "portfolio.json: does not exist"),
    portfolio_file("a directory", Folder(), "portfolio.json: is a directory, not a file"),
    portfolio_file("empty", b"", "portfolio.json: is empty"),
    portfolio_file("too large", b" " * (2**23 + 1), "portfolio.json: is larger than 8 MiB"),
    portfolio_file(
        "Latin-1",
        PORTFOLIO.replace("A pair", "Paar für zwei").encode("latin-1"),
        "portfolio.json, line 3, column 18: the byte 0xFC is not UTF-8; save the file as UTF-8",
    ),
    portfolio(
        "a comma too many", "}\n  ]", "},\n  ]", "portfolio.json, line 8, column 3: a value should stand here"
    ),
    portfolio(
        "a comma too few",
        '"A pair",',
        '"A pair"',
        "portfolio.json, line 4, column 3: a comma or } should stand here",
    ),
    portfolio(
        "a comment",
        '"id"',
        '// a pair\n  "id"',
        "portfolio.json, line 2, column 3: a key in quotation marks should stand here",
    ),
    portfolio("no colon", '"id":', '"id"', "portfolio.json, line 2, column 8: a colon should stand here"),
    portfolio(
        "an open quotation mark",
        '"A pair"',
        '"A pair',
        "portfolio.json, line 3, column 11: the text in quotation marks has no end or a "
        "character that JSON forbids",
    ),
    portfolio(
        "half of a character",
        "A pair",
        "\\ud800",
        "portfolio.json, line 3, column 11: the text has half of a character",
    ),
    portfolio(
        "no JSON value", "100000", "NaN", "portfolio.json, line 6, column 41: a value should stand here"
    ),
    portfolio(
        "a number without end",
        "100000",
        "1" * 61,
        "portfolio.json, line 6, column 41: the number is too long",
    ),
    portfolio("cut off", "  ]\n}\n", "", "portfolio.json, line 8, column 1: the file ends too early"),
    portfolio(
        "text behind the end",
        "]\n}",
        "]\n}\n}",
        "portfolio.json, line 10, column 1: the file should end here",
    ),
    portfolio(
        "lists in lists in lists",
        '"A pair"',
        "[" * 17,
        "portfolio.json, line 3, column 27: is nested too deeply",
    ),
    portfolio(
        "far too many values",
        '"A pair"',
        "[" + "0," * 100_000,
        "portfolio.json, line 3, column 200006: there are more than 100,000 values",
    ),
    portfolio(
        "a duplicate key",
        '"symbol": "AAA"',
        '"symbol": "AAA", "symbol": "BBB"',
        "portfolio.json, line 6, column 23: the key 'symbol' occurs twice",
    ),
    portfolio_file("no object", b"[]", "portfolio.json, line 1: must be an object in braces"),
]

PORTFOLIO_FIELDS = [
    portfolio(
        "an unknown field",
        '"name"',
        '"colour": "red",\n  "name"',
        "portfolio.json, line 3, colour: is not a field of a portfolio file",
    ),
    portfolio(
        "an unknown field of a position",
        '"AAA",',
        '"AAA", "isin": "",',
        "portfolio.json, line 6, positions[0].isin: is not a field of a portfolio file",
    ),
    portfolio("a missing field", '  "name": "A pair",\n', "", "portfolio.json, line 1, name: is missing"),
    portfolio(
        "a wrong type", '"A pair"', "7", "portfolio.json, line 3, name: must be text in quotation marks"
    ),
    portfolio(
        "an identifier of other characters",
        '"pair"',
        '"My Pair"',
        "portfolio.json, line 2, id: 'My Pair' is no id: lower-case letters, digits and "
        "hyphens, 63 at most, the first no hyphen",
    ),
    portfolio("an empty name", '"A pair"', '""', "portfolio.json, line 3, name: is empty"),
    portfolio(
        "a name that is too long",
        '"A pair"',
        '"' + "A" * 201 + '"',
        "portfolio.json, line 3, name: is longer than 200 characters",
    ),
    portfolio(
        "no currency code",
        "USD",
        "dollars",
        "portfolio.json, line 4, currency: 'dollars' is no currency code of three capital letters like USD",
    ),
    portfolio(
        "a currency without cents",
        "USD",
        "JPY",
        "portfolio.json, line 4, currency: JPY has no cents; only currencies with two decimals will do",
    ),
    portfolio_file(
        "positions that are no list",
        b'{"id": "a", "name": "A", "currency": "USD", "positions": {}}',
        "portfolio.json, line 1, positions: must be a list in square brackets",
    ),
    portfolio_file(
        "empty positions",
        b'{"id": "a", "name": "A", "currency": "USD",\n "positions": []}',
        "portfolio.json, line 2, positions: is empty",
    ),
    portfolio(
        "too many positions",
        '"-12.5"}',
        '"-12.5"}' + ',\n    {"symbol": "AAA", "exposure_minor": 1}' * 999,
        "portfolio.json, line 5, positions: has 1,001 positions; at most 1,000 are allowed",
    ),
    portfolio(
        "a position that is no object",
        '{"symbol": "AAA", "exposure_minor": 100000}',
        '"AAA"',
        "portfolio.json, line 6, positions[0]: must be an object in braces",
    ),
    portfolio("an empty symbol", '"AAA"', '""', "portfolio.json, line 6, positions[0].symbol: is empty"),
    portfolio(
        "a duplicate symbol",
        '"BBB"',
        '"AAA"',
        "portfolio.json, line 7, positions[1].symbol: 'AAA' is in positions[0] already; a"
        " symbol may occur once",
    ),
    portfolio(
        "an exposure with a point",
        "100000",
        "1000.00",
        "portfolio.json, line 6, positions[0].exposure_minor: must be a whole number of "
        "minor units (cents), without quotes, point or exponent",
    ),
    portfolio(
        "an exposure with an exponent",
        "100000",
        "1e5",
        "portfolio.json, line 6, positions[0].exposure_minor: must be a whole number of "
        "minor units (cents), without quotes, point or exponent",
    ),
    portfolio(
        "an exposure in quotes",
        "100000",
        '"100000"',
        "portfolio.json, line 6, positions[0].exposure_minor: must be a whole number of "
        "minor units (cents), without quotes, point or exponent",
    ),
    portfolio(
        "an exposure that is no number",
        "100000",
        "true",
        "portfolio.json, line 6, positions[0].exposure_minor: must be a whole number of "
        "minor units (cents), without quotes, point or exponent",
    ),
    portfolio(
        "exposure overflow",
        "100000",
        "9007199254740992",
        "portfolio.json, line 6, positions[0].exposure_minor: is out of range: an "
        "exposure must be below 2^53 minor units",
    ),
    portfolio(
        "exposure overflow when short",
        "100000",
        "-9007199254740992",
        "portfolio.json, line 6, positions[0].exposure_minor: is out of range: an "
        "exposure must be above -2^53 minor units",
    ),
    portfolio(
        "neither exposure nor quantity",
        ', "exposure_minor": 100000',
        "",
        "portfolio.json, line 6, positions[0].exposure_minor: is missing; a position needs it or a quantity",
    ),
    portfolio(
        "both exposure and quantity",
        '"-12.5"',
        '"-12.5", "exposure_minor": 1',
        "portfolio.json, line 7, positions[1].exposure_minor: stands beside a quantity; a"
        " position has one of the two",
    ),
    portfolio(
        "a quantity that is no decimal",
        '"-12.5"',
        '"12,5"',
        "portfolio.json, line 7, positions[1].quantity: '12,5' is no decimal number of at"
        " most 15 digits before and 15 after the point",
    ),
    portfolio(
        "a quantity that is too fine",
        '"-12.5"',
        "1e-16",
        "portfolio.json, line 7, positions[1].quantity: 1E-16 is no decimal number of "
        "at most 15 digits before and 15 after the point",
    ),
    portfolio(
        "a quantity that is no number",
        '"-12.5"',
        "null",
        "portfolio.json, line 7, positions[1].quantity: null is no decimal number of at "
        "most 15 digits before and 15 after the point",
    ),
    portfolio(
        "a quantity worth too much",
        '"exposure_minor": 100000',
        '"quantity": 999999999999999',
        "portfolio.json, line 6, positions[0].quantity: comes to 1024999999999998975 "
        "minor units, and exposures must be below 2^53",
    ),
    portfolio(
        "labels that are no object",
        '"AAA",',
        '"AAA", "labels": ["tech"],',
        "portfolio.json, line 6, positions[0].labels: must be an object in braces",
    ),
    portfolio(
        "a label's name of other characters",
        '"AAA",',
        '"AAA", "labels": {"desk": "x", "Desk 1": "y"},',
        "portfolio.json, line 6, positions[0].labels.'Desk 1': 'Desk 1' is no label's name: "
        "lower-case letters, digits and _ . -, 63 at most, the first a letter",
    ),
    portfolio(
        "a label that is no text",
        '"BBB",',
        '"BBB", "labels": {"desk": 7},',
        "portfolio.json, line 7, positions[1].labels.desk: must be text in quotation marks",
    ),
    portfolio(
        "a label that is too long",
        '"AAA",',
        '"AAA", "labels": {"desk": "' + "A" * 257 + '"},',
        "portfolio.json, line 6, positions[0].labels.desk: is longer than 256 characters",
    ),
    portfolio(
        "too many labels",
        '"AAA",',
        '"AAA", "labels": {' + ", ".join(f'"l{number}": ""' for number in range(21)) + "},",
        "portfolio.json, line 6, positions[0].labels: has more than 20 labels",
    ),
    portfolio_file(
        "exposures that are all 0",
        b'{"id": "a", "name": "A", "currency": "USD",\n'
        b' "positions": [{"symbol": "AAA", "exposure_minor": 0}]}',
        "portfolio.json, line 2, positions: every exposure is 0, so there is no risk",
    ),
]


def limit(kind: str, old: str, new: str, message: str) -> Case:
    """The good portfolio and a good limit with one thing changed."""
    assert old in LIMIT, old
    with_limit = PORTFOLIO.replace("  ]\n}", "  ],\n" + LIMIT.replace(old, new, 1) + "}")
    return Case(kind, f"portfolio.json, {message}", {"portfolio.json": with_limit.encode()})


LIMITS = [
    portfolio(
        "no object",
        "  ]",
        '  ], "limit": 5000000',
        "portfolio.json, line 8, limit: must be an object in braces",
    ),
    limit("a missing confidence", '"confidence": 99, ', "", "line 9, limit.confidence: is missing"),
    limit(
        "a confidence that no report has",
        "99,",
        "94.99,",
        "line 9, limit.confidence: 94.99 is no percentage from 95 to 99.99 with at most two "
        "decimals, like 97.5",
    ),
    limit(
        "a confidence that is too fine",
        "99,",
        '"97.125",',
        "line 9, limit.confidence: '97.125' is no percentage from 95 to 99.99 with at most two "
        "decimals, like 97.5",
    ),
    limit(
        "a limit with a point",
        "5000000",
        "50000.00",
        "line 9, limit.value_at_risk_minor: must be a whole number of minor units (cents), without quotes, "
        "point or exponent",
    ),
    limit(
        "a limit of 0",
        "5000000",
        "0",
        "line 9, limit.value_at_risk_minor: is out of range: a limit must be above 0",
    ),
    limit(
        "limit overflow",
        "5000000",
        "9007199254740992",
        "line 9, limit.value_at_risk_minor: is out of range: a limit must be below 2^53 minor units",
    ),
    limit("nobody to decide", '["risk-officer"]', "[]", "line 10, limit.approvers: is empty"),
    limit(
        "an approver alone",
        '["risk-officer"]',
        '"risk-officer"',
        "line 10, limit.approvers: must be a list in square brackets",
    ),
    limit(
        "an approver's name of other characters",
        "risk-officer",
        "risk officer",
        "line 10, limit.approvers[0]: 'risk officer' is no approver's name: letters, digits and . _ @ + -, "
        "100 at most, the first a letter or digit",
    ),
    limit(
        "an approver twice",
        '["risk-officer"]',
        '["risk-officer", "risk-officer"]',
        "line 10, limit.approvers[1]: 'risk-officer' occurs twice",
    ),
    limit(
        "too many approvers",
        '"risk-officer"',
        ", ".join(f'"officer-{number}"' for number in range(21)),
        "line 10, limit.approvers: has 21 names; at most 20 are allowed",
    ),
    limit(
        "no time to decide",
        "8.5",
        "0",
        "line 11, limit.decide_within_hours: 0 is no number of hours between one second and 720 hours",
    ),
    limit(
        "more than a month to decide",
        "8.5",
        "720.001",
        "line 11, limit.decide_within_hours: 720.001 is no number of hours between one second and 720 hours",
    ),
    limit(
        "hours that are no number",
        "8.5",
        '"8"',
        "line 11, limit.decide_within_hours: '8' is no number of hours between one second and 720 hours",
    ),
    limit(
        "an escalation to no address",
        "head@example.com",
        "the head",
        "line 12, limit.escalate_to[0]: 'the head' is no mail address",
    ),
    limit(
        "an escalation to one address twice",
        '"head@example.com"',
        '"head@example.com", "head@example.com"',
        "line 12, limit.escalate_to[1]: 'head@example.com' occurs twice",
    ),
    limit(
        "too many escalations",
        '"head@example.com"',
        ", ".join(f'"head-{number}@example.com"' for number in range(11)),
        "line 12, limit.escalate_to: has 11 addresses; at most 10 are allowed",
    ),
    limit(
        "an unknown field",
        '"approvers"',
        '"currency": "USD", "approvers"',
        "line 10, limit.currency: is not a field of a portfolio file",
    ),
]

ARGUMENTS = [
    argument(
        "no first date", "the first date '2026-1-2' is no date of the form 2026-01-31", from_date="2026-1-2"
    ),
    argument(
        "no as-of date",
        "the as-of date 'yesterday' is no date of the form 2026-01-31",
        as_of_date="yesterday",
    ),
    argument(
        "an as-of date without prices",
        "prices.csv: there is no price of 2026-01-04; prices reach from 2026-01-02 to 2026-01-06",
        as_of_date="2026-01-04",
    ),
    argument(
        "a window that is too short",
        "prices.csv: there are fewer than two days of prices from 2026-01-06 to 2026-01-06",
        from_date="2026-01-06",
    ),
    argument(
        "a window of the first day alone",
        "prices.csv: there are fewer than two days of prices to 2026-01-02",
        as_of_date="2026-01-02",
    ),
    argument(
        "synthetic prices without a size",
        "'synthetic:' is no source of prices; write synthetic:ASSETSxDAYS, like synthetic:20x3000",
        prices="synthetic:",
    ),
    argument(
        "a size in another form",
        "'synthetic:20*3000' is no source of prices; write synthetic:ASSETSxDAYS, like synthetic:20x3000",
        prices="synthetic:20*3000",
    ),
    argument(
        "too many synthetic assets",
        "synthetic:1001x10: there must be 1 to 1,000 assets",
        prices="synthetic:1001x10",
        portfolio="synthetic",
    ),
    argument(
        "too few synthetic days",
        "synthetic:20x1: there must be 2 to 65,537 days",
        prices="synthetic:20x1",
        portfolio="synthetic",
    ),
    argument(
        "too many synthetic prices",
        "synthetic:1000x10001: there may be at most 10,000,000 prices",
        prices="synthetic:1000x10001",
        portfolio="synthetic",
    ),
    argument(
        "symbols that synthetic prices lack",
        "synthetic:20x3000: there are no prices of AAA, BBB; its symbols are A0001 to A0020",
        prices="synthetic:20x3000",
    ),
    Case(
        "more days than can be drawn from",
        "prices.csv: at most 65,536 days can be drawn from, and these are 65,537",
        {"prices.csv": many_days(65_538)},
        {"portfolio": "synthetic"},
    ),
    Case(
        "more columns than positions may be",
        "synthetic: a portfolio holds at most 1,000 assets, and there are prices of 1,001",
        {"prices.csv": many_columns(1_001)},
        {"portfolio": "synthetic"},
    ),
]

TABLE = {
    "The prices file": PRICE_FILES,
    "Its header": PRICE_HEADERS,
    "Its rows": PRICE_ROWS,
    "The portfolio file": PORTFOLIO_FILES,
    "Its fields": PORTFOLIO_FIELDS,
    "Its limit": LIMITS,
    "Arguments": ARGUMENTS,
}

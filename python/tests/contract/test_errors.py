"""The error types: one list in the contract, and nobody beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from triglot import store
from triglot.contract import errors, generate
from triglot.contract.errors import error_types
from triglot.contract.model import Activity, Workflow
from triglot.contract.parse import parse
from triglot.errors.v1.errors_pb2 import ErrorType

REPOSITORY = Path(__file__).parents[3]
# A call that makes an error, with the calls in its arguments.
ERRORS = re.compile(r"Application(?:Error|Failure)\w*(?:\.\w+)?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
A_TYPE = re.compile(r"""["'`]([A-Z]\w*)["'`]""")


def test_a_type_is_its_values_name_in_pascal_case() -> None:
    assert errors.INVALID_ARGUMENT == "InvalidArgument"
    assert len(error_types()) == len(ErrorType.values()) - 1
    assert {"ObjectNotFound", "ReportWithdrawn", "NoDecisionNeeded"} <= error_types()


def retry_policies() -> Iterator[tuple[str, tuple[str, ...]]]:
    compiled = generate.compile_contract(generate.own_job())
    contract, problems = parse(
        CodeGeneratorRequest(file_to_generate=[file.name for file in compiled.file], proto_file=compiled.file)
    )
    assert problems == []
    for service in contract.services:
        for rpc in service.rpcs:
            if isinstance(rpc, Activity | Workflow) and rpc.retry_policy:
                yield f"{service.name}.{rpc.name}", rpc.retry_policy.non_retryable_error_types


def test_retry_policies_name_types_of_the_contract_alone() -> None:
    policies = dict(retry_policies())

    assert "ReportWithdrawn" in policies["PublicationService.PromoteReport"]
    assert set().union(*policies.values()) <= error_types()


@pytest.mark.parametrize("raised", [store.ObjectNotFound, store.ObjectCorrupt, store.StoreUnavailable])
def test_what_the_store_raises_is_named_like_its_type(raised: type[Exception]) -> None:
    # The SDK takes the class's name for the type.
    assert raised.__name__ in error_types()


def own_types(path: Path) -> list[str]:
    """Types that a source file gives an error and that it does not have from the contract."""
    source = path.read_text()
    if path.suffix != ".py":
        return [match for call in ERRORS.findall(source) for match in A_TYPE.findall(call)]
    nodes = list(ast.walk(ast.parse(source)))
    imported = {
        name.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == errors.__name__
        for name in node.names
    }
    given = {
        ast.unparse(keyword.value)
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ApplicationError")
        for keyword in node.keywords
        if keyword.arg == "type"
    }
    return sorted(given - imported)


def test_no_error_has_a_type_that_is_not_the_contracts() -> None:
    sources = [
        path
        for pattern in ("python/src/**/*.py", "go/**/*.go", "typescript/src/**/*.ts")
        for path in REPOSITORY.glob(pattern)
        if not re.search(r"/v1/|/gen/|_test\.go$|\.test\.ts$", str(path))
    ]
    assert len(sources) > 100

    found = {str(path.relative_to(REPOSITORY)): own_types(path) for path in sources}

    assert {path: types for path, types in found.items() if types} == {}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.py", 'raise ApplicationError(\n    f"no {x}", details(), type="Other", non_retryable=True\n)'),
        ("a.py", 'OTHER = "Other"\nraise exceptions.ApplicationError("no", type=OTHER)'),
        ("a.go", 'return temporal.NewNonRetryableApplicationError(\n\terr.Error(), "Other", err)'),
        ("a.ts", "throw ApplicationFailure.create({\n  type: 'Other',\n  message: `no ${f(x)}`,\n});"),
        ("a.ts", "throw ApplicationFailure.retryable(`no ${f(g(x))}`, 'Other');"),
    ],
)
def test_a_type_of_ones_own_is_found(tmp_path: Path, name: str, source: str) -> None:
    (tmp_path / name).write_text(source)

    assert [found.strip("'").capitalize() for found in own_types(tmp_path / name)] == ["Other"]


def test_the_docs_list_all_types() -> None:
    _, _, section = (REPOSITORY / "docs/contracts.md").read_text().partition("\n## Errors\n")
    table = section.partition("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [
        errors.on_the_wire(value) for value in ErrorType.values() if value
    ]

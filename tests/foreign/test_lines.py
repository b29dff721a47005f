"""How much is generated for ReturnService: one workflow, one signal, one query, one update, one activity."""

from __future__ import annotations

import io
import tokenize

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from documents import check_table
from triglot.contract import image, plugin
from triglot.contract.generate import Job

FILE = "acme/returns/v1/returns.proto"
PARAMETERS = {
    "Python": "lang=python",
    "Go": "lang=go,module=example.com/acme",
    "TypeScript": "lang=typescript,ts_runtime=../temporal/contract.js",
}


def files(job: Job, parameter: str) -> dict[str, str]:
    """What the compiler makes of ReturnService alone, by the files' own names."""
    compiled = image.compile_protos((job.proto, *job.imports), [FILE])
    for file in compiled.file:
        if file.name == FILE:
            (archive,) = (each for each in file.service if each.name == "ArchiveService")
            file.service.remove(archive)
            assert sorted(len(each.method) for each in file.service) == [5]
    request = CodeGeneratorRequest(file_to_generate=[FILE], proto_file=compiled.file, parameter=parameter)
    return {name.rpartition("/")[2]: text for name, text in plugin.generate(request).items()}


def python_code(text: str) -> int:
    """Lines that are neither blank nor comment nor docstring."""
    lines, at_start = set[int](), True
    layout = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in {*layout, tokenize.ENDMARKER} and not (
            at_start and token.type == tokenize.STRING
        ):
            lines.update(range(token.start[0], token.end[0] + 1))
        at_start = token.type in layout
    return len(lines)


def other_code(text: str) -> int:
    """The same for Go and TypeScript, whose generated comments have lines of their own."""
    return sum(
        bool(line.strip()) and not line.lstrip().startswith(("//", "/*", "*")) for line in text.splitlines()
    )


def test_the_docs_state_how_many_lines_a_service_takes(job: Job, pytestconfig: pytest.Config) -> None:
    rows = ["| language | file | lines | of them code |", "|---|---|---|---|"]
    for language, parameter in PARAMETERS.items():
        code = python_code if language == "Python" else other_code
        made = [(name, len(text.splitlines()), code(text)) for name, text in files(job, parameter).items()]
        rows += [f"| {language} | `{name}` | {lines} | {of_code} |" for name, lines, of_code in made]
        if len(made) > 1:
            rows.append(
                f"| {language} | all | {sum(each[1] for each in made)} | {sum(each[2] for each in made)} |"
            )
    check_table(pytestconfig, "compiler.md", "lines", "\n".join(rows))

"""Legal names and texts that mean something else in a language: test_golden lints what is made of them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from toolchain import NODE, run

ID = "a\r\nb\x7f`'\"\\${x}\u2028é🎉k/true"
QUEUE = "odd\ufeffqueue"
SCRIPT = """
import {{ create }} from '@bufbuild/protobuf';
import {{ MapSchema }} from './{path}/odd_pb.js';
import {{ findId, oddServiceTaskQueue }} from './{path}/odd_temporal.js';
console.log(JSON.stringify([findId(create(MapSchema, {{ key: 'k', flag: true }})), oddServiceTaskQueue]));
"""


def test_python_means_what_the_contract_says(acme: Any) -> None:
    messages = importlib.import_module("acme.odd.v1.odd_pb2")
    generated = importlib.import_module("acme.odd.v1.odd_temporal")
    request = messages.Map(key="k", flag=True)
    assert [generated.find_id(request), generated.OddService.TASK_QUEUE] == [ID, QUEUE]


def test_go_means_what_the_contract_says(go_programs: Path) -> None:
    assert json.loads(run(go_programs / "odd", cwd=go_programs)) == [ID, QUEUE]


def test_typescript_means_what_the_contract_says(typescript_modules: Path) -> None:
    script = SCRIPT.format(path="gen/acme/odd/v1")
    made = run(NODE, "--input-type=module", "--eval", script, cwd=typescript_modules)
    assert json.loads(made) == [ID, QUEUE]

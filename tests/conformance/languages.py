"""Long-running executors, one a language: each answers a JSON object a line about payloads.

The operations, and what executors answer:

    {"op": "load", "descriptors": BASE64}                                      {}
        A FileDescriptorSet: further messages, in place of those of an earlier load.
    {"op": "encode", "encoding": "json"|"binary", "type": NAME, "data": BASE64}    {"payload": PAYLOAD}
    {"op": "decode", "type": NAME, "payload": PAYLOAD}                         {"data": BASE64}
    {"op": "encode_plain", "value": TAGGED}                                    {"payload": PAYLOAD}
    {"op": "decode_plain", "as": TYPE, "payload": PAYLOAD}                     {"value": TAGGED}
    {"op": "validate", "type": NAME, "data": BASE64}                           {"violations": [...]}

`data` is a message in protobuf's binary form, PAYLOAD has `metadata` (bytes in base64) and `data` (base64), a
violation has `field` (its path), `rule` and `message`. `"stock": true` takes the SDK's default converter in
place of the contract's, in which a decode may answer as decode_plain does. `{"data": null}` is no message at
all. What the code under test raises is answered by {"error": {"type", "message", "nonRetryable"}}, as the SDK
would send it. Three types are the executors' own: `Executor` is a fault of theirs, be it that they were asked
for what their language does not have, and always a failed test; `Unwritable` a message that was decoded and
that TypeScript does not encode again; `Unmade` one that TypeScript cannot hold, so nothing was tested.

A TAGGED value is an object with one key, so that nothing is lost on the way: {"nothing": null},
{"null": null}, {"bool": true}, {"int": "1"}, {"float": "nan"}, {"number": "1"} (a number of JavaScript, which
has one type), {"string": "a"}, {"bytes": BASE64}, {"list": [TAGGED]}, {"map": [[KEY, TAGGED]]},
{"datetime": RFC 3339}, {"record": [["name", TAGGED], ["count", TAGGED]]}; and, to be encoded alone,
{"bigint": "1"}, {"enum": NUMBER}, {"duration": SECONDS}, {"set": [TAGGED]}, {"dictionary": [[KEY, TAGGED]]}
(JavaScript's Map). {"deep": LEVELS} comes of a value of JavaScript that is too deep to tell.
TYPE is one of any, bool, int, float, string, bytes, list, map, record, enum, datetime.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from triglot.contract import image

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
LANGUAGES: Final = ("python", "go", "typescript")
_GO_PACKAGE: Final = "internal/conformance"

Operation = dict[str, Any]
Answer = dict[str, Any]


def encoded(content: bytes) -> str:
    """Bytes as they travel to an executor and back."""
    return base64.b64encode(content).decode()


def decoded(text: str) -> bytes:
    """The bytes that came from an executor."""
    return base64.b64decode(text, validate=True)


@dataclass
class Executor:
    """A process that does operations.

    Args:
        language: One of LANGUAGES.
        command: What starts it.
    """

    language: str
    command: Sequence[str | Path]
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def ask(self, operation: Operation) -> Answer:
        """Does one operation."""
        return self.ask_all([operation])[0]

    def ask_all(self, operations: Sequence[Operation]) -> list[Answer]:
        """Does operations in their order.

        One at which the process dies is answered by an error of type `Crash`, and the rest goes to another
        process, which has loaded nothing.
        """
        answers: list[Answer] = []
        while len(answers) < len(operations):
            answers += self._ask_until_it_dies(operations[len(answers) :])
        return answers

    def _ask_until_it_dies(self, operations: Sequence[Operation]) -> list[Answer]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        # Beside the reading: pipes are small, and neither side may wait for the other.
        writer = threading.Thread(target=self._write, args=(process, operations))
        writer.start()
        # In this order, since the other one waits for a line more than there will be.
        answers = [json.loads(line) for _, line in zip(operations, process.stdout, strict=False)]
        writer.join()
        if len(answers) < len(operations):
            self.stop()
            answers.append({"error": {"type": "Crash", "message": f"exit code {process.returncode}"}})
        return answers

    @staticmethod
    def _write(process: subprocess.Popen[bytes], operations: Sequence[Operation]) -> None:
        assert process.stdin is not None
        try:
            for operation in operations:
                process.stdin.write(json.dumps(operation).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            # Whoever reads the answers notices that there are too few.
            return

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process

    def stop(self) -> None:
        """Ends the process, if it runs; the next operation starts another."""
        if self._process is not None:
            process, self._process = self._process, None
            process.communicate()


@dataclass(frozen=True)
class Languages:
    """The three executors, and what they know.

    Attributes:
        image: The messages that their generated code has, with all that these import.
    """

    executors: dict[str, Executor]
    image: FileDescriptorSet

    def __getitem__(self, language: str) -> Executor:
        return self.executors[language]

    def ask_all(self, operations: dict[str, list[Operation]]) -> dict[str, list[Answer]]:
        """Does each language's operations, side by side."""
        with ThreadPoolExecutor(len(self.executors)) as threads:
            futures = {
                language: threads.submit(self.executors[language].ask_all, todo)
                for language, todo in operations.items()
            }
            return {language: future.result() for language, future in futures.items()}


@contextmanager
def languages(folder: Path) -> Iterator[Languages]:
    """Builds the executors in an empty folder, and runs them until the block ends."""
    compiled = _compile()
    commands = {
        "python": _python(folder, compiled),
        "go": _go(folder, compiled),
        "typescript": _typescript(folder, compiled),
    }
    executors = {language: Executor(language, commands[language]) for language in LANGUAGES}
    try:
        yield Languages(executors, compiled)
    finally:
        for executor in executors.values():
            executor.stop()


def _compile() -> FileDescriptorSet:
    root = HERE / "proto"
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*.proto"))
    return image.compile_protos((root,), names)


def _own(compiled: FileDescriptorSet) -> list[str]:
    return [file.name for file in compiled.file if (HERE / "proto" / file.name).exists()]


def _python(folder: Path, compiled: FileDescriptorSet) -> list[str | Path]:
    generated = folder / "python"
    generated.mkdir()
    image.protoc(compiled, [f"--python_out={generated}", *_own(compiled)])
    modules = [name.removesuffix(".proto").replace("/", ".") + "_pb2" for name in _own(compiled)]
    return [sys.executable, HERE / "executors" / "payloads" / "payloads.py", generated, *modules]


def _go(folder: Path, compiled: FileDescriptorSet) -> list[str | Path]:
    """Builds the executor as if it lay in Go's module, whose packages it needs."""
    module = "example.com/triglot/go"
    generated = folder / "go"
    generated.mkdir()
    plugin = image.run(["go", "tool", "-n", "protoc-gen-go"], cwd=ROOT / "go").strip()
    options = [f"--plugin=protoc-gen-go={plugin}", f"--go_out={generated}", f"--go_opt=module={module}"]
    image.protoc(compiled, [*options, *_own(compiled)])
    files = {path.relative_to(generated): path for path in generated.rglob("*.go")}
    files |= {Path(_GO_PACKAGE, path.name): path for path in (HERE / "executors" / "payloads").glob("*.go")}
    overlay = folder / "overlay.json"
    replace = {str(ROOT / "go" / place): str(path) for place, path in files.items()}
    overlay.write_text(json.dumps({"Replace": replace}))
    binary = folder / "payloads"
    _run(["go", "build", "-C", "go", "-overlay", overlay, "-o", binary, f"./{_GO_PACKAGE}"])
    return [binary]


def _typescript(folder: Path, compiled: FileDescriptorSet) -> list[str | Path]:
    """Lays the executor beside its generated code, from where it finds our packages."""
    node = shutil.which("node")
    assert node, "node is not on the PATH; run the tests by make"
    modules = ROOT / "typescript" / "dist"
    assert (modules / "temporal").exists(), "the TypeScript workers are not built; run the tests by make"
    place = folder / "typescript"
    shutil.copytree(
        HERE / "executors" / "payloads", place, ignore=shutil.ignore_patterns("*.go", "*.py", "__pycache__")
    )
    (place / "node_modules").symlink_to(ROOT / "typescript" / "node_modules")
    plugin = ROOT / "typescript" / "node_modules" / ".bin" / "protoc-gen-es"
    generated = place / "gen"
    generated.mkdir()
    options = [
        f"--plugin=protoc-gen-es={plugin}",
        f"--es_out={generated}",
        "--es_opt=target=js,import_extension=js",
    ]
    wanted = [*_own(compiled), *(file.name for file in compiled.file if file.name == image.VALIDATE)]
    image.protoc(compiled, [*options, *wanted])
    files = [str(path) for path in sorted(generated.rglob("*_pb.js"))]
    return [node, place / "payloads.mjs", modules.as_uri(), *files]


def _run(command: Sequence[str | Path]) -> None:
    environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stderr}"

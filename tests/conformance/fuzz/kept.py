"""Cases that are kept: one for each known divergence, in kept.json."""

import json
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from fuzz.exchange import Case
from fuzz.schemas import Schema
from fuzz.text import schema_text
from languages import decoded, encoded

PATH: Final = Path(__file__).with_name("kept.json")


def read() -> dict[str, Case]:
    """The kept case of each known divergence, by its name."""
    return {name: _case(document) for name, document in json.loads(PATH.read_text()).items()}


def write(cases: dict[str, Case]) -> None:
    """Keeps cases in place of the ones before."""
    documents = {name: _document(case) for name, case in sorted(cases.items())}
    PATH.write_text(json.dumps(documents, indent=2, ensure_ascii=False) + "\n")


def _document(case: Case) -> dict[str, object]:
    files = [encoded(file.SerializeToString()) for file in case.schema.files]
    # The text is for readers; the descriptors say more exactly what was loaded.
    return {
        "schema": schema_text(case.schema).splitlines(),
        "files": files,
        "type": case.type,
        "encoding": case.encoding,
        "data": encoded(case.data),
    }


def _case(document: dict[str, Any]) -> Case:
    schema = Schema(tuple(FileDescriptorProto.FromString(decoded(file)) for file in document["files"]))
    return Case(schema, document["type"], decoded(document["data"]), document["encoding"])

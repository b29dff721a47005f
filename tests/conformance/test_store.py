"""The store of one language read by another: TypeScript's reader against Python's.

That Go and Python read each other's objects, every report on the embedded stack shows.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import json_format

from triglot.store import ObjectCorrupt, ObjectNotFound, Store
from triglot.store.v1.object_pb2 import ObjectRef

MODULES = Path(__file__).parents[2] / "typescript" / "dist"
CONTENT = bytes(range(256)) * 1000
READ = """
const { fromJsonString } = await import(`${process.env.PACKAGES}/@bufbuild/protobuf/dist/esm/index.js`);
const { ObjectRefSchema } = await import(`${process.env.MODULES}/gen/triglot/store/v1/object_pb.js`);
const { readStoreLocation } = await import(`${process.env.MODULES}/store/settings.js`);
const { openStore } = await import(`${process.env.MODULES}/store/store.js`);
try {
  const store = openStore(readStoreLocation(process.env));
  const content = await store.get(fromJsonString(ObjectRefSchema, process.env.REFERENCE));
  console.log(JSON.stringify({ content: content.toString('base64') }));
} catch (error) {
  console.log(JSON.stringify({ type: error.type, nonRetryable: error.nonRetryable ?? false }));
}
"""


def read_in_typescript(url: str, reference: ObjectRef) -> dict[str, object]:
    node = shutil.which("node")
    assert node, "node is not on the PATH; run the tests by make"
    assert (MODULES / "store").exists(), "the TypeScript workers are not built; run the tests by make"
    run = subprocess.run(
        [node, "--input-type=module", "--eval", READ],
        env={
            "PACKAGES": (MODULES.parent / "node_modules").as_uri(),
            "MODULES": MODULES.as_uri(),
            "TRIGLOT_STORE_URL": url,
            "REFERENCE": json_format.MessageToJson(reference),
        },
        capture_output=True,
        timeout=60,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One whose URL is percent-encoded."""
    return tmp_path / "risk desk ü %41"


async def test_typescript_reads_what_python_put(folder: Path) -> None:
    reference = await Store.from_url(folder.as_uri()).put(CONTENT, "image/png")

    answer = read_in_typescript(folder.as_uri(), reference)

    assert answer == {"content": base64.b64encode(CONTENT).decode()}


def remove(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(CONTENT[:-1])


def change(path: Path) -> None:
    path.write_bytes(CONTENT[:-1] + b"?")


@pytest.mark.parametrize(
    ("damage", "error"), [(remove, ObjectNotFound), (cut_off, ObjectCorrupt), (change, ObjectCorrupt)]
)
async def test_both_name_a_damage_alike(
    folder: Path, damage: Callable[[Path], None], error: type[Exception]
) -> None:
    store = Store.from_url(folder.as_uri())
    reference = await store.put(CONTENT, "image/png")
    damage(folder / "sha256" / reference.sha256[:2] / reference.sha256)

    with pytest.raises(error):
        await store.get(reference)
    assert read_in_typescript(folder.as_uri(), reference) == {"type": error.__name__, "nonRetryable": False}

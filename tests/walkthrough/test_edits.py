"""Edits of a page find their place, or say why not."""

from pathlib import Path

import pytest

from edits import EditError, make_edit

SOURCE = "def f():\n    a = 1\n\n    return a\n\n\ndef g():\n    a = 1\n    return 4\n"
HEAD = "--- a/source.py\n+++ b/source.py\n@@\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(
    ("hunks", "expected"),
    [
        ("-    return 4\n+    return 5\n", SOURCE.replace("4", "5")),
        (" def g():\n-    a = 1\n", SOURCE.replace("g():\n    a = 1\n", "g():\n")),
        # An editor that trims lines has taken the blank from a blank one.
        ("     a = 1\n\n+    a += 1\n", SOURCE.replace("a = 1\n\n", "a = 1\n\n    a += 1\n")),
        (
            "-def f():\n+def h():\n@@\n-    return 4\n",
            SOURCE.replace("f()", "h()").replace("    return 4\n", ""),
        ),
    ],
)
def test_an_edit_is_made_where_the_file_looks_so(source: Path, hunks: str, expected: str) -> None:
    make_edit(source.parent, HEAD + hunks)
    assert source.read_text() == expected


def test_several_files_are_edited(source: Path) -> None:
    (source.parent / "other").write_text("a\n")
    other = "--- a/other\n+++ b/other\n@@\n-a\n+b\n"
    make_edit(source.parent, f"{HEAD}-    return 4\n+    return 5\n{other}")
    assert source.read_text() == SOURCE.replace("4", "5")
    assert (source.parent / "other").read_text() == "b\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{HEAD}-    a = 1\n+    a = 2\n", "source.py looks so in 2 places"),
        (f"{HEAD}-    a = 3\n+    a = 2\n", "source.py looks so in 0 places"),
        (f"{HEAD}+    a = 2\n", "source.py looks so in 10 places"),
        (f"{HEAD}    return 4\n-x\n", "source.py looks so in 0 places"),
        (f"{HEAD}return 4\n", "no line of an edit is `return 4`"),
        (HEAD.replace("@@", "@@ -1 +1 @@") + "-    return 4\n", "it must begin with"),
        (HEAD.replace("source", "absent") + "-    return 4\n", r"there is no file absent\.py"),
        ("", "it must begin with"),
    ],
)
def test_what_cannot_be_made_says_why(source: Path, text: str, why: str) -> None:
    with pytest.raises(EditError, match=why):
        make_edit(source.parent, text)
    assert source.read_text() == SOURCE

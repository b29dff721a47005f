"""The runner of the pages notices what is not as they say."""

from pathlib import Path

import pytest

from acting import ActingError, act_out
from page import Block, PageError, is_output, is_quoted, read_page
from scratch import Scratch
from shell import Shell, ShellError

SOURCE = "def f():\n    a = 1\n    b = 2\n    c = 3\n\n\ndef g():\n    return 4\n"
ROW = "Go      85  11,333,390  56.7%  8.6 s     1,320,471    once\n"


def acted(tmp_path: Path, text: str) -> list[str]:
    """The titles of the steps of a page that was acted out in an empty copy."""
    page = tmp_path / "page.md"
    page.write_text(text)
    scratch = Scratch(tmp_path, {"PATH": "/usr/bin:/bin"})
    return [step.title for step in act_out(page, scratch, lambda _: None)]


def output(text: str, *words: str) -> Block:
    return Block(1, "text", words, text)


def quotation(text: str) -> Block:
    return Block(1, "python", ("file.py",), text)


@pytest.mark.parametrize(
    ("expected", "words", "printed"),
    [
        ("a\nb\n", (), "a\nb\n"),
        ("a\n", (), "\n\na   \n\n"),
        ("...\nb\n", (), "a\na\nb\n"),
        ("a\n...\n", (), "a\n"),
        ("took ... today\n", (), "took a while today\n"),
        ("1.7 s of 2  (3ms)\n", ("measured",), "11.25 s of 2     (0.5ms)\n"),
        ("a  ━━━━ x\n", ("measured",), "a     ━ x\n"),
        (ROW, ("measured=Go,Python",), "Go       7   1,400,000   8.2%   11 s       127,272    once\n"),
        ("Go  10 shards\n...\n", ("measured=Go",), "Go  7 shards\n64 shards\n"),
    ],
)
def test_output_as_it_is_shown(expected: str, words: tuple[str, ...], printed: str) -> None:
    assert is_output(output(expected, *words), printed)


@pytest.mark.parametrize(
    ("expected", "words", "printed"),
    [
        ("a\n", (), "a\nb\n"),
        ("a\nb\n", (), "a\n"),
        ("1.7 s\n", (), "1.8 s\n"),
        ("1.7 s\n", ("measured",), "soon\n"),
        ("PASS\n", ("measured",), "FAIL\n"),
        # Counts, amounts, limits and shares that somebody chose.
        ("64/64  1.7 s\n", ("measured",), "32/32  1.7 s\n"),
        ("go  64 shards, 7.2 s of CPU\n", ("measured",), "go  32 shards, 7.2 s of CPU\n"),
        ("60,000,000 scenarios\n", ("measured",), "20,000,000 scenarios\n"),
        ("v2, 100 %\n", ("measured",), "v2, 50 %\n"),
        ("6 shards\n", ("measured",), "16 shards\n"),
        ("step 64\n", ("measured",), "step 32\n"),
        (ROW, ("measured",), ROW.replace("85", "84")),
        (ROW, ("measured=Python",), ROW.replace("85", "84")),
        (ROW, ("measured=Go",), ROW.replace("once", "twice")),
        ("in 150 shards\n", ("measured=Go",), "in 64 shards\n"),
        ("...\nPASS\n", (), "PASS\nFAIL\n"),
        ("a  b\n", (), "a   b\n"),
        ("a.b\n", (), "axb\n"),
    ],
)
def test_other_output(expected: str, words: tuple[str, ...], printed: str) -> None:
    assert not is_output(output(expected, *words), printed)


@pytest.mark.parametrize(
    "text",
    ["    a = 1\n", "a = 1\nb = 2\n", "def f():\n    # ...\n    c = 3\n", "\na = 1\n# ...\n\nreturn 4\n"],
)
def test_a_quotation_that_stands_there(text: str) -> None:
    assert is_quoted(quotation(text), SOURCE)


@pytest.mark.parametrize(
    "text", ["a = 2\n", "a = 1\nc = 3\n", "return 4\n# ...\na = 1\n", "a = 1\n    b = 2\n", "= 1\n"]
)
def test_a_quotation_that_does_not(text: str) -> None:
    assert not is_quoted(quotation(text), SOURCE)


def test_one_shell_runs_all_and_edits_are_made(tmp_path: Path) -> None:
    text = """# Page
## One

```sh
greeting=hello
mkdir folder && cd folder
echo "$greeting" > file
```

## Two

```sh
cat file; pwd | sed s,.*/,,
```

```text
hello
folder
```

```diff
--- a/folder/file
+++ b/folder/file
@@
-hello
+good bye
```

```sh
cat file
```

```text
good bye
```

```sh exit=3
(exit 3)
```

```json folder/file
good bye
```

```toml title=other/file
a = 1
```

```sh
cat ../other/file
```

```text
a = 1
```
"""
    assert acted(tmp_path, text) == ["One", "Two"]


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("```sh\nfalse\ntrue\n```", "page.md:3: ended with 1"),
        ("```sh exit=2\ntrue\n```", "page.md:3: ended with 0"),
        ("```sh\necho a\n```\n```text\nb\n```", "page.md:6: this was expected:\nb\n"),
        ("```text\nb\n```", "page.md:3: no command"),
        ("```go absent.go\nb\n```", "page.md:3: there is no file absent.go"),
        ("```go source.go\nb\n```", "page.md:3: source.go has no such lines"),
        ("```diff\n--- a/x\n+++ b/x\n@@\n-a\n+b\n```", "page.md:3: cannot be edited so: there is no file x"),
        ("[here](absent.md)", "page.md:3: absent.md leads nowhere"),
    ],
)
def test_what_is_not_as_the_page_says_is_told_with_its_line(
    tmp_path: Path, block: str, complaint: str
) -> None:
    (tmp_path / "source.go").write_text("a\n")
    with pytest.raises(ActingError) as caught:
        acted(tmp_path, f"## One\n\n{block}\n")
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    "info",
    ["bash", "sh exit=no", "text about", "text numbers-vary", "text measured=", "python", "", "go a b"],
)
def test_a_block_of_no_kind_is_a_mistake(tmp_path: Path, info: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"## One\n\n```{info}\n```\n")
    with pytest.raises(PageError, match=r"page\.md:3: no block is"):
        read_page(page)


@pytest.mark.parametrize(
    "commands", ["false\ntrue", "true && false", "true; false", "true | false", "true & false"]
)
def test_of_several_commands_none_may_be_said_to_fail(tmp_path: Path, commands: str) -> None:
    """It would pass whichever of them does."""
    page = tmp_path / "page.md"
    page.write_text(f"## One\n\n```sh exit=1\n{commands}\n```\n")
    with pytest.raises(PageError, match=r"page\.md:3: `exit=1` says nothing of which of several commands"):
        read_page(page)


def test_commands_that_hang_are_told(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PATH": "/usr/bin:/bin"})
    try:
        with pytest.raises(ShellError, match=r"not within 1 s; so far:\nhere"):
            shell.run("echo here\nsleep 60\n", 1)
    finally:
        shell.close()

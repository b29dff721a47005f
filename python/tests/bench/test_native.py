"""The C reference: the same bits as NumPy's kernel, and one sentence where there is no compiler."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import json_format

from triglot.bench.native import library
from triglot.bench.native.library import Library, NativeError
from triglot.risk import codec, kernel
from triglot.risk.kernel import InvalidRangeError, Spec
from triglot.risk.shard import PnlOverflowError, Shard, digest

NO_COMPILER = "the C reference needs a C compiler, and there is no {}"
NAME = (shlex.split(os.environ.get("CC", "")) or ["cc"])[0]
COMPILER = shutil.which(NAME)
LIMIT = 2**32
SHAPES = [
    # assets, days, horizon, block, first, count
    (1, 1, 1, 1, 0, 1),
    (3, 5, 4, 1, 0, 1_000),
    (4, 5, 5, 2, LIMIT - 1_000, 1_000),
    (20, 250, 10, 1, 7, 40_001),
    (24, 30, 1, 1, 0, 255),
    (25, 30, 3, 30, 0, 257),
    (37, 9, 40, 4, LIMIT - 17, 17),
]


@pytest.fixture
def native(tmp_path: Path) -> Library | None:
    """Returns the reference; without a compiler None, after a look at the sentence that says so."""
    if COMPILER is None:
        with pytest.raises(NativeError) as caught:
            library.build(tmp_path)
        assert str(caught.value) == NO_COMPILER.format(NAME)
        return None
    return Library()


def model(assets: int, days: int, horizon: int, block: int) -> Spec:
    random = np.random.default_rng([assets, days])
    exposures = random.integers(-(10**7), 10**7, assets)
    exposures[0] = 10**7
    return Spec(np.exp(random.normal(0, 0.02, (days, assets))), exposures, horizon, block, seed=2**64 - 5)


def assert_equal(found: Shard, wanted: Shard) -> None:
    for name, value in vars(wanted).items():
        assert np.array_equal(getattr(found, name), value), name


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_agrees_with_numpy(native: Library | None, shape: tuple[int, ...]) -> None:
    if native is None:
        return
    *form, first, count = shape
    spec = model(*form)
    assert_equal(native.simulate(spec, first, count).shard, kernel.simulate(spec, first, count))


def test_histograms_too_wide_for_doubles(native: Library | None) -> None:
    if native is None:
        return
    random = np.random.default_rng(1)
    exposures = random.integers(-(2**53) + 1, 2**53, 11)
    spec = Spec(np.exp(random.normal(0, 1e-7, (20, 11))), exposures, 3, 1, seed=4)
    assert_equal(native.simulate(spec, 0, 3_000).shard, kernel.simulate(spec, 0, 3_000))


def test_equal_results_fill_one_bin(native: Library | None) -> None:
    if native is None:
        return
    spec = Spec(np.array([[1.0], [1.25]]), np.array([1_000]), 1, 1, seed=4)
    assert_equal(native.simulate(spec, 0, 50_000).shard, kernel.simulate(spec, 0, 50_000))


def test_refusals(native: Library | None) -> None:
    if native is None:
        return
    with pytest.raises(InvalidRangeError):
        native.simulate(model(1, 1, 1, 1), LIMIT - 1, 2)
    large = Spec(np.array([[1.0]] * 9 + [[2.0]]), np.array([2**43 + 1]), 1, 1, seed=3)
    with pytest.raises(PnlOverflowError, match=r"exposures_minor: scenario \d+: a result is beyond 2\^43"):
        native.simulate(large, 0, 1_000)
    many = Spec(np.array([[2.0]]), np.array([2**43]), 1, 1, seed=3)
    with pytest.raises(PnlOverflowError, match="64 bits"):
        native.simulate(many, 0, 2**20)
    infinite = Spec(np.array([[1e300]]), np.array([1]), 2, 1, seed=3)
    with pytest.raises(PnlOverflowError, match="scenario 5:"):
        native.simulate(infinite, 5, 3)


def test_without_a_compiler_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(NativeError) as caught:
        library.build(tmp_path)
    assert str(caught.value) == NO_COMPILER.format("no-such-compiler")


def test_a_compiler_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\n[ "$1" = --version ] && exit\necho "bad day" >&2; exit 1\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(NativeError, match="the C compiler fails: bad day"):
        library.build(tmp_path)
    assert not list(tmp_path.glob("*.so"))


def test_the_executor(native: Library | None) -> None:
    spec = model(5, 30, 10, 2)
    lines = [
        json_format.MessageToJson(codec.spec_to_message(spec), indent=None),
        '{"first": "5", "count": "3000"}',
        '{"count": "10"}',
    ]
    result = subprocess.run(
        [sys.executable, "-m", "triglot.bench.native", "--bench"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if native is None:
        assert (result.returncode, result.stderr) == (1, f"native: {NO_COMPILER.format(NAME)}\n")
        return
    assert (result.returncode, result.stderr) == (0, "")
    ready, first, second = map(json.loads, result.stdout.splitlines())
    assert ready == {"ready": True, "path": "c"}
    assert first["digest"] == digest(kernel.simulate(spec, 5, 3_000))
    assert second["digest"] == digest(kernel.simulate(spec, 0, 10))
    assert 0 < first["cpuSeconds"] < 10
    assert 0 < first["wallSeconds"] < 60

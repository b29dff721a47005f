import io
import json

import pytest

from triglot.bench import alone
from triglot.bench.model_input import committed_digests, default_spec, spec_line


@pytest.mark.parametrize("path", alone.PATHS)
def test_the_job_without_temporal_ends_with_the_same_digest(path: str) -> None:
    if path == "numba":
        pytest.importorskip("numba")
    lines = io.StringIO(spec_line(default_spec()) + '\n{"first":"0","count":"100000"}\n')
    answers = io.StringIO()
    alone.serve(path, lines, answers)
    ready, answer = map(json.loads, answers.getvalue().splitlines())
    assert ready == {"ready": True, "path": path}
    assert answer["digest"] == committed_digests()[100_000]
    assert 0 < answer["wallSeconds"] < 60

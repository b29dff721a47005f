"""Every language's kernel against the NumPy reference: equal digests, equal fields, equal refusals."""

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import json_format

from toolchain import NODE, run
from triglot.risk import codec, simulate
from triglot.risk.inputs import InputError
from triglot.risk.kernel import Floats, Spec
from triglot.risk.shard import Ints, digest
from triglot.risk.v1.simulation_pb2 import KernelInput, KernelOutput, ScenarioRange

ROOT = Path(__file__).parents[2]
SEED = 20_261_122
RANDOM_CASES = 48
LIMIT = 2**32

Executor = Callable[[bytes], subprocess.CompletedProcess[bytes]]

GO = ("go/bin/simulate",)
TYPESCRIPT = (str(NODE), "typescript/dist/simulate/main.js")
# Each language's fastest path on this machine, and the one that runs everywhere.
COMMANDS = {
    "go": GO,
    "go-generic": (*GO, "--path", "generic"),
    "typescript": TYPESCRIPT,
    "typescript-plain": (*TYPESCRIPT, "--path", "plain"),
}


@pytest.fixture(scope="session")
def built() -> None:
    """The executors, up to date."""
    run("go", "build", "-C", "go", "-o", "bin/", "./cmd/simulate", cwd=ROOT)
    run("npm", "--prefix", "typescript", "run", "--silent", "build", cwd=ROOT)


@pytest.fixture(params=COMMANDS)
def executor(request: pytest.FixtureRequest, built: None) -> Executor:
    """A language's executor on one of its paths."""
    return executor_of(COMMANDS[request.param])


def executor_of(command: Sequence[str]) -> Executor:
    def execute(content: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, input=content, cwd=ROOT, capture_output=True, timeout=60, check=False)

    return execute


def kernel_input(spec: Spec, first: int, count: int) -> KernelInput:
    return KernelInput(spec=codec.spec_to_message(spec), range=ScenarioRange(first=first, count=count))


def random_case(index: int) -> KernelInput:
    """A shape in which each of the edges T = 1, A = 1, H > T, L = T and the last scenario is frequent."""
    random = np.random.default_rng([SEED, index])
    days = int(random.choice([1, 2, 5, 30, 250]))
    assets = int(random.choice([1, 2, 11, 12, 13, 25]))
    exposures = random.integers(-(10**7), 10**7, assets)
    exposures[0] += exposures[0] == 0
    count = int(random.choice([1, 2, 99, 101, 700, 3_000]))
    return kernel_input(
        Spec(
            factors=np.exp(random.normal(0, random.choice([0.0, 0.01, 0.05]), (days, assets))),
            exposures=exposures,
            horizon=int(random.choice([1, 2, 7, 10, 40])),
            block=int(random.choice([1, days, int(random.integers(1, days + 1))])),
            seed=int(random.integers(0, 2**64, dtype=np.uint64)),
        ),
        first=int(random.choice([0, LIMIT - count, int(random.integers(0, LIMIT - count + 1))])),
        count=count,
    )


def growth(days: int, assets: int) -> Floats:
    random = np.random.default_rng([SEED, days, assets])
    return 1 + random.uniform(-0.04, 0.04, (days, assets))


LONG_SHORT = np.array([5_000_000, -5_000_000, 1])
NAMED_CASES = {
    "one day, one asset": kernel_input(Spec(growth(1, 1), np.array([1]), 1, 1, 0), 0, 1),
    "all scenarios alike": kernel_input(Spec(np.ones((3, 2)), np.array([1, -1]), 4, 1, 1), 0, 1_000),
    "horizon beyond the history": kernel_input(Spec(growth(3, 3), LONG_SHORT, 20, 2, 2**64 - 1), 0, 1_000),
    "one block of all days": kernel_input(Spec(growth(9, 3), LONG_SHORT, 9, 9, 2**63), 5, 1_000),
    "long and short": kernel_input(Spec(growth(60, 3), LONG_SHORT, 10, 1, 7), 0, 1_000),
    "the last scenario": kernel_input(Spec(growth(60, 3), LONG_SHORT, 10, 1, 7), LIMIT - 1, 1),
    "the longest history": kernel_input(Spec(growth(65_536, 1), np.array([10**6]), 3, 1, 3), 0, 1_000),
    "the most assets": kernel_input(Spec(growth(2, 1_000), np.arange(1_000) - 500, 2, 1, 3), 0, 300),
    "the largest exposures": kernel_input(
        Spec(1 + np.array([[1e-4, 1e-4], [-1e-4, 0]]), np.array([2**53 - 1, 1 - 2**53]), 1, 1, 3), 0, 1_000
    ),
    # A tail that is cut to the size of what has been seen, instead of what is to come, goes wrong here.
    "blocks and a rest": kernel_input(Spec(growth(250, 1), np.array([10**6]), 1, 1, 9), 17, 4 * 65_536 + 10),
}


PRICES = np.array(
    [
        [100.00, 50.00, 20.00],
        [101.00, 49.50, 20.10],
        [99.99, 51.25, 19.85],
        [103.50, 50.75, 20.40],
        [102.10, 52.00, 19.99],
        [98.40, 53.30, 21.05],
    ]
)
HEDGED = np.array([5_000_000, -1_234_567, 99])
LONG = np.array([2_500_000, 2_500_000, 5_000_000])


def known(exposures: Ints, horizon: int, block: int, seed: int, first: int, count: int) -> KernelInput:
    return kernel_input(Spec(PRICES[1:] / PRICES[:-1], exposures, horizon, block, seed), first, count)


# Those of docs/kernel.md.
KNOWN_ANSWERS = {
    "days": (known(HEDGED, 4, 1, 0x0123456789ABCDEF, 0, 1_000), "ee5178c478552f67"),
    "blocks": (known(HEDGED, 5, 2, 2**64 - 1, LIMIT - 1_000, 1_000), "c6497062faa634ed"),
    "many": (known(LONG, 10, 1, 20_260_101, 0, 100_000), "17e65481d83b9b5b"),
}


def check_agreement(executor: Executor, request: KernelInput) -> KernelOutput:
    content = json_format.MessageToJson(request).encode()
    expected = json_format.Parse(simulate.run(content), KernelOutput())
    result = executor(content)
    assert result.returncode == 0, result.stderr.decode()
    actual = json_format.Parse(result.stdout, KernelOutput())
    assert actual.digest == expected.digest
    assert actual == expected
    assert digest(codec.shard_from_message(actual.shard)) == actual.digest
    return actual


@pytest.mark.parametrize("index", range(RANDOM_CASES), ids=lambda index: f"seed-{SEED}-{index}")
def test_random_shapes(built: None, index: int) -> None:
    # One path of each language in turn: a process for every case and path would take minutes.
    for command in list(COMMANDS.values())[index % 2 :: 2]:
        check_agreement(executor_of(command), random_case(index))


@pytest.mark.parametrize("name", NAMED_CASES)
def test_edges(executor: Executor, name: str) -> None:
    check_agreement(executor, NAMED_CASES[name])


@pytest.mark.parametrize(("request_", "expected"), KNOWN_ANSWERS.values(), ids=KNOWN_ANSWERS)
def test_known_answers(executor: Executor, request_: KernelInput, expected: str) -> None:
    assert check_agreement(executor, request_).digest.startswith(expected)


def test_typescript_runs_without_webassembly(built: None) -> None:
    check_agreement(executor_of((str(NODE), "--jitless", TYPESCRIPT[1])), NAMED_CASES["long and short"])


def test_random_shapes_reach_the_edges() -> None:
    cases = [random_case(index) for index in range(RANDOM_CASES)]
    assert any(case.spec.day_count == 1 for case in cases)
    assert any(case.spec.asset_count == 1 for case in cases)
    assert any(case.spec.horizon_days > case.spec.day_count for case in cases)
    assert any(1 < case.spec.block_days == case.spec.day_count for case in cases)
    assert any(case.range.first + case.range.count == LIMIT for case in cases)
    assert any(min(case.spec.exposures_minor) < 0 < max(case.spec.exposures_minor) for case in cases)


def bad_input(**changes: object) -> bytes:
    spec: dict[str, object] = {
        "dayCount": 2,
        "assetCount": 1,
        "growthFactors": [1.01, 0.99],
        "exposuresMinor": ["1000"],
        "horizonDays": 1,
        "blockDays": 1,
    }
    scenarios = {"first": "0", "count": "10", **changes.pop("range", {})}  # type: ignore[dict-item]
    return json.dumps({"spec": {**spec, **changes}, "range": scenarios}).encode()


REFUSED = {
    "no JSON": b"{",
    "not UTF-8": b"\xff",
    "a field nobody knows": bad_input(colour="red"),
    "no spec": b'{"range": {"first": "0", "count": "1"}}',
    "a factor too few": bad_input(growthFactors=[1.01]),
    "a factor that is no number": bad_input(growthFactors=[1.01, "NaN"]),
    "an infinite factor": bad_input(growthFactors=[1.01, "Infinity"]),
    "a factor of 0": bad_input(growthFactors=[1.01, 0]),
    "a negative factor": bad_input(growthFactors=[1.01, -1]),
    "no exposure": bad_input(exposuresMinor=["0"]),
    "an exposure of 2^53": bad_input(exposuresMinor=[str(2**53)]),
    "no horizon": bad_input(horizonDays=0),
    "a block longer than the history": bad_input(blockDays=3),
    "no scenarios": bad_input(range={"count": "0"}),
    "scenarios beyond 2^32": bad_input(range={"first": str(LIMIT - 9)}),
    "a profit beyond 2^43": bad_input(exposuresMinor=[str(2**53 - 1)]),
    "an infinite profit": bad_input(growthFactors=[1e308, 1e308], horizonDays=2),
}


def field_of(problem: str) -> str:
    """What a refusal names as at fault: a field, or the whole input where it is none."""
    match = re.match(
        r"(?:simulate|standard input)(?:: the input)?(?: is no KernelInput|: ([\w.\[\]]+)):", problem
    )
    assert match, problem
    return match[1] or "KernelInput"


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(executor: Executor, name: str) -> None:
    with pytest.raises(InputError) as refusal:
        simulate.run(REFUSED[name])
    result = executor(REFUSED[name])
    # Go repeats a byte that is no UTF-8.
    problem = result.stderr.decode(errors="replace")
    assert result.returncode == 2, problem
    assert not result.stdout
    assert len(problem.splitlines()) == 1
    assert field_of(problem) == field_of(str(refusal.value))


@pytest.mark.parametrize("command", [GO, TYPESCRIPT], ids=["go", "typescript"])
def test_an_unknown_path_is_refused(built: None, command: Sequence[str]) -> None:
    result = executor_of((*command, "--path", "abacus"))(b"")
    assert result.returncode == 2
    assert b"abacus" in result.stderr
    assert len(result.stderr.splitlines()) == 1

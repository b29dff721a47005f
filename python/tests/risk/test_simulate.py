import io
import json
import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

from triglot.risk import codec, kernel, simulate
from triglot.risk.inputs import InputError
from triglot.risk.kernel import Spec
from triglot.risk.shard import digest
from triglot.risk.v1.simulation_pb2 import KernelInput, KernelOutput, ScenarioRange


def test_the_executor_simulates(toy: Spec) -> None:
    request = KernelInput(spec=codec.spec_to_message(toy), range=ScenarioRange(first=2**32 - 500, count=500))
    output = json_format.Parse(
        simulate.run(json_format.MessageToJson(request).encode()).decode(), KernelOutput()
    )
    expected = kernel.simulate(toy, 2**32 - 500, 500)
    assert output.digest == digest(expected)
    assert output.shard == codec.shard_to_message(expected)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "no KernelInput"),
        ('{"colour": "red"}', "no KernelInput.*colour"),
        ("{}", "spec: value is required; range: value is required"),
    ],
)
def test_bad_input_is_one_sentence(content: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        simulate.run(content.encode())
    assert "\n" not in str(caught.value)


def test_the_kernels_own_refusal_is_bad_input(toy: Spec) -> None:
    request = KernelInput(spec=codec.spec_to_message(toy), range=ScenarioRange(first=0, count=1))
    content = json.loads(json_format.MessageToJson(request))
    content["spec"]["growthFactors"][0] = "NaN"
    with pytest.raises(InputError, match="finite and above 0"):
        simulate.run(json.dumps(content).encode())


def bench(*messages: Message) -> list[dict[str, Any]]:
    lines = "".join(json_format.MessageToJson(message, indent=None) + "\n" for message in messages)
    answers = io.StringIO()
    simulate.bench(io.StringIO(lines), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_the_bench_mode_says_what_each_range_took(toy: Spec) -> None:
    spec = codec.spec_to_message(toy)
    ready, *answers = bench(spec, ScenarioRange(first=3, count=500), ScenarioRange(first=0, count=50_000))
    assert ready == {"ready": True, "path": "numpy"}
    assert [answer["digest"] for answer in answers] == [
        digest(kernel.simulate(toy, 3, 500)),
        digest(kernel.simulate(toy, 0, 50_000)),
    ]
    assert all(answer.keys() == {"cpuSeconds", "wallSeconds", "digest"} for answer in answers)
    assert answers[1]["cpuSeconds"] > answers[0]["cpuSeconds"] > 0
    assert answers[1]["wallSeconds"] > answers[0]["wallSeconds"] > 0


def test_the_bench_mode_refuses_bad_input(toy: Spec) -> None:
    with pytest.raises(InputError, match="no SimulationSpec"):
        bench(ScenarioRange(first=1, count=1))
    with pytest.raises(InputError, match="count: "):
        bench(codec.spec_to_message(toy), ScenarioRange(first=1))
    with pytest.raises(InputError, match="no SimulationSpec"):
        simulate.bench(io.StringIO(""), io.StringIO())


def test_the_bench_mode_is_a_process_that_answers_line_by_line(toy: Spec) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "triglot.risk.simulate", "--bench", "--path", "numpy"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        for message, key in ((codec.spec_to_message(toy), "ready"), (ScenarioRange(count=10), "digest")):
            print(json_format.MessageToJson(message, indent=None), file=process.stdin, flush=True)
            assert key in json.loads(process.stdout.readline())
        process.stdin.close()
    assert process.returncode == 0


def test_the_process_refuses_in_one_sentence() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "triglot.risk.simulate"],
        input="{}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "standard input: spec: value is required; range: value is required\n"

import json

import pytest
from google.protobuf import json_format

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

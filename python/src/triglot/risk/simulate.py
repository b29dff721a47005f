"""The executor: one kernel run from standard input to standard output, without Temporal.

Every language has one, so that kernels are compared by their output alone.
"""

from google.protobuf import json_format

from triglot.contract import runtime
from triglot.risk import codec, kernel
from triglot.risk.inputs import InputError
from triglot.risk.shard import KernelError, digest
from triglot.risk.v1.simulation_pb2 import KernelInput, KernelOutput


def run(content: bytes) -> bytes:
    """Simulates one range of scenarios.

    Args:
        content: A `KernelInput` as proto JSON.

    Returns:
        The `KernelOutput` as proto JSON.

    Raises:
        InputError: If the input is no `KernelInput`, breaks a rule of the contract or of the kernel.
    """
    try:
        request = json_format.Parse(content.decode(), KernelInput())
        runtime.check(request)
        spec = codec.spec_from_message(request.spec)
        shard = kernel.simulate(spec, request.range.first, request.range.count)
    except (json_format.ParseError, UnicodeDecodeError) as error:
        # protobuf spreads its sentence over lines.
        problem = " ".join(str(error).split())
        raise InputError(f"standard input is no KernelInput: {problem}") from error
    except (runtime.InvalidArgumentError, KernelError) as error:
        raise InputError(f"standard input: {error}") from error
    output = KernelOutput(shard=codec.shard_to_message(shard), digest=digest(shard))
    return json_format.MessageToJson(output, indent=None).encode()

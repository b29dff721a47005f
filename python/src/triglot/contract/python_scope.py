"""What a generated Python module may refer to: imports, names of the contract, options as arguments."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from triglot.contract.model import (
    Activity,
    Contract,
    Location,
    Message,
    Priority,
    Problem,
    ProtoFile,
    RetryPolicy,
    Rpc,
    Service,
    Update,
    Workflow,
)
from triglot.contract.names import ContractError, Names, pascal, snake
from triglot.contract.python_text import Bracketed, Line, call, indent, string

_RUNTIME = "triglot.contract.runtime"
# Module-level names that generated code may import, and so must not define.
_IMPORTED = {
    "Any", "Callable", "Client", "Final", "Priority", "Protocol", "RawValue", "RetryPolicy",
    "VersioningBehavior", "WithStartWorkflowOperation", "WorkflowHandle", "WorkflowIDConflictPolicy",
    "WorkflowIDReusePolicy", "WorkflowUpdateHandle", "WorkflowUpdateStage", "activity", "deprecated",
    "runtime", "timedelta", "workflow",
}  # fmt: skip
# Those that generated code uses would mean something else, and linters refuse the others.
_BUILTINS = frozenset(dir(builtins))


def module_path(file: ProtoFile) -> str:
    """Where protoc puts a file's module, without its suffix."""
    return file.stem.replace("-", "_").replace(".", "/")


def constant_name(rpc: Rpc) -> str:
    """The constant that holds the RPC's type."""
    return snake(rpc.name).upper()


def function_name(name: str) -> str:
    """A function in snake case; names that mean something else already get an underscore, as PEP 8 says."""
    reserved = keyword.iskeyword(name) or name in (_IMPORTED | _BUILTINS | {"implementation", "request"})
    return f"{name}_" if reserved else name


def _shared(contract: Contract) -> set[tuple[ProtoFile, bool, str]]:
    """The names of RPCs that several services of a module have, those of activities apart."""
    seen: dict[tuple[ProtoFile, bool, str], str] = {}
    shared = set()
    for service in contract.services:
        for rpc in service.rpcs:
            key = service.file, isinstance(rpc, Activity), snake(rpc.name)
            if (
                isinstance(rpc, Activity | Workflow | Update)
                and seen.setdefault(key, rpc.service) != rpc.service
            ):
                shared.add(key)
    return shared


@dataclass
class Imports:
    """Imports by identifier: each use says what it needs and gets the expression to write."""

    location: Location
    names: dict[str, set[str]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)

    def name(self, module: str, name: str) -> str:
        """Imports a name of the standard library or of temporalio."""
        self.names.setdefault(module, set()).add(name)
        return name

    def module(self, dotted: str) -> str:
        """Imports a module of the contract or the runtime."""
        for part in dotted.split("."):
            if not part.isidentifier():
                sentence = f"{part} in {dotted} is no Python name and cannot be imported"
                raise ContractError([Problem(self.location, sentence)])
            if keyword.iskeyword(part):
                sentence = f"{part} in {dotted} is a Python keyword and cannot be imported"
                raise ContractError([Problem(self.location, sentence)])
        if dotted not in self.modules:
            short = dotted.rpartition(".")[2]
            self.modules[dotted] = dotted.replace(".", "_") if short in self.modules.values() else short
        return self.modules[dotted]

    def lines(self) -> Iterator[Line]:
        """All imports; the contract's modules pass the sandbox, which need not reload them."""
        if self.modules:
            self.name("temporalio", "workflow")
        past_sandbox = ["with workflow.unsafe.imports_passed_through():", *indent(self._modules())]
        installed = ("temporalio", "typing_extensions")
        yield from (self._from(name) for name in sorted(self.names) if not name.startswith(installed))
        yield ""
        yield from (self._from(name) for name in sorted(self.names) if name.startswith(installed))
        if self.modules:
            yield from ("", *past_sandbox)

    def _from(self, module: str) -> Line:
        names = sorted(self.names[module], key=lambda name: (not name[0].isupper(), name))
        return Bracketed(f"from {module} import ", tuple(names), bare=True)

    def _modules(self) -> Iterator[Line]:
        """One line a package, and one a module that needs another name, as isort keeps them."""
        packages: dict[str, list[str]] = {}
        for dotted in sorted(self.modules):
            package, _, name = dotted.rpartition(".")
            packages.setdefault(package, []).append(name)
        for package, names in packages.items():
            dotted = f"{package}." if package else ""
            aliases = {name: self.modules[dotted + name] for name in names}
            plain = tuple(name for name, alias in aliases.items() if alias == name)
            before = f"from {package} import " if package else "import "
            lines: dict[str, Line] = {plain[0]: Bracketed(before, plain, bare=True)} if plain else {}
            for name, alias in aliases.items():
                if alias != name:
                    lines[name] = f"{before}{name} as {alias}"
            yield from (lines[name] for name in sorted(lines))


class Scope:
    """The names of one module, and the expressions for what the contract says."""

    def __init__(self, contract: Contract, file: ProtoFile, location: Location) -> None:
        self.contract = contract
        self.file = file
        self.imports = Imports(location)
        self.names = Names("Python", [*_IMPORTED, *keyword.kwlist])
        self.shared = _shared(contract)

    @property
    def runtime(self) -> str:
        """The module that generated code calls."""
        return self.imports.module(_RUNTIME)

    @property
    def workflow(self) -> str:
        """The SDK's module for workflow code."""
        return self.imports.name("temporalio", "workflow")

    def take(self, identifier: str, owner: Rpc | Service) -> str:
        """Claims a module-level name."""
        return self.names.take(identifier, owner.location, owner.full_name)

    def stem(self, rpc: Rpc) -> str:
        """What the names of an RPC's functions are made of, with its service if another has it too."""
        service = self.contract.service(rpc.service)
        name = snake(rpc.name)
        shared = (service.file, isinstance(rpc, Activity), name) in self.shared
        return f"{snake(service.name)}_{name}" if shared else name

    def class_stem(self, rpc: Rpc) -> str:
        """The same for classes."""
        service = self.contract.service(rpc.service)
        alone = self.stem(rpc) == snake(rpc.name)
        return pascal(rpc.name) if alone else pascal(service.name) + pascal(rpc.name)

    def handle(self, rpc: Workflow) -> str:
        """The class of a workflow's handle."""
        return f"{self.class_stem(rpc)}Handle"

    def deprecated(self, rpc: Rpc) -> list[Line]:
        """The decorator of whatever calls an RPC that is deprecated.

        For type checkers and editors alone: a warning at run time would come with each replay.
        """
        why = self.contract.deprecation(rpc)
        if not why:
            return []
        name = self.imports.name("typing_extensions", "deprecated")
        return [call(f"@{name}", [string(why), "category=None"])]

    def message(self, message: Message) -> str:
        """The message's class."""
        for name in message.names:
            if keyword.iskeyword(name):
                sentence = f"{message.full_name} has a Python keyword in its name and cannot be written"
                raise ContractError([Problem(self.imports.location, sentence)])
        return ".".join((self._module(message.file, "_pb2"), *message.names))

    def result(self, rpc: Rpc) -> str:
        """The type of the RPC's result."""
        return self.message(rpc.output) if rpc.output else "None"

    def parameter(self, rpc: Rpc, name: str = "request") -> list[str]:
        """The parameter for the RPC's request, if it has one."""
        return [f"{name}: {self.message(rpc.input)}"] if rpc.input else []

    def constant(self, rpc: Rpc, suffix: str = "") -> str:
        """The RPC's type, wherever its service stands."""
        service = self.contract.service(rpc.service)
        name = f"{pascal(service.name)}.{constant_name(rpc)}{suffix}"
        return self._local(service, name)

    def task_queue(self, rpc: Activity | Workflow) -> str:
        """The RPC's task queue."""
        service = self.contract.service(rpc.service)
        own = rpc.own_task_queue or not service.task_queue
        return self.constant(rpc, "_TASK_QUEUE") if own else f"{pascal(service.name)}.TASK_QUEUE"

    def made_id(self, rpc: Workflow | Update, argument: str = "request") -> str:
        """The id that the RPC's expression makes."""
        name = f"{self.stem(rpc)}_id({argument if rpc.input else ''})"
        return self._local(self.contract.service(rpc.service), name)

    def default_id(self, rpc: Workflow | Update) -> str:
        """The parameter `id`, or what the RPC's expression makes instead."""
        return f"id or {self.made_id(rpc)}" if rpc.id else "id"

    def addressed(self, rpc: Rpc, argument: str = "request") -> list[Line]:
        """The arguments that every call begins with: the type, and the request if there is one."""
        return [self.constant(rpc), *([argument] if rpc.input else [])]

    def result_type(self, rpc: Rpc) -> list[Line]:
        """The argument that says what to decode; without it the SDK would not know."""
        return [f"result_type={self.message(rpc.output)}"] if rpc.output else []

    def start_options(self, rpc: Workflow) -> Iterator[Line]:
        """What a client's start and a parent's start have in common."""
        yield from self.durations(
            execution_timeout=rpc.execution_timeout,
            run_timeout=rpc.run_timeout,
            task_timeout=rpc.task_timeout,
        )
        if rpc.id_reuse_policy:
            policy = self.imports.name("temporalio.common", "WorkflowIDReusePolicy")
            yield f"id_reuse_policy={policy}.{rpc.id_reuse_policy.name}"
        yield from self.retry_policy(rpc.retry_policy)
        yield from self.priority(rpc.priority)

    def durations(self, **values: timedelta | None) -> Iterator[Line]:
        """The arguments for those that are set."""
        return (f"{name}={self._duration(value)}" for name, value in values.items() if value)

    def retry_policy(self, policy: RetryPolicy | None) -> Iterator[Line]:
        """The argument, if there is one."""
        if policy is None:
            return
        arguments = list(
            self.durations(initial_interval=policy.initial_interval, maximum_interval=policy.max_interval)
        )
        if policy.backoff_coefficient:
            arguments.append(f"backoff_coefficient={policy.backoff_coefficient!r}")
        if policy.max_attempts:
            arguments.append(f"maximum_attempts={policy.max_attempts}")
        if policy.non_retryable_error_types:
            types = tuple(map(string, policy.non_retryable_error_types))
            arguments.append(Bracketed("non_retryable_error_types=", types, brackets="[]"))
        yield call(f"retry_policy={self.imports.name('temporalio.common', 'RetryPolicy')}", arguments)

    def priority(self, priority: Priority | None) -> Iterator[Line]:
        """The argument, if there is one."""
        if priority is None:
            return
        arguments = []
        if priority.key:
            arguments.append(f"priority_key={priority.key}")
        if priority.fairness_key:
            arguments.append(f"fairness_key={string(priority.fairness_key)}")
        if priority.fairness_weight:
            arguments.append(f"fairness_weight={priority.fairness_weight!r}")
        yield call(f"priority={self.imports.name('temporalio.common', 'Priority')}", arguments)

    def _duration(self, value: timedelta) -> str:
        parts = {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}
        arguments = ", ".join(f"{unit}={count}" for unit, count in parts.items() if count)
        return f"{self.imports.name('datetime', 'timedelta')}({arguments})"

    def _local(self, service: Service, name: str) -> str:
        """A name of the module that is generated for a service."""
        return name if service.file == self.file else f"{self._module(service.file, '_temporal')}.{name}"

    def _module(self, file: ProtoFile, suffix: str) -> str:
        return self.imports.module(module_path(file).replace("/", ".") + suffix)

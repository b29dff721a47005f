"""What a generated Go file may refer to: imports, names of the contract, options as literals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from triglot.contract.go_text import Struct, Value, doc, served, string
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
    UuidV4,
    Workflow,
)
from triglot.contract.names import ContractError, Names

# What generated code declares, takes as a parameter or has from the language: imports go by other names.
_LOCAL = {
    "any", "c", "child", "connection", "ctx", "err", "error", "h", "handle", "handler", "id",
    "implementation", "nil", "options", "registry", "request", "response", "run", "signal", "string", "true",
    "update", "uuid", "validator",
}  # fmt: skip
_KEYWORDS = {
    "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func",
    "go", "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct",
    "switch", "type", "var",
}  # fmt: skip
_UNITS = (
    (timedelta(hours=1), "Hour"),
    (timedelta(minutes=1), "Minute"),
    (timedelta(seconds=1), "Second"),
    (timedelta(milliseconds=1), "Millisecond"),
    (timedelta(microseconds=1), "Microsecond"),
)
# What time.Duration, an int64 of nanoseconds, can hold.
_LONGEST = timedelta(microseconds=(2**63 - 1) // 1000)
# Methods of every message, which protoc-gen-go keeps clear of.
_MESSAGE_METHODS = (
    "Reset", "String", "ProtoMessage", "Marshal", "Unmarshal", "ExtensionRangeArray", "ExtensionMap",
    "Descriptor",
)  # fmt: skip


def go_package(file: ProtoFile, location: Location) -> tuple[str, str]:
    """The import path and the name of a file's package."""
    path, _, name = file.go_package.partition(";")
    if "/" not in path and "." not in path:
        raise ContractError([Problem(location, f"{file.name} needs go_package with an import path")])
    made = go_package_name(name or path.rpartition("/")[2])
    if name not in ("", made):
        sentence = f"{file.name} has a go_package whose name {name} cannot be that of a package"
        raise ContractError([Problem(location, sentence)])
    return path, made


def go_package_name(text: str) -> str:
    """The name of a package, as protoc-gen-go makes it of a path's last part: `9-a` to `_9_a`."""
    name = "".join(letter if letter.isalpha() or letter.isdecimal() else "_" for letter in text)
    return name if name[:1].isalpha() and name not in _KEYWORDS else f"_{name}"


@dataclass
class Imports:
    """Imports by identifier: each use says what it needs and gets the qualified name to write."""

    own_path: str
    aliases: dict[str, str] = field(default_factory=dict)

    def name(self, path: str, package: str, identifier: str) -> str:
        """Qualifies an identifier of a package, importing it unless it is the file's own."""
        if path == self.own_path:
            return identifier
        if path not in self.aliases:
            alias = package
            while alias in self.aliases.values() or alias in _LOCAL:
                alias += "_"
            self.aliases[path] = alias
        return f"{self.aliases[path]}.{identifier}"

    def lines(self) -> Iterator[str]:
        """The import declaration, with an empty line after it."""
        if not self.aliases:
            return
        yield "import ("
        # gofmt sorts within a group, and the standard library's paths have no dot.
        library = sorted(path for path in self.aliases if "." not in path.partition("/")[0])
        others = sorted(self.aliases.keys() - set(library))
        for path in library:
            yield f"\t{self._spec(path)}"
        if library and others:
            yield ""
        for path in others:
            yield f"\t{self._spec(path)}"
        yield ")"
        yield ""

    def _spec(self, path: str) -> str:
        alias = self.aliases[path]
        return f'"{path}"' if alias == path.rpartition("/")[2] else f'{alias} "{path}"'


class Scope:
    """The names of one file, and the expressions for what the contract says."""

    def __init__(
        self,
        contract: Contract,
        file: ProtoFile,
        location: Location,
        runtime: str,
        packages: dict[str, Names],
    ) -> None:
        self.contract = contract
        self.file = file
        path, self.package = go_package(file, location)
        self._runtime = runtime
        self.imports = Imports(path)
        # All files of a package share one scope with its messages.
        self.names = packages.setdefault(path, Names("Go", self._types(path), by="a message or enum"))

    def _types(self, path: str) -> Iterator[str]:
        """What protoc-gen-go declares in the package."""
        packages = set()
        for message in self.contract.messages.values():
            if message.file.go_package.partition(";")[0] == path:
                packages.add(f"{message.file.package}.")
                yield go_camel(".".join(message.names))
        for enum in self.contract.enums:
            yield from (go_camel(enum.removeprefix(each)) for each in packages if enum.startswith(each))

    def take(self, identifier: str, owner: Rpc | Service) -> str:
        """Claims a name of the package."""
        return self.names.take(identifier, owner.location, owner.full_name)

    def runtime(self, identifier: str) -> str:
        """A name of the package that generated code calls."""
        return self.imports.name(self._runtime, self._runtime.rpartition("/")[2], identifier)

    def sdk(self, package: str, identifier: str) -> str:
        """A name of one of the SDK's packages."""
        return self.imports.name(f"go.temporal.io/sdk/{package}", package, identifier)

    @property
    def context(self) -> str:
        """The first parameter outside workflows."""
        return f"ctx {self.imports.name('context', 'context', 'Context')}"

    @property
    def workflow_context(self) -> str:
        """The first parameter in workflows."""
        return f"ctx {self.sdk('workflow', 'Context')}"

    def message(self, message: Message, rpc: Rpc) -> str:
        """The pointer to a message that an RPC takes or gives."""
        path, package = go_package(message.file, rpc.location)
        return f"*{self.imports.name(path, package, go_camel('.'.join(message.names)))}"

    def parameter(self, rpc: Rpc, name: str = "request") -> list[str]:
        """The parameter for the RPC's request, if it has one."""
        return [f"{name} {self.message(rpc.input, rpc)}"] if rpc.input else []

    def result(self, rpc: Rpc) -> str:
        """What a function returns that gives the RPC's result."""
        return f"({self.message(rpc.output, rpc)}, error)" if rpc.output else "error"

    def response(self, rpc: Rpc) -> str:
        """The type argument of a generic function of the runtime."""
        return self.message(rpc.output, rpc) if rpc.output else self.runtime("Nothing")

    def stem(self, rpc: Rpc) -> str:
        """What the package's identifiers for an RPC begin or end with; the service's name keeps two apart."""
        service = self.contract.service(rpc.service)
        path, _ = go_package(service.file, service.location)
        rivals = Counter(
            go_camel(each.name)
            for other in self.contract.services
            if other.file.go_package.partition(";")[0] == path
            for each in other.rpcs
        )
        name = go_camel(rpc.name)
        return name if rivals[name] == 1 else go_camel(service.name) + name

    def constant(self, rpc: Rpc, suffix: str = "") -> str:
        """The RPC's type, wherever its service stands."""
        service = self.contract.service(rpc.service)
        return self._of(service, f"{go_camel(service.name)}{go_camel(rpc.name)}{suffix}")

    def task_queue(self, rpc: Activity | Workflow) -> str:
        """The RPC's task queue."""
        service = self.contract.service(rpc.service)
        if rpc.own_task_queue or not service.task_queue:
            return self.constant(rpc, "TaskQueue")
        return f"{go_camel(service.name)}TaskQueue"

    def made_id(self, rpc: Workflow | Update, argument: str, uuids: str) -> str:
        """The id that the RPC's expression makes.

        Args:
            rpc: what has the expression.
            argument: the variable with the request.
            uuids: the function that makes UUIDs here.
        """
        arguments = [*([argument] if rpc.input else []), *([uuids] if has_uuid(rpc) else [])]
        name = self._of(self.contract.service(rpc.service), f"{self.stem(rpc)}ID")
        return f"{name}({', '.join(arguments)})"

    def doc(self, sentence: str, rpc: Rpc) -> Iterator[str]:
        """The doc comment of what calls an RPC."""
        return doc(sentence, rpc.comment, deprecated=self.deprecated(rpc))

    def served_doc(self, rpc: Rpc, sentence: str = "") -> Iterator[str]:
        """The doc comment of what serves an RPC; an interface's method has the contract's comment alone."""
        return doc(sentence, served(rpc.comment))

    def deprecated(self, rpc: Rpc) -> str:
        """What to say is deprecated; "" if nothing is."""
        return rpc.full_name if rpc.deprecated or self.contract.service(rpc.service).deprecated else ""

    def enum(self, name: str) -> str:
        """A value of the API's enums."""
        return self.imports.name("go.temporal.io/api/enums/v1", "enumspb", name)

    def durations(self, rpc: Rpc, **values: timedelta | None) -> Iterator[tuple[str, Value]]:
        """The fields for those that are set."""
        return ((name, self._duration(value, rpc)) for name, value in values.items() if value)

    def retry_policy(self, rpc: Activity | Workflow) -> Iterator[tuple[str, Value]]:
        """The field, if there is one."""
        policy: RetryPolicy | None = rpc.retry_policy
        if policy is None:
            return
        fields = list(self.durations(rpc, InitialInterval=policy.initial_interval))
        if policy.backoff_coefficient:
            fields.append(("BackoffCoefficient", repr(policy.backoff_coefficient)))
        fields += self.durations(rpc, MaximumInterval=policy.max_interval)
        if policy.max_attempts:
            fields.append(("MaximumAttempts", str(policy.max_attempts)))
        if policy.non_retryable_error_types:
            types = ", ".join(map(string, policy.non_retryable_error_types))
            fields.append(("NonRetryableErrorTypes", f"[]string{{{types}}}"))
        yield "RetryPolicy", Struct(f"&{self.sdk('temporal', 'RetryPolicy')}", tuple(fields))

    def priority(self, rpc: Activity | Workflow) -> Iterator[tuple[str, Value]]:
        """The field, if there is one."""
        priority: Priority | None = rpc.priority
        if priority is None:
            return
        fields = []
        if priority.key:
            fields.append(("PriorityKey", str(priority.key)))
        if priority.fairness_key:
            fields.append(("FairnessKey", string(priority.fairness_key)))
        if priority.fairness_weight:
            fields.append(("FairnessWeight", repr(priority.fairness_weight)))
        yield "Priority", Struct(self.sdk("temporal", "Priority"), tuple(fields))

    def workflow_timeouts(self, rpc: Workflow) -> Iterator[tuple[str, Value]]:
        """The fields that a client's start and a parent's start have in common."""
        return self.durations(
            rpc,
            WorkflowExecutionTimeout=rpc.execution_timeout,
            WorkflowRunTimeout=rpc.run_timeout,
            WorkflowTaskTimeout=rpc.task_timeout,
        )

    def _duration(self, value: timedelta, rpc: Rpc) -> str:
        if value > _LONGEST:
            sentence = f"{rpc.name} has a time of more than 292 years, which Go's time.Duration cannot hold"
            raise ContractError([Problem(rpc.location, sentence)])
        unit, name = next((unit, name) for unit, name in _UNITS if not value % unit)
        qualified = self.imports.name("time", "time", name)
        return qualified if value == unit else f"{value // unit} * {qualified}"

    def _of(self, service: Service, identifier: str) -> str:
        """A name of the package that is generated for a service."""
        path, package = go_package(service.file, service.location)
        return self.imports.name(path, package, identifier)


def has_uuid(rpc: Workflow | Update) -> bool:
    """Whether the RPC's id expression makes a UUID."""
    return any(isinstance(part, UuidV4) for part in rpc.id or ())


def getter(message: Message, name: str) -> str:
    """The method that reads a field; protoc-gen-go appends underscores where names would meet."""
    used = dict.fromkeys(_MESSAGE_METHODS, True)

    def unique(wanted: str, *, has_getter: bool) -> str:
        while used.get(wanted) or (has_getter and used.get(f"Get{wanted}")):
            wanted += "_"
        used[wanted] = True
        used[f"Get{wanted}"] = has_getter
        return wanted

    oneofs = set()
    for each in message.fields:
        made = unique(go_camel(each.name), has_getter=True)
        if each.name == name:
            return f"Get{made}"
        if each.oneof and each.oneof not in oneofs:
            oneofs.add(each.oneof)
            unique(go_camel(each.oneof), has_getter=False)
    raise KeyError(name)


def go_camel(name: str) -> str:
    """The exported name, as protoc-gen-go makes it: `Outer.Inner` to `Outer_Inner`."""
    result = ""
    for index, letter in enumerate(name):
        before, after = name[index - 1 : index], name[index + 1 : index + 2]
        lower_follows = "a" <= after <= "z"
        if letter == ".":
            result += "" if lower_follows else "_"
        elif letter == "_" and before in ("", "."):
            result += "X"
        elif letter == "_" and lower_follows:
            continue
        elif before in ("", ".", "_") or before.isdigit():
            result += letter.upper()
        else:
            result += letter
    return result

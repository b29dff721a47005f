"""What a generated TypeScript module may refer to: imports, names of the contract, options as properties."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from triglot.contract import VERSION
from triglot.contract.literals import number
from triglot.contract.model import (
    Activity,
    Contract,
    Message,
    Priority,
    ProtoFile,
    Query,
    RetryPolicy,
    Rpc,
    Service,
    Signal,
    Update,
    Workflow,
)
from triglot.contract.names import Names, camel, pascal
from triglot.contract.typescript_text import Line, array, comment, duration, literal, obj, render

# Parameters and variables of the generated code.
_LOCALS = {
    "handle", "handler", "implementation", "options", "request", "result", "signal", "update", "uuidV4",
}  # fmt: skip
# Values that every module has, and functions among them; linters keep their names from anything else.
_GLOBALS = {
    "AggregateError", "Array", "ArrayBuffer", "Atomics", "BigInt", "BigInt64Array", "BigUint64Array",
    "Boolean", "DataView", "Date", "Error", "EvalError", "FinalizationRegistry", "Float32Array",
    "Float64Array", "Function", "Infinity", "Int16Array", "Int32Array", "Int8Array", "Intl", "JSON", "Map",
    "Math", "NaN", "Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError", "Reflect",
    "RegExp", "Set", "SharedArrayBuffer", "String", "Symbol", "SyntaxError", "TypeError", "URIError",
    "Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray", "WeakMap", "WeakRef", "WeakSet",
}  # fmt: skip
_GLOBAL_FUNCTIONS = {
    "constructor", "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "escape",
    "globalThis", "hasOwnProperty", "isFinite", "isNaN", "isPrototypeOf", "parseFloat", "parseInt",
    "propertyIsEnumerable", "toLocaleString", "toString", "undefined", "unescape", "valueOf",
}  # fmt: skip
# With a type of the language that the generated code uses.
_TAKEN = ("Record", *sorted(_LOCALS | _GLOBALS | _GLOBAL_FUNCTIONS))
_KEYWORDS = {
    "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else",
    "export", "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new",
    "null", "return", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "void", "while",
    "with", "yield", "enum", "implements", "interface", "let", "package", "private", "protected", "public",
    "static",
}  # fmt: skip
# Identifiers that protobuf-es appends `$` to.
_RESERVED_MESSAGES = _KEYWORDS | {
    "Object", "bigint", "number", "boolean", "string", "object", "globalThis", "Uint8Array", "Partial",
}  # fmt: skip
_RESERVED_VALUES = _KEYWORDS | _LOCALS | _GLOBAL_FUNCTIONS | {"arguments", "await", "eval"}
# Properties that every object has already; protobuf-es appends `$` to them too.
_OBJECT_PROPERTIES = {"constructor", "toString", "toJSON", "valueOf"}


@dataclass
class Imports:
    """Imports by identifier: each use says what it needs and gets the name to write."""

    names: Names
    # By module: the exported name to the name it has here, and whether it is only a type.
    modules: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)

    def name(self, module: str, exported: str, *, type_only: bool = False) -> str:
        """The name to write for what a module exports."""
        imported = self.modules.setdefault(module, {})
        if exported not in imported:
            local = exported
            while local in self.names.owners:
                local += "$"
            self.names.owners[local] = module
            imported[exported] = local, type_only
        return imported[exported][0]

    def lines(self) -> Iterator[Line]:
        """All imports: packages before relative paths, the farthest first, as Biome orders them."""
        for module in sorted(self.modules, key=_module_order):
            imported = self.modules[module]
            only_types = all(type_only for _, type_only in imported.values())
            specifiers = [
                ("" if only_types or not type_only else "type ")
                + (exported if exported == local else f"{exported} as {local}")
                for exported, (local, type_only) in sorted(imported.items(), key=lambda item: _order(item[0]))
            ]
            before = f"import {'type ' if only_types else ''}"
            yield obj(before, specifiers, f" from '{module}';")


class Scope:
    """The names of one module, and the expressions for what the contract says."""

    def __init__(
        self, contract: Contract, file: ProtoFile, services: tuple[Service, ...], runtime: str
    ) -> None:
        self.contract = contract
        self.file = file
        self.services = services
        self._runtime = runtime
        self.names = Names("TypeScript", _TAKEN)
        self.imports = Imports(self.names)
        self._shared = Counter(_key(rpc) for service in services for rpc in service.rpcs)

    def render(self, body: Iterable[Line]) -> str:
        """The whole module."""
        lines = list(body)
        imports = list(self.imports.lines())
        header = f"// Generated by protoc-gen-triglot {VERSION} from {self.file.name}. Do not edit."
        text = "\n".join(render([header, *([""] if imports else []), *imports, *lines]))
        return text.rstrip("\n") + "\n"

    def take(self, identifier: str, owner: Rpc | Service) -> str:
        """Claims a module-level name."""
        return self.names.take(identifier, owner.location, owner.full_name)

    def base(self, rpc: Rpc) -> str:
        """What the RPC's names are made of: its own, with the service's where two services share it."""
        name = pascal(rpc.name)
        if self._shared[_key(rpc)] == 1:
            return name
        return pascal(self.contract.service(rpc.service).name) + name

    def function(self, rpc: Rpc) -> str:
        """The RPC's function."""
        return _safe_value(camel(self.base(rpc)))

    def id(self, rpc: Workflow | Update) -> str:
        """The function that makes the RPC's id."""
        return f"{camel(self.base(rpc))}Id"

    def runtime(self, exported: str, suffix: str = "", *, type_only: bool = False) -> str:
        """What one of the modules exports that generated code calls."""
        stem, extension = posixpath.splitext(self._runtime)
        path = f"{stem}{suffix}{extension}"
        if path.startswith("."):
            # Not relpath: that would resolve what leaves the output's root against the working directory.
            path = _dotted(posixpath.normpath(("../" * self.file.name.count("/") or "./") + path))
        return self.imports.name(path, exported, type_only=type_only)

    def message(self, message: Message) -> str:
        """The message's type."""
        name = "_".join(message.names)
        exported = f"{name}$" if name in _RESERVED_MESSAGES else name
        return self.imports.name(self._messages(message), exported, type_only=True)

    def schema(self, message: Message) -> str:
        """The message's schema."""
        return self.imports.name(self._messages(message), "_".join(message.names) + "Schema")

    def parameter(self, rpc: Rpc, name: str = "request") -> list[str]:
        """The parameter for the RPC's request, if it has one."""
        return [f"{name}: {self.message(rpc.input)}"] if rpc.input else []

    def result(self, rpc: Rpc) -> str:
        """The type of the RPC's result."""
        return self.message(rpc.output) if rpc.output else "void"

    def rpc(self, rpc: Rpc) -> str:
        """What the contract says of the RPC, wherever its service stands."""
        service = self.contract.service(rpc.service)
        return f"{self.temporal(service, value(service))}.{property_name(rpc)}"

    def temporal(self, service: Service, exported: str) -> str:
        """A name of the module of names that is generated for a service."""
        return self.imports.name(self._relative(f"{service.file.stem}_temporal.js"), exported)

    def task_queue(self, rpc: Activity | Workflow) -> str:
        """The constant for the RPC's task queue."""
        service = self.contract.service(rpc.service)
        own = rpc.own_task_queue or not service.task_queue
        return value(service, f"{pascal(rpc.name)}TaskQueue" if own else "TaskQueue")

    def comment(self, rpc: Rpc, text: str = "") -> Iterator[str]:
        """A comment on what calls the RPC; the contract's own where there is no other.

        What serves it has no such tag, since a worker goes on serving it.
        """
        why = self.contract.deprecation(rpc)
        return comment(text or _without_tag(rpc.comment, why), deprecated=why)

    def service_comment(self, service: Service, text: str, *, calls: bool = False) -> Iterator[str]:
        """A comment on what belongs to a service, with the contract's own below; the tag on what calls it."""
        why = self.contract.deprecation(service) if calls else ""
        own = _without_tag(service.comment, why)
        return comment(f"{text}\n\n{own}" if own else text, deprecated=why)

    def _messages(self, message: Message) -> str:
        if message.file.package == "google.protobuf":
            return "@bufbuild/protobuf/wkt"
        return self._relative(f"{message.file.stem}_pb.js")

    def _relative(self, path: str) -> str:
        return _dotted(posixpath.relpath(path, posixpath.dirname(self.file.name) or "."))


def value(service: Service, suffix: str = "") -> str:
    """A value that belongs to a service."""
    return _safe_value(f"{camel(service.name)}{suffix}")


def property_name(rpc: Rpc) -> str:
    """The RPC as a property or a method."""
    return safe_property(camel(rpc.name))


def safe_property(name: str) -> str:
    """The name, unless every object has it already."""
    return f"{name}$" if name in _OBJECT_PROPERTIES else name


def field_name(name: str) -> str:
    """A field or oneof as a property, as protobuf-es names it."""
    head, *words = name.split("_")
    return safe_property(head + "".join(word[:1].upper() + word[1:] for word in words))


def durations(**values: timedelta | None) -> Iterator[Line]:
    """The properties for those that are set, by their names in Python's manner."""
    return (f"{camel(name)}: {duration(value)}" for name, value in values.items() if value)


def retry(policy: RetryPolicy | None) -> Iterator[Line]:
    """The property, if there is one."""
    if policy is None:
        return
    properties = list(
        durations(initial_interval=policy.initial_interval, maximum_interval=policy.max_interval)
    )
    if policy.backoff_coefficient:
        properties.append(f"backoffCoefficient: {number(policy.backoff_coefficient)}")
    if policy.max_attempts:
        properties.append(f"maximumAttempts: {policy.max_attempts}")
    if policy.non_retryable_error_types:
        types = map(literal, policy.non_retryable_error_types)
        properties.append(array("nonRetryableErrorTypes: ", types))
    yield obj("retry: ", properties)


def priority(value: Priority | None) -> Iterator[Line]:
    """The property, if there is one."""
    if value is None:
        return
    properties = []
    if value.key:
        properties.append(f"priorityKey: {value.key}")
    if value.fairness_key:
        properties.append(f"fairnessKey: {literal(value.fairness_key)}")
    if value.fairness_weight:
        properties.append(f"fairnessWeight: {number(value.fairness_weight)}")
    yield obj("priority: ", properties)


def _safe_value(name: str) -> str:
    """The name; what would be a keyword or hide another name gets a `$`, as protobuf-es does it."""
    return f"{name}$" if name in _RESERVED_VALUES else name


def _key(rpc: Rpc) -> tuple[str, str]:
    """What shares its names with others of its kind in a module."""
    kind = "message" if isinstance(rpc, Query | Signal | Update) else type(rpc).__name__
    return kind, pascal(rpc.name)


def _module_order(name: str) -> tuple[bool, int, list[tuple[str, int, str]]]:
    return name.startswith("."), -name.count("../"), _order(name.removesuffix(".js"))


def _order(name: str) -> list[tuple[str, int, str]]:
    """Letter by letter, capitals first, and numbers by their value."""
    return [
        ("0", int(part), "") if part.isdigit() else (part.lower(), 0, part)
        for part in re.findall(r"[0-9]+|[^0-9]", name)
    ]


def _without_tag(text: str, why: str) -> str:
    """A comment without the paragraph that its tag says."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(each for each in paragraphs if not (why and each.startswith("Deprecated: ")))


def _dotted(path: str) -> str:
    return path if path.startswith(".") else f"./{path}"

"""Descriptors to model: reads services, options, comments and places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import (
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from google.protobuf.message import Message as ProtobufMessage

from triglot.contract import expression, options, parse_messages, wire
from triglot.contract.model import (
    Activity,
    Contract,
    IdExpression,
    Message,
    Priority,
    Problem,
    ProtoFile,
    Query,
    Ref,
    RetryPolicy,
    Rpc,
    Service,
    Signal,
    Update,
    Workflow,
)
from triglot.contract.options import (
    IdConflictPolicy,
    IdReusePolicy,
    ParentClosePolicy,
    Values,
    VersioningBehavior,
    WaitPolicy,
)
from triglot.contract.source import Path, Source

_EMPTY = "google.protobuf.Empty"
_SCHEMA = "temporal.v1"
# Field numbers in descriptor.proto, of which the paths in SourceCodeInfo are made.
_FILE_SERVICE, _SERVICE_METHOD, _SERVICE_OPTIONS, _METHOD_OPTIONS = 6, 2, 3, 4


def parse(request: CodeGeneratorRequest) -> tuple[Contract, list[Problem]]:
    """Reads a compiler request; the problems are those of the files to generate code for."""
    files = {file.name: _proto_file(file) for file in request.proto_file}
    messages = {
        message.full_name: message
        for file in request.proto_file
        for message in parse_messages.messages(file, files[file.name])
    }
    enums = {
        enum.full_name: enum
        for file in request.proto_file
        for enum in parse_messages.enums(file, files[file.name])
    }
    problems: list[Problem] = []
    services: list[Service] = []
    declared = _declared(request.proto_file)
    for file in request.proto_file:
        found = _FileParser(file, files[file.name], messages, declared)
        services += found.services()
        if file.name in request.file_to_generate:
            problems += found.problems
    return Contract(tuple(services), messages, enums, frozenset(request.file_to_generate)), problems


def _proto_file(file: FileDescriptorProto) -> ProtoFile:
    return ProtoFile(file.name, file.package, file.options.go_package, file.syntax == "editions")


@dataclass
class _FileParser:
    file: FileDescriptorProto
    proto_file: ProtoFile
    messages: Mapping[str, Message]
    declared: Mapping[str, Mapping[int, str]]
    """The schema's extensions as the contract's copy of it has them: names by number, by what they extend."""
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = Source(self.file)

    def services(self) -> Iterator[Service]:
        for index, descriptor in enumerate(self.file.service):
            service = self.service(descriptor, (_FILE_SERVICE, index))
            if service:
                yield service

    def service(self, descriptor: ServiceDescriptorProto, path: Path) -> Service | None:
        """Reads a service; None for one that says nothing of Temporal and so belongs to somebody else."""
        own = self.extensions(descriptor.options, options.SERVICE_EXTENSIONS, (*path, _SERVICE_OPTIONS))
        of_methods = [
            self.extensions(
                method.options,
                options.METHOD_EXTENSIONS,
                (*path, _SERVICE_METHOD, index, _METHOD_OPTIONS),
            )
            for index, method in enumerate(descriptor.method)
        ]
        if not own and not any(of_methods):
            return None
        location = self.source.location(path)
        if self.file.syntax not in ("proto3", "editions"):
            sentence = f"service {descriptor.name} is in a proto2 file; proto3 and editions are supported"
            self.problems.append(Problem(location, sentence))
        options_path = (*path, _SERVICE_OPTIONS, 7233)
        values = options.read(options.SERVICE, own.get(7233, b""), self.complain(options_path))
        full_name = ".".join(filter(None, (self.file.package, descriptor.name)))
        task_queue = values.string("task_queue")
        rpcs = (
            self.rpc(full_name, task_queue, method, (*path, _SERVICE_METHOD, index), extensions)
            for index, (method, extensions) in enumerate(zip(descriptor.method, of_methods, strict=True))
        )
        return Service(
            location=location,
            file=self.proto_file,
            name=descriptor.name,
            task_queue=task_queue,
            comment=self.source.comment(path),
            deprecated=descriptor.options.deprecated,
            rpcs=tuple(rpc for rpc in rpcs if rpc),
        )

    def rpc(
        self,
        service: str,
        service_queue: str,
        method: MethodDescriptorProto,
        path: Path,
        extensions: Mapping[int, bytes],
    ) -> Rpc | None:
        location = self.source.location(path)
        if method.client_streaming or method.server_streaming:
            self.problems.append(Problem(location, f"{method.name} streams; Temporal has no streams"))
        if len(extensions) != 1:
            self.problems.append(Problem(location, f"{method.name} {_not_one(extensions)}"))
            return None
        ((number, data),) = extensions.items()
        schema, kind = _KINDS[number]
        option_path = (*path, _METHOD_OPTIONS, number)
        values = options.read(schema, data, self.complain(option_path))
        rpc = Rpc(
            location=location,
            service=service,
            name=method.name,
            type_name=values.string("name") or f"{service}.{method.name}",
            comment=self.source.comment(path),
            deprecated=method.options.deprecated,
            input=self.messages.get(_full_name(method.input_type)),
            output=self.messages.get(_full_name(method.output_type)),
        )
        context = _Context(rpc, schema, values, service_queue, self.messages, self.complain(option_path))
        return kind(context)

    def extensions(
        self, options_: ProtobufMessage, known: Mapping[int, options.Option], path: Path
    ) -> dict[int, bytes]:
        """The encoded extensions of our schema that are not ignored, each joined from all its records."""
        declared = self.declared.get(f".{options_.DESCRIPTOR.full_name}", {})
        found: dict[int, bytes] = {}
        for record in wire.records(options_.SerializeToString()):
            option = known.get(record.number)
            if option is None and record.number in declared:
                sentence = (
                    f"option {_SCHEMA}.{declared[record.number]} is one that this compiler does not know"
                )
                self.problems.append(Problem(self.source.location((*path, record.number)), sentence))
            if option and not isinstance(option.type, options.Ignored) and isinstance(record.value, bytes):
                found[record.number] = found.get(record.number, b"") + record.value
        return found

    def complain(self, path: Path) -> options.Complain:
        """Makes a function that records problems of the options message at a path."""
        return lambda sentence, number: self.problems.append(
            Problem(self.source.location((*path, number)), sentence)
        )


@dataclass(frozen=True)
class _Context:
    """What the reader of one kind needs."""

    rpc: Rpc
    schema: options.Schema
    values: Values
    service_queue: str
    messages: Mapping[str, Message]
    complain: options.Complain

    def duration(self, name: str, within: str = "") -> timedelta | None:
        values = self.values.message(within) if within else self.values
        message = values.message(name) if values else None
        if message is None:
            return None
        try:
            return options.duration(message)
        except ValueError as error:
            self.complain(f"{name} {error}", self.schema.number(within or name))
            return None

    def task_queue(self) -> tuple[str, bool]:
        own = self.values.string("task_queue")
        return own or self.service_queue, own not in ("", self.service_queue)

    def retry_policy(self) -> RetryPolicy | None:
        values = self.values.message("retry_policy")
        if values is None:
            return None
        return RetryPolicy(
            initial_interval=self.duration("initial_interval", within="retry_policy"),
            backoff_coefficient=values.number("backoff_coefficient"),
            max_interval=self.duration("max_interval", within="retry_policy"),
            max_attempts=values.integer("max_attempts"),
            non_retryable_error_types=values.strings("non_retryable_error_types"),
        )

    def priority(self) -> Priority | None:
        values = self.values.message("priority")
        if values is None:
            return None
        return Priority(
            values.integer("priority_key"), values.string("fairness_key"), values.number("fairness_weight")
        )

    def id(self) -> IdExpression | None:
        text = self.values.string("id")
        try:
            return expression.parse(text, self.rpc.input, self.messages) if text else None
        except ValueError as error:
            self.complain(f"id: {error}", self.schema.number("id"))
            return None

    def refs(self, name: str) -> tuple[Ref, ...]:
        of_start = self.values.enum("workflow_id_conflict_policy", IdConflictPolicy)
        return tuple(
            Ref(
                _resolve(value.string("ref"), self.rpc.service),
                value.flag("start"),
                value.enum("workflow_id_conflict_policy", IdConflictPolicy) or of_start,
            )
            for value in self.values.messages(name)
        )


def _activity(context: _Context) -> Activity:
    task_queue, own_task_queue = context.task_queue()
    return Activity(
        **vars(context.rpc),
        task_queue=task_queue,
        own_task_queue=own_task_queue,
        schedule_to_close_timeout=context.duration("schedule_to_close_timeout"),
        schedule_to_start_timeout=context.duration("schedule_to_start_timeout"),
        start_to_close_timeout=context.duration("start_to_close_timeout"),
        heartbeat_timeout=context.duration("heartbeat_timeout"),
        retry_policy=context.retry_policy(),
        wait_for_cancellation=context.values.flag("wait_for_cancellation"),
        priority=context.priority(),
    )


def _workflow(context: _Context) -> Workflow:
    task_queue, own_task_queue = context.task_queue()
    return Workflow(
        **vars(context.rpc),
        task_queue=task_queue,
        own_task_queue=own_task_queue,
        id=context.id(),
        queries=context.refs("query"),
        signals=context.refs("signal"),
        updates=context.refs("update"),
        execution_timeout=context.duration("execution_timeout"),
        run_timeout=context.duration("run_timeout"),
        task_timeout=context.duration("task_timeout"),
        id_reuse_policy=context.values.enum("id_reuse_policy", IdReusePolicy),
        id_conflict_policy=context.values.enum("workflow_id_conflict_policy", IdConflictPolicy),
        parent_close_policy=context.values.enum("parent_close_policy", ParentClosePolicy),
        retry_policy=context.retry_policy(),
        wait_for_cancellation=context.values.flag("wait_for_cancellation"),
        priority=context.priority(),
        aliases=context.values.strings("aliases"),
        versioning_behavior=context.values.enum("versioning_behavior", VersioningBehavior),
    )


def _query(context: _Context) -> Query:
    return Query(**vars(context.rpc))


def _signal(context: _Context) -> Signal:
    return Signal(**vars(context.rpc))


def _update(context: _Context) -> Update:
    return Update(
        **vars(context.rpc),
        id=context.id(),
        validate=context.values.flag("validate"),
        wait_for_stage=context.values.enum("wait_for_stage", WaitPolicy) or WaitPolicy.COMPLETED,
    )


_KINDS: Mapping[int, tuple[options.Schema, Callable[[_Context], Rpc]]] = {
    7233: (options.WORKFLOW, _workflow),
    7234: (options.ACTIVITY, _activity),
    7235: (options.QUERY, _query),
    7236: (options.SIGNAL, _signal),
    7237: (options.UPDATE, _update),
}


def _not_one(extensions: Mapping[int, bytes]) -> str:
    """Says what is wrong with an RPC that has no kind or several."""
    if not extensions:
        return "has no kind; exactly one of workflow, activity, query, signal and update is needed"
    kinds = " and ".join(options.METHOD_EXTENSIONS[number].name for number in sorted(extensions))
    why = "an RPC stands for one type with one name, queue and set of options"
    return f"is {kinds}, but {why}: give each kind an RPC of its own"


def _declared(files: Iterable[FileDescriptorProto]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for file in files:
        for extension in file.extension if file.package == _SCHEMA else ():
            found.setdefault(extension.extendee, {})[extension.number] = extension.name
    return found


def _full_name(type_name: str) -> str:
    # Empty stands for no argument and no result, so it is not looked up.
    name = type_name.removeprefix(".")
    return "" if name == _EMPTY else name


def _resolve(ref: str, service: str) -> str:
    """Completes the name of an RPC of the same service; another service's is complete."""
    return ref if "." in ref else f"{service}.{ref}"

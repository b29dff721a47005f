"""Descriptors to model: reads services, options, comments and places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
    SourceCodeInfo,
)

from triglot.contract import expression, options, wire
from triglot.contract.model import (
    Activity,
    Contract,
    Field,
    IdExpression,
    Location,
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
from triglot.contract.options import IdConflictPolicy, IdReusePolicy, ParentClosePolicy, Values, WaitPolicy

_EMPTY = "google.protobuf.Empty"
# Field numbers in descriptor.proto, of which the paths in SourceCodeInfo are made.
_FILE_SERVICE, _SERVICE_METHOD, _SERVICE_OPTIONS, _METHOD_OPTIONS = 6, 2, 3, 4

Path = tuple[int, ...]


def parse(request: CodeGeneratorRequest) -> tuple[Contract, list[Problem]]:
    """Reads a compiler request; the problems are those of the files to generate code for."""
    files = {file.name: _proto_file(file) for file in request.proto_file}
    messages = {
        message.full_name: message
        for file in request.proto_file
        for descriptor in file.message_type
        for message in _messages(files[file.name], (), descriptor)
    }
    problems: list[Problem] = []
    services: list[Service] = []
    for file in request.proto_file:
        found = _FileParser(file, files[file.name], messages)
        services += found.services()
        if file.name in request.file_to_generate:
            problems += found.problems
    return Contract(tuple(services), messages, frozenset(request.file_to_generate)), problems


def _proto_file(file: FileDescriptorProto) -> ProtoFile:
    return ProtoFile(file.name, file.package, file.options.go_package)


def _messages(file: ProtoFile, outer: tuple[str, ...], descriptor: DescriptorProto) -> Iterator[Message]:
    names = (*outer, descriptor.name)
    yield Message(file, names, tuple(_field(each) for each in descriptor.field))
    for nested in descriptor.nested_type:
        yield from _messages(file, names, nested)


def _field(field: FieldDescriptorProto) -> Field:
    return Field(
        name=field.name,
        type=FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower(),
        message=field.type_name.removeprefix("."),
        repeated=field.label == FieldDescriptorProto.LABEL_REPEATED,
    )


@dataclass
class _FileParser:
    file: FileDescriptorProto
    proto_file: ProtoFile
    messages: Mapping[str, Message]
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places: dict[Path, SourceCodeInfo.Location] = {}
        for place in self.file.source_code_info.location:
            self.places.setdefault(tuple(place.path), place)

    def services(self) -> Iterator[Service]:
        for index, descriptor in enumerate(self.file.service):
            service = self.service(descriptor, (_FILE_SERVICE, index))
            if service:
                yield service

    def service(self, descriptor: ServiceDescriptorProto, path: Path) -> Service | None:
        """Reads a service; None for one that says nothing of Temporal and so belongs to somebody else."""
        own = _extensions(descriptor.options.SerializeToString(), options.SERVICE_EXTENSIONS)
        of_methods = [
            _extensions(method.options.SerializeToString(), options.METHOD_EXTENSIONS)
            for method in descriptor.method
        ]
        if not own and not any(of_methods):
            return None
        location = self.location(path)
        if self.file.syntax != "proto3":
            sentence = f"service {descriptor.name} is not in a proto3 file; only proto3 is supported"
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
            comment=self.comment(path),
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
        location = self.location(path)
        if method.client_streaming or method.server_streaming:
            self.problems.append(Problem(location, f"{method.name} streams; Temporal has no streams"))
        if len(extensions) != 1:
            kinds = " and ".join(options.METHOD_EXTENSIONS[number].name for number in sorted(extensions))
            said = f"is {kinds}" if kinds else "has no kind"
            wanted = "exactly one of workflow, activity, query, signal and update is needed"
            self.problems.append(Problem(location, f"{method.name} {said}; {wanted}"))
            return None
        ((number, data),) = extensions.items()
        extension = options.METHOD_EXTENSIONS[number]
        option_path = (*path, _METHOD_OPTIONS, number)
        if isinstance(extension.type, options.Rejected):
            sentence = f"option {extension.name} is rejected: {extension.type.reason}"
            self.problems.append(Problem(self.location(option_path), sentence))
        if not isinstance(extension.type, options.Schema):
            return None
        values = options.read(extension.type, data, self.complain(option_path))
        rpc = Rpc(
            location=location,
            service=service,
            name=method.name,
            type_name=values.string("name") or f"{service}.{method.name}",
            comment=self.comment(path),
            input=self.messages.get(_full_name(method.input_type)),
            output=self.messages.get(_full_name(method.output_type)),
        )
        context = _Context(
            rpc, extension.type, values, service_queue, self.messages, self.complain(option_path)
        )
        return _KINDS[number](context)

    def complain(self, path: Path) -> options.Complain:
        """Makes a function that records problems of the options message at a path."""
        return lambda sentence, number: self.problems.append(
            Problem(self.location((*path, number)), sentence)
        )

    def location(self, path: Path) -> Location:
        for candidate in (place for place in self.places if place[: len(path)] == path):
            line, column = self.places[candidate].span[:2]
            return Location(self.file.name, line + 1, column + 1)
        # Without source information, or for an option that stands nowhere: where the element stands.
        return self.location(path[:-1]) if path else Location(self.file.name, 1, 1)

    def comment(self, path: Path) -> str:
        place = self.places.get(path)
        text = place.leading_comments if place else ""
        return "\n".join(line.removeprefix(" ").rstrip() for line in text.strip("\n").splitlines()).strip()


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
        return tuple(
            Ref(_resolve(value.string("ref"), self.rpc.service), value.flag("start"))
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


_KINDS: Mapping[int, Callable[[_Context], Rpc]] = {
    7233: _workflow,
    7234: _activity,
    7235: _query,
    7236: _signal,
    7237: _update,
}


def _extensions(data: bytes, known: Mapping[int, options.Option]) -> dict[int, bytes]:
    """The encoded extensions of our schema, each joined from all its records."""
    found: dict[int, bytes] = {}
    for record in wire.records(data):
        option = known.get(record.number)
        if option and not isinstance(option.type, options.Ignored) and isinstance(record.value, bytes):
            found[record.number] = found.get(record.number, b"") + record.value
    return found


def _full_name(type_name: str) -> str:
    # Empty stands for no argument and no result, so it is not looked up.
    name = type_name.removeprefix(".")
    return "" if name == _EMPTY else name


def _resolve(ref: str, service: str) -> str:
    """Completes the name of an RPC of the same service; another service's is complete."""
    return ref if "." in ref else f"{service}.{ref}"

"""Model to TypeScript, what workflows need: activities, children, handlers, and how a worker serves them."""

from __future__ import annotations

from collections.abc import Iterator

from triglot.contract.model import Activity, Query, Rpc, Service, Signal, Update, Workflow
from triglot.contract.names import pascal
from triglot.contract.typescript_scope import (
    Scope,
    durations,
    priority,
    property_name,
    retry,
    value,
)
from triglot.contract.typescript_text import (
    Line,
    array,
    call_with_object,
    comment,
    hugging,
    indent,
    listed,
)

_RUNTIME = "-workflow"


def module(scope: Scope) -> Iterator[Line]:
    """Yields a module without its imports."""
    _claim(scope)
    for service in scope.services:
        if workflows := service.of(Workflow):
            yield from ("", *_interface(scope, service, workflows))
            yield from ("", *_served(scope, service, workflows))
        for rpc in service.rpcs:
            yield from ("", *_rpc(scope, rpc))


def _claim(scope: Scope) -> None:
    """Takes the exported names before any import, so that imports give way."""
    for service in scope.services:
        if service.of(Workflow):
            scope.take(f"{pascal(service.name)}Workflows", service)
            scope.take(value(service, "Workflows"), service)
        for rpc in service.rpcs:
            scope.take(_function(scope, rpc), rpc)


def _function(scope: Scope, rpc: Rpc) -> str:
    match rpc:
        case Activity():
            return scope.function(rpc)
        case Workflow():
            return f"start{scope.base(rpc)}"
        case _:
            return f"on{scope.base(rpc)}"


def _interface(scope: Scope, service: Service, workflows: tuple[Workflow, ...]) -> Iterator[Line]:
    yield from scope.service_comment(
        service, f"What a worker implements for the workflows of {service.name}."
    )
    yield f"export interface {pascal(service.name)}Workflows {{"
    for rpc in workflows:
        says = [rpc.comment, *([rpc.versioning_behavior.sentences] if rpc.versioning_behavior else [])]
        yield from indent(comment("\n\n".join(filter(None, says))))
        returns = f": Promise<{scope.result(rpc)}>;"
        yield from indent([listed(property_name(rpc), scope.parameter(rpc), returns)])
    yield "}"


def _served(scope: Scope, service: Service, workflows: tuple[Workflow, ...]) -> Iterator[Line]:
    result = scope.runtime("ServedWorkflow", _RUNTIME, type_only=True)
    parameters = [f"implementation: {pascal(service.name)}Workflows"]
    serve = scope.runtime("serve", _RUNTIME)
    yield f"/** The workflows of {service.name}, for serveWorkflows. */"
    yield listed(f"export function {value(service, 'Workflows')}", parameters, f": {result}[] {{")
    items = []
    for rpc in workflows:
        request = "request" if rpc.input else ""
        call = f"implementation.{property_name(rpc)}({request})"
        items.append(hugging(serve, scope.rpc(rpc), f"({request}) =>", call, margin=4))
    yield from indent([array("return ", items, ";")])
    yield "}"


def _rpc(scope: Scope, rpc: Rpc) -> Iterator[Line]:
    match rpc:
        case Activity():
            text, body = f"Runs {rpc.name}.", _activity(scope, rpc)
        case Workflow():
            text, body = f"Starts {rpc.name} as a child.", _child(scope, rpc)
        case Signal():
            text, body = (
                f"Handles {rpc.name}.",
                _handler(scope, rpc, "setSignalHandler", "void | Promise<void>"),
            )
        case Query():
            text, body = f"Answers {rpc.name}.", _handler(scope, rpc, "setQueryHandler", scope.result(rpc))
        case Update():
            text, body = f"Handles {rpc.name}.", _update(scope, rpc)
        case _:
            raise AssertionError(rpc)
    if isinstance(rpc, Activity | Workflow):
        yield from scope.comment(rpc, "" if rpc.comment else text)
    else:
        yield from comment(rpc.comment or text)
    yield from body


def _activity(scope: Scope, rpc: Activity) -> Iterator[Line]:
    returns = f": Promise<{scope.result(rpc)}> {{"
    yield listed(f"export function {scope.function(rpc)}", scope.parameter(rpc), returns)
    service = scope.contract.service(rpc.service)
    options: list[Line] = [
        f"taskQueue: {scope.temporal(service, scope.task_queue(rpc))}",
        *durations(
            schedule_to_close_timeout=rpc.schedule_to_close_timeout,
            schedule_to_start_timeout=rpc.schedule_to_start_timeout,
            start_to_close_timeout=rpc.start_to_close_timeout,
            heartbeat_timeout=rpc.heartbeat_timeout,
        ),
        *retry(rpc.retry_policy),
        *priority(rpc.priority),
    ]
    if rpc.wait_for_cancellation:
        options.append("cancellationType: 'WAIT_CANCELLATION_COMPLETED'")
    execute = scope.runtime("executeActivity", _RUNTIME)
    yield from indent([call_with_object(f"return {execute}", _arguments(scope, rpc), options)])
    yield "}"


def _child(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    options = scope.runtime("ChildOptions", _RUNTIME, type_only=True)
    handle = scope.runtime("ChildHandle", _RUNTIME, type_only=True)
    start = scope.runtime("startChild", _RUNTIME)
    own = []
    if rpc.wait_for_cancellation:
        own.append("cancellationType: 'WAIT_CANCELLATION_COMPLETED'")
    if rpc.parent_close_policy:
        own.append(f"parentClosePolicy: '{rpc.parent_close_policy.name}'")
    parameters = [*scope.parameter(rpc), f"options?: {options}"]
    returns = f": Promise<{handle}<{scope.result(rpc)}>> {{"
    yield listed(f"export function {_function(scope, rpc)}", parameters, returns)
    arguments = _arguments(scope, rpc)
    if own:
        yield from indent([call_with_object(f"return {start}", arguments, [*own, "...options"])])
    else:
        yield from indent([listed(f"return {start}", [*arguments, "options"], ";")])
    yield "}"


def _handler(scope: Scope, rpc: Rpc, setter: str, result: str) -> Iterator[Line]:
    handler = f"handler: ({', '.join(scope.parameter(rpc))}) => {result}"
    yield listed(f"export function {_function(scope, rpc)}", [handler], ": void {")
    yield from indent([listed(scope.runtime(setter, _RUNTIME), [scope.rpc(rpc), "handler"], ";")])
    yield "}"


def _update(scope: Scope, rpc: Update) -> Iterator[Line]:
    result = scope.result(rpc)
    options = scope.runtime("UpdateOptions", _RUNTIME, type_only=True)
    request = scope.message(rpc.input) if rpc.input else "undefined"
    parameters = [
        f"handler: ({', '.join(scope.parameter(rpc))}) => {result} | Promise<{result}>",
        f"options?: {options}<{request}>",
    ]
    yield listed(f"export function {_function(scope, rpc)}", parameters, ": void {")
    setter = scope.runtime("setUpdateHandler", _RUNTIME)
    yield from indent([listed(setter, [scope.rpc(rpc), "handler", "options"], ";")])
    yield "}"


def _arguments(scope: Scope, rpc: Rpc) -> list[str]:
    return [scope.rpc(rpc), "request" if rpc.input else "undefined"]

"""Model to Python, the client side: a client for each service with workflows, a handle for each workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triglot.contract.model import Query, Ref, Rpc, Service, Signal, Update, Workflow
from triglot.contract.names import Names, one, pascal, snake
from triglot.contract.options import IdConflictPolicy, WaitPolicy
from triglot.contract.python_scope import Scope, function_name
from triglot.contract.python_text import Line, call, docstring, indent

_OPTIONAL_ID = "id: str | None = None"
_STARTED = "which is started if it does not run"


def client(scope: Scope, service: Service, workflows: Iterable[Workflow]) -> Iterator[Line]:
    """Yields the client class of a service."""
    yield f"class {scope.take(f'{pascal(service.name)}Client', service)}:"
    yield f'    """Starts and finds the workflows of {service.name}; checks requests before sending."""'
    yield ""
    yield f"    def __init__(self, client: {scope.imports.name('temporalio.client', 'Client')}) -> None:"
    yield "        self.client = client"
    for workflow in workflows:
        yield from _method(_start(scope, workflow))
        for signal, ref in scope.contract.referenced(Signal, workflow.signals):
            if ref.start:
                yield from _method(_start_with_signal(scope, workflow, signal))
        for update, ref in scope.contract.referenced(Update, workflow.updates):
            if ref.start:
                yield from _method(_start_with_update(scope, workflow, update, ref))
        yield from _method(_execute(scope, workflow))
        yield from _method(_find(scope, workflow))


def handle(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    """Yields the handle class of a workflow."""
    any_ = scope.imports.name("typing", "Any")
    raw = scope.imports.name("temporalio.client", "WorkflowHandle")
    names = Names("Python", ["result", "workflow"])
    yield f"class {scope.take(scope.handle(rpc), rpc)}:"
    yield f'    """A{one(rpc.name)[1:]} that was started; `workflow` is the handle underneath."""'
    yield ""
    yield f"    def __init__(self, workflow: {raw}[{any_}, {any_}]) -> None:"
    yield "        self.workflow = workflow"
    yield from _method(_result(scope, rpc))
    for query, _ in scope.contract.referenced(Query, rpc.queries):
        yield from _method(_query(scope, query, names))
    for signal, _ in scope.contract.referenced(Signal, rpc.signals):
        yield from _method(_signal(scope, signal, names))
    for update, _ in scope.contract.referenced(Update, rpc.updates):
        yield from _method(_update(scope, update, names))
        if update.wait_for_stage is WaitPolicy.ACCEPTED:
            yield from _method(_start_update(scope, update, names))


def _method(lines: Iterable[Line]) -> Iterator[Line]:
    yield ""
    yield from indent(lines)


def _start(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    yield from scope.deprecated(rpc)
    yield call(f"async def start_{snake(rpc.name)}", _parameters(scope, rpc), f" -> {scope.handle(rpc)}:")
    yield from indent(
        [
            *docstring(rpc.comment, f"Starts {rpc.name}."),
            *_begun(scope, rpc),
            f"return {scope.handle(rpc)}(handle)",
        ]
    )


def _begun(scope: Scope, rpc: Workflow) -> list[Line]:
    started = _started(scope, rpc, rpc.id_conflict_policy)
    start = call("handle = await self.client.start_workflow", started, explode=True)
    return [*_checked(scope, rpc), start]


def _start_with_signal(scope: Scope, rpc: Workflow, signal: Signal) -> Iterator[Line]:
    name = f"start_{snake(rpc.name)}_with_{snake(signal.name)}"
    parameters = _parameters(scope, rpc, *scope.parameter(signal, "signal"))
    arguments = [*_started(scope, rpc, rpc.id_conflict_policy), f"start_signal={scope.constant(signal)}"]
    if signal.input:
        arguments.append("start_signal_args=[signal]")
    yield from scope.deprecated(rpc) or scope.deprecated(signal)
    yield call(f"async def {name}", parameters, f" -> {scope.handle(rpc)}:")
    yield from indent(
        [
            *docstring(f"Sends {signal.name} to {rpc.name}, {_STARTED}.", f"Sends {signal.name}."),
            *_checked(scope, rpc),
            *_checked(scope, signal, "signal"),
            call("handle = await self.client.start_workflow", arguments, explode=True),
            f"return {scope.handle(rpc)}(handle)",
        ]
    )


def _start_with_update(scope: Scope, rpc: Workflow, update: Update, ref: Ref) -> Iterator[Line]:
    name = f"start_{snake(rpc.name)}_with_{snake(update.name)}"
    operation = scope.imports.name("temporalio.client", "WithStartWorkflowOperation")
    any_ = scope.imports.name("typing", "Any")
    parameters = _parameters(scope, rpc, *scope.parameter(update, "update"))
    arguments: list[Line] = [
        *scope.addressed(update, "update"),
        *([f"id={scope.made_id(update, 'update')}"] if update.id else []),
        *scope.result_type(update),
        "start_workflow_operation=start",
    ]
    started = _started(scope, rpc, ref.id_conflict_policy)
    returned = f"return {scope.handle(rpc)}(await start.workflow_handle())"
    answer = f"tuple[{scope.handle(rpc)}, {scope.result(update)}]" if update.output else scope.handle(rpc)
    yield from scope.deprecated(rpc) or scope.deprecated(update)
    yield call(f"async def {name}", parameters, f" -> {answer}:")
    yield from indent(
        [
            *docstring(f"Updates {rpc.name}, {_STARTED}, and waits for the update.", f"Sends {update.name}."),
            *_checked(scope, rpc),
            *_checked(scope, update, "update"),
            call(f"start: {operation}[{any_}, {any_}] = {operation}", started, explode=True),
            *_awaited(scope, update, "self.client.execute_update_with_start_workflow", arguments),
            f"{returned}, result" if update.output else returned,
        ]
    )


def _execute(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    parameters = _parameters(scope, rpc)
    arguments = [*(["request"] if rpc.input else []), "id=id"]
    begun: list[Line] = [call(f"handle = await self.start_{snake(rpc.name)}", arguments)]
    handle = "handle"
    deprecated = scope.deprecated(rpc)
    if deprecated:
        # A checker would complain of a call in here, too.
        begun, handle = _begun(scope, rpc), f"{scope.handle(rpc)}(handle)"
    yield from deprecated
    yield call(f"async def execute_{snake(rpc.name)}", parameters, f" -> {scope.result(rpc)}:")
    yield from indent(
        [
            f'"""Starts {rpc.name} and waits for its end."""',
            *begun,
            f"{'return ' if rpc.output else ''}await {handle}.result()",
        ]
    )


def _find(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    parameters = ["self", "id: str", "*", "run_id: str | None = None"]
    arguments = ["id", "run_id=run_id", *scope.result_type(rpc)]
    yield call(f"def {snake(rpc.name)}_handle", parameters, f" -> {scope.handle(rpc)}:")
    yield from indent(
        [
            *docstring(
                f"Finds {one(rpc.name)} by its workflow id, without asking the server whether there is one.",
                f"Finds {one(rpc.name)}.",
            ),
            call("handle = self.client.get_workflow_handle", arguments),
            f"return {scope.handle(rpc)}(handle)",
        ]
    )


def _result(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    yield f"async def result(self) -> {scope.result(rpc)}:"
    yield f'    """Waits for the end of {rpc.name}."""'
    yield from indent(_answered(scope, rpc, "self.workflow.result", []))


def _query(scope: Scope, rpc: Query, names: Names) -> Iterator[Line]:
    # A request without fields says nothing, so it may be left out.
    optional = rpc.input is not None and not rpc.input.fields
    parameters = [f"{each} | None = None" if optional else each for each in scope.parameter(rpc)]
    default = [f"request = request or {scope.message(rpc.input)}()"] if rpc.input and optional else []
    name = names.take(function_name(snake(rpc.name)), rpc.location, rpc.full_name)
    yield from scope.deprecated(rpc)
    yield call(f"async def {name}", ["self", *parameters], f" -> {scope.result(rpc)}:")
    arguments = [*scope.addressed(rpc), *scope.result_type(rpc)]
    yield from indent(
        [
            *docstring(rpc.comment, f"Asks for {rpc.name}."),
            *default,
            *_checked(scope, rpc),
            *_answered(scope, rpc, "self.workflow.query", arguments),
        ]
    )


def _signal(scope: Scope, rpc: Signal, names: Names) -> Iterator[Line]:
    name = names.take(function_name(snake(rpc.name)), rpc.location, rpc.full_name)
    yield from scope.deprecated(rpc)
    yield call(f"async def {name}", ["self", *scope.parameter(rpc)], " -> None:")
    yield from indent(
        [
            *docstring(rpc.comment, f"Sends {rpc.name}."),
            *_checked(scope, rpc),
            call("await self.workflow.signal", scope.addressed(rpc)),
        ]
    )


def _update(scope: Scope, rpc: Update, names: Names) -> Iterator[Line]:
    name = names.take(function_name(snake(rpc.name)), rpc.location, rpc.full_name)
    parameters = ["self", *scope.parameter(rpc), "*", _OPTIONAL_ID]
    yield from scope.deprecated(rpc)
    yield call(f"async def {name}", parameters, f" -> {scope.result(rpc)}:")
    yield from indent(
        [
            *docstring(rpc.comment, f"Sends {rpc.name} and waits for its end."),
            *_checked(scope, rpc),
            *_answered(scope, rpc, "self.workflow.execute_update", _updated(scope, rpc)),
        ]
    )


def _start_update(scope: Scope, rpc: Update, names: Names) -> Iterator[Line]:
    name = names.take(f"start_{snake(rpc.name)}", rpc.location, rpc.full_name)
    raw = scope.imports.name("temporalio.client", "WorkflowUpdateHandle")
    stage = scope.imports.name("temporalio.client", "WorkflowUpdateStage")
    parameters = ["self", *scope.parameter(rpc), "*", _OPTIONAL_ID]
    arguments = [*_updated(scope, rpc), f"wait_for_stage={stage}.{rpc.wait_for_stage.name}"]
    yield from scope.deprecated(rpc)
    yield call(f"async def {name}", parameters, f" -> {raw}[{scope.result(rpc)}]:")
    yield from indent(
        [
            f'"""Sends {rpc.name} and waits until the workflow has accepted it."""',
            *_checked(scope, rpc),
            call("return await self.workflow.start_update", arguments, explode=True),
        ]
    )


def _parameters(scope: Scope, rpc: Workflow, *second: str) -> list[str]:
    # Without an expression there is no good id to fall back on, and a random one could not be found again.
    return ["self", *scope.parameter(rpc), *second, "*", _OPTIONAL_ID if rpc.id else "id: str"]


def _checked(scope: Scope, rpc: Rpc, parameter: str = "request") -> list[Line]:
    return [f"{scope.runtime}.check({parameter})"] if rpc.input else []


def _started(scope: Scope, rpc: Workflow, policy: IdConflictPolicy | None) -> list[Line]:
    arguments: list[Line] = [
        *scope.addressed(rpc),
        f"id={scope.default_id(rpc)}",
        f"task_queue={scope.task_queue(rpc)}",
        *scope.result_type(rpc),
        *scope.start_options(rpc),
    ]
    if policy:
        policies = scope.imports.name("temporalio.common", "WorkflowIDConflictPolicy")
        arguments.append(f"id_conflict_policy={policies}.{policy.name}")
    return arguments


def _updated(scope: Scope, rpc: Update) -> list[Line]:
    return [*scope.addressed(rpc), f"id={scope.default_id(rpc)}", *scope.result_type(rpc)]


def _answered(scope: Scope, rpc: Rpc, called: str, arguments: list[Line]) -> Iterator[Line]:
    """Awaits an answer and returns it."""
    yield from _awaited(scope, rpc, called, arguments)
    if rpc.output:
        yield "return result"


def _awaited(scope: Scope, rpc: Rpc, called: str, arguments: list[Line]) -> Iterator[Line]:
    """Awaits an answer, which the SDK types as Any, and gives it its type."""
    typed = f"result: {scope.result(rpc)} = " if rpc.output else ""
    yield call(f"{typed}await {called}", arguments)

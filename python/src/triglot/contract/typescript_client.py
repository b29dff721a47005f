"""Model to TypeScript, the client side: a client for each service, a handle for each workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triglot.contract.model import Query, Ref, Rpc, Service, Signal, Update, Workflow
from triglot.contract.names import Names, camel, pascal
from triglot.contract.options import WaitPolicy
from triglot.contract.typescript_scope import Scope, property_name
from triglot.contract.typescript_text import Line, call_with_object, indent, listed

_RUNTIME = "-client"
_SDK = "@temporalio/client"
# Its name, the RPC that its comment tells of, what else than the RPC's comment it says, and its lines.
_Method = tuple[str, Rpc, str, Iterator[Line]]


def module(scope: Scope) -> Iterator[Line]:
    """Yields a module without its imports."""
    services = [service for service in scope.services if service.of(Workflow)]
    # Before any import, so that imports give way.
    for service in services:
        scope.take(_client_name(service), service)
        for rpc in service.of(Workflow):
            scope.take(_handle_name(scope, rpc), rpc)
    for service in services:
        yield from ("", *_client(scope, service))
        for rpc in service.of(Workflow):
            yield from ("", *_handle(scope, rpc))


def _client_name(service: Service) -> str:
    return f"{pascal(service.name)}Client"


def _handle_name(scope: Scope, rpc: Workflow) -> str:
    return f"{scope.base(rpc)}Handle"


def _client(scope: Scope, service: Service) -> Iterator[Line]:
    names = Names("TypeScript", ["client", "constructor"])
    text = f"Starts and finds the workflows of {service.name}; checks requests before sending."
    yield from scope.service_comment(service, text, calls=True)
    yield f"export class {_client_name(service)} {{"
    yield f"  constructor(readonly client: {scope.imports.name(_SDK, 'Client', type_only=True)}) {{}}"
    for rpc in service.of(Workflow):
        name = pascal(rpc.name)
        methods = [
            (f"start{name}", rpc, "" if rpc.comment else f"Starts {rpc.name}.", _start(scope, rpc)),
            *_starts_with(scope, rpc),
            (f"execute{name}", rpc, f"Starts {rpc.name} and waits for its end.", _execute(scope, rpc)),
            (
                f"{camel(rpc.name)}Handle",
                rpc,
                f"Finds {rpc.name} by its workflow id, without asking the server whether there is one.",
                _find(scope, rpc),
            ),
        ]
        for method, called, text, body in methods:
            names.take(method, rpc.location, rpc.full_name)
            yield from _method([*scope.comment(called, text), *body])
    yield "}"


def _starts_with(scope: Scope, rpc: Workflow) -> Iterator[_Method]:
    base = f"start{pascal(rpc.name)}With"
    for signal, ref in scope.contract.referenced(Signal, rpc.signals):
        if ref.start:
            text = f"Sends {signal.name} to {rpc.name}, which is started if it does not run."
            yield (
                f"{base}{pascal(signal.name)}",
                _deprecated(scope, rpc, signal),
                text,
                _start_with_signal(scope, rpc, signal),
            )
    for update, ref in scope.contract.referenced(Update, rpc.updates):
        if ref.start:
            text = f"Updates {rpc.name}, which is started if it does not run, and waits for the update."
            called = _deprecated(scope, rpc, update)
            yield f"{base}{pascal(update.name)}", called, text, _start_with_update(scope, rpc, update, ref)


def _deprecated(scope: Scope, *rpcs: Rpc) -> Rpc:
    """The first that is deprecated, or the first."""
    return next(filter(scope.contract.deprecation, rpcs), rpcs[0])


def _start(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    handle = _handle_name(scope, rpc)
    yield listed(f"async start{pascal(rpc.name)}", _parameters(scope, rpc), f": Promise<{handle}> {{")
    arguments = ["this.client", *_arguments(scope, rpc), "options"]
    yield from indent(
        [
            listed(f"const handle = await {scope.runtime('startWorkflow', _RUNTIME)}", arguments, ";"),
            f"return new {handle}(handle);",
        ]
    )
    yield "}"


def _start_with_signal(scope: Scope, rpc: Workflow, signal: Signal) -> Iterator[Line]:
    handle = _handle_name(scope, rpc)
    name = f"start{pascal(rpc.name)}With{pascal(signal.name)}"
    parameters = _parameters(scope, rpc, *scope.parameter(signal, "signal"))
    yield listed(f"async {name}", parameters, f": Promise<{handle}> {{")
    arguments = ["this.client", *_arguments(scope, rpc), *_arguments(scope, signal, "signal"), "options"]
    yield from indent(
        [
            listed(f"const handle = await {scope.runtime('startWithSignal', _RUNTIME)}", arguments, ";"),
            f"return new {handle}(handle);",
        ]
    )
    yield "}"


def _start_with_update(scope: Scope, rpc: Workflow, update: Update, ref: Ref) -> Iterator[Line]:
    handle = _handle_name(scope, rpc)
    name = f"start{pascal(rpc.name)}With{pascal(update.name)}"
    parameters = _parameters(scope, rpc, *scope.parameter(update, "update"))
    answer = f"[{handle}, {scope.result(update)}]" if update.output else handle
    yield listed(f"async {name}", parameters, f": Promise<{answer}> {{")
    arguments = ["this.client", *_arguments(scope, rpc), *_arguments(scope, update, "update")]
    returned = f"new {handle}(handle)"
    target = "[handle, result]" if update.output else "[handle]"
    start = f"const {target} = await {scope.runtime('startWithUpdate', _RUNTIME)}"
    call = listed(start, [*arguments, "options"], ";")
    if ref.id_conflict_policy and ref.id_conflict_policy is not rpc.id_conflict_policy:
        policy = f"workflowIdConflictPolicy: '{ref.id_conflict_policy.name}'"
        call = call_with_object(start, arguments, [policy, "...options"])
    yield from indent(
        [
            call,
            f"return [{returned}, result];" if update.output else f"return {returned};",
        ]
    )
    yield "}"


def _execute(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    returns = f": Promise<{scope.result(rpc)}> {{"
    yield listed(f"async execute{pascal(rpc.name)}", _parameters(scope, rpc), returns)
    arguments = [*(["request"] if rpc.input else []), "options"]
    yield from indent(
        [
            listed(f"const handle = await this.start{pascal(rpc.name)}", arguments, ";"),
            "return handle.result();",
        ]
    )
    yield "}"


def _find(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    handle = _handle_name(scope, rpc)
    parameters = ["workflowId: string", "runId?: string"]
    yield listed(f"{camel(rpc.name)}Handle", parameters, f": {handle} {{")
    found = ["this.client.workflow.getHandle(workflowId, runId)"]
    yield from indent([listed(f"return new {handle}", found, ";")])
    yield "}"


def _handle(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    raw = scope.imports.name(_SDK, "WorkflowHandle", type_only=True)
    names = Names("TypeScript", ["constructor", "result", "workflow"])
    yield f"/** A started {rpc.name}; `workflow` is the handle underneath. */"
    yield f"export class {_handle_name(scope, rpc)} {{"
    yield f"  constructor(readonly workflow: {raw}) {{}}"
    text = f"Waits for the end of {rpc.name}."
    yield from _method([f"/** {text} */", *_result(scope, rpc)])
    for method, message, text, body in _messages(scope, rpc):
        names.take(method, message.location, message.full_name)
        yield from _method([*scope.comment(message, text), *body])
    yield "}"


def _messages(scope: Scope, rpc: Workflow) -> Iterator[_Method]:
    for query, _ in scope.contract.referenced(Query, rpc.queries):
        text = "" if query.comment else f"Asks for {query.name}."
        yield property_name(query), query, text, _query(scope, query)
    for signal, _ in scope.contract.referenced(Signal, rpc.signals):
        body = _send(scope, signal, "sendSignal", property_name(signal), scope.parameter(signal))
        yield property_name(signal), signal, "" if signal.comment else f"Sends {signal.name}.", body
    for update, _ in scope.contract.referenced(Update, rpc.updates):
        sent = f"Sends {update.name} and waits"
        text = "" if update.comment else f"{sent} for its end."
        yield property_name(update), update, text, _update(scope, update)
        if update.wait_for_stage is WaitPolicy.ACCEPTED:
            name = f"start{pascal(update.name)}"
            yield name, update, f"{sent} until the workflow has accepted it.", _start_update(scope, update)


def _result(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    yield f"result(): Promise<{scope.result(rpc)}> {{"
    arguments = ["this.workflow", scope.rpc(rpc)]
    yield from indent([listed(f"return {scope.runtime('resultOf', _RUNTIME)}", arguments, ";")])
    yield "}"


def _query(scope: Scope, rpc: Query) -> Iterator[Line]:
    if rpc.input and not rpc.input.fields:
        # A request without fields says nothing, so it may be left out.
        create = scope.imports.name("@bufbuild/protobuf", "create")
        parameters = [f"request = {create}({scope.schema(rpc.input)})"]
    else:
        parameters = scope.parameter(rpc)
    yield from _send(scope, rpc, "sendQuery", property_name(rpc), parameters)


def _update(scope: Scope, rpc: Update) -> Iterator[Line]:
    parameters = [*scope.parameter(rpc), _update_options(scope)]
    yield from _send(scope, rpc, "executeUpdate", property_name(rpc), parameters, "options")


def _start_update(scope: Scope, rpc: Update) -> Iterator[Line]:
    parameters = [*scope.parameter(rpc), _update_options(scope)]
    handle = scope.imports.name(_SDK, "WorkflowUpdateHandle", type_only=True)
    result = f"{handle}<{scope.result(rpc)}>"
    name = f"start{pascal(rpc.name)}"
    yield from _send(scope, rpc, "startUpdate", name, parameters, "options", result=result)


def _send(
    scope: Scope,
    rpc: Rpc,
    runtime: str,
    name: str,
    parameters: Iterable[str],
    *more: str,
    result: str = "",
) -> Iterator[Line]:
    """Yields a method that passes on what it gets."""
    yield listed(name, list(parameters), f": Promise<{result or scope.result(rpc)}> {{")
    arguments = ["this.workflow", *_arguments(scope, rpc), *more]
    yield from indent([listed(f"return {scope.runtime(runtime, _RUNTIME)}", arguments, ";")])
    yield "}"


def _update_options(scope: Scope) -> str:
    return f"options?: {scope.imports.name(_SDK, 'WorkflowUpdateOptions', type_only=True)}"


def _parameters(scope: Scope, rpc: Workflow, *second: str) -> list[str]:
    # Without an expression there is no good id to fall back on, and a random one could not be found again.
    if rpc.id:
        options = f"options?: {scope.runtime('StartOptions', _RUNTIME, type_only=True)}"
    else:
        options = f"options: {scope.runtime('StartOptionsWithId', _RUNTIME, type_only=True)}"
    return [*scope.parameter(rpc), *second, options]


def _arguments(scope: Scope, rpc: Rpc, name: str = "request") -> list[str]:
    return [scope.rpc(rpc), name if rpc.input else "undefined"]


def _method(lines: Iterable[Line]) -> Iterator[Line]:
    yield ""
    yield from indent(lines)

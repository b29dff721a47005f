"""Model to TypeScript: up to three modules a file.

`x_temporal` has names, ids and the worker side of activities, `x_workflow` what workflows call and how they
are served, `x_client` the client side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triglot.contract import typescript_client, typescript_workflow
from triglot.contract.model import Activity, Contract, Rpc, Service, Update, Workflow
from triglot.contract.names import Names, pascal
from triglot.contract.typescript_id import id_function, id_property
from triglot.contract.typescript_scope import (
    Scope,
    durations,
    priority,
    property_name,
    retry,
    value,
)
from triglot.contract.typescript_text import Line, array, arrow, comment, indent, listed, literal, obj


def emit(contract: Contract, *, runtime: str) -> dict[str, str]:
    """Returns the generated files by path.

    Args:
        contract: a checked contract.
        runtime: the module with `parseRequest`, beside which the other modules lie that generated code calls;
            a relative one is seen from the output's root.
    """
    files = {}
    for file, services in contract.files():
        modules = {"temporal": _module, "workflow": typescript_workflow.module}
        if any(service.of(Workflow) for service in services):
            modules["client"] = typescript_client.module
        for name, module in modules.items():
            scope = Scope(contract, file, services, runtime)
            files[f"{file.stem}_{name}.ts"] = scope.render(module(scope))
    return files


def _module(scope: Scope) -> Iterator[Line]:
    # Before any import, so that imports give way.
    for service in scope.services:
        for name in (value(service), value(service, "TaskQueue"), value(service, "Names")):
            scope.take(name, service)
        if service.of(Activity):
            scope.take(f"{pascal(service.name)}Activities", service)
            scope.take(value(service, "Activities"), service)
        for rpc in service.rpcs:
            if isinstance(rpc, Workflow | Update) and rpc.id:
                scope.take(scope.id(rpc), rpc)
            if isinstance(rpc, Activity | Workflow) and (rpc.own_task_queue or not service.task_queue):
                scope.take(scope.task_queue(rpc), rpc)
    for service in scope.services:
        yield from _constants(scope, service)
        for rpc in service.rpcs:
            if isinstance(rpc, Workflow | Update) and rpc.id:
                yield ""
                yield from id_function(scope, rpc, rpc.id)
        yield from ("", *_rpcs(scope, service))
        activities = service.of(Activity)
        if activities:
            yield from ("", *_interface(scope, service, activities))
            yield from ("", *_registration(scope, service, activities))


def _constants(scope: Scope, service: Service) -> Iterator[Line]:
    yield ""
    if service.task_queue:
        yield f"/** The task queue of {service.full_name}. */"
        yield f"export const {value(service, 'TaskQueue')} = {literal(service.task_queue)};"
        yield ""
    for rpc in service.rpcs:
        if isinstance(rpc, Activity | Workflow) and (rpc.own_task_queue or not service.task_queue):
            yield f"/** The task queue of {rpc.full_name}. */"
            yield f"export const {scope.task_queue(rpc)} = {literal(rpc.task_queue)};"
            yield ""
    properties = Names("TypeScript")
    types = [
        f"{properties.take(property_name(rpc), rpc.location, rpc.full_name)}: {literal(rpc.type_name)}"
        for rpc in service.rpcs
    ]
    yield f"/** The types of {service.full_name}, by RPC. */"
    yield obj(f"export const {value(service, 'Names')} = ", types, " as const;", explode=True)


def _rpcs(scope: Scope, service: Service) -> Iterator[Line]:
    text = f"What {service.full_name} consists of, as workflows and clients need it."
    yield from scope.service_comment(service, text)
    items = [_rpc(scope, service, rpc) for rpc in service.rpcs]
    yield obj(f"export const {value(service)} = ", items, ";", explode=True)


def _rpc(scope: Scope, service: Service, rpc: Rpc) -> Line:
    name = property_name(rpc)
    properties: list[Line] = [f"type: {value(service, 'Names')}.{name}"]
    if isinstance(rpc, Workflow):
        if rpc.aliases:
            properties.append(array("aliases: ", map(literal, rpc.aliases)))
        if rpc.versioning_behavior:
            properties.append(f"versioningBehavior: '{rpc.versioning_behavior.name}'")
    if rpc.input:
        properties.append(f"input: {scope.schema(rpc.input)}")
    if rpc.output:
        properties.append(f"output: {scope.schema(rpc.output)}")
    if isinstance(rpc, Workflow | Update) and rpc.id:
        properties.append(f"id: {id_property(scope, rpc, rpc.id)}")
    if isinstance(rpc, Update) and rpc.validate:
        properties.append("validate: true")
    if isinstance(rpc, Workflow):
        properties.append(obj("options: ", _options(scope, rpc), explode=True))
        declare = scope.runtime("workflow", "-rpc")
        return obj(f"{name}: {declare}(", properties, ")", explode=True)
    return obj(f"{name}: ", properties)


def _options(scope: Scope, rpc: Workflow) -> Iterator[Line]:
    yield f"taskQueue: {scope.task_queue(rpc)}"
    yield from durations(
        workflow_execution_timeout=rpc.execution_timeout,
        workflow_run_timeout=rpc.run_timeout,
        workflow_task_timeout=rpc.task_timeout,
    )
    if rpc.id_reuse_policy:
        yield f"workflowIdReusePolicy: '{rpc.id_reuse_policy.name}'"
    if rpc.id_conflict_policy:
        yield f"workflowIdConflictPolicy: '{rpc.id_conflict_policy.name}'"
    yield from retry(rpc.retry_policy)
    yield from priority(rpc.priority)


def _interface(scope: Scope, service: Service, activities: Iterable[Activity]) -> Iterator[Line]:
    yield from scope.service_comment(
        service, f"What a worker implements for the activities of {service.name}."
    )
    yield f"export interface {pascal(service.name)}Activities {{"
    for activity in activities:
        yield from indent(comment(activity.comment))
        returns = f": Promise<{scope.result(activity)}>;"
        yield from indent([listed(property_name(activity), scope.parameter(activity), returns)])
    yield "}"


def _registration(scope: Scope, service: Service, activities: Iterable[Activity]) -> Iterator[Line]:
    # An activity without a result resolves to undefined, which is no message.
    answers = all(activity.output for activity in activities)
    result = scope.imports.name("@bufbuild/protobuf", "Message", type_only=True) if answers else "unknown"
    returns = f": Record<string, (request: unknown) => Promise<{result}>> {{"
    yield f"/** The activities of {service.name} by type, to register; each validates its request. */"
    parameters = [f"implementation: {pascal(service.name)}Activities"]
    yield listed(f"export function {value(service, 'Activities')}", parameters, returns)
    yield "  return {"
    for activity in activities:
        yield from indent(_wrapper(scope, service, activity), 4)
    yield from ("  };", "}")


def _wrapper(scope: Scope, service: Service, activity: Activity) -> Iterator[Line]:
    key = f"[{value(service, 'Names')}.{property_name(activity)}]"
    call = f"implementation.{property_name(activity)}"
    if activity.input is None:
        yield f"{key}: async () => {call}(),"
        return
    argument = f"{scope.runtime('parseRequest')}({scope.schema(activity.input)}, request)"
    yield from arrow(f"{key}: async (request) =>", call, argument, ",", margin=4)

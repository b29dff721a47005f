"""Model to Go, the workflow side: what a worker implements, calls of activities and children, handlers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triglot.contract import model
from triglot.contract.go_scope import Scope, go_camel
from triglot.contract.go_text import Struct, Value, bracketed, doc, indent, served, string
from triglot.contract.model import Activity, Query, Rpc, Service, Signal, Update, Workflow
from triglot.contract.names import Names
from triglot.contract.options import IdReusePolicy

_BEHAVIORS = {"PINNED": "VersioningBehaviorPinned", "AUTO_UPGRADE": "VersioningBehaviorAutoUpgrade"}


def service(scope: Scope, service: Service) -> Iterator[str]:
    """Yields the declarations for a service."""
    workflows = service.of(Workflow)
    if workflows:
        yield from _interface(scope, service, workflows)
        yield from _register(scope, service, workflows)
    for rpc in service.rpcs:
        match rpc:
            case Activity():
                yield from _activity(scope, rpc)
            case Workflow():
                yield from _child(scope, rpc)
            case Query():
                yield from _query(scope, rpc)
            case Signal():
                yield from _signal(scope, rpc)
            case Update():
                yield from _update(scope, rpc)


def _interface(scope: Scope, service: Service, workflows: Iterable[Workflow]) -> Iterator[str]:
    name = scope.take(f"{go_camel(service.name)}Workflows", service)
    sentence = (
        f"{name} is what a worker implements for {service.name}. All runs share the implementation,\n"
        "so what a run remembers belongs into variables of its method."
    )
    yield from doc(sentence, served(service.comment))
    yield f"type {name} interface {{"
    methods = Names("Go")
    for workflow in workflows:
        method = methods.take(go_camel(workflow.name), workflow.location, workflow.name)
        parameters = [scope.workflow_context, *scope.parameter(workflow)]
        signature = bracketed(method, parameters, f" {scope.result(workflow)}", tabs=1)
        behavior = workflow.versioning_behavior
        says = doc(served(workflow.comment), behavior.sentences if behavior else "")
        yield from indent([*says, *signature])
    yield "}"
    yield ""


def _register(scope: Scope, service: Service, workflows: Iterable[Workflow]) -> Iterator[str]:
    interface = f"{go_camel(service.name)}Workflows"
    name = scope.take(f"Register{interface}", service)
    registry = scope.sdk("worker", "WorkflowRegistry")
    yield f"// {name} registers the workflows of {service.name} with a worker."
    yield from bracketed(f"func {name}", [f"registry {registry}", f"implementation {interface}"], " {")
    for workflow in workflows:
        yield from indent(_registration(scope, workflow))
    yield "}"
    yield ""


def _registration(scope: Scope, workflow: Workflow) -> list[str]:
    method = f"implementation.{go_camel(workflow.name)}"
    if workflow.input:
        wrapper = "Workflow" if workflow.output else "WorkflowWithoutResult"
        method = f"{scope.runtime(wrapper)}({method})"
    fields: list[tuple[str, Value]] = [("Name", scope.constant(workflow))]
    if workflow.versioning_behavior:
        behavior = scope.sdk("workflow", _BEHAVIORS[workflow.versioning_behavior.name])
        fields.append(("VersioningBehavior", behavior))
    options = Struct(scope.sdk("workflow", "RegisterOptions"), tuple(fields)).one_line()
    arguments = ["registry", method, options, *map(string, workflow.aliases)]
    return bracketed(scope.runtime("RegisterWorkflow"), arguments, tabs=1)


def _activity(scope: Scope, rpc: Activity) -> Iterator[str]:
    name = scope.take(f"Start{scope.stem(rpc)}", rpc)
    options = Struct(
        scope.sdk("workflow", "ActivityOptions"),
        (
            ("TaskQueue", scope.task_queue(rpc)),
            *scope.durations(
                rpc,
                ScheduleToCloseTimeout=rpc.schedule_to_close_timeout,
                ScheduleToStartTimeout=rpc.schedule_to_start_timeout,
                StartToCloseTimeout=rpc.start_to_close_timeout,
                HeartbeatTimeout=rpc.heartbeat_timeout,
            ),
            *((("WaitForCancellation", "true"),) if rpc.wait_for_cancellation else ()),
            *scope.retry_policy(rpc),
            *scope.priority(rpc),
        ),
    )
    future = (
        f"{scope.runtime('Future')}[{scope.response(rpc)}]" if rpc.output else scope.sdk("workflow", "Future")
    )
    yield from scope.doc(f"{name} starts the activity {rpc.name} from a workflow.", rpc)
    yield from bracketed(f"func {name}", [scope.workflow_context, *scope.parameter(rpc)], f" {future} {{")
    before = f"return {scope.runtime('StartActivity')}[{scope.response(rpc)}](ctx, {scope.constant(rpc)}, "
    after = f"{', request' if rpc.input else ''}){'' if rpc.output else '.Future'}"
    yield from indent(options.between(before, after))
    yield "}"
    yield ""


def _child(scope: Scope, rpc: Workflow) -> Iterator[str]:
    name = scope.take(f"Start{scope.stem(rpc)}", rpc)
    fields: list[tuple[str, Value]] = []
    if rpc.id:
        fields.append(("WorkflowID", scope.made_id(rpc, "request", f"{scope.runtime('WorkflowUUID')}(ctx)")))
    fields.append(("TaskQueue", scope.task_queue(rpc)))
    fields += scope.workflow_timeouts(rpc)
    if rpc.wait_for_cancellation:
        fields.append(("WaitForCancellation", "true"))
    if rpc.id_reuse_policy:
        fields.append(("WorkflowIDReusePolicy", _reuse_policy(scope, rpc.id_reuse_policy)))
    fields += scope.retry_policy(rpc)
    if rpc.parent_close_policy:
        policy = scope.enum(f"PARENT_CLOSE_POLICY_{rpc.parent_close_policy.name}")
        fields.append(("ParentClosePolicy", policy))
    fields += scope.priority(rpc)
    options = Struct(scope.sdk("workflow", "ChildWorkflowOptions"), tuple(fields))
    future = (
        f"{scope.runtime('ChildFuture')}[{scope.response(rpc)}]"
        if rpc.output
        else scope.sdk("workflow", "ChildWorkflowFuture")
    )
    parameters = [
        scope.workflow_context,
        *scope.parameter(rpc),
        f"options ...{scope.runtime('ChildOption')}",
    ]
    yield from scope.doc(f"{name} starts {rpc.name} as a child of a workflow.", rpc)
    yield from bracketed(f"func {name}", parameters, f" {future} {{")
    before = f"child := {scope.runtime('NewChild')}({scope.constant(rpc)}, "
    required = f".RequireID({string(rpc.name)})" if rpc.id and model.may_be_empty(rpc.id) else ""
    after = f", options{', request' if rpc.input else ''}){required}"
    yield from indent(options.between(before, after))
    returned = f"{scope.runtime('StartChild')}[{scope.response(rpc)}](ctx, child)"
    yield f"\treturn {returned}{'' if rpc.output else '.ChildWorkflowFuture'}"
    yield "}"
    yield ""


def _query(scope: Scope, rpc: Query) -> Iterator[str]:
    name = scope.take(f"Set{scope.stem(rpc)}Handler", rpc)
    handler = f"handler func({', '.join(_types(scope, rpc))}) {scope.result(rpc)}"
    yield from scope.served_doc(rpc, f"{name} makes a workflow answer the query {rpc.name}.")
    yield from bracketed(f"func {name}", [scope.workflow_context, handler], " error {")
    setter = scope.runtime("SetQueryHandler") if rpc.input else scope.sdk("workflow", "SetQueryHandler")
    yield from indent(bracketed(f"return {setter}", ["ctx", scope.constant(rpc), "handler"], tabs=1))
    yield "}"
    yield ""


def _signal(scope: Scope, rpc: Signal) -> Iterator[str]:
    name = scope.take(f"{scope.stem(rpc)}Channel", rpc)
    yield from scope.served_doc(rpc, f"{name} receives the signal {rpc.name} in a workflow.")
    if rpc.input:
        request = scope.message(rpc.input, rpc)
        channel = f"{scope.runtime('SignalChannel')}[{request}]"
        getter = f"{scope.runtime('NewSignalChannel')}[{request}]"
    else:
        channel = scope.sdk("workflow", "ReceiveChannel")
        getter = scope.sdk("workflow", "GetSignalChannel")
    yield from bracketed(f"func {name}", [scope.workflow_context], f" {channel} {{")
    yield from indent(bracketed(f"return {getter}", ["ctx", scope.constant(rpc)], tabs=1))
    yield "}"
    yield ""


def _update(scope: Scope, rpc: Update) -> Iterator[str]:
    name = scope.take(f"Set{scope.stem(rpc)}Handler", rpc)
    # A parameter's name would say nothing that its type does not.
    arguments = ", ".join([scope.sdk("workflow", "Context"), *_types(scope, rpc)])
    parameters = [
        scope.workflow_context,
        f"handler func({arguments}) {scope.result(rpc)}",
        f"validator func({arguments}) error",
    ]
    setter = "SetUpdateHandler" if rpc.input else "SetBareUpdateHandler"
    if not rpc.output:
        setter += "WithoutResult"
    validator, says = "validator", "The validator may be nil."
    if rpc.input and rpc.validate:
        validator = f"{scope.runtime('Validated')}(validator)"
        says = "A request that\nbreaks the contract's rules never gets to the validator, which may be nil."
    yield from scope.served_doc(rpc, f"{name} makes a workflow answer the update {rpc.name}. {says}")
    yield from bracketed(f"func {name}", parameters, " error {")
    called = ["ctx", scope.constant(rpc), "handler", validator]
    yield from indent(bracketed(f"return {scope.runtime(setter)}", called, tabs=1))
    yield "}"
    yield ""


def _types(scope: Scope, rpc: Rpc) -> list[str]:
    return [scope.message(rpc.input, rpc)] if rpc.input else []


def _reuse_policy(scope: Scope, policy: IdReusePolicy) -> str:
    if policy is IdReusePolicy.TERMINATE_IF_RUNNING:
        return scope.runtime("TerminateIfRunning")
    return scope.enum(f"WORKFLOW_ID_REUSE_POLICY_{policy.name}")

"""Model to Go, the client side: a client for each service with workflows, a handle for each workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triglot.contract import model
from triglot.contract.go_scope import Scope, go_camel
from triglot.contract.go_text import Struct, Value, bracketed, doc, indent, string
from triglot.contract.model import Query, Ref, Rpc, Service, Signal, Update, Workflow
from triglot.contract.names import Names, one
from triglot.contract.options import IdReusePolicy, WaitPolicy


def service(scope: Scope, service: Service, workflows: Iterable[Workflow]) -> Iterator[str]:
    """Yields the client of a service and the handles of its workflows."""
    name = scope.take(f"{go_camel(service.name)}Client", service)
    methods = Names("Go")
    connection = scope.sdk("client", "Client")
    sentence = (
        f"{name} starts and finds the workflows of {service.name}. Requests are checked before sending."
    )
    yield from doc(sentence, service.comment, deprecated=service.full_name if service.deprecated else "")
    yield f"type {name} struct {{"
    yield f"\tconnection {connection}"
    yield "}"
    yield ""
    made = scope.take(f"New{name}", service)
    yield f"// {made} makes a client of {service.name} from the SDK's."
    yield f"func {made}(connection {connection}) *{name} {{"
    yield f"\treturn &{name}{{connection}}"
    yield "}"
    yield ""
    for workflow in workflows:
        yield from _Client(scope, workflow, f"(c *{name})", methods).methods()
    for workflow in workflows:
        yield from _Handle(scope, workflow).declarations()


class _Client:
    """The client's methods for one workflow."""

    def __init__(self, scope: Scope, workflow: Workflow, receiver: str, names: Names) -> None:
        self.scope = scope
        self.rpc = workflow
        self.receiver = receiver
        self.names = names
        self.handle = f"{scope.stem(workflow)}Handle"
        self.start_helper = f"new{scope.stem(workflow)}Start"

    def methods(self) -> Iterator[str]:
        yield from self.start()
        for signal, ref in self.scope.contract.referenced(Signal, self.rpc.signals):
            if ref.start:
                yield from self.start_with_signal(signal)
        for update, ref in self.scope.contract.referenced(Update, self.rpc.updates):
            if ref.start:
                yield from self.start_with_update(update, ref)
        yield from self.execute()
        yield from self.find()
        yield from self.helper()

    def start(self) -> Iterator[str]:
        name = self.take(f"Start{go_camel(self.rpc.name)}")
        start = self.scope.runtime("StartWorkflow")
        yield from self.scope.doc(f"{name} starts {self.rpc.name}.", self.rpc)
        yield from self.method(name, self.parameters(), f"({self.handle}, error)")
        yield f"\trun, err := {start}(ctx, c.connection, {self.made()})"
        yield f"\treturn {self.handle}{{run}}, err"
        yield from _end()

    def start_with_signal(self, signal: Signal) -> Iterator[str]:
        name = self.take(f"Start{go_camel(self.rpc.name)}With{go_camel(signal.name)}")
        start = self.scope.runtime("SignalWithStart")
        sentence = f"{name} sends {signal.name} to {self.rpc.name}, which is started if it does not run."
        yield from doc(sentence, deprecated=self.deprecated(signal))
        parameters = self.parameters(*self.scope.parameter(signal, "signal"))
        yield from self.method(name, parameters, f"({self.handle}, error)")
        arguments = ["ctx", "c.connection", self.made(), self.scope.constant(signal)]
        arguments += ["signal"] if signal.input else []
        yield from indent(bracketed(f"run, err := {start}", arguments, tabs=1))
        yield f"\treturn {self.handle}{{run}}, err"
        yield from _end()

    def start_with_update(self, update: Update, ref: Ref) -> Iterator[str]:
        name = self.take(f"Start{go_camel(self.rpc.name)}With{go_camel(update.name)}")
        sentence = (
            f"{name} updates {self.rpc.name}, which is started if it does not run,\n"
            "and waits for the update's answer."
        )
        yield from doc(sentence, deprecated=self.deprecated(update))
        parameters = self.parameters(*self.scope.parameter(update, "update"))
        answer = [self.scope.message(update.output, update)] if update.output else []
        yield from self.method(name, parameters, f"({', '.join([self.handle, *answer, 'error'])})")
        start = f"{self.scope.runtime('UpdateWithStart')}[{self.scope.response(update)}]"
        result = "response" if update.output else "_"
        made = self.made()
        if ref.id_conflict_policy and ref.id_conflict_policy is not self.rpc.id_conflict_policy:
            policy = self.scope.enum(f"WORKFLOW_ID_CONFLICT_POLICY_{ref.id_conflict_policy.name}")
            made += f".OnConflict({policy})"
        arguments = ["ctx", "c.connection", made, new_update(self.scope, update, "update", "nil")]
        yield from indent(bracketed(f"run, {result}, err := {start}", arguments, tabs=1))
        yield f"\treturn {self.handle}{{run}}, {'response, ' if update.output else ''}err"
        yield from _end()

    def execute(self) -> Iterator[str]:
        name = self.take(f"Execute{go_camel(self.rpc.name)}")
        yield from doc(
            f"{name} starts {self.rpc.name} and waits for its end.",
            deprecated=self.scope.deprecated(self.rpc),
        )
        yield from self.method(name, self.parameters(), self.scope.result(self.rpc))
        arguments = [
            "ctx",
            *([] if self.rpc.id else ["id"]),
            *(["request"] if self.rpc.input else []),
            "options...",
        ]
        yield f"\thandle, err := c.Start{go_camel(self.rpc.name)}({', '.join(arguments)})"
        yield "\tif err != nil {"
        yield f"\t\treturn {'nil, err' if self.rpc.output else 'err'}"
        yield "\t}"
        yield "\treturn handle.Result(ctx)"
        yield from _end()

    def find(self) -> Iterator[str]:
        name = self.take(f"{go_camel(self.rpc.name)}Handle")
        sentence = (
            f"{name} finds {one(self.rpc.name)} by its workflow id, without asking the server whether\n"
            "there is one. An empty runID means the latest run."
        )
        yield from doc(sentence, deprecated=self.scope.deprecated(self.rpc))
        yield from self.method(name, ["id, runID string"], self.handle)
        yield f"\treturn {self.handle}{{{self.scope.runtime('FindWorkflow')}(c.connection, id, runID)}}"
        yield from _end()

    def helper(self) -> Iterator[str]:
        """The function that says how to start, which all ways to start have in common."""
        rpc, scope = self.rpc, self.scope
        name = scope.take(self.start_helper, rpc)
        made = scope.made_id(rpc, "request", scope.runtime("UUID")) if rpc.id else "id"
        fields: list[tuple[str, Value]] = [
            ("ID", made),
            ("TaskQueue", scope.task_queue(rpc)),
            *scope.workflow_timeouts(rpc),
            *self.policies(),
            *scope.retry_policy(rpc),
            *scope.priority(rpc),
        ]
        options = Struct(scope.sdk("client", "StartWorkflowOptions"), tuple(fields))
        parameters = [
            *([] if rpc.id else ["id string"]),
            *scope.parameter(rpc),
            f"options []{scope.runtime('StartOption')}",
        ]
        start = scope.runtime("Start")
        yield from bracketed(f"func {name}", parameters, f" {start} {{")
        required = "" if rpc.id and not model.may_be_empty(rpc.id) else f".RequireID({string(rpc.name)})"
        before = f"return {scope.runtime('NewStart')}({scope.constant(rpc)}, "
        after = f", options{', request' if rpc.input else ''}){required}"
        yield from indent(options.between(before, after))
        yield from _end()

    def policies(self) -> Iterator[tuple[str, Value]]:
        reuse, conflict = self.rpc.id_reuse_policy, self.rpc.id_conflict_policy
        if reuse is IdReusePolicy.TERMINATE_IF_RUNNING:
            # The API has deprecated it in favour of this.
            terminate = self.scope.enum("WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING")
            yield "WorkflowIDConflictPolicy", terminate
        elif reuse:
            yield "WorkflowIDReusePolicy", self.scope.enum(f"WORKFLOW_ID_REUSE_POLICY_{reuse.name}")
        if conflict:
            policy = self.scope.enum(f"WORKFLOW_ID_CONFLICT_POLICY_{conflict.name}")
            yield "WorkflowIDConflictPolicy", policy

    def parameters(self, *second: str) -> list[str]:
        # Without an expression there is no good id to fall back on; a random one could not be found again.
        return [
            self.scope.context,
            *([] if self.rpc.id else ["id string"]),
            *self.scope.parameter(self.rpc),
            *second,
            f"options ...{self.scope.runtime('StartOption')}",
        ]

    def made(self) -> str:
        """The call of the helper."""
        arguments = [*([] if self.rpc.id else ["id"]), *(["request"] if self.rpc.input else []), "options"]
        return f"{self.start_helper}({', '.join(arguments)})"

    def method(self, name: str, parameters: list[str], result: str) -> list[str]:
        return bracketed(f"func {self.receiver} {name}", parameters, f" {result} {{")

    def deprecated(self, other: Rpc) -> str:
        return self.scope.deprecated(self.rpc) or self.scope.deprecated(other)

    def take(self, identifier: str) -> str:
        return self.names.take(identifier, self.rpc.location, self.rpc.full_name)


class _Handle:
    """The handle of one workflow."""

    def __init__(self, scope: Scope, workflow: Workflow) -> None:
        self.scope = scope
        self.rpc = workflow
        self.name = scope.take(f"{scope.stem(workflow)}Handle", workflow)
        self.names = Names("Go", ["Result", "Workflow"])

    def declarations(self) -> Iterator[str]:
        yield from doc(
            f"{self.name} is {one(self.rpc.name)} that was started or found.",
            deprecated=self.scope.deprecated(self.rpc),
        )
        yield f"type {self.name} struct {{"
        yield "\t// Workflow is what the SDK knows of it."
        yield f"\tWorkflow {self.scope.runtime('Run')}"
        yield "}"
        yield ""
        yield from self.result()
        for query, _ in self.scope.contract.referenced(Query, self.rpc.queries):
            yield from self.query(query)
        for signal, _ in self.scope.contract.referenced(Signal, self.rpc.signals):
            yield from self.signal(signal)
        for update, _ in self.scope.contract.referenced(Update, self.rpc.updates):
            yield from self.execute_update(update)
            if update.wait_for_stage is WaitPolicy.ACCEPTED:
                yield from self.start_update(update)

    def result(self) -> Iterator[str]:
        yield f"// Result waits for the end of {self.rpc.name}."
        yield from self.method("Result", [self.scope.context], self.scope.result(self.rpc))
        if self.rpc.output:
            yield f"\treturn {self.scope.runtime('Result')}[{self.scope.response(self.rpc)}](ctx, h.Workflow)"
        else:
            yield "\treturn h.Workflow.Get(ctx, nil)"
        yield from _end()

    def query(self, rpc: Query) -> Iterator[str]:
        name = self.take(go_camel(rpc.name), rpc)
        yield from self.scope.doc(f"{name} sends the query {rpc.name}.", rpc)
        yield from self.method(name, [self.scope.context, *self.scope.parameter(rpc)], self.scope.result(rpc))
        called = f"return {self.scope.runtime('Query')}[{self.scope.response(rpc)}]"
        yield from indent(bracketed(called, self.addressed(rpc), tabs=1))
        yield from _end()

    def signal(self, rpc: Signal) -> Iterator[str]:
        name = self.take(go_camel(rpc.name), rpc)
        yield from self.scope.doc(f"{name} sends the signal {rpc.name}.", rpc)
        yield from self.method(name, [self.scope.context, *self.scope.parameter(rpc)], "error")
        yield from indent(bracketed(f"return {self.scope.runtime('Signal')}", self.addressed(rpc), tabs=1))
        yield from _end()

    def execute_update(self, rpc: Update) -> Iterator[str]:
        name = self.take(go_camel(rpc.name), rpc)
        yield from self.scope.doc(f"{name} sends the update {rpc.name} and waits for its answer.", rpc)
        yield from self.method(name, self.update_parameters(rpc), self.scope.result(rpc))
        called = f"{self.scope.runtime('ExecuteUpdate')}[{self.scope.response(rpc)}]"
        arguments = ["ctx", "h.Workflow", new_update(self.scope, rpc, "request", "options")]
        yield from indent(bracketed(f"{'return' if rpc.output else '_, err :='} {called}", arguments, tabs=1))
        if not rpc.output:
            yield "\treturn err"
        yield from _end()

    def start_update(self, rpc: Update) -> Iterator[str]:
        name = self.take(f"Start{go_camel(rpc.name)}", rpc)
        sentence = f"{name} sends the update {rpc.name} and waits until the workflow has accepted it."
        yield from doc(sentence, deprecated=self.scope.deprecated(rpc))
        handle = f"{self.scope.runtime('UpdateHandle')}[{self.scope.response(rpc)}]"
        yield from self.method(name, self.update_parameters(rpc), f"({handle}, error)")
        called = f"return {self.scope.runtime('StartUpdate')}[{self.scope.response(rpc)}]"
        arguments = ["ctx", "h.Workflow", new_update(self.scope, rpc, "request", "options")]
        yield from indent(bracketed(called, arguments, tabs=1))
        yield from _end()

    def update_parameters(self, rpc: Update) -> list[str]:
        options = f"options ...{self.scope.runtime('UpdateOption')}"
        return [self.scope.context, *self.scope.parameter(rpc), options]

    def addressed(self, rpc: Rpc) -> list[str]:
        return ["ctx", "h.Workflow", self.scope.constant(rpc), *(["request"] if rpc.input else [])]

    def method(self, name: str, parameters: list[str], result: str) -> list[str]:
        return bracketed(f"func (h {self.name}) {name}", parameters, f" {result} {{")

    def take(self, identifier: str, rpc: Rpc) -> str:
        return self.names.take(identifier, rpc.location, rpc.full_name)


def new_update(scope: Scope, rpc: Update, argument: str, options: str) -> str:
    """The expression for an update to be sent."""
    made = scope.made_id(rpc, argument, scope.runtime("UUID")) if rpc.id else '""'
    arguments = [scope.constant(rpc), made, options, *([argument] if rpc.input else [])]
    required = f".RequireID({string(rpc.name)})" if rpc.id and model.may_be_empty(rpc.id) else ""
    return f"{scope.runtime('NewUpdate')}({', '.join(arguments)}){required}"


def _end() -> Iterator[str]:
    yield "}"
    yield ""

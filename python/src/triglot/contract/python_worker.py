"""Model to Python, the worker side: what implements activities and workflows, and what registers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triglot.contract.model import Activity, Service, Workflow
from triglot.contract.names import Names, pascal, snake
from triglot.contract.python_scope import Scope, constant_name, function_name
from triglot.contract.python_text import Bracketed, Line, call, docstring, indent, string


def activities_protocol(scope: Scope, service: Service, activities: Iterable[Activity]) -> Iterator[Line]:
    """Yields what a worker's activities must have."""
    name = scope.take(f"{pascal(service.name)}Activities", service)
    yield f"class {name}({scope.imports.name('typing', 'Protocol')}):"
    yield f'    """What a worker implements for {service.name}."""'
    for activity in activities:
        parameters = ["self", *scope.parameter(activity), *(["/"] if activity.input else [])]
        signature = call(
            f"async def {function_name(snake(activity.name))}", parameters, f" -> {scope.result(activity)}:"
        )
        yield ""
        yield from indent([signature, *indent(docstring(activity.comment, f"Does {activity.name}."))])


def activities_registration(
    scope: Scope, service: Service, activities: tuple[Activity, ...]
) -> Iterator[Line]:
    """Yields the function that makes activities to register of an implementation."""
    any_ = scope.imports.name("typing", "Any")
    callable_ = scope.imports.name("collections.abc", "Callable")
    name = scope.take(f"{snake(service.name)}_activities", service)
    parameters = [f"implementation: {pascal(service.name)}Activities"]
    yield call(f"def {name}", parameters, f" -> list[{callable_}[..., {any_}]]:")
    sentence = f"Returns the activities of {service.name}, to register; each validates its request."
    yield from indent(docstring(sentence, f"Returns the activities of {service.name}."))
    for activity in activities:
        yield ""
        yield from indent(_wrapper(scope, activity))
    yield ""
    functions = tuple(function_name(snake(activity.name)) for activity in activities)
    yield from indent([Bracketed("return ", functions, brackets="[]")])


def _wrapper(scope: Scope, activity: Activity) -> Iterator[Line]:
    parameters, arguments = [], []
    if activity.input:
        # Raw, so that what cannot be decoded is refused for good; the SDK itself would retry it.
        raw = scope.imports.name("temporalio.common", "RawValue")
        parameters.append(f"request: {raw} = {scope.runtime}.NOTHING")
        arguments.append(f"{scope.runtime}.receive({scope.message(activity.input)}, request)")
    name = function_name(snake(activity.name))
    yield f"@{scope.imports.name('temporalio', 'activity')}.defn(name={scope.constant(activity)})"
    yield call(f"async def {name}", parameters, f" -> {scope.result(activity)}:")
    verb = "return await" if activity.output else "await"
    yield from indent([call(f"{verb} implementation.{name}", arguments)])


def constants(scope: Scope, workflow: Workflow, names: Names) -> Iterator[Line]:
    """Yields what `workflow.defn` and workers are told beyond the type."""
    final = scope.imports.name("typing", "Final")
    if workflow.aliases:
        name = names.take(
            f"{constant_name(workflow)}_ALIASES", workflow.location, f"{workflow.name}'s aliases"
        )
        aliases = tuple(map(string, workflow.aliases))
        one = len(aliases) == 1
        yield Bracketed(f"{name}: {final} = ", aliases, single=one)
    if workflow.versioning_behavior:
        name = names.take(
            f"{constant_name(workflow)}_VERSIONING_BEHAVIOR",
            workflow.location,
            f"{workflow.name}'s versioning",
        )
        behavior = scope.imports.name("temporalio.common", "VersioningBehavior")
        yield f"{name}: {final} = {behavior}.{workflow.versioning_behavior.name}"


def protocol(scope: Scope, workflow: Workflow) -> Iterator[Line]:
    """Yields what a workflow's class must have."""
    yield f"class {_protocol(scope, workflow)}({scope.imports.name('typing', 'Protocol')}):"
    arguments = f"name={scope.constant(workflow)}"
    if workflow.versioning_behavior:
        arguments += f", versioning_behavior={scope.constant(workflow, '_VERSIONING_BEHAVIOR')}"
    text = f"What a worker implements for {workflow.name}.\n\nDecorate it with `@workflow.defn({arguments})`."
    yield from indent(docstring(text, ""))
    yield ""
    parameters = ["self", *scope.parameter(workflow), *(["/"] if workflow.input else [])]
    signature = call("async def run", parameters, f" -> {scope.result(workflow)}:")
    yield from indent([signature, *indent(docstring(workflow.comment, f"Runs {workflow.name}."))])


def registration(scope: Scope, workflow: Workflow) -> Iterator[Line]:
    """Yields the function that makes classes to register of an implementation."""
    scope.take(_protocol(scope, workflow), workflow)
    name = scope.take(f"{scope.stem(workflow)}_workflows", workflow)
    yield call(f"def {name}", [f"implementation: type[{_protocol(scope, workflow)}]"], " -> list[type]:")
    yield from indent(
        docstring(_registered(workflow), f"Returns the classes of {workflow.name}, to register.")
    )
    arguments: list[Line] = ["implementation", scope.constant(workflow)]
    if workflow.aliases:
        arguments.append(f"aliases={scope.constant(workflow, '_ALIASES')}")
    if workflow.versioning_behavior:
        arguments.append(f"versioning_behavior={scope.constant(workflow, '_VERSIONING_BEHAVIOR')}")
    yield from indent([call(f"return {scope.runtime}.workflows", arguments)])


def _protocol(scope: Scope, workflow: Workflow) -> str:
    return f"{scope.class_stem(workflow)}Workflow"


def _registered(workflow: Workflow) -> str:
    text = f"Returns the class of {workflow.name} for each of its types, to register."
    if workflow.versioning_behavior:
        text += f"\n\n{workflow.versioning_behavior.sentences}"
    return text

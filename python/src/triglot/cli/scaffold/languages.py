"""Where an activity of each language lies, and who serves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from triglot.cli.scaffold.naming import Name
from triglot.notification.v1 import notification_pb2
from triglot.notification.v1.notification_temporal import NotificationService
from triglot.risk.v1 import analytics_pb2, simulation_pb2
from triglot.risk.v1.analytics_temporal import AnalyticsService
from triglot.risk.v1.simulation_temporal import SimulationService


@dataclass(frozen=True)
class Insertion:
    """A line to add to a file, before the first of its kind: behind one, there may be more of its statement.

    Attributes:
        kind: What such lines are, in words.
        pattern: How such a line begins.
        line: The new one.
        identifier: What the new one declares; None: nothing.
    """

    kind: str
    pattern: str
    line: str
    identifier: str | None = None


@dataclass(frozen=True)
class Language:
    """How an activity is written and served in a language; paths are relative to the repository.

    Attributes:
        key: As it is typed.
        title: As it is written.
        package: The contract's package that it belongs to.
        task_queue: Of the worker that serves it.
        worker: That worker's source.
        code: Where the implementation goes.
        test: Where its test goes.
        registration: What is added to the worker's source.
        test_command: Runs the test.
        warning: What its worker's users should know; None: nothing.
    """

    key: str
    title: str
    package: str
    task_queue: str
    worker: str
    code: Callable[[Name], str]
    test: Callable[[Name], str]
    registration: Callable[[Name], tuple[Insertion, ...]]
    test_command: Callable[[Name], str]
    warning: str | None = None

    @property
    def area(self) -> str:
        """The package without `triglot` and its version."""
        return self.package.split(".")[1]

    def proto(self, name: Name) -> str:
        """The activity's file in the contract."""
        return f"proto/triglot/{self.area}/v1/{name.snake}.proto"


REGISTRY = "typescript/src/temporal/contract-registry.ts"


def registry_lines(language: Language, name: Name) -> tuple[Insertion, ...]:
    """What TypeScript needs to know the messages of an activity in any language."""
    symbol = f"file_triglot_{language.area}_v1_{name.snake}"
    module = f"../gen/triglot/{language.area}/v1/{name.snake}_pb.js"
    return (
        Insertion(
            "import of a file of the contract",
            r"import \{ file_triglot_",
            f"import {{ {symbol} }} from '{module}';",
            symbol,
        ),
        Insertion("file of the contract in its registry", r"  file_triglot_\w+,$", f"  {symbol},"),
    )


def _python_lines(name: Name) -> tuple[Insertion, ...]:
    register = f"{name.snake}_service_activities"
    return (
        Insertion(
            "import from triglot.risk",
            r"from triglot\.risk\.(?!v1\.)\w+ import ",
            f"from triglot.risk.{name.snake} import {name.pascal}",
            name.pascal,
        ),
        Insertion(
            "import from triglot.risk.v1",
            r"from triglot\.risk\.v1\.\w+ import ",
            f"from triglot.risk.v1.{name.snake}_temporal import {register}",
            register,
        ),
        Insertion(
            "registration of activities",
            r"            \*\w+_service_activities\(",
            f"            *{register}({name.pascal}()),",
        ),
    )


def _go_lines(name: Name) -> tuple[Insertion, ...]:
    return (
        Insertion(
            "import of an internal package",
            r'\t"example\.com/triglot/go/internal/',
            f'\t"example.com/triglot/go/internal/{name.package}"',
            name.package,
        ),
        Insertion(
            "registration of activities",
            r"\triskv1\.Register\w+Activities\(simulator, ",
            f"\triskv1.Register{name.pascal}ServiceActivities(simulator, {name.package}.Activities{{}})",
        ),
    )


def _typescript_lines(name: Name) -> tuple[Insertion, ...]:
    register, activities = f"{name.camel}ServiceActivities", f"{name.camel}Activities"
    return (
        Insertion(
            # Not a generated file's: the comment that heads this file belongs to the first of those.
            "import from ../temporal",
            r"import \{ \w+ \} from '\.\./temporal/",
            f"import {{ {register} }} from '../gen/triglot/notification/v1/{name.snake}_temporal.js';",
            register,
        ),
        Insertion(
            "import from its own folder",
            r"import \{ \w+ \} from '\./",
            f"import {{ {activities} }} from './{name.kebab}.js';",
            activities,
        ),
        Insertion(
            "registration of activities",
            r"    \.\.\.\w+ServiceActivities\(",
            f"    ...{register}({activities}),",
        ),
    )


LANGUAGES = {
    language.key: language
    for language in (
        Language(
            key="go",
            title="Go",
            package=simulation_pb2.DESCRIPTOR.package,
            task_queue=SimulationService.TASK_QUEUE,
            worker="go/cmd/simulation-worker/main.go",
            code=lambda name: f"go/internal/{name.package}/activity.go",
            test=lambda name: f"go/internal/{name.package}/activity_test.go",
            registration=_go_lines,
            test_command=lambda name: f"go -C go test ./internal/{name.package}",
            warning=(
                f"workers in Python and TypeScript may poll {SimulationService.TASK_QUEUE}, too "
                "(triglot race, the profile polyglot), and do not know it: an attempt that reaches one fails "
                "as not registered (docs/extending.md#which-queue-and-why-a-service-of-its-own)"
            ),
        ),
        Language(
            key="typescript",
            title="TypeScript",
            package=notification_pb2.DESCRIPTOR.package,
            task_queue=NotificationService.TASK_QUEUE,
            worker="typescript/src/notification/main.ts",
            code=lambda name: f"typescript/src/notification/{name.kebab}.ts",
            test=lambda name: f"typescript/src/notification/{name.kebab}.test.ts",
            registration=_typescript_lines,
            test_command=lambda name: f"node --test typescript/dist/notification/{name.kebab}.test.js",
        ),
        Language(
            key="python",
            title="Python",
            package=analytics_pb2.DESCRIPTOR.package,
            task_queue=AnalyticsService.TASK_QUEUE,
            worker="python/src/triglot/risk/analytics_worker.py",
            code=lambda name: f"python/src/triglot/risk/{name.snake}.py",
            test=lambda name: f"python/tests/risk/test_{name.snake}.py",
            registration=_python_lines,
            test_command=lambda name: (
                f"pytest -c python/pyproject.toml --rootdir . python/tests/risk/test_{name.snake}.py"
            ),
        ),
    )
}

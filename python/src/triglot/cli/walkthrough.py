"""The steps of a rollout on a stack of its own: what is done in each, and what must come of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import cached_property

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import VersioningBehavior

from triglot.cli import routes
from triglot.cli.following import ask_progress
from triglot.cli.routes import Route, Step
from triglot.cli.verdict import Check
from triglot.deployments import Deployment, Routing
from triglot.risk.loading import Inputs, load_inputs
from triglot.risk.v1.decision_pb2 import DecideReportRequest, Decision
from triglot.risk.v1.market_pb2 import PriceWindow, RiskLimit, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest, ReportStage
from triglot.risk.v1.report_temporal import (
    GenerateRiskReportHandle,
    RiskReportService,
    RiskReportServiceClient,
)
from triglot.stack.processes import standby_name
from triglot.stack.stack import Stack, await_registered, in_time
from triglot.store.v1.object_pb2 import ObjectRef

OLD, NEW = "v1", "v2"
APPROVER = "risk-officer"
_CONFIDENCE_BP = 9900
_FEW = 2
# Their ids are always the same, and so is the share of them that a ramp takes.
_MANY = 8
_RAMP_PERCENT = 50
_SECONDS = 60
_POLL_SECONDS = 0.1


class Walkthrough:
    """One rollout, forth and back."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._reports = RiskReportServiceClient(stack.client)
        self._deployment = Deployment(stack.client, RiskReportService.TASK_QUEUE)
        self._started: list[GenerateRiskReportHandle] = []

    async def steps(self) -> AsyncIterator[Step]:
        """Yields each step when it is done.

        Raises:
            StackError: If something that is waited for does not come.
            WorkflowFailureError: If a report fails.
        """
        # The stack has made it so.
        yield Step(
            f"{OLD} is current",
            [
                routes.tasks_to(Routing(OLD), await self._deployment.routing()),
                routes.all_on("new reports", await self._run("one-version", _FEW), OLD),
            ],
        )
        on_old = await self._start("waits-on-old", limit=True)
        await self._await_decision(on_old)
        yield Step("a report waits for a decision", [await self._still("it is", on_old, "running", OLD)])

        await self._stack.supervisor.start_worker(standby_name(NEW))
        await await_registered(self._deployment, NEW, self._stack.supervisor, self._stack.folder)
        yield Step(
            f"{NEW} starts beside it",
            [
                routes.is_in_state(NEW, "inactive", await self._deployment.status(NEW)),
                routes.all_on("new reports", await self._run("not-current", _FEW), OLD),
            ],
        )

        ramp = self._deployment.ramp(NEW, _RAMP_PERCENT)
        await in_time(ramp, f"{NEW} ramps", self._stack.folder)
        yield Step(
            f"{NEW} gets a share",
            [
                routes.tasks_to(Routing(OLD, NEW, _RAMP_PERCENT), await self._deployment.routing()),
                routes.on_each("new reports", await self._run("ramp", _MANY), (OLD, NEW)),
                await self._still("the waiting report is", on_old, "running", OLD),
            ],
        )

        await self._make_current(NEW)
        yield await self._after_change(f"{NEW} is promoted", "promoted", NEW, OLD, on_old)
        yield await self._approved(on_old, OLD)

        on_new = await self._start("waits-on-new", limit=True)
        await self._await_decision(on_new)
        await self._make_current(OLD)
        yield await self._after_change(f"roll back to {OLD}", "rolled-back", OLD, NEW, on_new)
        yield await self._approved(on_new, NEW)

        await self._stack.supervisor.stop_worker(standby_name(NEW))
        yield Step(f"{NEW} stops", [routes.all_on("new reports", await self._run("alone-again", _FEW), OLD)])

    async def reports(self) -> list[Route]:
        """Returns where each report went that was started."""
        return [await self._route(handle) for handle in self._started]

    async def _make_current(self, build_id: str) -> None:
        change = self._deployment.set_current(build_id)
        await in_time(change, f"{build_id} becomes current", self._stack.folder)

    async def _after_change(
        self, name: str, ids: str, current: str, former: str, waiting: GenerateRiskReportHandle
    ) -> Step:
        """Looks at what is to hold whenever all that is new goes to another version."""
        return Step(
            name,
            [
                routes.tasks_to(Routing(current), await self._deployment.routing()),
                routes.all_on("new reports", await self._run(ids, _FEW), current),
                await self._still("the waiting report is", waiting, "running", former),
                routes.is_in_state(former, "draining", await self._deployment.status(former)),
            ],
        )

    async def _approved(self, waiting: GenerateRiskReportHandle, build_id: str) -> Step:
        """Lets the last report on a version end, after which the version has nothing left to do."""
        await waiting.decide_report(
            DecideReportRequest(
                decided_by=APPROVER, decision=Decision.DECISION_APPROVE, reason="a rollout is being tried"
            )
        )
        await self._result(waiting)
        return Step(
            f"the report on {build_id} is approved",
            [
                await self._still("it is", waiting, "completed", build_id),
                routes.is_in_state(build_id, "drained", await self._await_drained(build_id)),
            ],
        )

    async def _run(self, ids: str, count: int) -> list[Route]:
        handles = [await self._start(f"{ids}/{number}") for number in range(count)]
        await asyncio.gather(*(self._result(handle) for handle in handles))
        return [await self._route(handle) for handle in handles]

    async def _start(self, name: str, *, limit: bool = False) -> GenerateRiskReportHandle:
        request = _request(self._inputs, await self._prices(), limit=limit)
        handle = await self._reports.start_generate_risk_report(request, id=f"rollout/{name}")
        self._started.append(handle)
        return handle

    @cached_property
    def _inputs(self) -> Inputs:
        return load_inputs("synthetic", "synthetic:2x50")

    async def _prices(self) -> ObjectRef:
        return await self._stack.store.put_message(self._inputs.history)

    async def _result(self, handle: GenerateRiskReportHandle) -> None:
        async def ended() -> None:
            await handle.result()

        await in_time(ended(), f"{handle.workflow.id} ends", self._stack.folder)

    async def _await_decision(self, handle: GenerateRiskReportHandle) -> None:
        async def awaits() -> None:
            stage = ReportStage.REPORT_STAGE_AWAITING_DECISION
            while (progress := await ask_progress(handle)) is None or progress.stage != stage:
                await asyncio.sleep(_POLL_SECONDS)

        await in_time(awaits(), f"{handle.workflow.id} awaits a decision", self._stack.folder)

    async def _await_drained(self, build_id: str) -> str:
        """Returns the status of a version when it is drained, or in the end, whatever it is then."""
        deadline = time.monotonic() + _SECONDS
        while (status := await self._deployment.status(build_id)) != "drained":
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_POLL_SECONDS)
        return status

    async def _still(self, name: str, handle: GenerateRiskReportHandle, status: str, build_id: str) -> Check:
        return routes.still(name, await self._route(handle), status, build_id)

    async def _route(self, handle: GenerateRiskReportHandle) -> Route:
        description = await handle.workflow.describe()
        versioning = description.raw_description.workflow_execution_info.versioning_info
        is_pinned = versioning.behavior == VersioningBehavior.VERSIONING_BEHAVIOR_PINNED
        history = await handle.workflow.fetch_history()
        builds = {
            event.workflow_task_completed_event_attributes.deployment_version.build_id or "no version"
            for event in history.events
            if event.HasField("workflow_task_completed_event_attributes")
        }
        return Route(
            id=handle.workflow.id,
            status=description.status.name.lower() if description.status else "unknown",
            pinned_to=versioning.deployment_version.build_id or None if is_pinned else None,
            done_by=tuple(sorted(builds)),
        )


def _request(inputs: Inputs, prices: ObjectRef, *, limit: bool) -> GenerateRiskReportRequest:
    """Asks for a report that takes half a second, and then, with a limit, waits for a decision."""
    request = GenerateRiskReportRequest(
        portfolio=inputs.portfolio,
        window=PriceWindow(prices=prices, from_date=inputs.from_date, as_of_date=inputs.as_of_date),
        parameters=SimulationParameters(scenario_count=10_000, horizon_days=5, block_days=5, seed=1),
        confidences_bp=[_CONFIDENCE_BP],
    )
    if limit:
        # A cent, which any portfolio breaches.
        request.portfolio.limit.CopyFrom(
            RiskLimit(
                confidence_bp=_CONFIDENCE_BP,
                value_at_risk_minor=1,
                approvers=[APPROVER],
                decide_within=Duration(seconds=3_600),
            )
        )
    return request

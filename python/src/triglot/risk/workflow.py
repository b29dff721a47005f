"""The workflows: the one place that knows the order of the steps.

They hold references and counts only, so their histories and memory stay small at any number of scenarios.
What they decide stands in `plan`, without Temporal; queues, time-outs and retries stand in the contract.
"""

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

from triglot.contract import runtime
from triglot.contract.errors import NO_DECISION_NEEDED, REPORT_WITHDRAWN
from triglot.risk import attributes, notices
from triglot.risk.announcer import Announcer
from triglot.risk.approval import Approval
from triglot.risk.attributes import DecisionWord
from triglot.risk.failures import sentence_of
from triglot.risk.limit import breached_measure
from triglot.risk.plan import (
    CHILD_SHARDS_IN_FLIGHT,
    ESCALATE_AFTER,
    MAX_CHILDREN_IN_FLIGHT,
    MAX_SHARDS_IN_FLIGHT,
    MAX_SHARDS_PER_WORKFLOW,
    REMIND_AFTER,
    aggregation_of,
    child_id,
    choose_shard_size,
    count_shards,
    earlier_shard_size,
    plan_children,
    plan_shards,
    share_of,
    share_of_time,
    window_of,
)
from triglot.risk.saga import NotTakenBackError, Saga, uninterrupted
from triglot.risk.v1.analytics_pb2 import (
    MergeShardsRequest,
    PrepareMarketDataRequest,
    PrepareMarketDataResponse,
)
from triglot.risk.v1.analytics_temporal import aggregate_risk, merge_shards, prepare_market_data
from triglot.risk.v1.decision_pb2 import (
    CancelReportRequest,
    DecideReportRequest,
    DecideReportResponse,
    RecordedDecision,
)
from triglot.risk.v1.market_pb2 import SimulationParameters
from triglot.risk.v1.measures_pb2 import RiskMeasure
from triglot.risk.v1.publication_pb2 import (
    PromoteReportRequest,
    Publication,
    PublicationState,
    PublishReportRequest,
    WithdrawReportRequest,
)
from triglot.risk.v1.publication_temporal import promote_report, publish_report, withdraw_report
from triglot.risk.v1.report_pb2 import (
    GenerateRiskReportRequest,
    GenerateRiskReportResponse,
    GetProgressRequest,
    GetProgressResponse,
    GetReportRequest,
    GetReportResponse,
    ReportOutcome,
    ReportStage,
    SimulateShardsRequest,
    SimulateShardsResponse,
)
from triglot.risk.v1.report_temporal import RiskReportService, start_simulate_shards
from triglot.risk.v1.simulation_pb2 import ScenarioRange, SimulateShardRequest
from triglot.risk.v1.simulation_temporal import simulate_shard
from triglot.risk.window import Window
from triglot.risk.wording import format_count
from triglot.store.v1.object_pb2 import ObjectRef

ResultT = TypeVar("ResultT")

_SCHEDULED_TIME = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
_ENDING = (ReportStage.REPORT_STAGE_WITHDRAWING, ReportStage.REPORT_STAGE_COMPLETED)


@workflow.defn(name=RiskReportService.GENERATE_RISK_REPORT)
class GenerateRiskReport:
    """Produces one report: prepare, simulate, aggregate, publish, have it decided, announce."""

    @workflow.init
    def __init__(self, request: GenerateRiskReportRequest) -> None:
        limit = request.portfolio.limit
        self._request = request
        self._stage = ReportStage.REPORT_STAGE_PREPARING
        self._shards_total = 0
        self._window = Window()
        self._report = GenerateRiskReportResponse()
        self._announcer = Announcer([*request.recipients, *limit.escalation])
        self._approval = Approval(limit.approvers)
        self._saga = Saga()
        self._promoted = False
        self._work: asyncio.Task[ReportOutcome] | None = None

    @workflow.run
    async def run(self, request: GenerateRiskReportRequest) -> GenerateRiskReportResponse:
        """Runs the steps in order, and takes them back where the report does not become final.

        Raises:
            ActivityError: If a step fails for good; its cause has one of the contract's error types. A
                notification is no such step: who could not be told is in the answer.
            ChildWorkflowError: If a child does; its cause is that ActivityError.
            ApplicationError: If an earlier run, which this one was reset from, has withdrawn the report; of
                type `ReportWithdrawn`.
            CancelledError: If the workflow is cancelled by the server's means.
        """
        self._work = asyncio.create_task(self._produce())
        if self._report.HasField("cancellation"):  # by a signal that came with the start
            self._work.cancel()
        try:
            outcome = await self._work
        except (asyncio.CancelledError, FailureError) as error:
            # A child that somebody else has cancelled looks like a cancellation, and is a failure.
            if not (self._is_cancelled and is_cancelled_exception(error)):
                await self._withdraw(DecisionWord.FAILED, f"It failed: {sentence_of(error)}")
                raise
            if not self._report.HasField("cancellation"):
                await self._withdraw(DecisionWord.CANCELLED, "It was cancelled.")
                raise
            outcome = (
                ReportOutcome.REPORT_OUTCOME_FINAL
                if self._promoted
                else ReportOutcome.REPORT_OUTCOME_CANCELLED
            )
        if outcome != ReportOutcome.REPORT_OUTCOME_FINAL:
            await self._withdraw(attributes.word_of(outcome), notices.reason_for(outcome, self._report))
        self._report.outcome = outcome
        self._stage = ReportStage.REPORT_STAGE_COMPLETED
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._so_far()

    @workflow.query(name=RiskReportService.GET_PROGRESS)
    def get_progress(self, request: GetProgressRequest | None = None) -> GetProgressResponse:
        """Tells how far the report has come; whoever asks by hand need not send the empty request."""
        return GetProgressResponse(
            stage=self._stage,
            shards_total=self._shards_total,
            shards_completed=self._window.shards_completed,
            shards_in_flight=self._window.shards_in_flight,
            scenarios_completed=self._window.scenarios_completed,
            shares=self._window.shares,
            notifications_total=self._announcer.asked,
            notifications_sent=len(self._announcer.accepted),
            notifications_undelivered=len(self._announcer.undelivered),
        )

    @workflow.query(name=RiskReportService.GET_REPORT)
    def get_report(self, request: GetReportRequest | None = None) -> GetReportResponse:
        """Returns the report as far as it has come."""
        return GetReportResponse(report=self._so_far())

    @workflow.update(name=RiskReportService.DECIDE_REPORT)
    def decide_report(self, request: DecideReportRequest) -> DecideReportResponse:
        """Takes the first decision of an approver."""
        decision = self._approval.decide(request)
        self._report.decision.CopyFrom(decision)
        return DecideReportResponse(decision=decision)

    @decide_report.validator
    def check_decision(self, request: DecideReportRequest) -> None:
        """Lets a decision in only if it counts, so that no other one stands in the history."""
        runtime.validate(request)
        if self._is_cancelled:
            raise ApplicationError("the report is cancelled", type=NO_DECISION_NEEDED, non_retryable=True)
        self._approval.check(request)

    @workflow.signal(name=RiskReportService.CANCEL_REPORT)
    def cancel_report(self, request: CancelReportRequest | None = None) -> None:
        """Ends the report before its time; one that is final stays so, and nobody else is told of it."""
        if self._stage in _ENDING or self._report.HasField("cancellation"):
            return
        self._report.cancellation.CopyFrom(request or CancelReportRequest())
        if self._work:
            self._work.cancel()

    async def _produce(self) -> ReportOutcome:
        prepared = await self._unless_cancelled(self._prepare())
        await self._unless_cancelled(self._simulate(prepared))
        await self._unless_cancelled(self._aggregate(prepared))
        await self._unless_cancelled(self._publish())
        outcome = await self._unless_cancelled(self._decide())
        if outcome == ReportOutcome.REPORT_OUTCOME_FINAL:
            # Once asked for, to its end: a promotion that is given up may have had its effect.
            await self._unless_cancelled(uninterrupted(self._promote()))
            await self._announce()
        return outcome

    @property
    def _is_cancelled(self) -> bool:
        return self._report.HasField("cancellation") or workflow.cancellation_reason() is not None

    async def _unless_cancelled(self, step: Awaitable[ResultT]) -> ResultT:
        result = await step
        # Asked for in the task that brought the result, a cancellation is lost to the step.
        if self._is_cancelled:
            raise asyncio.CancelledError
        return result

    async def _prepare(self) -> PrepareMarketDataResponse:
        info = workflow.info()
        scheduled = info.typed_search_attributes.get(_SCHEDULED_TIME)
        prepared = await prepare_market_data(
            PrepareMarketDataRequest(
                portfolio=self._request.portfolio,
                window=window_of(self._request.window, scheduled or info.workflow_start_time),
                parameters=self._request.parameters,
            )
        )
        self._report.window.CopyFrom(prepared.window)
        portfolio_id = self._request.portfolio.id
        workflow.upsert_search_attributes(attributes.found(portfolio_id, prepared.window.as_of_date))
        return prepared

    async def _simulate(self, prepared: PrepareMarketDataResponse) -> None:
        self._stage = ReportStage.REPORT_STAGE_SIMULATING
        parameters = self._request.parameters
        size = self._request.shard_size or _shard_size(parameters, prepared.asset_count)
        scenarios = ScenarioRange(first=0, count=parameters.scenario_count)
        self._shards_total = count_shards(scenarios.count, size)
        if self._shards_total <= MAX_SHARDS_PER_WORKFLOW:
            one = partial(_simulate_one, prepared.spec)
            await self._window.simulate(plan_shards(scenarios, size), size, MAX_SHARDS_IN_FLIGHT, one)
        else:
            many = partial(_simulate_many, prepared.spec, size)
            await self._window.simulate(plan_children(scenarios, size), size, MAX_CHILDREN_IN_FLIGHT, many)

    async def _aggregate(self, prepared: PrepareMarketDataResponse) -> None:
        self._stage = ReportStage.REPORT_STAGE_AGGREGATING
        aggregated = await aggregate_risk(
            aggregation_of(self._request, prepared, self._window.shards, self._window.shares)
        )
        self._report.summary.CopyFrom(aggregated.summary)
        self._report.files.CopyFrom(aggregated.files)
        value_at_risk = attributes.value_at_risk_minor(self._request.portfolio, aggregated.summary)
        workflow.upsert_search_attributes(attributes.measured(value_at_risk))

    async def _publish(self) -> None:
        self._saga.add("PublishReport", self._take_publication_back)
        published = await publish_report(PublishReportRequest(publication=self._publication()))
        self._report.publication_state = published.state
        if published.state == PublicationState.PUBLICATION_STATE_WITHDRAWN:
            # By the run that this one was reset from; nobody need decide on what cannot become final.
            raise ApplicationError("it was withdrawn before", type=REPORT_WITHDRAWN, non_retryable=True)

    async def _decide(self) -> ReportOutcome:
        measure = breached_measure(self._request.portfolio, self._report.summary)
        if measure is None:
            workflow.upsert_search_attributes(attributes.decided(DecisionWord.NOT_NEEDED))
            return ReportOutcome.REPORT_OUTCOME_FINAL
        self._stage = ReportStage.REPORT_STAGE_AWAITING_DECISION
        workflow.upsert_search_attributes(attributes.decided(DecisionWord.PENDING))
        return notices.outcome_of(await self._ask(measure))

    async def _ask(self, measure: RiskMeasure) -> RecordedDecision | None:
        limit, asked_at = self._request.portfolio.limit, workflow.now()
        decide_by, remind_at, escalate_at = (
            share_of_time(asked_at, limit.decide_within.ToTimedelta(), share)
            for share in (1, REMIND_AFTER, ESCALATE_AFTER)
        )
        self._report.breach.CopyFrom(notices.breach_of(limit, measure, decide_by))
        self._saga.add("SendNotification", self._take_announcements_back)
        recipients = len(self._request.recipients)

        async def tell(topic: str, count: int) -> None:
            report_id = workflow.info().workflow_id
            question = notices.compose_question(topic, report_id, self._request, self._report)
            await self._announcer.tell(question, range(count))

        return await self._approval.wait(
            [
                (asked_at, partial(tell, notices.BREACHED, recipients)),
                (remind_at, partial(tell, notices.REMINDER, recipients)),
                (escalate_at, partial(tell, notices.ESCALATION, recipients + len(limit.escalation))),
            ],
            decide_by,
        )

    async def _promote(self) -> None:
        reason = notices.reason_for(ReportOutcome.REPORT_OUTCOME_FINAL, self._report)
        promoted = await promote_report(PromoteReportRequest(publication=self._publication(), reason=reason))
        self._report.publication_state = promoted.state
        self._promoted = True
        if self._report.HasField("decision"):
            workflow.upsert_search_attributes(attributes.decided(DecisionWord.APPROVED))

    async def _announce(self) -> None:
        self._stage = ReportStage.REPORT_STAGE_NOTIFYING
        everybody = {*range(len(self._request.recipients)), *self._announcer.perhaps_told}
        await self._announcer.tell(notices.compose_ready(self._request, self._report), sorted(everybody))

    async def _withdraw(self, word: DecisionWord, reason: str) -> None:
        # Not by the publication's state: that may be final by the run that this one was reset from.
        if self._promoted:
            return  # The point of no return: whoever relies on a final report may go on doing so.
        workflow.upsert_search_attributes(attributes.decided(word))
        if self._saga.has_steps:
            self._stage = ReportStage.REPORT_STAGE_WITHDRAWING
            await self._saga.compensate(notices.recorded(reason))

    async def _take_publication_back(self, reason: str) -> str:
        withdrawn = await withdraw_report(
            WithdrawReportRequest(publication=self._publication(), reason=reason)
        )
        self._report.publication_state = withdrawn.state
        return "The report was withdrawn."

    async def _take_announcements_back(self, reason: str) -> str:
        told = self._announcer.perhaps_told
        correction = notices.compose_withdrawal(self._request, self._report, reason)
        if failed := await self._announcer.tell(correction, told):
            raise NotTakenBackError(f"{failed} of {format_count(len(told), 'recipient')} got no correction")
        return f"{format_count(len(told), 'recipient')} of what was said before got a correction."

    def _publication(self) -> Publication:
        return Publication(
            report_id=workflow.info().workflow_id,
            portfolio_id=self._request.portfolio.id,
            as_of_date=self._report.window.as_of_date,
            files=self._report.files,
        )

    def _so_far(self) -> GenerateRiskReportResponse:
        report = GenerateRiskReportResponse(
            shares=self._window.shares,
            notifications=self._announcer.accepted,
            undelivered=self._announcer.undelivered,
            compensations=self._saga.compensations,
        )
        report.MergeFrom(self._report)
        return report


@workflow.defn(name=RiskReportService.SIMULATE_SHARDS)
class SimulateShards:
    """Simulates and merges a part of a report's shards, in a history of its own."""

    @workflow.run
    async def run(self, request: SimulateShardsRequest) -> SimulateShardsResponse:
        """Simulates the range, then merges its shards.

        Raises:
            ActivityError: If a step fails for good; its cause has one of the contract's error types.
        """
        window, size = Window(), request.shard_size
        one = partial(_simulate_one, request.spec)
        await window.simulate(plan_shards(request.range, size), size, CHILD_SHARDS_IN_FLIGHT, one)
        merged = await merge_shards(MergeShardsRequest(shards=window.shards))
        return SimulateShardsResponse(shard=merged.shard, shares=window.shares)


def _shard_size(parameters: SimulationParameters, asset_count: int) -> int:
    of_report = parameters.scenario_count, asset_count, parameters.horizon_days
    size, earlier = choose_shard_size(*of_report), earlier_shard_size(*of_report)
    # Asked only where it makes a difference: most histories have no marker.
    return size if size == earlier or workflow.patched("larger-shards") else earlier


async def _simulate_one(spec: ObjectRef, scenarios: ScenarioRange) -> SimulateShardsResponse:
    answer = await simulate_shard(SimulateShardRequest(spec=spec, range=scenarios))
    return SimulateShardsResponse(shard=answer.shard, shares=[share_of(answer)])


async def _simulate_many(spec: ObjectRef, size: int, scenarios: ScenarioRange) -> SimulateShardsResponse:
    request = SimulateShardsRequest(spec=spec, range=scenarios, shard_size=size)
    return await (await start_simulate_shards(request, id=child_id(workflow.info().workflow_id, scenarios)))

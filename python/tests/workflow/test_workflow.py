"""The workflow on the time-skipping server, with every activity replaced by a fake."""

import asyncio

import pytest
from report_fakes import CHART, SECONDS, Fakes, reference, request, until_stage
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, ChildWorkflowError
from temporalio.testing import WorkflowEnvironment

from polling import until
from triglot.contract.runtime import InvalidArgumentError
from triglot.risk.v1.report_pb2 import GetProgressRequest, ReportStage, UndeliveredNotification
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.risk.v1.simulation_pb2 import Provenance, SimulateShardRequest
from triglot.risk.v1.simulation_temporal import simulation_service_activities


async def test_a_report_runs_from_prices_to_notifications(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    asked = request(scenario_count=1_000, shard_size=400, recipients=2)
    handle = await reports.start_generate_risk_report(asked)
    report = await handle.result()

    assert [prepared.parameters for prepared in fakes.prepared] == [asked.parameters]
    assert sorted((shard.range.first, shard.range.count) for shard in fakes.simulated) == [
        (0, 400),
        (400, 400),
        (800, 200),
    ]
    (aggregated,) = fakes.aggregated
    assert list(aggregated.shards) == [reference(f"shard-{first}") for first in (0, 400, 800)]
    assert list(aggregated.confidences_bp) == [9900]
    assert aggregated.preparation == Provenance(language="python")
    assert aggregated.simulation == report.shares
    assert fakes.merged == []
    workflow_id = handle.workflow.id
    assert workflow_id.startswith("risk-report/test/")
    assert sorted(sent.idempotency_key for sent in fakes.sent) == [
        f"{workflow_id}/report-ready/{index}" for index in (0, 1)
    ]
    assert {sent.recipient.email.address for sent in fakes.sent} == {
        "desk-0@example.com",
        "desk-1@example.com",
    }
    assert [[image.object for image in sent.notification.images] for sent in fakes.sent] == [[CHART]] * 2
    assert report.files.json == reference("json")
    assert [(share.language, share.shard_count, share.scenario_count) for share in report.shares] == [
        ("go", 3, 1_000)
    ]
    assert [sent.delivery_id for sent in report.notifications] == [
        f"<{workflow_id}/report-ready/{index}@example.com>" for index in (0, 1)
    ]


async def test_at_most_200_shards_are_in_flight(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=450_000, shard_size=1_000))
    progress = await handle.get_progress(GetProgressRequest())
    async with asyncio.timeout(SECONDS):
        while progress.shards_in_flight < 200:
            progress = await handle.get_progress(GetProgressRequest())
    assert progress.stage == ReportStage.REPORT_STAGE_SIMULATING
    assert (progress.shards_total, progress.shards_completed, progress.shards_in_flight) == (450, 0, 200)

    fakes.shards_may_finish.set()
    await handle.result()

    assert len(fakes.simulated) == 450
    assert len(fakes.aggregated[0].shards) == 450
    final = await handle.get_progress(GetProgressRequest())
    assert (final.stage, final.shards_completed, final.shards_in_flight, final.scenarios_completed) == (
        ReportStage.REPORT_STAGE_COMPLETED,
        450,
        0,
        450_000,
    )


async def test_a_passing_error_is_retried(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ConnectionError("the store is away"), 3

    report = await (
        await reports.start_generate_risk_report(request(scenario_count=1_000, shard_size=1_000))
    ).result()

    assert report.summary.scenario_count == 1_000
    assert fakes.shard_errors_left == 0


async def test_an_invalid_argument_ends_the_report(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ApplicationError("no such thing", type="InvalidArgument"), 1

    with pytest.raises(WorkflowFailureError) as failure:
        await (
            await reports.start_generate_risk_report(request(scenario_count=2_000, shard_size=1_000))
        ).result()

    error = failure.value.cause
    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.type, error.cause.message) == ("InvalidArgument", "no such thing")
    assert fakes.aggregated == []
    assert fakes.sent == []


async def test_an_activity_refuses_a_bad_request_on_arrival(fakes: Fakes) -> None:
    (activity_function,) = simulation_service_activities(fakes)

    with pytest.raises(ApplicationError, match=r"range.*first \+ count must not exceed 2\^32") as refusal:
        await activity_function(
            SimulateShardRequest(spec=reference("spec"), range={"first": 2**32 - 1, "count": 2})
        )

    assert (refusal.value.type, refusal.value.non_retryable) == ("InvalidArgument", True)
    assert fakes.simulated == []


async def test_up_to_500_shards_need_no_child(reports: RiskReportServiceClient, fakes: Fakes) -> None:
    fakes.shards_may_finish.set()
    await reports.execute_generate_risk_report(request(scenario_count=500_000, shard_size=1_000))

    assert fakes.merged == []
    assert len(fakes.aggregated[0].shards) == 500


async def test_more_shards_are_simulated_and_merged_by_children(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    handle = await reports.start_generate_risk_report(request(scenario_count=1_203, shard_size=1))
    report = await handle.result()

    assert sorted(shard.range.first for shard in fakes.simulated) == list(range(1_203))
    firsts = {reference(f"shard-{first}").sha256: first for first in range(1_203)}
    merged = sorted([firsts[shard.sha256] for shard in asked.shards] for asked in fakes.merged)
    assert merged == [list(range(500)), list(range(500, 1_000)), list(range(1_000, 1_203))]
    # By first scenario, however the children ended.
    of_first = {
        firsts[asked.shards[0].sha256]: reference(f"merged-{number}")
        for number, asked in enumerate(fakes.merged, start=1)
    }
    (aggregated,) = fakes.aggregated
    assert list(aggregated.shards) == [of_first[first] for first in (0, 500, 1_000)]
    assert [(share.language, share.shard_count, share.scenario_count) for share in report.shares] == [
        ("go", 1_203, 1_203)
    ]
    progress = await handle.get_progress()
    assert (progress.shards_total, progress.shards_completed, progress.shards_in_flight) == (1_203, 1_203, 0)


async def test_at_most_200_shards_of_four_children_are_in_flight(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=2_600, shard_size=1))
    async with asyncio.timeout(SECONDS):
        while fakes.being_simulated < 200:
            progress = await handle.get_progress()
    progress = await handle.get_progress()
    assert (progress.shards_total, progress.shards_completed, progress.shards_in_flight) == (2_600, 0, 2_000)
    parent_id = handle.workflow.id
    for first in (0, 500, 1_000, 1_500):
        child = await environment.client.get_workflow_handle(f"{parent_id}/shards/{first}").describe()
        assert child.status == WorkflowExecutionStatus.RUNNING

    fakes.shards_may_finish.set()
    await handle.result()

    assert fakes.most_simulated_at_once == 200
    assert len(fakes.simulated) == 2_600


async def test_a_notification_that_is_refused_does_not_keep_others_from_being_told(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("nobody there", type="DeliveryRejected", non_retryable=True)],
        "desk-1@example.com": [ApplicationError("try again", type="DeliveryFailed")],
    }

    handle = await reports.start_generate_risk_report(
        request(scenario_count=1_000, shard_size=1_000, recipients=2)
    )
    report = await handle.result()

    assert [sent.recipient.email.address for sent in fakes.sent] == ["desk-1@example.com"]
    assert [sent.delivery_id for sent in report.notifications] == [
        f"<{handle.workflow.id}/report-ready/1@example.com>"
    ]
    assert list(report.undelivered) == [
        UndeliveredNotification(
            recipient_index=0,
            error_type="DeliveryRejected",
            message="nobody there",
            topic="report-ready",
        )
    ]
    assert report.files.json == reference("json")
    progress = await handle.get_progress()
    assert (progress.notifications_sent, progress.notifications_undelivered) == (1, 1)


async def test_a_cancelled_report_waits_for_no_notification(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.send_errors = {
        "desk-0@example.com": [ApplicationError("try again", type="DeliveryFailed") for _ in range(100)]
    }
    handle = await reports.start_generate_risk_report(request(scenario_count=1_000, shard_size=1_000))
    await until_stage(handle, ReportStage.REPORT_STAGE_NOTIFYING)

    await handle.workflow.cancel()

    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    assert isinstance(failure.value.cause, CancelledError)
    # It was final before, and stays so.
    assert fakes.effects == ["provisional", "final"]


async def test_a_shard_that_fails_for_good_ends_children_and_report_with_its_cause(
    reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    fakes.shards_may_finish.set()
    fakes.shard_error, fakes.shard_errors_left = ApplicationError("no such thing", type="InvalidArgument"), 1

    with pytest.raises(WorkflowFailureError) as failure:
        await reports.execute_generate_risk_report(request(scenario_count=1_001, shard_size=1))

    child = failure.value.cause
    assert isinstance(child, ChildWorkflowError)
    assert isinstance(child.cause, ActivityError)
    root = child.cause.cause
    assert isinstance(root, ApplicationError)
    assert (root.type, root.message) == ("InvalidArgument", "no such thing")
    assert fakes.aggregated == []


async def test_a_cancelled_report_takes_its_children_along(
    environment: WorkflowEnvironment, reports: RiskReportServiceClient, fakes: Fakes
) -> None:
    handle = await reports.start_generate_risk_report(request(scenario_count=1_001, shard_size=1))
    # The last child has one shard.
    await until(lambda: fakes.being_simulated >= 101, "all children simulate", SECONDS)

    await handle.workflow.cancel()

    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    assert isinstance(failure.value.cause, CancelledError)
    async with asyncio.timeout(SECONDS):
        for first in (0, 500, 1_000):
            child = environment.client.get_workflow_handle(f"{handle.workflow.id}/shards/{first}")
            while (await child.describe()).status == WorkflowExecutionStatus.RUNNING:
                continue
    assert fakes.merged == []
    assert fakes.aggregated == []


async def test_more_shards_than_500_children_hold_are_refused_before_they_start(
    reports: RiskReportServiceClient,
) -> None:
    with pytest.raises(InvalidArgumentError, match="more than 250000 shards"):
        await reports.start_generate_risk_report(request(scenario_count=500_001, shard_size=2))

"""Workflows under several types, and ids that would be empty, as generated code asks the runtime for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.common import VersioningBehavior
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from triglot.contract import runtime
from triglot.risk.v1.report_temporal import (
    RiskReportService,
    generate_risk_report_workflows,
    simulate_shards_workflows,
)
from triglot.risk.worker import workflow_runner
from triglot.risk.workflow import GenerateRiskReport, SimulateShards

HISTORIES = Path(__file__).parents[3] / "tests" / "replay" / "histories"
FORMER = "triglot.risk.v1.RiskReportService.MakeRiskReport"


@workflow.defn(name="pinned", versioning_behavior=VersioningBehavior.PINNED)
class Pinned:
    @workflow.run
    async def run(self) -> None: ...


def test_a_workflow_without_aliases_is_registered_once_under_its_name() -> None:
    (served,) = generate_risk_report_workflows(GenerateRiskReport)
    assert issubclass(served, GenerateRiskReport)
    assert workflow._Definition.must_from_class(served).name == RiskReportService.GENERATE_RISK_REPORT


@pytest.mark.parametrize("registered", [True, False], ids=["alias", "no alias"])
async def test_a_run_under_an_alias_replays_in_the_sandbox(registered: bool) -> None:
    (recorded,) = HISTORIES.glob("approved.*.json")
    history = json.loads(recorded.read_text())
    history["events"][0]["workflowExecutionStartedEventAttributes"]["workflowType"]["name"] = FORMER
    aliases = [FORMER] if registered else []
    replayer = Replayer(
        workflows=runtime.workflows(
            GenerateRiskReport, RiskReportService.GENERATE_RISK_REPORT, aliases=aliases
        ),
        workflow_runner=workflow_runner(),
        data_converter=runtime.data_converter(),
    )

    result = await replayer.replay_workflow(
        WorkflowHistory.from_json("report", history), raise_on_replay_failure=False
    )

    if registered:
        assert result.replay_failure is None
    else:
        assert f"Workflow class {FORMER} is not registered" in str(result.replay_failure)


def test_an_alias_leaves_the_workflow_its_name() -> None:
    runtime.workflows(Pinned, "pinned", aliases=["former"], versioning_behavior=VersioningBehavior.PINNED)
    assert workflow._Definition.must_from_run_fn(Pinned.run).name == "pinned"


def test_an_alias_keeps_what_the_workflow_was_told() -> None:
    _, former = runtime.workflows(
        Pinned, "pinned", aliases=["former"], versioning_behavior=VersioningBehavior.PINNED
    )
    definition = workflow._Definition.must_from_class(former)
    assert (definition.name, definition.versioning_behavior) == ("former", VersioningBehavior.PINNED)


def test_a_class_of_another_type_is_refused() -> None:
    told = (
        f"^GenerateRiskReport is the workflow {RiskReportService.GENERATE_RISK_REPORT}, not {FORMER}; say so"
    )
    with pytest.raises(ValueError, match=told):
        runtime.workflows(GenerateRiskReport, FORMER)
    with pytest.raises(ValueError, match=r"^GenerateRiskReport is the workflow "):
        simulate_shards_workflows(GenerateRiskReport)  # type: ignore[arg-type]


def test_a_class_without_the_contracts_versioning_behaviour_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^SimulateShards has the versioning behaviour UNSPECIFIED, not PINNED; say"
    ):
        runtime.workflows(
            SimulateShards, RiskReportService.SIMULATE_SHARDS, versioning_behavior=VersioningBehavior.PINNED
        )
    with pytest.raises(
        ValueError, match=r"^Pinned has the versioning behaviour PINNED, not UNSPECIFIED; say"
    ):
        runtime.workflows(Pinned, "pinned")


def test_an_id_that_would_be_empty_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime.not_empty("Rent", "x") == "x"
    with pytest.raises(runtime.InvalidArgumentError, match=r"^Rent: its id would be empty$"):
        runtime.not_empty("Rent", "")

    # As in a workflow, where nothing but an application error ends the run.
    monkeypatch.setattr(workflow, "in_workflow", lambda: True)
    with pytest.raises(ApplicationError) as caught:
        runtime.not_empty("Rent", "")
    assert (caught.value.type, caught.value.non_retryable) == ("InvalidArgument", True)
    assert caught.value.message == "Rent: its id would be empty"

"""Lists of reports, as the server finds them."""

import heapq
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from temporalio.client import WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from triglot.cli.documents import utc_text
from triglot.cli.ends import BAD_INPUT, CommandError, one_line
from triglot.cli.session import Session
from triglot.risk import attributes
from triglot.risk.v1.report_temporal import RiskReportService

_STATUS = {
    WorkflowExecutionStatus.RUNNING: "running",
    WorkflowExecutionStatus.COMPLETED: "completed",
    WorkflowExecutionStatus.FAILED: "failed",
    WorkflowExecutionStatus.CANCELED: "cancelled",
    WorkflowExecutionStatus.TERMINATED: "terminated",
    WorkflowExecutionStatus.TIMED_OUT: "timed out",
}


def status_word(status: WorkflowExecutionStatus | None) -> str:
    """Returns for instance `running`."""
    return _STATUS.get(status, "unknown") if status else "unknown"


@dataclass(frozen=True)
class Listed:
    """A report in a list.

    Attributes:
        id: The workflow's id.
        run_id: The run's id.
        status: running, completed, failed, cancelled, terminated or timed out.
        started_at: When it was started, UTC.
        closed_at: When it ended, UTC; None while it runs.
        portfolio_id: The portfolio's identifier; like what follows, None until the report has come so far.
        as_of: The day of the report.
        decision: A `DecisionWord`, as text.
        value_at_risk_minor: In minor units.
    """

    id: str
    run_id: str
    status: str
    started_at: datetime
    closed_at: datetime | None
    portfolio_id: str | None = None
    as_of: date | None = None
    decision: str | None = None
    value_at_risk_minor: int | None = None

    @classmethod
    def of(cls, execution: WorkflowExecution) -> "Listed":
        """Reads what the server says of an execution."""
        found_by = execution.typed_search_attributes
        as_of = found_by.get(attributes.AS_OF)
        return cls(
            id=execution.id,
            run_id=execution.run_id,
            status=status_word(execution.status),
            started_at=execution.start_time,
            closed_at=execution.close_time,
            portfolio_id=found_by.get(attributes.PORTFOLIO),
            as_of=as_of.date() if as_of else None,
            decision=found_by.get(attributes.DECISION),
            value_at_risk_minor=found_by.get(attributes.VALUE_AT_RISK),
        )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status == "running"

    def document(self) -> dict[str, Any]:
        """Returns it for programs."""
        return {
            "id": self.id,
            "run_id": self.run_id,
            "status": self.status,
            "started_at": utc_text(self.started_at),
            "closed_at": utc_text(self.closed_at) if self.closed_at else None,
            "portfolio_id": self.portfolio_id,
            "as_of_date": self.as_of.isoformat() if self.as_of else None,
            "decision": self.decision,
            "value_at_risk_minor": self.value_at_risk_minor,
        }


async def list_reports(
    session: Session, limit: int, only_running: bool = False, where: str | None = None
) -> list[Listed]:
    """Returns the newest reports, the newest first.

    Args:
        session: The connection.
        limit: How many at most.
        only_running: Whether those that have ended are left out.
        where: A list filter of the server's, which those that are wanted match.

    Raises:
        CommandError: If the server does not take the filter.
    """
    filters = [f"WorkflowType = '{RiskReportService.GENERATE_RISK_REPORT}'"]
    if only_running:
        filters.append("ExecutionStatus = 'Running'")
    if where is not None:
        filters.append(f"({where})")
    try:
        # All are asked for: a server on SQLite sorts by nothing, and by itself puts the running ones first.
        executions = session.client.list_workflows(" AND ".join(filters))
        listed = [Listed.of(execution) async for execution in executions]
    except RPCError as error:
        if where is None or error.status != RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise CommandError(f"--where {where!r}: the server says: {one_line(error)}", BAD_INPUT) from error
    return heapq.nlargest(limit, listed, key=lambda report: report.started_at)

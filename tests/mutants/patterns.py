"""The table of docs/patterns.md: a pattern, where it stands, its tests, and the mutants they have killed.

Run as a program it writes the table; a test notices when it is stale. Tests and links come from the patches.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "patterns.md"
_BEGIN, _END = "<!-- table: tests/mutants/patterns.py -->\n", "<!-- end of table -->\n"


@dataclass(frozen=True)
class Pattern:
    """A row of the table.

    Attributes:
        name: What it is.
        code: The file to read.
        mutants: The patches that break it.
    """

    name: str
    code: str
    mutants: tuple[str, ...]

    def row(self) -> str:
        """Returns the row in Markdown."""
        tests = dict.fromkeys(_link(_test_of(mutant)) for mutant in self.mutants)
        mutants = (f"[{mutant}](../tests/mutants/{mutant}.patch)" for mutant in self.mutants)
        code = f"[{Path(self.code).name}](../{self.code})"
        return f"| {self.name} | {code} | {', '.join(tests)} | {', '.join(mutants)} |"


PATTERNS = (
    Pattern(
        "Fan-out by a sliding window",
        "python/src/triglot/risk/window.py",
        ("children-window",),
    ),
    Pattern(
        "Child workflows, so that no history grows with a report",
        "python/src/triglot/risk/plan.py",
        ("children-threshold",),
    ),
    Pattern(
        "Deterministic workflow code, watched by replay",
        "python/src/triglot/risk/workflow.py",
        ("replay-gate",),
    ),
    Pattern(
        "A gate that replays every path before a change goes out",
        "tests/replay/gate.py",
        ("replay-gate", "replay-failures", "replay-list"),
    ),
    Pattern(
        "Histories that are bounded, so that none needs continue-as-new",
        "tests/replay/growth.py",
        ("history-bound", "history-refused-decisions"),
    ),
    Pattern(
        "Idempotent activities: content-addressed objects",
        "python/src/triglot/store/store.py",
        (
            "store-digest",
            "typescript-store-digest",
        ),
    ),
    Pattern(
        "Idempotent activities: marks that only move on",
        "python/src/triglot/risk/publications.py",
        (
            "name-first-content",
            "publication-furthest",
            "publication-overtaken",
            "publication-other",
            "publication-set",
            "name-conflict",
        ),
    ),
    Pattern(
        "Idempotency keys that outlive retries",
        "python/src/triglot/risk/announcer.py",
        (
            "notification-keys",
            "killed-notification",
            "mail-idempotency",
            "webhook-idempotency",
        ),
    ),
    Pattern(
        "One id, one report",
        "proto/triglot/risk/v1/report.proto",
        ("one-id-one-report",),
    ),
    Pattern(
        "Heartbeats and checkpoints",
        "go/internal/simulation/checkpoint.go",
        (
            "heartbeat-checkpoint",
            "checkpoint-range",
            "checkpoint-store-away",
            "checkpoint-cancelled",
            "resume-offset",
            "python-heartbeat-checkpoint",
            "python-checkpoint-range",
            "python-checkpoint-store-away",
            "typescript-heartbeat-checkpoint",
            "typescript-checkpoint-range",
        ),
    ),
    Pattern(
        "One task queue, workers in three languages",
        "docs/race.md",
        ("race-tried-again", "race-digest", "python-resume-offset", "typescript-checkpoint-unusable"),
    ),
    Pattern(
        "CPU-bound activities off the event loop: processes",
        "python/src/triglot/risk/simulator_pool.py",
        ("python-heartbeat-slow-store", "python-cancelled-process", "python-orphans"),
    ),
    Pattern(
        "CPU-bound activities off the event loop: worker threads",
        "typescript/src/simulation/attempt.ts",
        ("typescript-heartbeat-thread", "typescript-cancellation", "typescript-thread-lost"),
    ),
    Pattern(
        "A crashed worker comes back, and takes nobody along",
        "python/src/triglot/stack/supervision.py",
        ("worker-exited", "race-stays-down"),
    ),
    Pattern(
        "A fast path beside a reference, to the same bits",
        "go/internal/kernel/path.go",
        ("avx2-remainder", "avx2-fused", "avx2-row-offsets", "wasm-odd-horizon", "wasm-order"),
    ),
    Pattern(
        "Cancellation that reaches an activity",
        "go/internal/simulation/activity.go",
        ("cancellation",),
    ),
    Pattern(
        "Errors that are the same in each language",
        "docs/errors.md",
        (
            "errors-type-python",
            "errors-type-go",
            "errors-type-typescript",
            "errors-refusal-python",
            "errors-refusal-go",
            "errors-refusal-typescript",
            "errors-details-python",
            "errors-details-go",
            "errors-wrapped-go",
        ),
    ),
    Pattern(
        "Time-outs and retries by contract; errors that are never retried",
        "proto/triglot/errors/v1/errors.proto",
        (
            "error-types",
            "workflow-argument",
            "webhook-final",
            "webhook-retry-after",
        ),
    ),
    Pattern(
        "Queries after the end as before it",
        "python/src/triglot/risk/workflow.py",
        ("query-after-end",),
    ),
    Pattern(
        "Update with a validator: one decision",
        "python/src/triglot/risk/approval.py",
        (
            "decision-first",
            "decision-approver",
            "decision-early",
            "decision-validated",
        ),
    ),
    Pattern(
        "Durable timers: reminder, escalation, deadline",
        "python/src/triglot/risk/approval.py",
        (
            "decision-deadline",
            "decision-late",
            "decision-reminder",
            "decision-waits-for-nobody",
        ),
    ),
    Pattern(
        "Signal: an end before its time",
        "python/src/triglot/risk/workflow.py",
        ("cancel-signal", "final-stays-final"),
    ),
    Pattern(
        "Saga: taken back in reverse order",
        "python/src/triglot/risk/saga.py",
        (
            "saga-order",
            "saga-patience",
            "saga-failure",
            "correction-recipients",
            "failure-words",
        ),
    ),
    Pattern(
        "Compensation on cancellation, uninterrupted",
        "python/src/triglot/risk/saga.py",
        (
            "saga-cancellation",
            "saga-uninterrupted",
            "final-outlives-cancellation",
            "cancel-not-lost",
            "promotion-begun",
        ),
    ),
    Pattern(
        "A failure that takes nothing else along",
        "python/src/triglot/risk/announcer.py",
        ("notify-all",),
    ),
    Pattern(
        "Schedule, overlap policy, backfill",
        "python/src/triglot/cli/schedules.py",
        (
            "schedule-day",
            "schedule-overlap",
            "schedule-last-prices",
            "schedule-gaps",
            "schedule-portfolio",
        ),
    ),
    Pattern(
        "Search attributes",
        "python/src/triglot/risk/attributes.py",
        (
            "attributes-registered",
            "attributes-required",
            "attributes-in-containers",
            "list-filter",
        ),
    ),
    Pattern(
        "Claim check by reference in the contract",
        "proto/triglot/store/v1/object.proto",
        (
            "gc-digests",
            "gc-publications",
        ),
    ),
    Pattern(
        "Claim check by the SDKs: external storage",
        "python/src/triglot/store/payloads.py",
        (
            "large-messages",
            "claim-form-python",
            "claim-form-go",
            "claim-form-typescript",
            "gc-claims",
            "gc-claims-nested",
        ),
    ),
    Pattern(
        "Worker versioning: pinned reports, ramp, drain, roll back",
        "python/src/triglot/tuning.py",
        (
            "version-current",
            "version-pinned",
            "version-go",
            "version-typescript",
            "version-unserved",
            "version-pollers",
            "version-pollers-go",
            "version-pollers-typescript",
        ),
    ),
    Pattern(
        "Graceful stop",
        "python/src/triglot/serving.py",
        (
            "worker-grace",
            "readiness-stopping",
            "python-handover",
            "typescript-hand-over",
        ),
    ),
    Pattern(
        "A contract that changes while old and new are live",
        "python/src/triglot/contract/breaking.py",
        (
            "breaking-types",
            "breaking-rules",
            "breaking-reserved",
            "breaking-itself",
            "breaking-expires",
            "evolution-alias",
        ),
    ),
    Pattern(
        "Data converter: one contract, no stray payload",
        "python/src/triglot/contract/runtime.py",
        ("workflow-argument",),
    ),
    Pattern(
        "Data converter for protobuf-es, as a package",
        "typescript/payload-converter/src/index.ts",
        (
            "converter-guard",
            "converter-realm",
            "converter-utf8",
            "converter-unknown",
            "converter-any",
            "converter-packed",
        ),
    ),
    Pattern(
        "JSON contract: one schema that every reader asks",
        "tests/json_contract/trade.py",
        ("json-schema-go", "json-schema-typescript", "json-tolerant", "json-decimal", "json-fields"),
    ),
)


def page() -> str:
    """Returns the page with the table as it should be."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    head = "| pattern | where | proved by | broken by |\n|---|---|---|---|\n"
    rows = "".join(f"{pattern.row()}\n" for pattern in PATTERNS)
    return f"{before}{_BEGIN}\n{head}{rows}\n{_END}{after}"


def _test_of(mutant: str) -> str:
    patch = (REPOSITORY / "tests" / "mutants" / f"{mutant}.patch").read_text()
    found = re.search(r"^Test: (.*)$", patch, re.MULTILINE)
    assert found, mutant
    return found[1]


def _link(test: str) -> str:
    runner, place, *names = test.split(" ", 2)
    match runner:
        case "pytest":
            path, _, name = place.partition("::")
            return f"[{name.partition('[')[0] or Path(path).name}](../{path})"
        case "go":
            return f"[{' '.join(names)}](../go/{place.removeprefix('./')})"
        case _:
            folder = "" if place.startswith("payload-converter/") else "src/"
            return f"[{Path(place).name}](../typescript/{folder}{place})"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE.relative_to(REPOSITORY)}: {len(PATTERNS)} patterns\n")

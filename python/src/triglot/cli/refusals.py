"""A refused request in the words of the options that made it up."""

from buf.validate.validate_pb2 import Violation
from triglot.cli.quantity import least_scenarios
from triglot.contract.runtime import InvalidArgumentError
from triglot.notification.v1.notification_pb2 import Recipient
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.wording import format_percent

_MAX_SHARDS = 250_000


def in_options(error: InvalidArgumentError, request: GenerateRiskReportRequest) -> str:
    """Returns the first thing that is wrong, by its option and quoted; or what the contract says of the rest.

    Args:
        error: The refusal.
        request: What was refused; its recipients are in the order of mails, webhooks.
    """
    violation = error.violations.violations[0]
    return _of_recipients(violation, request) or _of_numbers(violation, request) or f"bad request: {error}"


def _of_recipients(violation: Violation, request: GenerateRiskReportRequest) -> str | None:
    match [element.field_name for element in violation.field.elements]:
        case ["recipients"]:
            return f"--mail and --webhook: say at most 100 in all, not {len(request.recipients)}"
        case ["recipients", "email", *_]:
            return f"--mail {_recipient(violation, request).email.address!r}: is no mail address"
        case ["recipients", "webhook", "url"]:
            return (
                f"--webhook {_recipient(violation, request).webhook.url!r}: say an http or https URL without "
                "credentials, of at most 2,000 characters"
            )
        case ["recipients", "webhook", "secret_name"]:
            return (
                f"--webhook-secret {_recipient(violation, request).webhook.secret_name!r}: say a name of at "
                "most 63 capital letters, digits and _ that begins with a letter"
            )
    return None


def _of_numbers(violation: Violation, request: GenerateRiskReportRequest) -> str | None:
    count, limit_bp = request.parameters.scenario_count, request.portfolio.limit.confidence_bp
    match violation.rule_id.removeprefix("generate_risk_report_request."):
        case "shard_count":
            return (
                f"--shard-size '{request.shard_size}': makes more than {_MAX_SHARDS:,} shards of {count:,} "
                f"scenarios; say at least {-(-count // _MAX_SHARDS):,}"
            )
        case "limit":
            said = f"{limit_bp / 100:g}"
            return f"--confidence: lacks {said}, that of the portfolio's limit; say --confidence {said} too"
        # Of the others the options have been checked before.
        case "tail" if max(request.confidences_bp) == limit_bp:
            return (
                f"--scenarios {count:,}: {format_percent(limit_bp)}, the confidence of the portfolio's "
                f"limit, needs at least {least_scenarios(limit_bp):,} scenarios"
            )
    return None


def _recipient(violation: Violation, request: GenerateRiskReportRequest) -> Recipient:
    return request.recipients[violation.field.elements[0].index]

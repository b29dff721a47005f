"""Id expressions to TypeScript."""

from __future__ import annotations

from collections.abc import Iterator

from triglot.contract.literals import ascii_quoted
from triglot.contract.model import (
    Field,
    FieldReference,
    IdExpression,
    Literal,
    Message,
    Update,
    UuidV4,
    Workflow,
    may_be_empty,
)
from triglot.contract.typescript_scope import Scope, field_name
from triglot.contract.typescript_text import Line, listed, literal

_UUID_V4 = "uuidV4: () => string"


def id_function(scope: Scope, rpc: Workflow | Update, expression: IdExpression) -> Iterator[Line]:
    """Yields the function that makes an RPC's id."""
    says = any(isinstance(part, FieldReference) for part in expression)
    request = scope.parameter(rpc, "request" if says else "_request")
    parameters = [*request, *([_UUID_V4] if _is_random(expression) else [])]
    made = _template(scope, rpc, expression)
    yield f"/** Makes the id of {rpc.name}, in clients and workflows alike. */"
    yield listed(f"export function {scope.id(rpc)}", parameters, ": string {")
    if may_be_empty(expression):
        yield listed(f"  return {scope.runtime('checkId')}", [literal(rpc.name), made], ";")
    else:
        yield f"  return {made};"
    yield "}"


def id_property(scope: Scope, rpc: Workflow | Update, expression: IdExpression) -> str:
    """The function as the runtime calls it: with the request, whether there is one or not."""
    if rpc.input or not _is_random(expression):
        return scope.id(rpc)
    return f"(_request: undefined, {_UUID_V4}) => {scope.id(rpc)}(uuidV4)"


def _is_random(expression: IdExpression) -> bool:
    return any(isinstance(part, UuidV4) for part in expression)


def _template(scope: Scope, rpc: Workflow | Update, expression: IdExpression) -> str:
    if all(isinstance(part, Literal) for part in expression):
        return literal("".join(part.text for part in expression if isinstance(part, Literal)))
    match expression:
        case (UuidV4(),):
            return "uuidV4()"
        case (FieldReference() as reference,) if reference.fields[-1].type == "string":
            return _field(scope, rpc, reference)
    return f"`{''.join(_part(scope, rpc, part) for part in expression)}`"


def _part(scope: Scope, rpc: Workflow | Update, part: Literal | FieldReference | UuidV4) -> str:
    """A part of a template literal."""
    match part:
        case Literal(text):
            # Escaped wholly: a template's bare carriage return would be read as a line feed.
            return ascii_quoted(text)[1:-1].replace('\\"', '"').replace("`", "\\`")
        case FieldReference():
            return f"${{{_field(scope, rpc, part)}}}"
        case UuidV4():
            return "${uuidV4()}"


def _field(scope: Scope, rpc: Workflow | Update, reference: FieldReference) -> str:
    """The field's value, or its default where it or a message on the way is unset."""
    value, conditions, optional = "request", [], False
    owner = rpc.input
    for field in reference.fields:
        dot = "?." if optional else "."
        if field.oneof:
            choice = f"{value}{dot}{field_name(field.oneof)}"
            conditions.append(f"{choice}.case === {literal(field_name(field.name))}")
            value, optional = f"{choice.replace('?.', '.')}.value", False
        else:
            value, optional = f"{value}{dot}{field_name(field.name)}", optional or _is_optional(owner, field)
        owner = scope.contract.messages.get(field.type_name)
    default = _default(reference)
    if conditions:
        value = f"({value} ?? {default})" if optional else value
        return f"{' && '.join(conditions)} ? {value} : {default}"
    return f"{value} ?? {default}" if optional else value


def _default(reference: FieldReference) -> str:
    """The default as a literal; 64-bit integers are bigints."""
    kind = reference.fields[-1].type
    if kind == "string":
        return literal(reference.default)
    return f"{reference.default}n" if kind.endswith("64") else reference.default


def _is_optional(owner: Message | None, field: Field) -> bool:
    """Whether protobuf-es leaves it undefined where it is unset; a scalar of an edition is its default."""
    if field.type == "message":
        return True
    return field.presence and owner is not None and not owner.file.editions

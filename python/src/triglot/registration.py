"""Whether a server knows the search attributes of reports, and how it gets to know them."""

import shlex
from collections.abc import Iterable

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from triglot.risk import attributes

_TYPES = {key.name: IndexedValueType.ValueType(key.indexed_value_type.value) for key in attributes.ALL}
_MAY_NOT_ASK = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)


async def unregistered(client: Client) -> list[str] | None:
    """Returns the attributes that the client's namespace does not have, or has with another type.

    Returns:
        Their names; None where the caller may not ask, as the users of a hosted server.

    Raises:
        RPCError: If the server does not answer.
    """
    try:
        answer = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status in _MAY_NOT_ASK:
            return None
        raise
    return [name for name, kind in _TYPES.items() if answer.custom_attributes.get(name) != kind]


async def register(client: Client) -> None:
    """Registers the attributes with the client's namespace; those that are there stay as they are.

    Raises:
        RPCError: If the caller may not, or one is there with another type.
    """
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=_TYPES)
    )


def registering_command(namespace: str, names: Iterable[str]) -> str:
    """Returns the command line that registers attributes with a server that one administers."""
    types = attributes.types()
    words = ["temporal", "operator", "search-attribute", "create", "--namespace", namespace]
    for name in names:
        words += ["--name", name, "--type", types[name]]
    return shlex.join(words)

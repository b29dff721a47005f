"""Model to JSON: which queues serve which services, and the types of each by kind."""

from __future__ import annotations

import json
from typing import Any

from triglot.contract import VERSION
from triglot.contract.model import Activity, Contract, Query, Rpc, Service, Signal, Update, Workflow

_KINDS: dict[str, type[Rpc]] = {
    "workflows": Workflow,
    "activities": Activity,
    "queries": Query,
    "signals": Signal,
    "updates": Update,
}


def emit(contract: Contract) -> dict[str, str]:
    """Returns `manifest.json`: queue -> service -> kind -> RPC -> type, aliases, request and response."""
    queues: dict[str, dict[str, dict[str, Any]]] = {}
    for _, services in contract.files():
        for service in services:
            for queue in _queues(service):
                queues.setdefault(queue, {})[service.full_name] = _kinds(service, queue)
    manifest = {"generator": f"protoc-gen-triglot {VERSION}", "task_queues": dict(sorted(queues.items()))}
    return {"manifest.json": json.dumps(manifest, indent=2) + "\n"}


def _queues(service: Service) -> set[str]:
    queues = {rpc.task_queue for rpc in service.rpcs if isinstance(rpc, Activity | Workflow)}
    # Queries, signals and updates without a workflow beside them still belong to the service's own queue.
    return queues | ({service.task_queue} if service.task_queue or not queues else set())


def _kinds(service: Service, queue: str) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    for kind, rpc_type in _KINDS.items():
        rpcs = [rpc for rpc in service.of(rpc_type) if _queue(service, rpc) == queue]
        if rpcs:
            kinds[kind] = {rpc.name: _rpc(rpc) for rpc in rpcs}
    return kinds


def _queue(service: Service, rpc: Rpc) -> str:
    return rpc.task_queue if isinstance(rpc, Activity | Workflow) else service.task_queue


def _rpc(rpc: Rpc) -> dict[str, Any]:
    aliases = {"aliases": list(rpc.aliases)} if isinstance(rpc, Workflow) and rpc.aliases else {}
    return {
        "type": rpc.type_name,
        **aliases,
        "request": rpc.input.full_name if rpc.input else None,
        "response": rpc.output.full_name if rpc.output else None,
    }

"""The content-addressed store for what is too large for a workflow's history (claim check)."""

from triglot.store.store import ObjectCorrupt, ObjectNotFound, Store, StoredObject, StoreUnavailable

__all__ = ["ObjectCorrupt", "ObjectNotFound", "Store", "StoreUnavailable", "StoredObject"]

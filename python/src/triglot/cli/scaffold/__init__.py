"""New activities: what `triglot new activity` writes, and where it registers that.

An activity gets a service of its own, in a file of its own, on the task queue of its language's worker. So no
file of the contract is edited, and nobody who implements another service, tests included, has to change.
"""

from triglot.cli.scaffold.activity import Added, add_activity
from triglot.cli.scaffold.naming import RefusedError
from triglot.cli.scaffold.telling import as_json, describe

__all__ = ["Added", "RefusedError", "add_activity", "as_json", "describe"]

"""What tests of workers need: a Temporal server and workers as containers."""

from triglot.testing.containers import TemporalContainer, WorkerContainer, kill_process

__all__ = ["TemporalContainer", "WorkerContainer", "kill_process"]

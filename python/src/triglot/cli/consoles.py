"""Where commands write for people."""

from rich.console import Console


class CommandConsole(Console):
    """A console whose reader may go away."""

    def on_broken_pipe(self) -> None:
        """Leaves the exit code to `interruptible`; Rich would say 1, as if something had failed."""
        raise BrokenPipeError

"""Ends a stack whose command is gone: killed outright, it could not do so itself."""

import argparse
import os
import signal

import psutil

NAME = "guardian"


def main() -> None:
    """Waits for the end of a process, then asks supervisord, whose child this is, to stop everything."""
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument("--command", type=int, required=True, help="the process id of the command")
    command = parser.parse_args().command
    supervisord = os.getppid()
    if psutil.pid_exists(command):
        psutil.Process(command).wait()
    if os.getppid() == supervisord:  # else it is gone too, and this process somebody else's child
        os.kill(supervisord, signal.SIGTERM)
    # Left to supervisord, which restarts what ends by itself.
    signal.pause()


if __name__ == "__main__":
    main()

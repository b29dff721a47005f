"""Runs all blocks of a page in a scratch copy of this repository: `make walkthrough`.

Prints the time of each step, and stops at the first block that is not as the page says.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

# As a script it sees its own folder alone.
sys.path.insert(0, str(Path(__file__).parents[1]))

from acting import Acted, ActingError, act_out
from building import REPOSITORY
from page import PageError
from scratch import copy_repository

USUAL = "docs/walkthrough.md"


def _tell(step: Acted) -> None:
    print(f"{step.seconds:6.1f} s  {step.blocks:2} blocks  {step.title}", flush=True)


def main() -> int:
    """Returns the exit code: 1 if something is not as the page says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "page", nargs="?", default=USUAL, help=f"relative to the repository; {USUAL} by default"
    )
    page = parser.parse_args().page
    if not (REPOSITORY / page).is_file():
        parser.error(f"there is no page {page}")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="triglot-walkthrough-") as folder:
        scratch = copy_repository(Path(folder))
        try:
            act_out(scratch.root / page, scratch, _tell)
        except (ActingError, PageError) as error:
            print(error, file=sys.stderr)
            return 1
    print(f"{time.monotonic() - begin:6.1f} s  {page} is as it says")
    return 0


if __name__ == "__main__":
    sys.exit(main())

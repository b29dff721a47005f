"""`make fuzz`: compares the languages for a time, and prints each difference made small."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from fuzz import campaign, kept
from fuzz.known import KNOWN
from languages import languages


def main() -> int:
    """Returns 1 where the languages differ in a way that is not known."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--keep", action="store_true", help="renew kept.json with what is met")
    arguments = parser.parse_args()
    print(f"fuzz: make fuzz SEED={arguments.seed} SECONDS={arguments.seconds:g}", flush=True)
    with tempfile.TemporaryDirectory() as folder, languages(Path(folder)) as running:
        end = time.monotonic() + arguments.seconds
        outcome = campaign.run(running, arguments.seed, lambda _: time.monotonic() < end)
        print(f"fuzz: {outcome.summary()}", flush=True)
        for difference in outcome.unknown.values():
            print(f"\n{campaign.shrunk(running, difference)}\n", flush=True)
        if arguments.keep:
            cases = kept.read() if kept.PATH.exists() else {}
            for known in KNOWN:
                if known.name in outcome.smallest:
                    cases[known.name] = campaign.shrunk_known(running, known, outcome.smallest[known.name])
            kept.write(cases)
    return 1 if outcome.unknown else 0


if __name__ == "__main__":
    sys.exit(main())

"""The health check of a container: asks what runs in it whether it is ready.

`python -m triglot.healthcheck` asks the worker of `TRIGLOT_HEALTH_ADDRESS`; with a URL, that URL.
The exit code is 0 if the answer is a success; else it is 1, and the reason is on standard error.
"""

import os
import sys
import urllib.error
import urllib.request

_SECONDS = 4


def main(arguments: list[str]) -> int:
    """Asks once, and returns the exit code."""
    url = arguments[0] if arguments else _readiness_url(os.environ.get("TRIGLOT_HEALTH_ADDRESS", ""))
    if not url.startswith("http://"):
        print("TRIGLOT_HEALTH_ADDRESS is not set to host:port", file=sys.stderr)
        return 1
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS):  # noqa: S310 - it is http, as checked above
            return 0
    except urllib.error.HTTPError as error:
        print(error.read().decode(errors="replace"), file=sys.stderr)
    except OSError as error:
        print(f"{url}: {error}", file=sys.stderr)
    return 1


def _readiness_url(address: str) -> str:
    # The worker may listen at all addresses, 0.0.0.0; it is asked at this machine's own.
    _, _, port = address.rpartition(":")
    return f"http://127.0.0.1:{port}/readyz" if port.isdecimal() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

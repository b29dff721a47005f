"""Takes the pictures of the docs: of a report, its mail, the inbox, with headless Chromium, and of a race."""

import argparse
import asyncio
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from triglot.cli.race import command
from triglot.cli.race.course import Course
from triglot.cli.race.drawing import draw
from triglot.cli.race.wishes import parse_kills
from triglot.notification.v1.notification_pb2 import EmailRecipient, Recipient, WebhookRecipient
from triglot.risk import defaults
from triglot.risk.loading import load_inputs
from triglot.risk.v1.market_pb2 import PriceWindow, SimulationParameters
from triglot.risk.v1.report_pb2 import GenerateRiskReportRequest
from triglot.risk.v1.report_temporal import RiskReportServiceClient
from triglot.stack.processes import HOST, SIMULATORS, StackOptions
from triglot.stack.stack import Stack, running_stack

IMAGES = Path(__file__).parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# Chromium's own window is never narrower than 500 pixels; a frame is.
PHONE = (
    "<!doctype html><style>body {{ margin: 0 }} iframe {{ border: 0; width: 390px; height: {height}px }}"
    '</style><iframe src="{url}"></iframe>'
)
PHONE_HEIGHT = 1700
# Pixels of nothing from edge to edge: that is between sections, not between lines.
GAP = 60
RACE_SCENARIOS = 60_000_000
RACE_KILLS = ("go@20%", "python@40%", "typescript@60%")
# Names of web fonts: a picture in a repository asks no other host.
WEB_FONTS = re.compile(r"@font-face\s*\{[^}]*\}")


async def take(browser: str, scratch: Path) -> None:
    """Runs a report on the default data and takes all pictures."""
    async with running_stack(scratch / "run", StackOptions()) as stack:
        inbox = f"http://{HOST}:{stack.ports.inbox}"
        await asyncio.to_thread(
            post, f"{inbox}/api/failures", {"channel": "webhook", "count": 2, "retry_after": 1}
        )
        client = RiskReportServiceClient(stack.client)
        response = await client.execute_generate_risk_report(await request(stack, inbox))
        page = scratch / "report.html"
        page.write_bytes(await stack.store.get(response.files.html))
        (IMAGES / "chart.png").write_bytes(await stack.store.get(response.files.chart))
        phone = scratch / "phone.html"
        phone.write_text(PHONE.format(url=page.as_uri(), height=PHONE_HEIGHT))
        messages = await asyncio.to_thread(get, f"{inbox}/api/messages")
        mail = next(message["number"] for message in messages if message["channel"] == "mail")
        for name, url, width, height in (
            ("report-desktop", page.as_uri(), 1100, 2700),
            ("report-phone", phone.as_uri(), 390, PHONE_HEIGHT),
            ("mail", f"{inbox}/messages/{mail}", 900, 1240),
            ("inbox", inbox, 900, 900),
        ):
            await asyncio.to_thread(shoot, browser, url, IMAGES / f"{name}.png", (width, height))
            print(f"docs/images/{name}.png")


async def race(folder: Path) -> None:
    """Runs a race and takes a picture of its lanes when the last of them has just been killed."""
    console = Console(record=True, file=io.StringIO(), force_terminal=True, width=136)

    def watch(course: Course) -> None:
        nonlocal taken
        if not taken and len(course.killings) == len(RACE_KILLS) and course.gone == [SIMULATORS[-1]]:
            taken = True
            console.print(draw(course, "kill and start again: g Go, p Python, t TypeScript; q quits"))

    taken = False
    options = command.RaceOptions(
        scenario_count=RACE_SCENARIOS,
        languages=SIMULATORS,
        slots=dict.fromkeys(SIMULATORS, 1),
        kills=parse_kills(RACE_KILLS, SIMULATORS),
        live=False,
        as_json=False,
        expected=defaults.expected_race_path(),
        folder=folder,
    )
    if not await command.run(options, watch):
        raise SystemExit("the race has failed, and its picture would not be worth much")
    svg = console.export_svg(title=f"triglot race {' '.join(f'--kill {kill}' for kill in RACE_KILLS)}")
    (IMAGES / "race.svg").write_text(WEB_FONTS.sub("", svg))
    print("docs/images/race.svg")


async def request(stack: Stack, inbox: str) -> GenerateRiskReportRequest:
    """The demo's report, announced by mail and webhook."""
    inputs = load_inputs(
        str(defaults.default_portfolio()), str(defaults.default_prices()), defaults.FROM_DATE
    )
    return GenerateRiskReportRequest(
        portfolio=inputs.portfolio,
        window=PriceWindow(
            prices=await stack.store.put_message(inputs.history),
            from_date=inputs.from_date,
            as_of_date=inputs.as_of_date,
        ),
        parameters=SimulationParameters(
            scenario_count=defaults.SCENARIO_COUNT,
            horizon_days=defaults.HORIZON_DAYS,
            block_days=defaults.BLOCK_DAYS,
            seed=defaults.SEED,
        ),
        confidences_bp=defaults.CONFIDENCES_BP,
        recipients=[
            Recipient(email=EmailRecipient(address="risk-desk@example.com")),
            Recipient(webhook=WebhookRecipient(url=f"{inbox}/hook", secret_name="INBOX")),
        ],
    )


def shoot(browser: str, url: str, target: Path, size: tuple[int, int]) -> None:
    """Takes the top left of a page, at most `size` in CSS pixels, at twice as many."""
    with tempfile.TemporaryDirectory(prefix="triglot-chromium-") as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--disable-gpu",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--force-device-scale-factor=2",
                "--virtual-time-budget=3000",  # else frames are still empty
                f"--user-data-dir={profile}",
                f"--window-size={size[0]},{size[1]}",
                f"--screenshot={target}",
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                url,
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
    cut(target)


def cut(picture: Path) -> None:
    """Ends a picture in the last gap of its page, rather than in the midst of a sentence."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    pixels = np.asarray(image)
    blank = (pixels == pixels[0, 0]).all(axis=(1, 2))
    # Where a gap of so many rows has just ended, or the picture has.
    filled = np.flatnonzero(~blank)
    gaps = np.diff(np.append(filled, len(blank)))
    last = filled[np.flatnonzero(gaps > GAP)[-1]]
    image.crop((0, 0, image.width, int(last) + GAP // 2)).save(picture, optimize=True)


def post(url: str, content: object) -> None:
    """Sends JSON."""
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(content).encode()), timeout=10):
        pass


def get(url: str) -> list[dict[str, object]]:
    """Gets JSON."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        messages: list[dict[str, object]] = json.load(answer)
        return messages


def main() -> int:
    """Takes the pictures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if browser is None:
        print(f"none of {', '.join(CHROMIUM)} is installed, and the pictures need one", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="triglot-images-") as scratch:
        asyncio.run(take(browser, Path(scratch)))
        asyncio.run(race(Path(scratch) / "race"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

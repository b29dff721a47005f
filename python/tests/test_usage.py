"""What a process tree uses of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from triglot import usage

WORK = "import threading, time\ndef work():\n    while time.thread_time() < 0.3: pass\n"
THREAD = WORK + "t = threading.Thread(target=work); t.start(); t.join(); print('done', flush=True); input()"
CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {WORK + 'work()'!r}])\n"


@pytest.mark.parametrize("program", [THREAD, CHILD + "print('done', flush=True); input()"])
def test_what_threads_and_children_have_used_is_counted_after_their_end(program: str) -> None:
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "done\n"
        used = usage.cpu_seconds(process.pid)
        times = psutil.Process(process.pid).cpu_times()
        process.communicate("\n")

    assert used >= 0.29
    # Each of the system's accounts is cut to ticks of 10 ms.
    assert used == pytest.approx(
        times.user + times.system + times.children_user + times.children_system, abs=0.05
    )


def test_less_than_a_tick_is_seen() -> None:
    if usage.clock_seconds(os.getpid()) is None:
        # The system shows no clock; then its accounts are finer than ticks.
        assert sys.platform != "linux"
    before = usage.cpu_seconds(os.getpid())
    begin = time.process_time()
    while time.process_time() < begin + 0.002:
        pass

    assert 0.002 <= usage.cpu_seconds(os.getpid()) - before < 0.01


def test_a_process_that_has_ended_is_an_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    for look in (usage.cpu_seconds, usage.resident_bytes):
        with pytest.raises(psutil.NoSuchProcess):
            look(process.pid)

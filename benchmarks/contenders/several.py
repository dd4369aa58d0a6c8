"""A contender in several processes, as its users would run it on as many cores; nothing but what every environment has.

Its module is called with an option more, ``part=K``, for each of them; this one starts them, tells when all have
counted, and puts their results together.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.contenders.protocol import COUNTED, Key, Task, counted, write
from deploy.children import dying_with_us

_PART = "part="


class Part(NamedTuple):
    """Which of how many processes this is."""

    number: int
    processes: int


def part_of(given: Task) -> Part | None:
    """What this process is to do; None when it is to start the others (``in_several``)."""
    count, *more = given.options
    for option in more:
        if option.startswith(_PART):
            return Part(number=int(option.removeprefix(_PART)), processes=int(count))
    return None if int(count) > 1 else Part(0, 1)


def in_several(module: str, given: Task, *extra: str, merge: Callable[[int, int], int]) -> None:
    """Run the contender's processes; where two have counts of one key, ``merge`` makes one of them.

    ``extra`` are options for all of them. Raises ``CalledProcessError`` when one fails.
    """
    (count,) = given.options
    outs = [given.out.parent / f"{given.out.name}-{number}" for number in range(int(count))]
    children = []
    for number, out in enumerate(outs):
        out.mkdir()
        fields = {**given._asdict(), "out": out}
        words = [word for name, value in fields.items() if name != "options" for word in (f"--{name}", str(value))]
        command = [sys.executable, "-m", module, *words, "--", count, f"{_PART}{number}", *extra]
        children.append(subprocess.Popen(dying_with_us(command), stdout=subprocess.PIPE, text=True))
    for child in children:
        _wait_until_counted(child)
    counted()
    for child in children:
        if child.wait():
            raise subprocess.CalledProcessError(child.returncode, child.args)
    rows: dict[Key, int] = {}
    for out in outs:
        for line in (out / "counts.jsonl").read_text(encoding="utf-8").splitlines():
            *key, posts = json.loads(line).values()
            place = (key[0], key[1], key[2], key[3], key[4])
            rows[place] = merge(rows[place], posts) if place in rows else posts
    write(given.out, rows)


def _wait_until_counted(child: "subprocess.Popen[str]") -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == COUNTED:
            return
        sys.stderr.write(line)
    raise subprocess.CalledProcessError(child.wait(), child.args)

"""The stages' results, and their table."""

import msgspec
from msgspec import Struct

from benchmarks import readme
from benchmarks.machine import Machine


class Results(Struct, frozen=True):
    """A whole run: ``stages.json``. Processor µs an event, by stage, and of all of counting as the product does it."""

    machine: Machine
    command: str
    events: int
    stages: dict[str, float]
    take: float


def text(results: Results) -> str:
    """The part of the README that follows from the results."""
    rows = [f"| {name} | {spent_us:.2f} |\n" for name, spent_us in results.stages.items()]
    about = readme.about(msgspec.to_builtins(results.machine), results.command)
    return (
        "| stage | CPU, µs an event |\n|---|---|\n"
        + "".join(rows)
        + f"| all | {sum(results.stages.values()):.2f} |\n\n"
        f"{results.events:,} events, ten campaigns, archive matched. `Partition.take` as a whole (from decode to "
        f"archive) takes {results.take:.2f} µs.\n\n{about}\n"
    )

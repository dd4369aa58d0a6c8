"""What a run has found, told: printed as a table or JSON, or saved into the README and the file of its section."""

import sys

import msgspec
from msgspec import Struct

from benchmarks import readme


def publish(section: str, results: Struct, text: str, *, as_json: bool, save: bool) -> None:
    """``text`` is the results as Markdown."""
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n"
    if save:
        readme.json_file(section).write_bytes(encoded)
        readme.put(section, text)
    sys.stdout.write(encoded.decode() if as_json else text)

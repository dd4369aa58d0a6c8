"""Results into files: JSON beside this one, and text into the README between two marks.

Nothing is imported here but the standard library, as the plot's environment has nothing of the product.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
README = FOLDER / "README.md"


def json_file(section: str) -> Path:
    """Where the results behind a section of the README are kept."""
    return FOLDER / f"{section}.json"


def put(section: str, text: str, readme: Path = README) -> None:
    """Replace what stands between the section's marks. Raises ``ValueError`` when they are not there."""
    begin, end = f"<!-- {section} -->\n", f"<!-- end of {section} -->\n"
    before, begun, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"{readme} has no marks of {section}")
    readme.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")


def about(machine: Mapping[str, Any], command: str) -> str:
    """On what, and how, results were made."""
    return (
        f"{machine['day']}, {machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}. Made by `{command}`."
    )


def number(value: float | None) -> str:
    """Three digits that count, with commas; '' where there is none."""
    return "" if value is None else f"{float(f'{value:.3g}'):,.0f}"

"""Numbers and lengths of time as people read them. Pure."""

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_MOST_PARTS = 2


def number(value: float) -> str:
    """``1234567`` as ``1,234,567``; a fraction is left out from 100 on."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def percent(share: float) -> str:
    """``0.254`` as ``25.4 %``."""
    return f"{100 * share:.1f} %"


def span(seconds: float) -> str:
    """``5400`` as ``1 h 30 min``: the two largest units, rounded down."""
    left = int(seconds)
    parts: list[str] = []
    for unit_s, name in _UNITS:
        if left >= unit_s and len(parts) < _MOST_PARTS:
            parts.append(f"{left // unit_s} {name}")
            left %= unit_s
    return " ".join(parts) or "0 s"

"""The page itself, made of the declared panels: what a browser gets before the first number."""

import html
import json
from pathlib import Path

import msgspec

from dashboards.page.choice import RANGES
from dashboards.page.numbers import key
from dashboards.panel import Dashboard, Panel
from dashboards.variables import GRANULARITIES
from schemas.event import SOURCES

STATIC = Path(__file__).parent / "static"


def document(dashboard: Dashboard) -> str:
    """The HTML document; every text in it is escaped."""
    text = (STATIC / "page.html").read_text(encoding="utf-8")
    parts = {
        "platforms": "".join(_platform(source) for source in SOURCES),
        "ranges": "".join(_option(one.key, one.label) for one in RANGES),
        "granularities": "".join(_option(str(one.seconds), one.label) for one in GRANULARITIES),
        "panels": "".join(_section(panel) for panel in dashboard.panels),
    }
    marks = [{"key": key(mark), "colour": mark.colour} for mark in dashboard.marks]
    text = text.replace("<main ", f'<main data-marks="{html.escape(json.dumps(marks))}" ')
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def _option(value: str, label: str) -> str:
    return f'<option value="{html.escape(value)}">{html.escape(label)}</option>'


def _platform(source: str) -> str:
    return f'<label><input type="checkbox" name="platform" value="{source}"> {source}</label>'


def _section(panel: Panel) -> str:
    name = f"panel-{key(panel)}"
    declared = {
        "key": key(panel),
        "columns": [msgspec.to_builtins(column) for column in panel.columns],
        "drawing": panel.drawing,
        "empty": panel.empty,
        "unit": panel.unit,
        "width": panel.width,
        "height": panel.height,
    }
    about = f"{panel.question} {panel.definition}"
    return (
        f'<section class="panel {panel.drawing}" id="{name}" aria-labelledby="{name}-title" '
        f'data-panel="{html.escape(json.dumps(declared))}">\n'
        f'<h2 id="{name}-title" title="{html.escape(about)}">{html.escape(panel.title)}'
        f'<span class="unit">{html.escape(panel.unit)}</span></h2>\n'
        f'<p class="hidden">{html.escape(panel.question)}</p>\n'
        '<div class="body"><p class="empty">…</p></div>\n</section>\n'
    )

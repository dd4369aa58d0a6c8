"""``python -m streams.reference``: write ``docs/reference.md`` from the declarations; ``--check`` fails when stale."""

import sys
from pathlib import Path

from schemas import alert_log, counters, declared, event, snapshot
from schemas.generated import run
from schemas.topics import ALL
from streams import metrics
from streams.refusal import Reason
from streams.settings import PREFIX, Settings

PATH = Path(__file__).parent.parent / "docs" / "reference.md"


def document() -> str:
    """The whole reference, as Markdown."""
    sections = {
        "Settings": "Environment variables; `groundswell.toml` takes the same names.\n\n" + _settings(),
        "Events": "One record of `events.v1`, one JSON object.\n\n" + event.markdown_table(),
        "Snapshots": "One record of `snapshots.v1`, one JSON object; keyed `source:post_id`.\n\n"
        + event.markdown_table(snapshot.json_schema()),
        "Topics": _topics(),
        "Views": _views(),
        "Dead letters": _reasons(),
        "Metrics": "Counters begin at 0 with the process.\n\n" + metrics.markdown_table(),
    }
    text = "".join(f"\n## {title}\n\n{body.rstrip()}\n" for title, body in sections.items())
    return f"# Reference\n\nMade by `make generate` from the declarations in `schemas/` and `streams/`.\n{text}"


def _settings() -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{PREFIX}{name.upper()}` | `{field.default}` | {field.description} |")
    return "\n".join(rows) + "\n"


def _topics() -> str:
    rows = ["| topic | holds | written by | read by |", "|---|---|---|---|"]
    rows += [f"| `{topic.name}` | {topic.summary} | {topic.producers} | {topic.consumers} |" for topic in ALL]
    return "\n".join(rows) + "\n"


def _views() -> str:
    parts = ["Database `groundswell`. Sum the measures over whatever you like; times are UTC.\n"]
    for counter in counters.COUNTERS:
        parts.append(f"**`{counter.view}`**: {counter.meaning}\n")
        rows = ["| column | type | meaning |", "|---|---|---|"]
        rows += [f"| `{name}` | {kind} | key |" for name, kind in counter.key.items()]
        rows += [f"| `{measure.name}` | {measure.sql_type} | {measure.meaning} |" for measure in counter.measures]
        parts.append("\n".join(rows) + "\n")
    parts.append(
        "Of each of these there is another view, its name with `_addends` (`engagement_addends`): the rows that it "
        "sums up (of `followers` it takes the highest), several for a key. Whoever sums up anyway has the same answer "
        "from it, several times as quickly.\n"
    )
    others = [(alert_log.VIEW, alert_log.MEANING, alert_log.COLUMNS)]
    others += [(view.name, view.meaning, view.columns) for view in declared.VIEWS]
    for view, meaning, columns in others:
        rows = [f"**`{view}`**: {meaning}\n", "| column | type | meaning |", "|---|---|---|"]
        rows += [f"| `{name}` | {kind} | {said} |" for name, (kind, said) in columns.items()]
        parts.append("\n".join(rows) + "\n")
    parts.append(
        "**`events`**: the archive, one row for each distinct event. **`records`**: what became of each record. "
        "**`gaps`**: offsets that Kafka deleted before they were counted, and that somebody accepted as lost."
    )
    return "\n".join(parts)


def _reasons() -> str:
    return "Classes of reasons: " + ", ".join(f"`{reason}`" for reason in Reason) + ".\n"


if __name__ == "__main__":
    sys.exit(run({PATH: document()}, sys.argv[1:]))

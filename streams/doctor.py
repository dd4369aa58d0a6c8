"""The doctor: what is wrong with this set-up, and how to mend it."""

from collections.abc import Callable, Iterator

from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from kafka.errors import KafkaError
from msgspec import Struct

from schemas.counters import DATABASE
from schemas.topics import EVENTS
from streams import campaigns, clickhouse, gaps, pinned, preflight, topics
from streams.alerts import notify
from streams.errors import GroundswellError
from streams.settings import Settings

Look = Callable[[Settings], str]


class Finding(Struct, frozen=True):
    """One thing looked at: whether it is well, and in a sentence what was found or how to mend it."""

    subject: str
    well: bool
    message: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one finding after the other; what cannot be reached is a finding too."""
    unwell: set[str] = set()
    for subject, (look, needs) in _LOOKS.items():
        missing = [need for need in needs if need in unwell]
        finding = (
            Finding(subject, False, f"cannot be looked at yet: mend {' and '.join(missing)} first.")
            if missing
            else _look(subject, look, settings)
        )
        if not finding.well:
            unwell.add(subject)
        yield finding


def _look(subject: str, look: Look, settings: Settings) -> Finding:
    try:
        return Finding(subject, True, look(settings))
    except GroundswellError as error:
        return Finding(subject, False, str(error))
    except (ClickHouseError, OSError) as error:
        return Finding(subject, False, f"looking at it failed ({clickhouse.reason(error)}): try again.")
    except KafkaError as error:
        return Finding(subject, False, f"looking at it failed ({str(error)[:300]}): try again.")


def _campaigns(settings: Settings) -> str:
    found = campaigns.load(settings.campaigns)
    if not found:
        return f"none in {settings.campaigns}: everything is counted under '*'"
    return f"{len(found)} in {settings.campaigns}: {', '.join(campaign.name for campaign in found)}"


def _alerts(settings: Settings) -> str:
    alerts = [alert for campaign in campaigns.load(settings.campaigns) for alert in campaign.alerts]
    recipients = {recipient for alert in alerts for recipient in alert.notify}
    notify.check(recipients)
    told = f"those that tell somebody tell {', '.join(sorted(recipients))}" if recipients else "none tells anybody"
    return f"{len(alerts)} declared; {told}" if alerts else "none declared"


def _kafka(settings: Settings) -> str:
    with topics.admin(settings) as admin:
        state = topics.check_events_topic(admin, settings)
    return f"{settings.kafka_bootstrap} has {EVENTS.name} with {state.partitions} partitions (id {state.topic_id})"


def _clickhouse(settings: Settings) -> str:
    client = clickhouse.connect(settings)
    version = clickhouse.check_version(client)
    return f"{clickhouse.shown(settings)} answers, version {client.server_version}, migration {version}"


def _fixed_settings(settings: Settings) -> str:
    preflight.check(settings)
    return ", ".join(f"{name} {getattr(settings, name)}" for name in pinned.NAMES)


def _log(settings: Settings) -> str:
    with topics.admin(settings) as admin:
        state = topics.check_events_topic(admin, settings)
        commits = topics.commits(admin, settings)
        bounds = topics.log_bounds(admin, state.partitions)
    for partition, committed in sorted(commits.items()):
        log = bounds.get(partition)
        gaps.check_end(partition, committed, log)
        if log and committed < log.start:
            raise GroundswellError(
                f"Partition {partition} was counted up to {committed}, but Kafka has deleted everything before "
                f"{log.start}, so no worker counts it any further: `groundswell gaps list` tells which of the records "
                "between are lost, `groundswell gaps accept` counts on behind them; raise retention.ms so that it "
                "outlasts any time without a worker."
            )
    records = sum(log.end - log.start for log in bounds.values())
    return f"{records} records on the log, none lost before it was counted"


def _account(settings: Settings) -> str:
    client = clickhouse.connect(settings)
    clickhouse.check_version(client)
    read, counted, duplicates, dead, markers = _sums(client)
    rest = read - counted - duplicates - dead - markers
    if rest:
        raise GroundswellError(f"{rest} records read are neither counted, duplicates, dead letters nor markers.")
    said = f"{read} read = {counted} counted + {duplicates} duplicates + {dead} dead letters + {markers} markers"
    lost = [
        f"{one.from_offset} to {one.to_offset - 1} of partition {one.partition}"
        for one in gaps.accepted(client)
        if one.lost
    ]
    return f"{said}; accepted as lost: offsets {', '.join(lost)}" if lost else said


def _sums(client: Client) -> tuple[int, ...]:
    ((*sums,),) = client.query(
        f"SELECT sum(read), sum(counted), sum(duplicates), sum(dead), sum(markers) FROM {DATABASE}.records"
    ).result_rows
    return tuple(int(one) for one in sums)


_LOOKS: dict[str, tuple[Look, tuple[str, ...]]] = {
    "campaigns": (_campaigns, ()),
    "alerts": (_alerts, ("campaigns",)),
    "kafka": (_kafka, ()),
    "clickhouse": (_clickhouse, ()),
    "fixed settings": (_fixed_settings, ("kafka", "clickhouse")),
    "log": (_log, ("kafka",)),
    "account": (_account, ("clickhouse",)),
}
"""What is looked at, in this order, and what must be well before."""

"""The doctor: what is wrong with this set-up, and how to mend it."""

from collections.abc import Callable, Iterator

from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from msgspec import Struct

from schemas.counters import DATABASE
from schemas.topics import EVENTS
from streams import campaigns, clickhouse, pinned, topics
from streams.errors import GroundswellError
from streams.migrate import migrations
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


def _kafka(settings: Settings) -> str:
    with topics.admin(settings) as admin:
        state = topics.check_events_topic(admin, settings)
    return f"{settings.kafka_bootstrap} has {EVENTS.name} with {state.partitions} partitions (id {state.topic_id})"


def _clickhouse(settings: Settings) -> str:
    client = clickhouse.connect(settings)
    clickhouse.check_schema(client)
    ((version,),) = client.query(f"SELECT max(version) FROM {DATABASE}.migrations").result_rows
    newest = migrations()[-1].version
    if version != newest:
        raise GroundswellError(f"The tables are at migration {version} of {newest}: run `groundswell migrate`.")
    return f"{clickhouse.shown(settings)} answers, version {client.server_version}, migration {version}"


def _fixed_settings(settings: Settings) -> str:
    with topics.admin(settings) as admin:
        state = topics.check_events_topic(admin, settings)
        committed = topics.committed_partitions(admin, settings)
    client = clickhouse.connect(settings)
    clickhouse.check_schema(client)
    pinned.check_topic(client, state.topic_id, committed, settings)
    pinned.check(client, state.topic_id, settings)
    pinned.check_commits(client, state.topic_id, committed, settings)
    return ", ".join(f"{name} {getattr(settings, name)}" for name in pinned.NAMES)


def _log(settings: Settings) -> str:
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap.split(","), group_id=settings.group)
    try:
        tps = [
            TopicPartition(EVENTS.name, number) for number in sorted(consumer.partitions_for_topic(EVENTS.name) or ())
        ]
        begins, ends = consumer.beginning_offsets(tps), consumer.end_offsets(tps)
        for tp in tps:
            committed = consumer.committed(tp)
            if committed is not None and committed < begins[tp]:
                raise GroundswellError(
                    f"Partition {tp.partition} was counted up to {committed}, but Kafka has deleted everything before "
                    f"{begins[tp]}: the {begins[tp] - committed} records between are lost to counting. Count on with a "
                    "new topic, and raise retention.ms so that it outlasts any time without a worker."
                )
    finally:
        consumer.close()
    return f"{sum(ends.values()) - sum(begins.values())} records on the log, none lost before it was counted"


def _account(settings: Settings) -> str:
    client = clickhouse.connect(settings)
    clickhouse.check_schema(client)
    read, counted, duplicates, dead, markers = _sums(client)
    rest = read - counted - duplicates - dead - markers
    if rest:
        raise GroundswellError(f"{rest} records read are neither counted, duplicates, dead letters nor markers.")
    return f"{read} read = {counted} counted + {duplicates} duplicates + {dead} dead letters + {markers} markers"


def _sums(client: Client) -> tuple[int, ...]:
    ((*sums,),) = client.query(
        f"SELECT sum(read), sum(counted), sum(duplicates), sum(dead), sum(markers) FROM {DATABASE}.records"
    ).result_rows
    return tuple(int(one) for one in sums)


_LOOKS: dict[str, tuple[Look, tuple[str, ...]]] = {
    "campaigns": (_campaigns, ()),
    "kafka": (_kafka, ()),
    "clickhouse": (_clickhouse, ()),
    "fixed settings": (_fixed_settings, ("kafka", "clickhouse")),
    "log": (_log, ("kafka",)),
    "account": (_account, ("clickhouse",)),
}
"""What is looked at, in this order, and what must be well before."""

"""The demo: a whole stack on a data folder of its own, and a launch played into it while you watch."""

import shutil
import threading
import time
from collections.abc import Callable
from datetime import datetime

from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from msgspec import Struct

from schemas.counters import DATABASE
from streams.errors import GroundswellError
from streams.launch import CAMPAIGN, CAMPAIGNS, Launch, Truth
from streams.producer import Producer
from streams.settings import Settings
from streams.top import END, FIRST, Ranked, top

RATE_PER_S = 400.0
SEED = 1
_TOP = 14
_WINDOWS = 30
_CAUGHT_UP_S = 60.0

_BY_KIND = f"""
SELECT source, event_type, sum(quantity) FROM {DATABASE}.engagement
WHERE campaign = {{campaign:String}} GROUP BY source, event_type
"""
_SERIES = f"""
SELECT window_start, sum(quantity) FROM {DATABASE}.engagement
WHERE campaign = {{campaign:String}} AND event_type IN {{mentions:Array(String)}}
GROUP BY window_start ORDER BY window_start DESC LIMIT {{windows:UInt32}}
"""
MENTIONS = ("mention", "reply", "quote", "video")
"""The types of event that are a post, and so a mention of the campaign that they match."""

_RECORDS = f"SELECT sum(read), sum(counted), sum(duplicates), sum(dead), sum(markers) FROM {DATABASE}.records"


class Counts(Struct, frozen=True):
    """What the views say at a moment.

    ``by_kind``: quantity by (platform, event type) of the campaign. ``series``: its mentions by 10 s window, oldest
    first. ``read``, ``counted``, …: what became of every record so far.
    """

    by_kind: dict[tuple[str, str], int]
    series: list[tuple[datetime, int]]
    hashtags: list[Ranked]
    emojis: list[Ranked]
    read: int
    counted: int
    duplicates: int
    dead: int
    markers: int


def look(client: Client) -> Counts:
    """Read the views once."""
    campaign = {"campaign": CAMPAIGN}
    by_kind = client.query(_BY_KIND, parameters=campaign).result_rows
    series = client.query(_SERIES, parameters={**campaign, "windows": _WINDOWS, "mentions": list(MENTIONS)}).result_rows
    ((read, counted, duplicates, dead, markers),) = client.query(_RECORDS).result_rows
    return Counts(
        by_kind={(source, event_type): int(quantity) for source, event_type, quantity in by_kind},
        series=[(start, int(quantity)) for start, quantity in reversed(series)],
        hashtags=top(client, CAMPAIGN, "hashtag", FIRST, END, _TOP),
        emojis=top(client, CAMPAIGN, "emoji", FIRST, END, _TOP),
        read=int(read),
        counted=int(counted),
        duplicates=int(duplicates),
        dead=int(dead),
        markers=int(markers),
    )


def demo_settings(settings: Settings) -> Settings:
    """The settings of the demo: data folder and campaigns of its own, the same addresses."""
    folder = settings.data_dir.with_name(settings.data_dir.name + "-demo")
    return settings.model_copy(update={"data_dir": folder, "campaigns": CAMPAIGNS, "archive": "matched"})


def start_afresh(settings: Settings) -> None:
    """Forget an earlier demo. Raises ``GroundswellError`` while one is running."""
    from deploy.lock import FolderLock  # noqa: PLC0415 - of the part that starts processes

    with FolderLock(settings.data_dir, "another `groundswell demo`", "stop that one first"):
        for path in settings.data_dir.iterdir():
            if path.is_dir():
                shutil.rmtree(path)


class Player:
    """Plays the launch in a thread of its own, in real time."""

    def __init__(self, settings: Settings, duration_s: float) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="launch", daemon=True)
        self.launch = Launch(SEED, time.time_ns() // 1_000_000, duration_s, RATE_PER_S)
        self.sent = 0
        self.failure: GroundswellError | None = None

    @property
    def playing(self) -> bool:
        """Whether there is more to come."""
        return self._thread.is_alive()

    @property
    def truth(self) -> Truth:
        """What was played."""
        return self.launch.truth

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End early; what was handed to Kafka is still acknowledged."""
        self._stop.set()
        self._thread.join()

    def _play(self) -> None:
        try:
            with Producer(self._settings, on_progress=self._acknowledged) as producer:
                for due_ms, event in self.launch:
                    stopped = self._stop.wait(max(0.0, (due_ms - time.time_ns() // 1_000_000) / 1000))
                    # Published all the same: the truth tells of every event that the launch has given.
                    producer.publish(event)
                    if stopped:
                        break
            self.sent = producer.sent
        except GroundswellError as error:
            self.failure = error

    def _acknowledged(self, sent: int) -> None:
        self.sent = sent


def differences(client: Client, truth: Truth) -> list[str]:
    """Where the views differ from what was played: one line a key; [] when every key agrees."""
    counted = client.query(
        f"SELECT campaign, source, event_type, sum(events), sum(quantity) FROM {DATABASE}.engagement GROUP BY ALL"
    ).result_rows
    tokens = client.query(
        f"SELECT campaign, kind, token, sum(posts), sum(occurrences) FROM {DATABASE}.token_counts GROUP BY ALL"
    ).result_rows
    pairs = (
        ("events", truth.events_by, {row[:3]: row[3] for row in map(tuple, counted)}),
        ("quantity", truth.quantity_by, {row[:3]: row[4] for row in map(tuple, counted)}),
        ("posts", truth.posts_by, {row[:3]: row[3] for row in map(tuple, tokens)}),
        ("occurrences", truth.occurrences_by, {row[:3]: row[4] for row in map(tuple, tokens)}),
    )
    return [
        f"{name} of {' / '.join(key)}: played {played[key]}, counted {found.get(key, 0)}"
        for name, played, found in pairs
        for key in sorted({*played, *found})
        if played[key] != found.get(key, 0)
    ]


def wait_until_counted(client: Client, records: int, show: Callable[[Counts], None]) -> Counts:
    """Wait until every record is accounted for; raises ``GroundswellError`` when that takes too long."""
    give_up_s = time.monotonic() + _CAUGHT_UP_S
    while True:
        try:
            counts = look(client)
            show(counts)
            if counts.read >= records:
                return counts
        except ClickHouseError as error:
            if time.monotonic() > give_up_s:
                raise GroundswellError(f"ClickHouse stopped answering: {str(error)[:200]}; see its log.") from error
        if time.monotonic() > give_up_s:
            raise GroundswellError(
                f"{counts.read} of {records} records were counted within {_CAUGHT_UP_S:.0f} s: see the workers' logs."
            )
        time.sleep(0.3)

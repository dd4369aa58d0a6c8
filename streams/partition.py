"""One partition being counted: from chunks of its log to rows that may be written, and the offset to commit.

Nothing is loaded: counting begins at a true segment start with empty counters, after a horizon of earlier records
from which only ids are taken. Pure: no Kafka, no ClickHouse, no clock.
"""

import numpy as np
import polars as pl
from msgspec import Struct

from schemas.event import POST_TYPES, Event
from streams import segments
from streams.arrays import Bools, Int64s, list_column
from streams.chunk import Chunk
from streams.columns import EVENT_TYPE, SOURCE, archive_rows, event_columns, of_one_sentiment, posts_of
from streams.count import Additions, add, count
from streams.count_campaigns import count_campaigns
from streams.count_reactions import count_reactions
from streams.decode import Decoded, decode
from streams.duplicates import Seen
from streams.extract import extract
from streams.match import Matcher
from streams.phrases import fold
from streams.places import Horizon
from streams.reactions import NONE, Posts, Told, acting_among, posts_among, reactions_among
from streams.refusal import Refusal
from streams.sample import count_sample
from streams.segments import Segment, SegmentRule

_NEVER_MS = 2**62


class Counting(Struct, frozen=True):
    """What counting goes by; the same for every partition of a topic."""

    segment: SegmentRule
    horizon: Horizon
    matcher: Matcher
    archive: str


class Account(Struct):
    """What became of a segment's records so far: read = counted + duplicates + dead + markers; and its unit."""

    last_offset: int
    unit_s: int
    read: int = 0
    counted: int = 0
    duplicates: int = 0
    dead: int = 0
    markers: int = 0


class _Looked(Struct, frozen=True):
    """What counts of events, (text, hashtags, accounts, folded), and what is found: tokens (row, kind, …), matches.

    ``folded`` is the text as campaigns' words are looked for in it.
    """

    texts: pl.DataFrame
    tokens: pl.DataFrame
    matches: pl.DataFrame
    beyond_limit: int


class Taken(Struct, frozen=True):
    """What one chunk came to: the records refused, by position in it, and how many were what.

    ``memory_bytes`` is what it takes until a flush has begun.
    """

    chunk: Chunk
    refused: list[tuple[int, Refusal]]
    memory_bytes: int = 0
    tokens_beyond_limit: int = 0
    read: int = 0
    counted: int = 0
    duplicates: int = 0
    markers: int = 0


class Flush(Struct, frozen=True):
    """Everything counted up to a position and not yet written, and that position: taken in one step.

    ``commit`` is the offset that may be committed once the rows are written: the start of the position's segment.
    """

    additions: list[Additions]
    archive: list[pl.DataFrame]
    accounts: dict[int, Account]
    commit: int
    records: int
    oldest_ms: int

    def units(self) -> dict[int, int]:
        """By segment the unit that it is compacted with, in seconds since the epoch."""
        return {segment: account.unit_s for segment, account in self.accounts.items()}


class Partition:
    """The counters of one partition, of the segments that are not yet wholly written."""

    def __init__(self, counting: Counting, start: int, position: int) -> None:
        """``start`` is the offset to count from, ``position`` the one to read from, at most a horizon earlier."""
        self.start = start
        self.next_offset = position
        self._counting = counting
        self._seen = Seen(counting.horizon)
        self._posts = Posts(counting.horizon, counting.matcher.labels.names)
        self.segment: Segment | None = None
        self._accounts: dict[int, Account] = {}
        self._pending: list[Additions] = []
        self._archive: list[pl.DataFrame] = []
        self._cumulative: Additions | None = None
        self._oldest_ms = _NEVER_MS
        self.pending_records = 0

    def take(self, chunk: Chunk) -> Taken:
        """Count a chunk; chunks come in offset order, without a gap but for holes of the log itself."""
        self.next_offset = int(chunk.offsets[-1]) + 1
        warm_up = int(np.searchsorted(chunk.offsets, self.start))
        if warm_up:
            self._remember(chunk.part(0, warm_up))
            chunk = chunk.part(warm_up, len(chunk))
        if not len(chunk):
            return Taken(chunk, [])
        pieces = segments.cut(
            self._counting.segment, self.segment, chunk.offsets, chunk.append_times_ms, chunk.value_bytes()
        )
        self.segment = pieces[-1][0]
        segment_of = segments.segment_of_each(pieces, len(chunk))
        decoded = decode(chunk.values, chunk.append_times_ms.tolist(), chunk.headers)
        positions = np.array(decoded.positions, dtype=np.int64)
        duplicate = self._mark(decoded, positions, chunk)
        beyond, memory_bytes = self._count(decoded, positions, duplicate, segment_of, chunk)
        self._account(pieces, chunk, segment_of, decoded, positions, duplicate)
        self._oldest_ms = min(self._oldest_ms, int(chunk.append_times_ms[0]))
        self.pending_records += len(chunk)
        return Taken(
            chunk=chunk,
            refused=decoded.refused,
            memory_bytes=memory_bytes,
            tokens_beyond_limit=beyond,
            read=len(chunk),
            counted=int((~duplicate).sum()),
            duplicates=int(duplicate.sum()),
            markers=len(decoded.markers),
        )

    def _remember(self, chunk: Chunk) -> None:
        """Take in the ids of records before the start, and the posts among them."""
        decoded = decode(chunk.values, chunk.append_times_ms.tolist(), chunk.headers)
        positions = np.array(decoded.positions, dtype=np.int64)
        self._mark(decoded, positions, chunk)
        self._posts.take(NONE, self._posts_among(decoded.events, positions, chunk))

    def _posts_among(self, events: list[Event], positions: Int64s, chunk: Chunk) -> Told:
        """The posts among accepted events that are not counted here."""
        rows = np.array([row for row, event in enumerate(events) if event.event_type in POST_TYPES], dtype=np.int64)
        events, positions = [events[row] for row in rows.tolist()], positions[rows]
        columns = pl.DataFrame(
            {
                "source": pl.Series([event.source for event in events], dtype=SOURCE),
                "event_type": pl.Series([event.event_type for event in events], dtype=EVENT_TYPE),
            }
        )
        looked = self._look_at(events, columns["source"])
        return posts_among(events, columns, _places(chunk, positions), looked.tokens, looked.matches)

    def _look_at(self, events: list[Event], sources: pl.Series) -> "_Looked":
        texts = pl.DataFrame(
            {
                "text": pl.Series([event.text for event in events], dtype=pl.String),
                "hashtags": list_column([event.hashtags for event in events]),
                "accounts": list_column([event.accounts for event in events]),
            }
        )
        extracted = extract(texts["text"], sources, texts["hashtags"], texts["accounts"])
        matcher = self._counting.matcher
        folded = fold(texts["text"]) if matcher.campaigns else texts["text"]
        posts = posts_of(events if matcher.watches_posts else [])
        matches = matcher.match(extracted.tokens, folded, sources, posts)
        return _Looked(texts.with_columns(folded=folded), extracted.tokens, matches, extracted.beyond_limit)

    def _mark(self, decoded: Decoded, positions: Int64s, chunk: Chunk) -> Bools:
        sources = pl.Series([event.source for event in decoded.events], dtype=SOURCE)
        event_ids = pl.Series([event.event_id for event in decoded.events], dtype=pl.String)
        return self._seen.mark(sources, event_ids, chunk.offsets[positions], chunk.append_times_ms[positions])

    def _count(
        self, decoded: Decoded, positions: Int64s, duplicate: Bools, segment_of: Int64s, chunk: Chunk
    ) -> tuple[int, int]:
        """Count what is no duplicate; returns (tokens beyond the limit, bytes now pending)."""
        events = decoded.events
        repeated = [events[index] for index in np.flatnonzero(duplicate).tolist()]
        again = self._posts_among(repeated, positions[duplicate], chunk) if repeated else None
        if len(repeated) == len(events):
            if again is not None:
                self._posts.take(NONE, again)
            return 0, 0
        if repeated:
            events = [events[index] for index in np.flatnonzero(~duplicate).tolist()]
            positions = positions[~duplicate]
        columns = event_columns(events, segment_of[positions])
        looked = self._look_at(events, columns["source"])
        matcher, tokens, matches = self._counting.matcher, looked.tokens, looked.matches
        judged = matcher.judge.judged(matches, looked.texts["folded"], columns["lang"], tokens)
        additions = count(columns, tokens, judged)
        additions |= count_campaigns(events, columns, tokens, judged, matcher.labels)
        places = _places(chunk, positions)
        told = posts_among(events, columns, places, tokens, matches)
        told = told if again is None else told.beside(again)
        reactions = reactions_among(events, columns, places, looked.texts)
        acting = acting_among(events, columns, matches)
        additions |= count_reactions(self._posts, told, columns, reactions, matches, acting)
        additions |= count_sample(events, columns, tokens)
        self._pending.append(additions)
        memory_bytes = sum(int(frame.estimated_size()) for frame in additions.values())
        if self._counting.archive != "off":
            for part, alike in enumerate(of_one_sentiment(judged)):
                everything = self._counting.archive == "all" and part == 0
                kept = archive_rows(events, tokens, alike, chunk, positions, segment_of, everything)
                if len(kept):
                    self._archive.append(kept)
                    memory_bytes += int(kept.estimated_size())
        return looked.beyond_limit, memory_bytes

    def _account(
        self,
        pieces: list[tuple[Segment, int]],
        chunk: Chunk,
        segment_of: Int64s,
        decoded: Decoded,
        positions: Int64s,
        duplicate: Bools,
    ) -> None:
        refused = segment_of[[position for position, _ in decoded.refused]]
        markers = segment_of[decoded.markers]
        fresh, repeated = segment_of[positions[~duplicate]], segment_of[positions[duplicate]]
        for index, (segment, begin) in enumerate(pieces):
            end = pieces[index + 1][1] if index + 1 < len(pieces) else len(chunk)
            account = self._accounts.setdefault(segment.start, Account(0, segment.unit_s(self._counting.segment)))
            account.last_offset = int(chunk.offsets[end - 1])
            account.read += end - begin
            account.counted += int((fresh == segment.start).sum())
            account.duplicates += int((repeated == segment.start).sum())
            account.dead += int((refused == segment.start).sum())
            account.markers += int((markers == segment.start).sum())

    def begin_flush(self) -> Flush | None:
        """What is to be written now, with the position that it reaches; None when there is nothing new.

        One step: whatever is taken later belongs to the next flush.
        """
        if not self.pending_records or self.segment is None:
            return None
        accounts = {name: Account(**_fields(account)) for name, account in self._accounts.items()}
        flush = Flush(self._pending, self._archive, accounts, self.segment.start, self.pending_records, self._oldest_ms)
        self._pending, self._archive, self.pending_records, self._oldest_ms = [], [], 0, _NEVER_MS
        self._accounts = {name: account for name, account in self._accounts.items() if name == self.segment.start}
        return flush

    def changed_rows(self, flush: Flush) -> Additions:
        """The rows that ``flush`` changed, as they stand since their segment's start. Flushes come in order.

        Takes the additions out of it: they need not stay while the rows are written.
        """
        if not flush.additions:
            return {}
        self._cumulative, changed = add(self._cumulative, flush.additions)
        flush.additions.clear()
        return changed

    def written(self, flush: Flush) -> None:
        """Forget the counters of segments that ``flush`` has brought to their end."""
        if self._cumulative is not None:
            self._cumulative = {
                table: rows.filter(pl.col("segment") >= flush.commit) for table, rows in self._cumulative.items()
            }


def _places(chunk: Chunk, positions: Int64s) -> tuple[Int64s, Int64s]:
    """Offsets and append times, in ms, of some of a chunk's records."""
    return chunk.offsets[positions], chunk.append_times_ms[positions]


def _fields(account: Account) -> dict[str, int]:
    return {name: getattr(account, name) for name in Account.__struct_fields__}

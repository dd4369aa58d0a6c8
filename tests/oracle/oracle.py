"""The oracle: the log and the campaigns in, what Groundswell must have counted out."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import combinations
from types import CodeType
from typing import Any

from tests.oracle.log import Campaign, Log, Record
from tests.oracle.sentiment import sentiment
from tests.oracle.tokens import KINDS, Tokens, extract, fold, given
from tests.oracle.verdict import REASONS, Refused, is_marker, judge

WINDOW_S = 10
MAX_TOKENS = 64
EVERY = "*"
REACTIONS = ("like", "share", "view")
ACTING = ("like", "share", "view", "reply", "quote")
MOST_PAIRED = 12
MOST_FOLLOWERS = 10**12
POSTS = ("mention", "reply", "quote", "video")
WIDTHS = {
    "token_counts": 2, "engagement": 2, "spellings": 1, "authors": 6, "target_mentions": 1, "hashtag_pairs": 1,
    "hashtag_groups": 1, "pledged": 3, "reactions": 2, "hashtag_reactions": 2, "hashtag_sentiment": 1,
    "post_reactions": 2, "sampled_posts": 1,
}  # fmt: skip
"""The views, and how many measures each has."""
# Scripts written without spaces: a keyword in them is found anywhere.
BIDI = (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")

Rows = dict[tuple[Any, ...], tuple[int, ...]]
"""A view: measures by key, both in the order of the contract's columns; ``window_start`` in seconds."""

CampaignsOf = Callable[[int, int], Sequence[Campaign]]
"""By partition and offset: the campaigns that a record is counted for."""


@dataclass(slots=True)
class Expected:
    """What must stand where, once the whole log is counted.

    ``verdicts``: by (partition, offset) ``counted``, ``duplicate``, ``marker`` or the reason of a dead letter.
    ``account``: by partition the numbers ``read``, ``counted``, ``duplicates``, ``dead`` and ``markers``.
    ``views``: those of ``WIDTHS``. In ``authors`` the last measure, followers, is -1 where not known.
    ``archive``: of each event that matches a campaign, how often which row stands in ``events`` when that keeps what
    is matched: event time in seconds, source, event id, campaigns by name.
    """

    verdicts: dict[tuple[int, int], str] = field(default_factory=dict)
    account: dict[int, dict[str, int]] = field(default_factory=dict)
    views: dict[str, Rows] = field(default_factory=dict)
    archive: Counter[tuple[int, str, str, tuple[str, ...]]] = field(default_factory=Counter)


def expect(
    log: Log,
    campaigns: Sequence[Campaign] | CampaignsOf = (),
    *,
    horizon_records: int = 1_048_576,
    horizon_ms: int = 3_600_000,
    truth: Mapping[bytes, Tokens] | None = None,
) -> Expected:
    """Count ``log`` by the contract.

    ``truth`` tells for a record's value what the text in it holds; a text that it does not tell of is extracted the
    simple way (``tokens.extract``). ``campaigns`` are the same for all records, or asked for each.
    """
    expected = Expected()
    campaigns_of: CampaignsOf = campaigns if callable(campaigns) else lambda *_: campaigns
    sums: dict[str, defaultdict[tuple[Any, ...], list[int]]] = {
        name: defaultdict([0].__mul__(width).copy) for name, width in WIDTHS.items()
    }
    for partition, records in log.items():
        seen: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
        posts: dict[tuple[str, str], tuple[Record, dict[str, Any], Tokens]] = {}
        for record in records:
            verdict, event = _verdict(record, seen, horizon_records, horizon_ms)
            expected.verdicts[partition, record.offset] = verdict
            told = (truth or {}).get(record.value or b"")
            in_text = told or extract(event.get("text", ""), event.get("source", ""))
            if verdict == "counted":
                matchers = [_matcher(one) for one in campaigns_of(partition, record.offset)]
                matched = _count(event, in_text, matchers, sums)
                if event["event_type"] in REACTIONS and event.get("ref_post_id") and not _carries_something(event):
                    post = posts.get((event["source"], event["ref_post_id"]))
                    if post and (
                        post[0].offset < record.offset - horizon_records
                        or post[0].append_time_ms < record.append_time_ms - horizon_ms
                    ):
                        post = None
                    _credit(
                        event, post[1:] if post else None, [one for one in matchers if one.name not in matched], sums
                    )
                if matched:
                    second = event["event_time"] // 1000
                    expected.archive[second, event["source"], event["event_id"], tuple(sorted(matched))] += 1
            if verdict in ("counted", "duplicate") and event["event_type"] in POSTS and event.get("post_id"):
                posts[event["source"], event["post_id"]] = (record, event, in_text)
        expected.account[partition] = _account(expected.verdicts[partition, record.offset] for record in records)
    expected.views = {name: {key: tuple(row) for key, row in rows.items()} for name, rows in sums.items()}
    authors = expected.views["authors"]
    expected.views["authors"] = {key: (*row[:-1], row[-1] - 1) for key, row in authors.items()}
    return expected


def _verdict(
    record: Record, seen: defaultdict[tuple[str, str], list[Record]], horizon_records: int, horizon_ms: int
) -> tuple[str, dict[str, Any]]:
    if is_marker(record.headers):
        return "marker", {}
    try:
        event = judge(record)
    except Refused as refused:
        return refused.reason, {}
    accepted = seen[event["source"], event["event_id"]]
    # Append times may step back when a partition's leader changes: every earlier copy is asked, not only the last.
    duplicate = any(
        one.offset >= record.offset - horizon_records and one.append_time_ms >= record.append_time_ms - horizon_ms
        for one in accepted
    )
    accepted.append(record)
    return ("duplicate" if duplicate else "counted"), event


def _account(verdicts: Iterable[str]) -> dict[str, int]:
    found = Counter(verdicts)
    return {
        "read": found.total(),
        "counted": found["counted"],
        "duplicates": found["duplicate"],
        "dead": sum(found[reason] for reason in REASONS),
        "markers": found["marker"],
    }


def tokens_of(event: Mapping[str, Any], in_text: Tokens) -> dict[str, list[tuple[str, str]]]:
    """An event's tokens by kind, as pairs of token and spelling: at most 64 distinct ones of a kind."""
    found = {"hashtag": in_text.hashtag, "emoji": in_text.emoji, "account": in_text.account}
    for kind, name in (("hashtag", "hashtags"), ("account", "accounts")):
        if name in event:
            found[kind] = given(event[name], kind)
    kept = {}
    for kind, pairs in found.items():
        first = set(list(dict.fromkeys(token for token, _ in pairs))[:MAX_TOKENS])
        kept[kind] = [(token, spelling) for token, spelling in pairs if token in first]
    return kept


class _Matcher:
    """A campaign with its words folded."""

    def __init__(self, campaign: Campaign) -> None:
        self.name = campaign.name
        self.groups = {name: [token for token, _ in given(tags, "hashtag")] for name, tags in campaign.groups}
        self.wanted = {
            "hashtag": [
                token
                for tags in (campaign.hashtags, *dict(campaign.groups).values())
                for token, _ in given(tags, "hashtag")
            ],
            "account": [token for token, _ in given(campaign.accounts, "account")],
        }
        self.targets = campaign.targets
        self.roles = {"own": campaign.own, "partner": campaign.partners}
        self.keywords = [_in_python(keyword) for keyword in campaign.keywords]
        self.posts = campaign.posts
        self.platforms = campaign.platforms
        self.positive = tuple(map(fold, campaign.positive))
        self.negative = tuple(map(fold, campaign.negative))

    def matches(self, event: Mapping[str, Any], tokens: Mapping[str, list[tuple[str, str]]], folded_text: str) -> bool:
        """Whether an event with these tokens and this text is one of the campaign's."""
        if self.platforms and event["source"] not in self.platforms:
            return False
        if any(token in self.wanted["account"] for token, _ in tokens["account"]):
            return True
        if any(_is_like(token, wanted) for token, _ in tokens["hashtag"] for wanted in self.wanted["hashtag"]):
            return True
        if any(f"{event['source']}:{event.get(name)}" in self.posts for name in ("post_id", "ref_post_id")):
            return True
        return any(
            eval(code, {"holds": [_occurs(phrase, folded_text) for phrase in phrases]})  # of our tests
            for code, phrases in self.keywords
        )

    def praised(self, folded_text: str) -> bool:
        """Whether one of the campaign's positive words occurs."""
        return any(_occurs(word, folded_text) for word in self.positive)

    def blamed(self, folded_text: str) -> bool:
        """Whether one of the campaign's negative words occurs."""
        return any(_occurs(word, folded_text) for word in self.negative)


def _is_like(token: str, wanted: str) -> bool:
    """Whether a token is one with any letters in place of each ``*``."""
    first, *others = wanted.split("*")
    if not others:
        return token == wanted
    if not token.startswith(first):
        return False
    place = len(first)
    for part in others[:-1]:
        place = token.find(part, place) + len(part)
        if place < len(part):
            return False
    return token.endswith(others[-1]) and len(token) - len(others[-1]) >= place


def _in_python(keyword: str) -> tuple[CodeType, list[str]]:
    """A keyword as an expression of Python, over ``holds``; and its phrases, folded, in the order of that list."""
    words = re.findall(r'"[^"]*"|[()]|[^\s()"]+', keyword)
    if not {"AND", "OR", "NOT", "(", ")"} & set(words) and '"' not in keyword:
        return compile("holds[0]", keyword, "eval"), [fold(keyword)]
    code: list[str] = []
    phrases: list[str] = []
    follows_word = False
    for word in words:
        if word in ("AND", "OR", "NOT", "(", ")"):
            # Python has no "a not b"; the order in which its operators bind is ours.
            needs_and = word == "NOT" and code and code[-1] not in ("and", "or", "not", "(")
            code += ["and", "not"] if needs_and else [word.lower()]
            follows_word = False
        elif follows_word and not word.startswith('"'):
            phrases[-1] += " " + fold(word)
        else:
            code.append(f"holds[{len(phrases)}]")
            phrases.append(fold(word.strip('"')))
            follows_word = True
    return compile(" ".join(code), keyword, "eval"), phrases


_matcher = cache(_Matcher)


def _occurs(keyword: str, text: str) -> bool:
    start = text.find(keyword)
    while start >= 0:
        end = start + len(keyword)
        before, after = text[start - 1 : start], text[end : end + 1]
        goes_on = _joins(keyword[-1]) and _joins(after) and not (_is_korean(keyword[-1]) and _is_korean(after))
        if not (_joins(before) and _joins(keyword[0])) and not goes_on:
            return True
        start = text.find(keyword, start + 1)
    return False


def _is_korean(char: str) -> bool:
    """Korean writes particles on to the word before."""
    return unicodedata.name(char, "").startswith("HANGUL")


def _joins(char: str) -> bool:
    """Whether this character and another such make one word."""
    if not char or unicodedata.name(char, "").startswith(UNSPACED):
        return False
    return char == "_" or unicodedata.category(char)[0] in "LMN"


def _count(
    event: Mapping[str, Any],
    in_text: Tokens,
    matchers: Sequence[_Matcher],
    sums: Mapping[str, defaultdict[tuple[Any, ...], list[int]]],
) -> list[str]:
    """Add an event up; returns the campaigns that it is one of."""
    text = fold(event.get("text", ""))
    tokens = tokens_of(event, in_text)
    quantity = event.get("quantity", 1)
    sign = (quantity > 0) - (quantity < 0)
    window_start = event["event_time"] // (WINDOW_S * 1000) * WINDOW_S
    where = (event["source"], event["event_type"])
    matched = [one for one in matchers if one.matches(event, tokens, text)]
    emojis = [token for token, _ in tokens["emoji"]]
    feelings = {one.name: sentiment(event, emojis, one.praised(text), one.blamed(text)) for one in matched}
    for name in (EVERY, *feelings):
        place = (event.get("lang", ""), event.get("country", ""), feelings.get(name, ""))
        _add(sums["engagement"][(window_start, name, *where, *place)], 1, quantity)
        for kind in KINDS:
            for token, occurrences in Counter(token for token, _ in tokens[kind]).items():
                _add(sums["token_counts"][(window_start, name, kind, token, *where)], sign, sign * occurrences)
            # An event spells a token as it does first, so that a token's spellings add up to its posts.
            for token, spelling in dict(reversed(tokens[kind])).items():
                _add(sums["spellings"][name, kind, token, spelling], sign)
        if event["event_type"] == "pledge":
            amount = event.get("amount")
            row = sums["pledged"][window_start, name, event["source"], event.get("currency", "")]
            _add(row, 1, sign * (amount or 0), amount is None)
    _count_sample(event, {token for token, _ in tokens["hashtag"]}, window_start, sums)
    for one in matched:
        _count_for(one, event, tokens, (window_start, one.name), feelings[one.name], sums)
    for one in matchers:
        for target in {_token_of(written) for written in one.targets if _is_of(written, event["source"])}:
            if target in {token for token, _ in tokens["account"]}:
                key = (window_start, one.name, target, *where, event.get("author_id", ""))
                _add(sums["target_mentions"][key], sign)
    return [one.name for one in matched]


def _carries_something(event: Mapping[str, Any]) -> bool:
    return any(event.get(name) for name in ("text", "hashtags", "accounts"))


def _credit(
    event: Mapping[str, Any],
    post: tuple[Mapping[str, Any], Tokens] | None,
    matchers: Sequence[_Matcher],
    sums: Mapping[str, defaultdict[tuple[Any, ...], list[int]]],
) -> None:
    """Count a reaction for what the post that it acts on, None where not known, belongs to."""
    quantity = event.get("quantity", 1)
    window_start = event["event_time"] // (WINDOW_S * 1000) * WINDOW_S
    where = (event["source"], event["event_type"])
    _add(sums["reactions"][(window_start, EVERY, *where, "known" if post else "unknown")], 1, quantity)
    if post is None:
        return
    written, in_text = post
    tokens = tokens_of(written, in_text)
    for one in matchers:
        if one.matches(written, tokens, fold(written.get("text", ""))):
            _add(sums["reactions"][(window_start, one.name, *where, "known")], 1, quantity)
            _add(sums["post_reactions"][(window_start, one.name, event["ref_post_id"], *where)], 1, quantity)
            for hashtag in {token for token, _ in tokens["hashtag"]}:
                _add(sums["hashtag_reactions"][(window_start, one.name, hashtag, *where)], 1, quantity)


def _count_sample(
    event: Mapping[str, Any],
    hashtags: set[str],
    window_start: int,
    sums: Mapping[str, defaultdict[tuple[Any, ...], list[int]]],
) -> None:
    author, quantity = event.get("author_id", ""), event.get("quantity", 1)
    if author and event["event_type"] in POSTS and is_sampled(event["source"], author):
        for hashtag in hashtags:
            key = (window_start, EVERY, hashtag, event["source"], author, event.get("post_id", ""))
            _add(sums["sampled_posts"][key], (quantity > 0) - (quantity < 0))


@cache
def is_sampled(source: str, author_id: str) -> bool:
    """Whether an author is one of the eighth that is sampled: by a polynomial of the bytes, and SplitMix64's mixing."""
    found = 0
    for byte in reversed(f"{source}:{author_id}".encode()):
        found = (found + byte + 1) * 0x9E3779B97F4A7C15 % 2**64
    found = (found ^ found >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    found = (found ^ found >> 27) * 0x94D049BB133111EB % 2**64
    return (found ^ found >> 31) < 2**61


def _count_for(
    one: _Matcher,
    event: Mapping[str, Any],
    tokens: Mapping[str, list[tuple[str, str]]],
    place: tuple[int, str],
    feeling: str,
    sums: Mapping[str, defaultdict[tuple[Any, ...], list[int]]],
) -> None:
    """Count an event for a campaign that it belongs to: author, hashtags, groups, the post that it acts on."""
    quantity = event.get("quantity", 1)
    sign = (quantity > 0) - (quantity < 0)
    where = (event["source"], event["event_type"])
    name = event.get("author_name", "")
    token = name.lstrip("@＠").translate(dict.fromkeys(BIDI)).lower()
    roles = [
        role
        for role, accounts in one.roles.items()
        if any(_token_of(written) == token and _is_of(written, event["source"]) for written in accounts)
    ]
    row = sums["authors"][(*place, *where, event.get("author_id", ""), name, (*roles, "")[0])]
    followers = event.get("author_followers")
    known = min(followers or 0, MOST_FOLLOWERS)
    share = Fraction(15) - Fraction(9 * (min(max(known, 10**5), 10**7) - 10**5), 10**7 - 10**5)
    _add(row, 1, quantity, sign * known, sign * int(known * share / 100), followers is None)
    row[-1] = max(row[-1], 0 if followers is None else known + 1)
    if event["event_type"] in ACTING and event.get("ref_post_id"):
        _add(sums["post_reactions"][(*place, event["ref_post_id"], *where)], 1, quantity)
    hashtags = sorted({token for token, _ in tokens["hashtag"]})
    for hashtag in hashtags:
        _add(sums["hashtag_sentiment"][(*place, hashtag, *where, feeling)], sign)
    if len(hashtags) <= MOST_PAIRED:
        for pair in combinations(hashtags, 2):
            _add(sums["hashtag_pairs"][(*place, *pair)], sign)
    for group, wanted in one.groups.items():
        if any(_is_like(hashtag, like) for hashtag in hashtags for like in wanted):
            _add(sums["hashtag_groups"][(*place, group, *where)], sign)


def _is_of(written: str, source: str) -> bool:
    """Whether an account of a campaign file, such as ``x:name`` or ``name``, may be one of this platform."""
    platform = written.partition(":")[0] if ":" in written else source
    return platform == source


def _token_of(written: str) -> str:
    return written.rpartition(":")[2].lstrip("@＠").lower()


def _add(row: list[int], *more: int) -> None:
    for index, one in enumerate(more):
        row[index] += one

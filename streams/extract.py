"""Events to tokens: which hashtags, emojis and accounts each event of a batch contains, and how often.

Columns in, one frame out; what a token is, ``streams.tokens`` says. For hashtags and emojis, Rust's regular expressions
cut out of the texts the stretches that decide, which are few and come again and again: the plain functions look at each
distinct one once. For accounts those expressions find the tokens themselves. The few texts that they cannot tell (a URL
that may hold a sign, for accounts also a look behind) are handed to the plain functions whole, with the same result.
"""

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import polars as pl
from emoji import __version__ as _emoji_version

from schemas.counters import KINDS
from schemas.event import MAX_TOKENS
from streams.arrays import list_column
from streams.tokens import accounts as account_rules
from streams.tokens import emojis
from streams.tokens import hashtags as hashtag_rule
from streams.tokens.accounts import fold_account
from streams.tokens.classes import BIDI_CONTROLS
from streams.tokens.hashtags import fold_hashtag
from streams.tokens.memo import Memo
from streams.tokens.tlds import TLDS_VERSION
from streams.tokens.unicode_ranges import UNICODE_VERSION
from streams.tokens.urls import may_hold

# Part of the rules version: workers whose VERSION differs may find other tokens in the same text. The leading number
# goes up when a rule here or in streams.tokens changes; the others are those of the tables in use.
VERSION = (
    f"tokens 1, classes Unicode {UNICODE_VERSION}, folding Unicode {unicodedata.unidata_version},"
    f" emoji {_emoji_version}, domains {TLDS_VERSION}"
)

KIND = pl.Enum(KINDS)
SCHEMA = pl.Schema(
    {"row": pl.UInt32(), "kind": KIND, "token": pl.String(), "spelling": pl.String(), "occurrences": pl.UInt32()}
)

_BIDI_CONTROL = f"[{BIDI_CONTROLS}]"

_HASHTAGS_IN = Memo(lambda texts: [hashtag_rule.hashtags_in(text) for text in texts])
_EMOJIS_IN = Memo(emojis.emojis_in)
_FOLDED_HASHTAGS = Memo(lambda spellings: list(map(fold_hashtag, spellings)))
_FOLDED_EMOJIS = Memo(lambda spellings: list(map(emojis.fold_emoji, spellings)))
_FOLDED_ACCOUNTS = Memo(lambda spellings: list(map(fold_account, spellings)))


class Extraction(NamedTuple):
    """The tokens of a batch of events.

    tokens: one row per event, kind and token, in no particular order (SCHEMA): `row` is the event's place in the batch,
        from 0; `kind` is `hashtag`, `emoji` or `account`; `token` is folded; `spelling` is the event's first spelling
        of it, as written but without the sign and bidi controls; `occurrences` is at least 1.
    beyond_limit: how many tokens the limit took away, summed over kinds and events.
    """

    tokens: pl.DataFrame
    beyond_limit: int


def extract(texts: pl.Series, sources: pl.Series, hashtags: pl.Series, accounts: pl.Series) -> Extraction:
    """Extract the tokens of a batch of events, given as columns of equal length.

    texts: strings; null where an event has none. Bidi controls are removed before anything else.
    sources: strings, categories or an enumeration: the platform, which decides what an account looks like.
    hashtags: lists of strings, used instead of the text where not null; an empty list means none. Each loses bidi
        controls and one leading `#` or `＃`, is folded, and is not checked otherwise; what is then empty is dropped.
    accounts: the same for accounts, with `@` or `＠`.

    At most `schemas.event.MAX_TOKENS` tokens of a kind count per event: distinct ones, in the order in which they first
    appear; every occurrence of a token that counts does.
    """
    events = pl.DataFrame(
        {
            "row": pl.int_range(len(texts), dtype=pl.UInt32, eager=True),
            "text": _without_bidi_controls(texts.cast(pl.String)),
            "source": sources,
            "hashtags": hashtags.cast(pl.List(pl.String)),
            "accounts": accounts.cast(pl.List(pl.String)),
        }
    )
    counted = {
        "hashtag": _counted(_hashtags(events), _FOLDED_HASHTAGS),
        "emoji": _counted(_emojis(events), _FOLDED_EMOJIS),
        "account": _counted(_accounts(events), _FOLDED_ACCOUNTS),
    }
    frames = [tokens.with_columns(kind=pl.lit(kind, dtype=KIND)) for kind, (tokens, _) in counted.items()]
    return Extraction(pl.concat(frames).select(*SCHEMA), sum(beyond for _, beyond in counted.values()))


def _without_bidi_controls(texts: pl.Series) -> pl.Series:
    # Looking for bytes costs a tenth of looking for the class, and these begin every one of its characters.
    encoded = texts.cast(pl.Binary).bin
    places = (encoded.contains(b"\xe2\x80") | encoded.contains(b"\xe2\x81") | encoded.contains(b"\xd8\x9c")).arg_true()
    places = places.filter(texts.gather(places).str.contains(_BIDI_CONTROL))
    if not len(places):
        return texts
    return texts.clone().scatter(places, texts.gather(places).str.replace_all(_BIDI_CONTROL, ""))


def _hashtags(events: pl.DataFrame) -> pl.DataFrame:
    """Hashtags found, one row each: the event's row and the spelling; those of an event in their order."""
    open_events = events.filter(pl.col("hashtags").is_null() & pl.col("text").str.contains("[#＃]"))
    fast, slow = _parted(open_events, hashtag_rule.HANDED_OVER)
    return pl.concat(
        [
            _given(events, "hashtags", "^[#＃]"),
            _in_stretches(fast, hashtag_rule.STRETCH, _HASHTAGS_IN),
            _one_by_one(slow, hashtag_rule.hashtags_in),
        ]
    )


def _emojis(events: pl.DataFrame) -> pl.DataFrame:
    # ASCII texts are told by their lengths and hold none: every emoji has a character beyond ASCII.
    text = pl.col("text")
    return _in_stretches(events.filter(text.str.len_bytes() != text.str.len_chars()), emojis.stretch(), _EMOJIS_IN)


def _accounts(events: pl.DataFrame) -> pl.DataFrame:
    open_events = events.filter(pl.col("accounts").is_null() & pl.col("text").str.contains("[@＠]"))
    found = [_given(events, "accounts", "^[@＠]")]
    source = pl.col("source")
    rules = account_rules.BY_SOURCE
    parts = [(rule, source == name) for name, rule in rules.items()]
    for rule, is_of_rule in [*parts, (account_rules.DEFAULT, ~source.is_in(list(rules)))]:
        fast, slow = _parted(open_events.filter(is_of_rule), (*rule.handed_over, may_hold("@")))
        matches = _matches(fast, rule.column_pattern)
        found.append(matches.with_columns(pl.col("spelling").str.extract(rule.column_account)).drop_nulls())
        found.append(_one_by_one(slow, partial(account_rules.accounts_in, rule=rule)))
    return pl.concat(found)


def _parted(events: pl.DataFrame, handed_over: tuple[str, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events whose texts the column pattern can tell, and those to be handed over."""
    is_handed_over = pl.any_horizontal(pl.col("text").str.contains(pattern) for pattern in handed_over)
    marked = events.select("row", "text", is_handed_over.alias("is_handed_over"))
    return marked.filter(~pl.col("is_handed_over")), marked.filter("is_handed_over")


def _matches(events: pl.DataFrame, pattern: str) -> pl.DataFrame:
    found = events.select("row", pl.col("text").str.extract_all(pattern).alias("spelling"))
    return _exploded(found)


def _in_stretches(events: pl.DataFrame, pattern: str, tokens_in: Memo[list[str]]) -> pl.DataFrame:
    """What the stretches of the texts hold that match the pattern, each distinct one looked at once."""
    stretches = _matches(events, pattern)
    distinct = stretches["spelling"].unique()
    found = list_column(tokens_in.of(distinct.to_list()))
    holding = pl.DataFrame({"stretch": distinct, "spelling": found}).filter(pl.col("spelling").list.len() > 0)
    stretches = stretches.rename({"spelling": "stretch"})
    return _exploded(stretches.join(holding, on="stretch", how="inner", maintain_order="left").drop("stretch"))


def _given(events: pl.DataFrame, column: str, sign: str) -> pl.DataFrame:
    given = _exploded(events.filter(pl.col(column).is_not_null()).select("row", pl.col(column).alias("spelling")))
    return given.with_columns(pl.col("spelling").str.replace_all(_BIDI_CONTROL, "").str.replace(sign, ""))


def _one_by_one(events: pl.DataFrame, tokens_in: Callable[[str], list[str]]) -> pl.DataFrame:
    spellings = [tokens_in(text) for text in events["text"].to_list()]
    found = pl.DataFrame({"row": events["row"], "spelling": pl.Series(spellings, dtype=pl.List(pl.String))})
    return _exploded(found)


def _exploded(found: pl.DataFrame) -> pl.DataFrame:
    return found.explode("spelling", empty_as_null=False, keep_nulls=False)


def _counted(found: pl.DataFrame, folded_of: Memo[str]) -> tuple[pl.DataFrame, int]:
    """Fold every distinct spelling once, count the tokens of each event; with how many the limit took away."""
    spellings = found["spelling"].unique()
    tokens = pl.Series(folded_of.of(spellings.to_list()), dtype=pl.String)
    folds = pl.DataFrame({"spelling": spellings, "token": tokens}).filter(pl.col("token") != "")
    folded = found.join(folds, on="spelling", how="inner", maintain_order="left")
    row = folded["row"]
    # The finds of an event stand together, so none has more than the limit unless two so far apart are of one event.
    may_be_over = (row == row.shift(MAX_TOKENS)).any()
    groups = folded.group_by("row", "token", maintain_order=may_be_over)
    counted = groups.agg(pl.col("spelling").first(), pl.len().cast(pl.UInt32).alias("occurrences"))
    if not may_be_over:
        return counted, 0
    kept = counted.filter(pl.int_range(pl.len()).over("row") < MAX_TOKENS)
    return kept, counted.height - kept.height

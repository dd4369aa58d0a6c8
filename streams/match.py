"""Match: which campaigns each event of a batch belongs to."""

import hashlib
import re
from collections.abc import Sequence

import msgspec
import polars as pl

from schemas.campaign import Campaign
from schemas.counters import EVERY_CAMPAIGN
from streams.tokens.accounts import fold_account
from streams.tokens.classes import BIDI_CONTROLS
from streams.tokens.hashtags import fold_hashtag

_UNSPACED = "".join(rf"\p{{scx={script}}}" for script in ("Han", "Hira", "Kana", "Thai", "Lao", "Khmr", "Mymr"))
_SPACED = rf"[\p{{L}}\p{{M}}\p{{N}}_--[{_UNSPACED}]]"
"""What continues a word, in scripts that write spaces between words. By script extensions: U+30FC is Katakana's."""

_BIDI_CONTROL = f"[{BIDI_CONTROLS}]"
_EXPANDED = {char: char.casefold() for char in map(chr, range(0x80, 0x2000)) if len(char.casefold()) > 1}
"""What casefolding makes longer (``ß``): regular expressions ignore the case of single characters only."""


class Matcher:
    """The campaigns' rules, made ready for batches."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self.campaigns = tuple(campaigns)
        tokens = [
            (kind, token, campaign.name)
            for campaign in campaigns
            for kind, token in sorted(
                {("hashtag", fold_hashtag(tag.lstrip("#＃"))) for tag in campaign.hashtags}
                | {("account", fold_account(account.lstrip("@＠"))) for account in campaign.accounts}
            )
        ]
        schema = pl.Schema({"kind": pl.String(), "token": pl.String(), "campaign": pl.String()})
        self._tokens = pl.DataFrame(tokens, schema=schema, orient="row")
        self._keywords = [(campaign.name, _pattern(campaign.keywords)) for campaign in campaigns if campaign.keywords]

    def match(self, tokens: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
        """The campaigns of each event: (row, campaign), each pair once, without ``*``.

        ``tokens`` are the extracted (row, kind, token, …), ``texts`` the events' texts by row, null where none.
        """
        found = [tokens.join(self._tokens, on=["kind", "token"], how="inner").select("row", "campaign")]
        if self._keywords and texts.null_count() < len(texts):
            folded = _folded(texts)
            for campaign, pattern in self._keywords:
                rows = folded.str.contains(pattern).arg_true().cast(tokens.schema["row"])
                found.append(pl.DataFrame({"row": rows, "campaign": pl.repeat(campaign, len(rows), eager=True)}))
        return pl.concat(found).unique()


def _folded(texts: pl.Series) -> pl.Series:
    """Texts without bidi controls, under NFKC and, but for what ``(?i)`` does, casefolded."""
    plain = texts.str.replace_all(_BIDI_CONTROL, "").str.normalize("NFKC")
    return plain.str.replace_many(list(_EXPANDED), list(_EXPANDED.values()))


def _pattern(keywords: Sequence[str]) -> str:
    """Keywords as a regular expression on folded text: whole words, in scripts that write spaces between words.

    Grouped by their edges: with the classes once a keyword, some 200 would exceed what Rust compiles.
    """
    edges: dict[tuple[str, str], list[str]] = {}
    for word in _folded(pl.Series(keywords)).str.strip_chars():
        first, last = pl.Series([word[0], word[-1]]).str.contains(_SPACED)
        around = f"(?:^|[^{_SPACED}])" if first else "", f"(?:$|[^{_SPACED}])" if last else ""
        edges.setdefault(around, []).append(re.escape(word))
    groups = (f"{before}(?:{'|'.join(words)}){after}" for (before, after), words in edges.items())
    return f"(?i){'|'.join(groups)}"


def rules_versions(campaigns: Sequence[Campaign], counting: Sequence[object]) -> dict[str, int]:
    """The rules version of each campaign and of ``*``: a 64-bit hash of all that decides what is counted under it.

    ``counting`` is what they have in common: segment rule, horizon, extractor and Unicode versions.
    """
    versions = {EVERY_CAMPAIGN: _hash(counting)}
    for campaign in campaigns:
        # With its name: where two campaigns have the same rules, each still has a version of its own.
        parts = (campaign.name, sorted(campaign.hashtags), sorted(campaign.accounts), sorted(campaign.keywords))
        versions[campaign.name] = _hash((*counting, *parts))
    return versions


def _hash(parts: Sequence[object]) -> int:
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).digest(), "big")

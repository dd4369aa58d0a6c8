"""Match: which campaigns each event of a batch belongs to."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import msgspec
import polars as pl

from schemas.campaign import Campaign
from schemas.counters import EVERY_CAMPAIGN
from streams.tokens.accounts import fold_account
from streams.tokens.hashtags import fold_hashtag

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_SPACED = r"[\p{L}\p{M}\p{N}_--\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""What continues a word, in scripts that write spaces between words."""


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
        self._keywords = [
            (campaign.name, "(?i)" + "|".join(_pattern(keyword) for keyword in campaign.keywords))
            for campaign in campaigns
            if campaign.keywords
        ]

    def match(self, tokens: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
        """The campaigns of each event: (row, campaign), each pair once, without ``*``.

        ``tokens`` are the extracted (row, kind, token, …), ``texts`` the events' texts by row, null where none.
        """
        found = [tokens.join(self._tokens, on=["kind", "token"], how="inner").select("row", "campaign")]
        if self._keywords and texts.null_count() < len(texts):
            normal = texts.str.normalize("NFKC")
            for campaign, pattern in self._keywords:
                rows = normal.str.contains(pattern).arg_true().cast(tokens.schema["row"])
                found.append(pl.DataFrame({"row": rows, "campaign": pl.repeat(campaign, len(rows), eager=True)}))
        return pl.concat(found).unique()


def _pattern(keyword: str) -> str:
    """A keyword as a regular expression on NFKC text: whole words, in scripts that write spaces between words."""
    word = unicodedata.normalize("NFKC", keyword.strip())
    before = "" if _unspaced(word[0]) else f"(?:^|[^{_SPACED}])"
    after = "" if _unspaced(word[-1]) else f"(?:$|[^{_SPACED}])"
    return f"{before}{re.escape(word)}{after}"


def _unspaced(char: str) -> bool:
    return unicodedata.name(char, "").startswith(_UNSPACED)


def rules_versions(campaigns: Sequence[Campaign], counting: Sequence[object]) -> dict[str, int]:
    """The rules version of each campaign and of ``*``: a 64-bit hash of all that decides what is counted under it.

    ``counting`` is what they have in common: segment rule, horizon, extractor and Unicode versions.
    """
    versions = {EVERY_CAMPAIGN: _hash(counting)}
    for campaign in campaigns:
        parts = (sorted(campaign.hashtags), sorted(campaign.accounts), sorted(campaign.keywords))
        versions[campaign.name] = _hash((*counting, *parts))
    return versions


def _hash(parts: Sequence[object]) -> int:
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).digest(), "big")

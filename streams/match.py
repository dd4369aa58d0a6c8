"""Match: which campaigns each event of a batch belongs to."""

import hashlib
from collections.abc import Sequence

import msgspec
import polars as pl

from schemas.campaign import Campaign
from schemas.counters import EVERY_CAMPAIGN
from schemas.event import SOURCES
from streams.columns import SOURCE
from streams.keywords import Keywords
from streams.labels import Labels
from streams.sentiment import Judge
from streams.token_table import TokenTable


class Matcher:
    """The campaigns' rules, made ready for batches."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self.campaigns = tuple(campaigns)
        self.labels = Labels(campaigns)
        self.judge = Judge(campaigns)
        self._name = self.labels.names
        entries = [
            (kind, word, campaign.name)
            for campaign in campaigns
            for kind, words in (("hashtag", campaign.every_hashtag), ("account", campaign.accounts))
            for word in words
        ]
        self._tokens = TokenTable({"campaign": self._name}, entries)
        self._keywords = Keywords(campaigns, self._name)
        posts = [(post, campaign.name) for campaign in campaigns for post in campaign.posts]
        self._posts = pl.DataFrame(posts, schema={"post": pl.String(), "campaign": self._name}, orient="row")
        allowed = [(campaign.name, source) for campaign in campaigns for source in campaign.platforms or SOURCES]
        schema = pl.Schema({"campaign": self._name, "source": SOURCE})
        self._platforms = pl.DataFrame(allowed, schema=schema, orient="row")
        self._choosy = any(campaign.platforms for campaign in campaigns)

    @property
    def watches_posts(self) -> bool:
        """Whether some campaign names posts, so that ``match`` wants to know them."""
        return len(self._posts) > 0

    def match(self, tokens: pl.DataFrame, texts: pl.Series, sources: pl.Series, posts: pl.DataFrame) -> pl.DataFrame:
        """The campaigns of each event: (row, campaign), each pair once, without ``*``.

        ``tokens`` are the extracted (row, kind, token, …); ``texts`` and ``sources`` the events', by row: texts folded,
        null where there is none; ``posts`` (row, post) what an event is and what it acts on, as ``source:post_id``.
        """
        found = [self._tokens.find(tokens)]
        if len(self._keywords):
            found += self._keywords.find(texts)
        if self.watches_posts:
            found.append(posts.join(self._posts, on="post", how="inner").select("row", "campaign"))
        matches = pl.concat(found).unique()
        if not self._choosy:
            return matches
        matches = matches.with_columns(source=sources.gather(matches["row"]))
        return matches.join(self._platforms, on=["campaign", "source"], how="semi").select("row", "campaign")


_DECIDE = (
    "every_hashtag", "accounts", "keywords", "posts", "platforms", "own", "partners", "targets", "groups", "positive",
    "negative",
)  # fmt: skip
"""What of a campaign decides what is counted under it."""


def rules_versions(campaigns: Sequence[Campaign], counting: Sequence[object]) -> dict[str, int]:
    """The rules version of each campaign and of ``*``: a 64-bit hash of all that decides what is counted under it.

    ``counting`` is what they have in common: segment rule, horizon, extractor and Unicode versions.
    """
    versions = {EVERY_CAMPAIGN: _hash(counting)}
    for campaign in campaigns:
        # With its name: where two campaigns have the same rules, each still has a version of its own.
        rules = [sorted(map(msgspec.json.encode, getattr(campaign, name))) for name in _DECIDE]
        versions[campaign.name] = _hash((*counting, campaign.name, rules))
    return versions


def _hash(parts: Sequence[object]) -> int:
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).digest(), "big")

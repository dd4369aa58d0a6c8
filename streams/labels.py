"""Labels: what campaigns call some tokens and authors: groups of hashtags, targets, own accounts and partners."""

from collections.abc import Sequence

import polars as pl

from schemas.campaign import Campaign
from schemas.counters import EVERY_CAMPAIGN
from schemas.event import SOURCES
from streams.columns import SOURCE
from streams.token_table import TokenTable
from streams.tokens.accounts import fold_account

ROLES = {"own": "own", "partners": "partner"}
"""A campaign file's key, and the role of the accounts it lists."""


class Labels:
    """Of several campaigns, ready for batches.

    ``groups`` finds (campaign, hashtag_group), ``targets`` (campaign, target) of tokens; ``names`` is the type of
    column ``campaign``.
    """

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self.names = pl.Enum([EVERY_CAMPAIGN, *(campaign.name for campaign in campaigns)])
        self.groups = TokenTable(
            {"campaign": self.names, "hashtag_group": pl.String()},
            [
                ("hashtag", hashtag, campaign.name, group.name)
                for campaign in campaigns
                for group in campaign.groups
                for hashtag in group.hashtags
            ],
        )
        targets = [(one, *_placed(target)) for one in campaigns for target in one.targets]
        self.targets = TokenTable(
            {"campaign": self.names, "source": SOURCE, "target": pl.String()},
            [("account", name, one.name, source, name) for one, sources, name in targets for source in sources],
        )
        roles = {
            (campaign.name, source, name): role
            for key, role in reversed(ROLES.items())
            for campaign in campaigns
            for sources, name in map(_placed, getattr(campaign, key))
            for source in sources
        }
        schema = {"campaign": self.names, "source": SOURCE, "account": pl.String(), "role": pl.String()}
        self._roles = pl.DataFrame([(*key, role) for key, role in roles.items()], schema=schema, orient="row")

    def with_roles(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add ``role`` to rows with (campaign, source, author_name): ``own``, ``partner``, or ``''``."""
        if not len(self._roles):
            return rows.with_columns(role=pl.lit(""))
        names = rows["author_name"].unique()
        accounts = pl.Series("account", [_account(name) for name in names.to_list()], dtype=pl.String)
        placed = rows.join(pl.DataFrame([names, accounts]), on="author_name", how="left")
        placed = placed.join(self._roles, on=["campaign", "source", "account"], how="left")
        return placed.drop("account").with_columns(pl.col("role").fill_null(""))


def _placed(written: str) -> tuple[Sequence[str], str]:
    """The platforms of an account as campaign files write it, ``source:name`` or the name alone, and its token."""
    source, colon, name = written.partition(":")
    return ((source,), _account(name)) if colon and source in SOURCES else (tuple(SOURCES), _account(written))


def _account(name: str) -> str:
    return fold_account(name.lstrip("@＠"))

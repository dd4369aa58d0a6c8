"""Accounts: which @-mentions a platform's texts hold.

- twitter-text's rule, for `x` and wherever no other is known: ``@name`` of up to 20 letters, digits and underscores,
  perhaps with a list's ``/slug``, which is not part of the account.
- `bluesky`: ``@name.domain``, a handle by the AT Protocol's syntax.
- `mastodon`: ``@name@host``, and ``@name`` for an account of the same server.

What stands in a URL is no mention.
"""

import re
from dataclasses import dataclass

from streams.tokens.classes import BIDI_CONTROLS, CONNECTORS, DIGITS, LATIN_ACCENTS, LETTERS_AND_MARKS
from streams.tokens.urls import outside_urls

_WORD = f"{LETTERS_AND_MARKS}{DIGITS}{CONNECTORS}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How the mentions of one platform are found, in one text and in a column of texts.

    mention: for Python; matches from the sign on, looks behind, and has the account as its group `account`.
    not_after: for Python; what must not follow.
    column_pattern: for Rust, which looks at nothing but what it takes: the mention, for a text with nothing of
        `handed_over` in it, perhaps with the character before it and with what must not follow it.
    column_account: for Rust; the account in such a match as group 1; does not match where what must not follow does.
    handed_over: for Rust; what a text contains whose mentions only the Python expression can tell.
    """

    mention: re.Pattern[str]
    not_after: re.Pattern[str]
    column_pattern: str
    column_account: str
    handed_over: tuple[str, ...] = ()


def _twitter_text() -> Rule:
    mention = "[a-zA-Z0-9_]{1,20}"
    slug = "(?:/[a-zA-Z][a-zA-Z0-9_-]{0,24})?"
    not_before = "a-zA-Z0-9_!#$%&*@"
    retweet = "(?<=[^a-zA-Z0-9_+~.-][rR][tT][@＠])|(?<=^[rR][tT][@＠])"
    not_after = f"[@＠{LATIN_ACCENTS}]|://"
    return Rule(
        mention=re.compile(f"[@＠](?:(?<![{not_before}＠][@＠])|{retweet})(?P<account>{mention}){slug}"),
        not_after=re.compile(not_after),
        column_pattern=f"@{mention}{slug}(?:{not_after})?",
        column_account="@([a-zA-Z0-9_]+)(?:/[a-zA-Z0-9_-]+)?$",
        handed_over=("＠", f"[{not_before}]@"),
    )


def _bluesky() -> Rule:
    middle = "(?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    handle = rf"(?:[a-zA-Z0-9]{middle}\.)+[a-zA-Z]{middle}"
    not_after = f"[a-zA-Z0-9_@＠{LATIN_ACCENTS}]|://"
    return _looking_back_at_words(handle, not_after, r"@([a-zA-Z0-9.-]+)$")


def _mastodon() -> Rule:
    name = "[a-zA-Z0-9_]+(?:[.-]+[a-zA-Z0-9_]+)*"
    host = f"[{_WORD}]+(?:[.-]+[{_WORD}]+)*"
    return _looking_back_at_words(f"{name}(?:@{host})?", "://", "@([^/]+)$")


def _looking_back_at_words(account: str, not_after: str, column_account: str) -> Rule:
    """A rule by which a mention follows no word, no `=`, `/` or `@`.

    What a mention ends with, and what must not follow it, is one of these: so taking the character before (Rust) and
    looking at it (Python) come to the same.
    """
    not_before = f"=/@＠{_WORD}"
    return Rule(
        mention=re.compile(f"@(?<![{not_before}]@)(?P<account>{account})"),
        not_after=re.compile(not_after),
        column_pattern=f"(?:^|[^{not_before}])@{account}(?:{not_after})?",
        column_account=column_account,
    )


DEFAULT = _twitter_text()
BY_SOURCE = {"bluesky": _bluesky(), "mastodon": _mastodon()}


_BIDI_CONTROL = re.compile(f"[{BIDI_CONTROLS}]")


def fold_account(spelling: str) -> str:
    """The token of an account: bidi controls removed, lower case. May return ''."""
    return _BIDI_CONTROL.sub("", spelling).lower()


def accounts_in(text: str, rule: Rule = DEFAULT) -> list[str]:
    """The accounts that a text without bidi controls mentions, in order and as often as it does, without the sign."""
    found = {}
    taken = -1
    for match in rule.mention.finditer(text):
        start, end = match.span()
        # What ends one mention cannot stand before the next as well.
        if start != taken:
            taken = end
            if not rule.not_after.match(text, end):
                found[start, end] = match["account"]
    return [found[span] for span in outside_urls(text, found)]

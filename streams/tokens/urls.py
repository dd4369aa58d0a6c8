"""Where URLs stand in a text, by twitter-text's grammar: a hashtag or account within one is none.

The grammar is that of twitter-text's ``extractUrlsWithIndices``: with or without ``http(s)://``, the host ends in a
known top-level domain, a path or query may follow. One thing is ours: a label of a host has at most 63 characters, as
in DNS, and a host at most 16 labels, so that the work grows with the length of a text and not with its square.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from streams.tokens.classes import BIDI_CONTROLS, CYRILLIC, LATIN_ACCENTS, SPACES
from streams.tokens.tlds import TLDS

Span = tuple[int, int]

_MAX_LABEL = 63
_MAX_HOST = 253
_MAX_TCO_SLUG = 40

_NO_CHARACTER = r"\ufffe\ufeff\uffff"
_PUNCTUATION = r"!\"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~\u2010-\u2027\u2030-\u205e"
_NOT_IN_HOST = f"{_PUNCTUATION}{SPACES}{_NO_CHARACTER}{BIDI_CONTROLS}"
_EDGE = f"[^{_NOT_IN_HOST}_-]"
_SUBDOMAIN = rf"(?:{_EDGE}[^{_NOT_IN_HOST}]{{0,62}}+(?<!_)(?<!-)\.)"
_DOMAIN = rf"(?:{_EDGE}[^{_NOT_IN_HOST}_]{{0,62}}+(?<!-)\.)"

_IN_PATH = rf"[a-z0-9!*';:=+,.$/%#\[\]\u2013_~@|&{CYRILLIC}{LATIN_ACCENTS}-]"
_ENDS_PATH = f"[a-z0-9+=_#/{CYRILLIC}{LATIN_ACCENTS}-]"
_PARENTHESES = rf"\((?:{_IN_PATH}++|{_IN_PATH}*+\({_IN_PATH}++\){_IN_PATH}*+)\)"
_PATH = f"/(?:{_IN_PATH}*(?:{_PARENTHESES}{_IN_PATH}*)*(?:{_ENDS_PATH}|{_PARENTHESES}))?"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*[a-z0-9_&=#/-]"

_WORD = re.compile(f"[^{SPACES}]+")


class _Grammar(NamedTuple):
    url: re.Pattern[str]
    ascii_host: re.Pattern[str]
    short_url: re.Pattern[str]


@cache
def _grammar() -> _Grammar:
    # Grouped by first letter, for Python tries alternatives one by one; the longest of a group first.
    rests = groupby(sorted(TLDS.split(), key=lambda name: (name[0], -len(name))), key=itemgetter(0))
    names = "|".join(f"{first}(?:{'|'.join(name[1:] for name in group)})" for first, group in rests)
    tld = f"(?:(?:{names})(?=[^0-9a-z@+-]|$)|xn--[0-9a-z-]+)"
    return _Grammar(
        re.compile(
            f"(?P<before>[^a-z0-9@＠$#＃{_NO_CHARACTER}]|^)"
            f"(?P<url>(?P<protocol>https?://)?(?P<host>{_SUBDOMAIN}{{0,14}}{_DOMAIN}{tld})"
            f"(?::[0-9]+)?(?P<path>{_PATH})?(?:{_QUERY})?)"
        ),
        re.compile(rf"(?:[a-z0-9{LATIN_ACCENTS}-]+\.)+{tld}"),
        re.compile(rf"https?://t\.co/(?P<slug>[a-z0-9]+)(?:{_QUERY})?"),
    )


def may_hold(sign: str) -> str:
    """For Rust and Python: what a text contains if a URL holds this sign of ASCII; finds too much, never too little."""
    # A dot, a top-level domain and perhaps a port, then a path or a query.
    return rf"\.[^\s/?#@.]{{2,}}[/?][^\s]*{sign}"


# A host may hold the wide signs too.
_MAY_HOLD_SIGN = re.compile(rf"{may_hold('[#@]')}|[＃＠][^\s]*\.")


def url_spans(text: str) -> list[Span]:
    """Start and end of every URL, in characters, in their order."""
    grammar = _grammar()
    spans: list[Span] = []
    for match in _candidates(text, grammar.url):
        if not _is_in_dns(match["host"]):
            continue
        if match["protocol"] is None:
            spans.extend(_without_protocol(match, grammar.ascii_host))
        elif short := grammar.short_url.match(match.string, *match.span("url")):
            if len(short["slug"]) <= _MAX_TCO_SLUG:
                spans.append(short.span())
        else:
            spans.append(match.span("url"))
    return spans


def _candidates(text: str, url: re.Pattern[str]) -> Iterator[re.Match[str]]:
    # In lower case every character keeps its place; the one that would become two gives way to another accented one.
    text = text.replace("İ", "ı").lower()
    # No URL has a space within it, and most words have no dot.
    for word in _WORD.finditer(text):
        if "." in word[0]:
            yield from url.finditer(text, max(word.start() - 1, 0), word.end())


def _without_protocol(match: re.Match[str], ascii_host: re.Pattern[str]) -> list[Span]:
    """Without a protocol only hosts in Latin letters count; a path belongs to the last of them."""
    if match["before"] and match["before"] in "-_./":
        return []
    hosts = [host.span() for host in ascii_host.finditer(match.string, *match.span("host"))]
    if hosts and match["path"]:
        hosts[-1] = (hosts[-1][0], match.end())
    return hosts


def _is_in_dns(host: str) -> bool:
    lengths = [len(label) if label.isascii() else _punycode_length(label) for label in host.split(".")]
    return max(lengths) <= _MAX_LABEL and sum(lengths) + len(lengths) - 1 <= _MAX_HOST


def _punycode_length(label: str) -> int:
    """Length in DNS of a label that is not ASCII; one that claims to be in punycode already fits nowhere."""
    if label.startswith("xn--"):
        return _MAX_LABEL + 1
    return len("xn--") + len(label.encode("punycode"))


def outside_urls(text: str, found: Collection[Span]) -> list[Span]:
    """Those of the spans found (in order) that stand in no URL.

    As in twitter-text the earlier of two that overlap wins: a URL that begins within a hashtag is no URL.
    """
    urls = set(url_spans(text)) if found and _MAY_HOLD_SIGN.search(text) else set()
    kept: list[Span] = []
    end = 0
    for span in sorted([*urls, *found]):
        if span[0] >= end:
            end = span[1]
            kept.append(span)
    return [span for span in kept if span not in urls]

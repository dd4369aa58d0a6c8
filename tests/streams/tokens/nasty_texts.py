"""Texts that are hard to cut into tokens: signs, scripts, joiners, selectors and URLs stuck together."""

from emoji import EMOJI_DATA
from hypothesis import strategies as st

_SIGNS = ["#", "＃", "@", "＠", "&", "_", "-", ".", ",", ":", "/", "?", "=", "(", ")", "!", "+", "~", "$", "'", "://"]
_SPACES = [" ", "\n", "\t", "\u00a0", "\u3000", "\u180e", "\u2028", ""]
_INVISIBLE = ["\u200c", "\u200d", "\ufe0e", "\ufe0f", "\u20e3", "\ufeff", "\u0301", "\u0345", "\u3164", "\ufffe"]
_BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WORDS = [
    "a", "B", "z9", "1", "42", "é", "ß", "İ", "ı", "ſ", "K", "日本", "カー", "ー", "・", "～", "한국",
    "ㅎ", "ไทย", "हिन्दी", "שָׁ",
    "־", "سلام", "۳", "ша", "ელ", "Ⴀ", "Ꭰꭰꭼᏸ", "ʻ", "\U00020021", "\U000104a0", "\U00016f51",
    "\u088f", "\u0558", "〃",
    "ﾊﾞ", "ｱ", "Ａ", "１", "ﬁ", "ǆ", "½", "Ⅳ", "‿", "།", "་", "\U0001d7d8", "\U000e0061", "RT", "rt", "rt:",
]  # fmt: skip
_TOKENS = [
    "#tag", "#Ünï", "＃日本語", "#1", "#_", "#1a", "#a#b", "##a", "#http://", "@name", "@a@b",
    "a@b.c", "@a/b", "@a/b-", "@@a",
    "@name.domain", "@a.b-c.d", "@name@host.org", "@name@host", "@" + "x" * 25, "@a/" + "y" * 30, "@name_", "@nameé",
]  # fmt: skip
_URLS = [
    "http://", "https://", "t.co/", "x.com", ".com", "x.com/", "x.com/#a",
    "https://x.org/?q=#b", "m.net/@user", "日本.中国/#c",
    "foo_bar.com/#d", "a.b.c.jp:80/@e", "HTTP://X.COM/#F", "x.com?#g", "http://a.＃b.com",
    "x.com/(#h)", "e-.com/#i", "xn--p1ai",
    "http://t.co/abc#j", "http://✪df.ws/#k", "İx.com/#l",
]  # fmt: skip
_EMOJIS = [
    *"❤☎©®™👍👩💻🏽🦰🏳🌈🇺🇳🇹🇷🇽〰㊗ℹ↔", "❤️", "❤︎", "©️", "👍🏽", "👩‍💻", "👩🏿‍💻", "🏳️‍🌈", "🏳‍🌈", "1️⃣", "1⃣",
    "#️⃣", "*⃣", "#⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "👨‍👩‍👧‍👦", "👁‍🗨", "✌🏿️",
]  # fmt: skip

_PIECES = [_SIGNS, _SPACES, _INVISIBLE, _BIDI, _WORDS, _TOKENS, _URLS, _EMOJIS, sorted(EMOJI_DATA)]


def nasty_texts() -> st.SearchStrategy[str]:
    """Pieces stuck together, and now and then any character at all."""
    anything = st.characters(exclude_categories=["Cs"])
    piece = st.one_of(*(st.sampled_from(pieces) for pieces in _PIECES), anything)
    return st.lists(piece, max_size=14).map("".join)

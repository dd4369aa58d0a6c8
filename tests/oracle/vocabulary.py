"""What generated texts are made of: tokens with the ways in which they are written.

Tokens stand here as they must be counted, written by hand: nothing in this module folds anything. Composed for this
project; none of it is anybody's post.
"""

from emoji import EMOJI_DATA

from tests.oracle.log import Campaign

HASHTAGS: dict[str, tuple[str, ...]] = {
    "kindness": ("kindness", "Kindness", "KINDNESS", "ｋｉｎｄｎｅｓｓ", "KindNess", "kind\u200eness"),
    "endbullying": ("EndBullying", "endbullying", "ENDBULLYING", "endBullying", "𝗲𝗻𝗱𝗯𝘂𝗹𝗹𝘆𝗶𝗻𝗴"),
    "friendshipday": ("FriendshipDay", "friendshipday", "ＦｒｉｅｎｄｓｈｉｐＤａｙ"),
    "love": ("love", "Love", "LOVE", "𝓛𝓸𝓿𝓮", "ｌｏｖｅ"),
    "평화": ("평화", "\u1111\u1167\u11bc\u1112\u116a"),
    "친절한마음": ("친절한마음",),
    "世界平和": ("世界平和",),
    "やさしさ": ("やさしさ",),
    "バング": ("バング", "ﾊﾞﾝｸﾞ"),
    "كلنا_معا": ("كلنا_معا",),
    "می\u200cخواهم": ("می\u200cخواهم",),
    "דרךארץ": ("דרךארץ", "\u200fדרךארץ"),
    "दयालु": ("दयालु",),
    "क\u094d\u200dष": ("क\u094d\u200dष",),
    "รักษ์โลก": ("รักษ์โลก",),
    "strasse": ("Straße", "STRASSE", "strasse", "Strasse"),
    "café": ("café", "Café", "CAFÉ", "cafe\u0301", "CAFE\u0301"),
    "i\u0307stanbul": ("İstanbul", "I\u0307STANBUL", "i\u0307stanbul"),
    "istanbul": ("istanbul", "Istanbul", "ISTANBUL"),
    "ıstanbul": ("ıstanbul",),
    "κόσμοσ": ("κόσμος", "ΚΌΣΜΟΣ", "Κόσμος"),
    "мир": ("мир", "МИР", "Мир"),
    "доброта": ("доброта", "Доброта", "ДОБРОТА"),
    "საქართველო": ("საქართველო", "ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ"),
    "ᎠᎡᎢ": ("ᎠᎡᎢ", "ꭰꭱꭲ"),
    "𐐼𐐯𐑅𐐨𐑉𐐯𐐻": ("𐐼𐐯𐑅𐐨𐑉𐐯𐐻", "𐐔𐐇𐐝𐐀𐐡𐐇𐐓"),
    "finally": ("finally", "ﬁnally", "Finally"),
    "việtnam": ("ViệtNam", "việtnam", "Vie\u0323\u0302tNam", "VIỆTNAM"),
    "día_mundial": ("Día_Mundial", "DÍA_MUNDIAL", "día_mundial"),
    "2026challenge": ("2026challenge", "2026Challenge", "２０２６challenge"),
    "teamgb": ("TeamGB", "teamgb", "TEAMGB"),
    "a": ("a", "A", "ａ"),
    "5k": ("5K", "5k", "5\u212a"),
}
"""Token: its spellings, with controls of writing direction that no spelling keeps (U+200E, U+200F)."""

TAIL = 2_000
"""How many more hashtags there are: the long tail, one or two events each."""

PURPLE_HEART = "💜"
POPULAR_EMOJIS = (
    PURPLE_HEART, "❤️", "😂", "👍", "👍🏽", "👨‍👩‍👧‍👦", "👩‍❤️‍💋‍👨", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇰🇷", "🇺🇳", "🇹🇷", "1️⃣", "#️⃣",
    "*️⃣", "©️", "®️", "™️", "☎️", "🫶🏿", "🧑🏾‍🤝‍🧑🏻", "👁️‍🗨️", "✊", "🕊️", "♾️", "😡", "🤦🏽‍♀️", "❤️‍🔥", "☹️", "😭",
)  # fmt: skip

NO_TOKENS = (
    "#2026", "#", "@", "1", "*", "&#39;", "mail@example.org", "https://example.org/page", "☎\ufe0e", "❤\ufe0e",
    "©", "®", "™", "🏽", "🦰", "a#b", "##", "peaceful", "unkind", "$1.50", "100%", "«»", "\u200f", "한국어",
    "日本語", "ไทย", "word", "Ünï", "naïve", "e\u0301", "\t", "\n", '"quoted"', "back\\slash", "/", "<b>",
    "\u2028", "🇽",
)  # fmt: skip
"""What looks like a token and is none, and plain words: none of them matches a campaign."""

CAMPAIGNS = (
    Campaign(
        "kindness",
        hashtags=("Kindness", "ＦＲＩＥＮＤＳＨＩＰＤＡＹ", "친절한마음"),
        own=("TeamGB",),
        partners=("@Kind_Launch", "x:b2", "bluesky:launch.example.org", "mastodon:TeamGB"),
        targets=("LaunchOfficial", "bluesky:ana.bsky.example", "tiktok:teamgb", "ana_1"),
        groups=(("bullying", ("EndBullying", "*bully*")), ("peace", ("#Мир", "世界平和", "Kindness"))),
        positive=("stop it now", "最高", "Grüße", "Κόσμος"),
        negative=("schlecht", "fake", "MÜNCHEN"),
    ),
    Campaign(
        "peace",
        hashtags=("мир", "평화"),
        keywords=("peace", "world peace day", "平和", "สันติภาพ"),
        positive=("fake", "peace"),
        negative=("最高",),
    ),
    Campaign("partners", accounts=("@Kind_Launch", "launch.example.org", "launch@social.example", "LaunchOfficial")),
    Campaign("everywhere", hashtags=("#Love", "İstanbul", "STRASSE"), accounts=("teamgb",), keywords=("MÜNCHEN",)),
    Campaign(
        "any",
        hashtags=("*BULLY*", "доб*"),
        keywords=('(peace OR "world peace day") NOT "peace day"', "München AND peace"),
    ),
    Campaign("platforms", hashtags=("love",), keywords=("peace",), platforms=("x", "tiktok")),
    Campaign("quiet", hashtags=("nobodywritesthis",), keywords=("nobody writes this",)),
)

KEYWORD_TEXTS = (
    "peace", "Peace!", "PEACE,", "(peace)", "World  Peace", "world peace day", "ｐｅａｃｅ", "平和", "世界の平和を願う",
    "สันติภาพ", "เพื่อสันติภาพโลก", "München", "MU\u0308NCHEN.", "in-München-now", "Münchenstein",
    "peacetime", "warpeace",
)  # fmt: skip
"""Texts with a campaign's keyword in them, and some that only begin or end like one."""

SAYINGS = (
    "great", "GREAT!", "ｇｒｅａｔ", "loved it", "gr8", "so happy,", "not good", "don't like it", "don’t hate it",
    "dont", "never", "was hardly a win", "not at all as good", "not at all as it was good", "terrible", "worst",
    "«awful»", "sad.", "we'll", "he'll", "ill", "hell", "no hope", "without", "stop it now", "STOP IT", "Fake", "fakes",
    "最高", "最高です", "schlecht", "Schlechter", "GRÜSSE", "genial", ":)", ":-)", ":(", ":/", "<3", ":D", "xD",
    "(:)", ":)!", "https://good", "www.good.example", "www.", "http://", "good-looking", "caf\u00e9good",
    "cafe\u0301good", "good\u2003bad", "o'good",
    "ΚΌΣΜΟΣ!", "κόσμος.", "stop it nowhere", "'good'", "bad’", "Straßegood",
)  # fmt: skip
"""What sounds good or bad, or only looks so; no token in it, and no keyword."""

ACCOUNTS: dict[str, tuple[str, ...]] = {
    "bluesky": ("launch.example.org", "Launch.Example.ORG", "ana.bsky.example", "b-2.example.net", "x.y.example"),
    "mastodon": ("launch@social.example", "Launch@Social.Example", "ana@m.example.org", "b_2@toot.example"),
    "": ("Kind_Launch", "kind_launch", "KIND_LAUNCH", "LaunchOfficial", "TeamGB", "ana_1", "B2", "_under_", "j"),
}
"""Spellings by source (all other sources under ``''``); their tokens are the same in lower case."""

AUTHORS = ("Somebody", "TeamGB", "@kind_launch", "launch.example.org", "B2", "", None)
FOLLOWERS = (None, 0, 17, 99_999, 100_000, 100_001, 5_432_101, 10_000_000, 21_000_000, 2**63 - 1)

LANGS = ("en", "en", "en-GB", "enm", "ko", "ja", "ar", "es", "pt-BR", "zh-Hant", "und", "", None)
COUNTRIES = ("US", "KR", "JP", "BR", "KE", "GB", "", None)


def emoji_spellings() -> dict[str, list[str]]:
    """Every emoji of the list by its fully-qualified form, with all forms that count as it."""
    forms: dict[str, list[str]] = {}
    by_bare = {}
    for written, row in EMOJI_DATA.items():
        if row["status"] == 2:
            forms[written] = [written]
            by_bare[written.replace("\ufe0f", "")] = written
    for written, row in EMOJI_DATA.items():
        if row["status"] > 2 and written not in "©®™":
            forms[by_bare[written.replace("\ufe0f", "")]].append(written)
    return forms

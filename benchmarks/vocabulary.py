"""What generated posts are made of. Composed for this project; none of it is anybody's post.

A hashtag's token is its spelling in lower case, and that is stable under NFKC and casefold: so every contender can
fold with what its tool has, and no rule of ours decides who is right.
"""

import unicodedata
from collections.abc import Sequence
from itertools import product

import numpy as np
from emoji import EMOJI_DATA, STATUS
from msgspec import Struct

HASHTAGS = 2_000

SOURCES = {
    "bluesky": 14, "mastodon": 6, "x": 30, "tiktok": 20, "instagram": 14, "facebook": 6, "youtube": 4, "reddit": 3,
    "web": 2, "other": 1,
}  # fmt: skip
"""Platform: relative weight."""

TYPES = {
    "mention": 32, "reply": 14, "quote": 5, "video": 5, "like": 25, "share": 11, "view": 3, "follow": 3, "pledge": 1,
    "signup": 1,
}  # fmt: skip
"""Kind of event: relative weight."""

WITH_TEXT = ("mention", "reply", "quote", "video")
"""Kinds of events that are posts; the others carry no text."""

POPULAR_EMOJIS = (
    "💜", "❤️", "😂", "🔥", "🙏", "😭", "👏", "✨", "🥰", "💪🏽", "👍🏽", "🕊️", "🌍", "🏳️‍🌈", "👨‍👩‍👧‍👦", "🇰🇷", "🇧🇷", "🇮🇳",
    "👩🏾‍🤝‍👨🏻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "👁️‍🗨️",
)  # fmt: skip
"""The most used, in order; after them come all others of the list."""

_PASSAGES = 500

_KEYCAP_OF_HASH = "#️⃣"  # only a grammar of hashtags tells its sign from one that begins a hashtag

_LATIN_FIRST = (
    "Kind Friend Peace Hope Brave Stop End Love Share Safe Every Great Open Real Green Young Music Dance Team Future "
    "Voice Stand Speak Climate Ocean Water School Child Girl Right Vote Amistad Niñez Corazón Educação Crianças Été "
    "Über Günstig Việt Bright Warm Gentle Proud Strong Wild Sweet"
)
_LATIN_SECOND = (
    "Day Challenge Note World Action Together Now Week Walk Heart Story Matters First Forever Unite Live Run Song 2026 "
    "4All Change Power Tour Night Movement Campaign Pledge"
)
_COMPOUNDS = (
    # Between the parts, how many are taken, first parts, second parts.
    ("", 1200, _LATIN_FIRST, _LATIN_SECOND),
    (
        "",
        140,
        "친절 평화 우정 사랑 희망 학교 아이 마음 음악 지구 내일 세계",
        "챌린지 운동 의날 한마디 이야기 함께 약속 노래 편지 나눔 시작",
    ),
    (
        "",
        140,
        "友だち やさしさ 平和 希望 学校 こども 未来 音楽 地球 感謝 笑顔",
        "チャレンジ の日 の輪 リレー ライブ への手紙 アクション 週間 大会 宣言",
    ),
    (
        "",
        100,
        "和平 友谊 希望 孩子 世界 未来 音乐 地球 善意 校园",
        "挑战 行动 日 故事 计划 周 同行 接力 之声 宣言",
    ),
    (
        "",
        140,
        "Добро Дружба Мир Надежда Школа Детство Музыка Планета Сердце Весна",
        "Вместе Сейчас День Неделя Вызов Всем Навсегда Года Рядом Дома Старт",
    ),
    (
        "_",
        100,
        "سلام صداقة أمل مدرسة طفولة محبة عالم كلمة صوت مستقبل",
        "معا اليوم للجميع الآن تحدي أسبوع حملة قصة وعد غدا",
    ),
    (
        "_",
        100,
        "दोस्ती शांति उम्मीद बचपन स्कूल प्यार दुनिया संगीत आवाज कल",
        "दिवस अभियान चुनौती साथ अभी सप्ताह कहानी वादा सबकी गीत",
    ),
    (
        "",
        100,
        "มิตรภาพ สันติ ความหวัง โรงเรียน เด็ก ความรัก โลก ดนตรี เสียง อนาคต",
        "วันนี้ ท้าทาย ด้วยกัน สัปดาห์ โครงการ เพลง เรื่อง สัญญา ใหม่",
    ),
    (
        "",
        100,
        "Ειρήνη Φιλία Ελπίδα Παιδί Αγάπη Σχολείο Μουσική Φωνή Καρδιά Γη",
        "Μαζί Τώρα Μέρα Παντού Ξανά Εδώ Μπροστά Όλοι Πάντα Αύριο",
    ),
)


PHRASES = {
    "en": (
        "Send one kind note today, it costs nothing",
        "Every child should feel safe at school",
        "I wrote to a friend I had not spoken to for years, and she answered",
        "What a night that was",
    ),
    "ko": ("오늘 친구에게 따뜻한 말 한마디를 보내요", "모든 아이가 안전한 세상을 바라요"),
    "es": ("Hoy le escribí una nota amable a mi vecina", "La amistad se cuida con palabras"),
    "pt": ("Uma palavra gentil muda o dia de alguém", "Toda criança merece crescer em paz"),
    "ja": ("友だちにやさしい言葉を送りました", "今日は感謝を伝える日です"),
    "id": ("Kirim satu pesan baik untuk temanmu hari ini",),
    "ar": ("أرسل كلمة طيبة إلى صديق اليوم",),
    "th": ("วันนี้ส่งคำดีๆ ให้เพื่อนสักคน",),
    "hi": ("आज किसी दोस्त को एक अच्छा शब्द भेजें",),
    "ru": ("Напишите другу доброе слово",),
}
"""What is written around the tokens, by language."""

COUNTRIES = {
    "en": "US", "ko": "KR", "es": "MX", "pt": "BR", "ja": "JP", "id": "ID", "ar": "EG", "th": "TH", "hi": "IN",
    "ru": "KZ",
}  # fmt: skip


class Hashtag(Struct, frozen=True):
    """A hashtag: the form in which it counts, and how it is written (without ``#``)."""

    token: str
    spellings: tuple[str, ...]


def hashtags(rng: np.random.Generator) -> list[Hashtag]:
    """2,000 hashtags in an order drawn from ``rng``, which is that of their frequency."""
    found: dict[str, Hashtag] = {}
    for joint, most, first, second in _COMPOUNDS:
        pairs = [joint.join(pair) for pair in product(first.split(), second.split())]
        good = [written for written in pairs if _plain(written)]
        for index in rng.permutation(len(good))[:most]:
            written = good[index]
            upper = (
                written.upper() if _plain(written.upper()) and written.upper().lower() == written.lower() else written
            )
            found[written.lower()] = Hashtag(written.lower(), (written, written, written.lower(), upper))
    ranked = [list(found.values())[index] for index in rng.permutation(len(found))]
    assert len(ranked) >= HASHTAGS, f"only {len(ranked)} hashtags"
    return ranked[:HASHTAGS]


def passages(rng: np.random.Generator, length: int) -> list[str]:
    """Texts of words without a token, to make events longer: so many that a batch is not packed by what it repeats."""
    words = f"{_LATIN_FIRST} {_LATIN_SECOND}".lower().split()
    each = length // 4 + 1
    return [" ".join(words[index] for index in rng.integers(0, len(words), each))[:length] for _ in range(_PASSAGES)]


def _plain(written: str) -> bool:
    token = written.lower()
    return token == unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())


def emojis(rng: np.random.Generator) -> list[str]:
    """Every emoji in its fully-qualified form, the popular ones first: the order of their frequency."""
    every = [sequence for sequence, facts in EMOJI_DATA.items() if facts["status"] == STATUS["fully_qualified"]]
    others = [one for one in every if one not in POPULAR_EMOJIS and one != _KEYCAP_OF_HASH]
    return [*POPULAR_EMOJIS, *(others[index] for index in rng.permutation(len(others)))]


def campaigns(ranked: Sequence[Hashtag], count: int, rules: int = 0) -> dict[str, str]:
    """So many campaigns as the product reads them: name → TOML. Each has hashtags of every rank; some have more.

    With ``rules`` each has so many hashtags and nothing else, and no two campaigns have one in common.
    """
    found = {}
    for number in range(count):
        ranks = range(number, count * rules, count) if rules else (number, 20 + number, 200 + number, 1000 + number)
        tags = ", ".join(f'"{ranked[rank].spellings[0]}"' for rank in ranks)
        lines = [f'name = "launch-{number}"', f'title = "Launch {number}"', f"hashtags = [{tags}]"]
        if number % 3 == 0 and not rules:
            lines.append(f'accounts = ["partner_{number}"]')
        if number % 5 == 0 and not rules:
            lines.append('keywords = ["kind note", "safe at school"]')
        found[f"launch-{number}"] = "\n".join(lines) + "\n"
    return found

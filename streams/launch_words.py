"""What the played launch is made of: platforms, kinds of events, and what people write, in the scripts they write in.

Weights are relative. Hashtags stand without ``#``; emojis in their fully-qualified form.
"""

from msgspec import Struct

from schemas.event import EventType, Source


class Language(Struct, frozen=True):
    """A language of the launch: how much of the talk is in it, where from, and what is said."""

    weight: float
    countries: tuple[str, ...]
    campaign: tuple[str, ...]
    talk: tuple[str, ...]


LANGUAGES: dict[str, Language] = {
    "en": Language(
        30,
        ("US", "GB", "NG", "PH", "KE"),
        (
            "Send one kind note today, it costs nothing",
            "Every child should feel safe at school",
            "I wrote to a friend I had not spoken to for years",
            "Words can hurt and words can heal",
        ),
        (
            "The bus is late again",
            "Trying a new soup tonight",
            "What a match that was",
            "Rain until Thursday, they say",
        ),
    ),
    "ko": Language(
        14,
        ("KR",),
        (
            "오늘 친구에게 따뜻한 말 한마디를 보내요",
            "모든 아이가 안전한 세상을 바라요",
            "고마운 친구에게 편지를 썼어요",
        ),
        ("오늘 점심은 냉면이에요", "비가 와서 집에 있어요"),
    ),
    "es": Language(
        12,
        ("MX", "ES", "AR", "CO", "PE"),
        (
            "Hoy le escribí una nota amable a mi vecina",
            "Ningún niño debería tener miedo en la escuela",
            "La amistad se cuida con palabras",
        ),
        ("Qué calor hace esta tarde", "Mañana toca mercado"),
    ),
    "pt": Language(
        8,
        ("BR", "PT", "MZ"),
        ("Uma palavra gentil muda o dia de alguém", "Toda criança merece crescer em paz", "Obrigado aos meus amigos"),
        ("O café acabou cedo hoje", "Domingo é dia de praia"),
    ),
    "ja": Language(
        7,
        ("JP",),
        ("友だちにやさしい言葉を送りました", "すべての子どもが安心できる世界へ", "今日は感謝を伝える日です"),
        ("今日の空はきれいでした", "電車が少し遅れています"),
    ),
    "id": Language(
        7,
        ("ID",),
        ("Kirim satu pesan baik untuk temanmu hari ini", "Setiap anak berhak merasa aman", "Terima kasih, sahabat"),
        ("Macet lagi pagi ini", "Nasi goreng untuk makan malam"),
    ),
    "ar": Language(
        5,
        ("EG", "SA", "MA", "JO"),
        ("أرسل كلمة طيبة إلى صديق اليوم", "كل طفل يستحق الأمان", "الصداقة تبدأ بكلمة"),
        ("الجو حار اليوم", "قهوة الصباح أولا"),
    ),
    "th": Language(
        5,
        ("TH",),
        ("วันนี้ส่งคำดีๆ ให้เพื่อนสักคน", "เด็กทุกคนควรรู้สึกปลอดภัย", "ขอบคุณเพื่อนที่อยู่ข้างกัน"),
        ("ฝนตกหนักมากวันนี้", "ข้าวเที่ยงอร่อยมาก"),
    ),
    "hi": Language(
        4,
        ("IN",),
        ("आज किसी दोस्त को एक अच्छा शब्द भेजें", "हर बच्चे को सुरक्षित बचपन मिले", "दोस्ती सबसे बड़ी ताकत है"),
        ("आज चाय बहुत अच्छी बनी", "शाम को बारिश होगी"),
    ),
    "fr": Language(
        3,
        ("FR", "CI", "CA", "SN"),
        ("Un mot gentil suffit parfois", "Chaque enfant a droit à une école sans peur", "Merci à mes amis de toujours"),
        ("Le train a du retard", "Ce soir, tarte aux pommes"),
    ),
    "de": Language(
        2,
        ("DE", "AT", "CH"),
        ("Schreib heute jemandem etwas Nettes", "Kein Kind soll Angst vor der Schule haben"),
        ("Der Bäcker hat schon zu", "Morgen wird es windig"),
    ),
    "tr": Language(
        2,
        ("TR",),
        ("Bugün bir arkadaşına güzel bir söz gönder", "Her çocuk güvende olmalı"),
        ("Çay hazır", "Yarın hava güneşli"),
    ),
    "vi": Language(
        2,
        ("VN",),
        ("Hôm nay hãy gửi một lời tử tế cho bạn mình", "Mọi trẻ em đều cần được an toàn"),
        ("Trời mưa suốt buổi sáng", "Tối nay ăn phở"),
    ),
    "ru": Language(
        1,
        ("KZ", "KG"),
        ("Напишите другу доброе слово", "Каждый ребёнок должен чувствовать себя в безопасности"),
        ("Сегодня тихий вечер", "Чай с лимоном"),
    ),
}

# The same hashtag as people write it: they count as one, and the most frequent spelling is shown.
SPELLINGS: dict[str, tuple[tuple[str, float], ...]] = {
    "endviolence": (("ENDviolence", 80), ("endviolence", 12), ("EndViolence", 8)),
    "friendshipday": (("FriendshipDay", 85), ("friendshipday", 15)),
}

# By rank: the n-th is chosen with weight 1/n.
CAMPAIGN_TAGS: tuple[str, ...] = (
    "KindNotes",
    "SafeToLearn",
    "친구의날",
    "StandTogether",
    "DíaDeLaAmistad",
    "友情の日",
    "BeTheReason",
    "يوم_الصداقة",
    "วันมิตรภาพ",
    "मित्रता_दिवस",
    "SchoolsWithoutFear",
    "HariPersahabatan",
)
TALK_TAGS: tuple[str, ...] = (
    "NowPlaying",
    "football",
    "MondayMood",
    "cooking",
    "오늘의날씨",
    "写真",
    "weekend",
    "gaming",
    "BookTalk",
    "gardening",
)
CAMPAIGN_EMOJIS: tuple[str, ...] = (
    "💜",
    "❤️",
    "🙏",
    "🥰",
    "✨",
    "😭",
    "🤝",
    "👏",
    "🌍",
    "🕊️",
    "👨‍👩‍👧‍👦",
    "💪🏾",
    "🌈",
    "🇰🇷",
    "🙌🏽",
    "👩‍👩‍👦",
    "🇧🇷",
    "🧑🏿‍🤝‍🧑🏻",
    "🇮🇩",
    "🏳️‍🌈",
    "🇮🇳",
    "1️⃣",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
)
TALK_EMOJIS: tuple[str, ...] = ("😂", "☕", "⚽", "🌧️", "😴", "🍜", "👍🏼", "🔥", "🎮", "🤷🏽‍♀️")

PLATFORMS: dict[Source, float] = {
    "x": 40,
    "tiktok": 18,
    "instagram": 16,
    "bluesky": 9,
    "facebook": 8,
    "youtube": 5,
    "mastodon": 2,
    "reddit": 2,
}
VIDEO_PLATFORMS: dict[Source, float] = {"tiktok": 70, "youtube": 15, "instagram": 15}
CAMPAIGN_TYPES: dict[EventType, float] = {
    "like": 42,
    "share": 17,
    "mention": 20,
    "reply": 7,
    "quote": 4,
    "view": 5,
    "video": 1.5,
    "follow": 2,
    "signup": 1,
    "pledge": 0.5,
}
TALK_TYPES: dict[EventType, float] = {"mention": 45, "like": 35, "share": 10, "reply": 8, "follow": 2}

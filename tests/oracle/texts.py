"""Texts and lists of tokens, composed of the vocabulary."""

from itertools import accumulate
from random import Random

from tests.oracle import vocabulary
from tests.oracle.tokens import Tokens


class Texts:
    """Composes texts, and says which tokens each one holds; every choice comes from ``rng``."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        tail = {f"tail{n:04d}": (f"tail{n:04d}", f"Tail{n:04d}") for n in range(vocabulary.TAIL)}
        self.hashtags = [*vocabulary.HASHTAGS.items(), *tail.items()]
        self.hashtag_weights = list(accumulate(1 / (rank + 1) for rank in range(len(self.hashtags))))
        forms = vocabulary.emoji_spellings()
        popular = list(vocabulary.POPULAR_EMOJIS)
        rest = [emoji for emoji in forms if emoji not in set(popular)]
        rng.shuffle(rest)
        self.emojis = [(emoji, forms[emoji]) for emoji in (*popular, *rest)]
        self.emoji_weights = list(accumulate(1 / (rank + 1) for rank in range(len(self.emojis))))

    def plain(self, source: str, tokens: Tokens) -> str:
        """A text of a few words, hashtags, emojis and accounts, which are added to ``tokens``."""
        rng = self.rng
        written = []
        for _ in range(rng.randrange(1, 9)):
            draw = rng.random()
            if draw < 0.35:
                written.append(self._hashtag(tokens))
            elif draw < 0.6:
                written.append(self._emoji(tokens))
            elif draw < 0.7:
                written.append(self._account(source, tokens))
            elif draw < 0.75:
                written.append(rng.choice(vocabulary.KEYWORD_TEXTS))
            elif draw < 0.85:
                written.append(rng.choice(vocabulary.SAYINGS))
            else:
                written.append(rng.choice(vocabulary.NO_TOKENS))
        return " ".join(written)

    def _hashtag(self, tokens: Tokens) -> str:
        rng = self.rng
        token, spellings = rng.choices(self.hashtags, cum_weights=self.hashtag_weights)[0]
        spelling = rng.choice(spellings)
        tokens.hashtag.append((token, _displayed(spelling)))
        draw = rng.random()
        if draw < 0.05:
            tokens.emoji.append((vocabulary.PURPLE_HEART, vocabulary.PURPLE_HEART))
            return f"#{spelling}{vocabulary.PURPLE_HEART}"
        return rng.choice(("#{}", "#{}", "#{}", "＃{}", "(#{})", "#{}!", "#{},", "\u202e#{}\u202c")).format(spelling)

    def _emoji(self, tokens: Tokens) -> str:
        rng = self.rng
        token, spellings = rng.choices(self.emojis, cum_weights=self.emoji_weights)[0]
        spelling, times = rng.choice(spellings), rng.choice((1, 1, 1, 2, 3))
        tokens.emoji += [(token, spelling)] * times
        return spelling * times

    def _account(self, source: str, tokens: Tokens) -> str:
        spelling = self.rng.choice(vocabulary.ACCOUNTS.get(source, vocabulary.ACCOUNTS[""]))
        tokens.account.append((spelling.lower(), spelling))
        return f"@{spelling}"

    def crowd(self, tokens: Tokens) -> str:
        """A text with more hashtags and emojis than count, all from the long tail."""
        rng = self.rng
        written = []
        for token, spellings in rng.choices(self.hashtags[-vocabulary.TAIL :], k=rng.randrange(60, 150)):
            tokens.hashtag.append((token, spellings[0]))
            written.append(f"#{spellings[0]}")
        for emoji, _ in rng.choices(self.emojis, k=rng.randrange(60, 100)):
            tokens.emoji.append((emoji, emoji))
            written.append(emoji)
        return " ".join(written)

    def lists(self, source: str) -> dict[str, list[str]]:
        """An event's own ``hashtags`` and ``accounts``, or one of them, or neither."""
        rng = self.rng
        event: dict[str, list[str]] = {}
        if rng.random() < 0.25:
            chosen = rng.choices(self.hashtags, cum_weights=self.hashtag_weights, k=rng.randrange(4))
            event["hashtags"] = [rng.choice(("", "", "#")) + rng.choice(spellings) for _, spellings in chosen]
        if rng.random() < 0.15:
            accounts = vocabulary.ACCOUNTS.get(source, vocabulary.ACCOUNTS[""])
            event["accounts"] = [rng.choice(("", "@")) + rng.choice(accounts) for _ in range(rng.randrange(3))]
        if rng.random() < 0.002:
            event["hashtags"] = [f"Many{n}" for n in range(80)] + ["many1", "MANY79"]
        return event


def _displayed(spelling: str) -> str:
    return spelling.replace("\u200e", "").replace("\u200f", "")

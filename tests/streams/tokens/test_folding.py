"""Which spellings are one token."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tokens.accounts import fold_account
from streams.tokens.hashtags import fold_hashtag
from tests.streams.tokens.nasty_texts import nasty_texts

BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("spelling", "token"),
    [
        ("ENDviolence", "endviolence"),
        ("ｈａｓｈｔａｇ１２３", "hashtag123"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("cafe\u0301", "café"),
        ("ﾊﾞﾝｸﾞ", "バング"),
        ("İn", "i\u0307n"),
        ("ΚΌΣΜΟΣ", "κόσμοσ"),
        ("kind\u200eness", "kindness"),
        ("\u202eabc\u202c", "abc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        (BIDI_CONTROLS, ""),
    ],
)
def test_hashtags_fold_to_their_token(spelling: str, token: str) -> None:
    assert fold_hashtag(spelling) == token


@given(st.text() | nasty_texts())
def test_folding_a_token_gives_the_same_token(spelling: str) -> None:
    token = fold_hashtag(spelling)
    assert fold_hashtag(token) == token
    assert not set(token) & set(BIDI_CONTROLS)
    account = fold_account(spelling)
    assert fold_account(account) == account


def test_folding_every_single_character_is_nfkc_and_casefold_to_their_end() -> None:
    for code in range(0x110000):
        character = chr(code)
        if character in BIDI_CONTROLS or 0xD800 <= code < 0xE000:
            continue
        token = fold_hashtag(character)
        assert token == unicodedata.normalize("NFKC", token.casefold())
        assert fold_hashtag(unicodedata.normalize("NFKC", character)) == token
        assert fold_hashtag(character.casefold()) == token


def test_accounts_fold_to_lower_case() -> None:
    assert fold_account("Kind_Launch") == "kind_launch"
    assert fold_account("\u202aAna@Social.Example\u202c") == "ana@social.example"

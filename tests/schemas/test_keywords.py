"""Keyword expressions: how they are read, and what is wrong with those that are not."""

import pytest

from schemas.keywords import All, Either, Expression, KeywordError, Not, Phrase, parse, phrases

A, B, C = Phrase("a"), Phrase("b"), Phrase("c")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a", A),
        ("a b", Phrase("a b")),
        ("a and b", Phrase("a and b")),
        ("C++", Phrase("C++")),
        ("ANDREW", Phrase("ANDREW")),
        ('"a"', A),
        ('"a AND b"', Phrase("a AND b")),
        ("a AND b", All((A, B))),
        ("a OR b OR c", Either((A, B, C))),
        ("a OR b AND c", Either((A, All((B, C))))),
        ("(a OR b) AND c", All((Either((A, B)), C))),
        ("a NOT b", All((A, Not(B)))),
        ("a AND NOT b", All((A, Not(B)))),
        ("a NOT (b OR c)", All((A, Not(Either((B, C)))))),
        ("NOT a AND b", All((Not(A), B))),
        ("NOT NOT a", Not(Not(A))),
        ("((a))", A),
        ('b c AND "a"', All((Phrase("b c"), A))),
    ],
)
def test_expression_is_read(text: str, read: Expression) -> None:
    assert parse(text) == read


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a AND", "a word is missing at the end"),
        ("AND a", "a word is missing before 'AND'"),
        ("a OR OR b", "a word is missing before 'OR'"),
        ("()", r"a word is missing before '\)'"),
        ("(a", "a parenthesis is left open"),
        ("a)", r"'\)' is in the wrong place"),
        ("a (b)", r"'\(' is in the wrong place"),
        ('"a" b', "'b' is in the wrong place"),
        ('"a', "a quotation mark is left open"),
        ('a AND " "', "there is nothing between the quotation marks"),
        ("NOT a", "would hold in every text"),
        ("a OR NOT b", "would hold in every text"),
        ("NOT (a AND b)", "would hold in every text"),
        ("(" * 100 + "a" + ")" * 100, "nested more than 16 deep"),
    ],
)
def test_mistake_says_what_is_wrong_and_the_mend(text: str, what: str) -> None:
    with pytest.raises(KeywordError, match=f"^{what}.*; "):
        parse(text)


def test_phrases_are_all_of_an_expression() -> None:
    assert phrases(parse('a AND ("b c" OR d) NOT e')) == ["a", "b c", "d", "e"]

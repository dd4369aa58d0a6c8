"""The folder of campaign files: what is read, and every mistake by file and line."""

import re
from pathlib import Path

import pytest

from schemas.campaign import Campaign
from schemas.campaign_file import parse
from streams.campaigns import check, load
from streams.cli.campaigns import TEMPLATE
from streams.errors import GroundswellError


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def campaign(name: str) -> str:
    return f'# A comment\nname = "{name}"\ntitle = "T"\nhashtags = ["{name}"]\n'


def test_campaigns_are_sorted_by_name_whatever_their_files_are_called(tmp_path: Path) -> None:
    write(tmp_path, z=campaign("a"), y=campaign("c"), x=campaign("b"))
    (tmp_path / "notes.txt").write_text("no campaign", encoding="utf-8")
    campaigns, mistakes = check(tmp_path)
    assert [one.name for one in campaigns] == ["a", "b", "c"]
    assert mistakes == []
    assert load(tmp_path) == campaigns


def test_a_missing_or_empty_folder_has_no_campaigns(tmp_path: Path) -> None:
    assert check(tmp_path) == check(tmp_path / "none") == ([], [])
    assert load(tmp_path / "none") == []


def test_every_mistake_of_a_folder_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path, a=campaign("good"), b='name = "bad"\n', c="name = \n", d=campaign("good"))
    (tmp_path / "e.toml").write_bytes(b'name = "caf\xe9"')
    (tmp_path / "f.toml").mkdir()
    campaigns, mistakes = check(tmp_path)
    assert [one.name for one in campaigns] == ["good"]
    assert [mistake.removeprefix(f"{tmp_path}/") for mistake in mistakes[:3]] == [
        "b.toml:1: title: missing; add `title = …`",
        "c.toml:1: TOML: Invalid value (at line 1, column 8); mend the line",
        "d.toml:2: name: 'good' is a.toml's name already; give another",
    ]
    assert [mistake.split(": ")[:2] for mistake in mistakes[3:]] == [
        [f"{tmp_path}/e.toml:1", "file"],
        [f"{tmp_path}/f.toml:1", "file"],
    ]


def test_loading_stops_at_the_first_mistake_and_says_where_the_others_are(tmp_path: Path) -> None:
    write(tmp_path, a='name = "a"\n')
    with pytest.raises(GroundswellError, match=r"^\S*a\.toml:1: title: missing; add `title = …`\.$"):
        load(tmp_path)
    write(tmp_path, b='name = "b"\n')
    with pytest.raises(GroundswellError, match=r"\(and 1 more: `groundswell campaigns check` lists them\)\.$"):
        load(tmp_path)


def test_a_benchmark_must_be_a_launch_window_of_the_folder(tmp_path: Path) -> None:
    window = '[[launch_windows]]\nname = "first"\nstart = 2026-07-30T18:00:00Z\nend = 2026-07-30T20:00:00Z\n'
    files = {
        name: campaign(name) + f'[benchmark]\ncampaign = "{other}"\nwindow = "{of}"\n' + window
        for name, other, of in (("a", "a", "first"), ("b", "c", "first"), ("d", "a", "second"))
    }
    write(tmp_path, **files)
    campaigns, mistakes = check(tmp_path)
    assert [one.name for one in campaigns] == ["a", "b", "d"]
    assert [mistake.removeprefix(f"{tmp_path}/") for mistake in mistakes] == [
        "b.toml:6: benchmark.campaign: no campaign here is named 'c'; give one of a, b, d",
        "d.toml:7: benchmark.window: no launch window of 'a' is named 'second'; give one of its own (first)",
    ]


def test_the_template_is_a_campaign_file_also_with_every_key_in_use() -> None:
    text = TEMPLATE.read_text(encoding="utf-8").replace("NAME", "kindness")
    assert parse(text, "template").hashtags == ("kindness",)
    in_use = parse(re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", text), "template")
    for key in Campaign.__struct_fields__:
        assert getattr(in_use, key), key

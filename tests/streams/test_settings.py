"""Settings: where they come from, which source wins, and what is said of a wrong one."""

import os
from pathlib import Path
from typing import Any

import pytest

from streams.errors import GroundswellError
from streams.settings import Settings, load


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without a settings file, an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("GROUNDSWELL_"):
            monkeypatch.delenv(name)


def toml(text: str) -> None:
    Path("groundswell.toml").write_text(text, encoding="utf-8")


def test_defaults_are_the_contracts() -> None:
    settings = load()
    assert settings.kafka_bootstrap == "127.0.0.1:19092"
    assert settings.clickhouse_url == "http://127.0.0.1:18123"
    assert (settings.data_dir, settings.campaigns) == (Path(".groundswell"), Path("campaigns"))
    assert (settings.partitions, settings.segment_size, settings.segment_age_s) == (4, 65_536, 3_600)
    assert (settings.horizon_records, settings.horizon_s) == (1_048_576, 3_600)
    assert (settings.web_port, settings.metrics_port) == (8080, 9108)
    assert (settings.archive, settings.archive_days) == ("matched", 90)


def test_every_setting_says_what_it_means_and_has_a_default() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name


@pytest.mark.parametrize(
    "name", ["segment_size", "SEGMENT_SIZE", "GROUNDSWELL_SEGMENT_SIZE", "groundswell_segment_size"]
)
def test_file_takes_names_with_or_without_the_prefix_in_either_case(name: str) -> None:
    toml(f"{name} = 1024\n")
    assert load().segment_size == 1024


def test_environment_wins_over_the_file_and_explicit_values_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    toml('group = "file"\nsegment_size = 64\nweb_port = 1\n')
    monkeypatch.setenv("GROUNDSWELL_GROUP", "environment")
    monkeypatch.setenv("GROUNDSWELL_SEGMENT_SIZE", "128")
    settings = load(group="explicit")
    assert (settings.group, settings.segment_size, settings.web_port) == ("explicit", 128, 1)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("partitions", "0", "greater than or equal to 1"),
        ("partitions", "four", "valid integer"),
        ("partitions", "", "valid integer"),
        ("segment_size", "15", "greater than or equal to 16"),
        ("segment_age_s", "0", "greater than or equal to 1"),
        ("segment_age_s", "1.5", "valid integer"),
        ("horizon_records", "16777217", "less than or equal to 16777216"),
        ("horizon_s", "-1", "greater than or equal to 1"),
        ("archive", "some", "'matched', 'all' or 'off'"),
        ("archive_days", "0", "greater than or equal to 1"),
        ("batch_records", "0", "greater than or equal to 1"),
        ("flush_interval_s", "0", "greater than 0"),
        ("flush_interval_s", "inf", "less than or equal to 3600"),
        ("flush_interval_s", "nan", "Input should be"),
        ("web_port", "65536", "less than or equal to 65535"),
        ("metrics_port", "-1", "greater than or equal to 0"),
    ],
)
def test_wrong_setting_is_one_sentence_that_names_it(
    name: str, value: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"GROUNDSWELL_{name.upper()}"
    monkeypatch.setenv(variable, value)
    with pytest.raises(GroundswellError) as error:
        load()
    message = str(error.value)
    assert message.startswith(f"{variable} is {value!r}, but: ")
    assert what in message
    assert message.endswith("Correct it in the environment or groundswell.toml.")
    assert "\n" not in message


@pytest.mark.parametrize(
    "url", ["localhost:8123", "127.0.0.1:18123", "", "http://", "http://host:port", "http://h:99999", "tcp://h:9000"]
)
def test_wrong_clickhouse_address_is_refused(url: str) -> None:
    with pytest.raises(GroundswellError, match=r"^GROUNDSWELL_CLICKHOUSE_URL is .* like http://127\.0\.0\.1:8123 "):
        load(clickhouse_url=url)


def test_password_of_a_wrong_clickhouse_address_is_not_shown() -> None:
    with pytest.raises(GroundswellError) as error:
        load(clickhouse_url="http://ana:s3cret@host:port")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("url", ["https://ana:s3cret@host.example", "http://[::1]:8123", "http://h:8123/"])
def test_clickhouse_address_may_carry_a_user_and_leave_the_port_out(url: str) -> None:
    assert load(clickhouse_url=url).clickhouse_url == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("segment_sise = 64\n", "groundswell.toml sets segment_sise, which is no setting"),
        ("[kafka]\nbootstrap = 'x'\n", "groundswell.toml sets kafka, which is no setting"),
        ("segment_size = \n", "groundswell.toml is not valid TOML"),
        ("segment_size = '64k'\n", "GROUNDSWELL_SEGMENT_SIZE is '64k', but: "),
        ("segment_size = true\n", "GROUNDSWELL_SEGMENT_SIZE is True, but: "),
    ],
)
def test_wrong_file_is_one_sentence_that_names_it(text: str, message: str) -> None:
    toml(text)
    with pytest.raises(GroundswellError) as error:
        load()
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_file_that_is_not_utf_8_is_refused() -> None:
    Path("groundswell.toml").write_bytes(b'group = "caf\xe9"\n')
    with pytest.raises(GroundswellError, match=r"^groundswell\.toml is not valid TOML"):
        load()


def test_settings_do_not_change() -> None:
    settings: Any = load()
    with pytest.raises(ValueError, match="frozen"):
        settings.group = "other"

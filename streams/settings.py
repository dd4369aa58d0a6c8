"""Every setting, once: its name, default, unit and meaning.

Environment variables carry the prefix ``GROUNDSWELL_``; ``groundswell.toml`` in the working folder takes the same
names (with or without the prefix, in either case). The environment wins.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from streams.errors import GroundswellError

PREFIX = "GROUNDSWELL_"
FILE = "groundswell.toml"

Port = Annotated[int, Field(ge=0, le=65535)]


def _http_url(text: str) -> str:
    mistake = PydanticCustomError("http_url", "It should be like http://127.0.0.1:8123 or https://user:password@host")
    try:
        url = urlsplit(text)
        complete = url.scheme in {"http", "https"} and url.hostname and url.port != 0
    except ValueError as error:
        raise mistake from error
    if not complete:
        raise mistake
    return text


class Settings(BaseSettings):
    """The settings of one process; see ``groundswell doctor`` for the values in force."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    kafka_bootstrap: str = Field("127.0.0.1:19092", description="Kafka brokers, `host:port`, comma separated")
    clickhouse_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "http://127.0.0.1:18123",
        description="ClickHouse over HTTP(S); may carry `user:password@`",
    )
    data_dir: Path = Field(Path(".groundswell"), description="where `up` keeps Kafka's and ClickHouse's data")
    campaigns: Path = Field(Path("campaigns"), description="folder of campaign files (TOML)")
    partitions: int = Field(
        4, ge=1, le=1024, description="partitions of `events.v1` and `snapshots.v1` when they are created"
    )
    segment_size: int = Field(65_536, ge=16, le=16_777_216, description="N: offsets in a segment, at most")
    segment_age_s: int = Field(3600, ge=1, description="T: append time that a segment spans, at most, in seconds")
    segment_bytes: int = Field(
        33_554_432, ge=65_536, le=2**40, description="bytes of record values after which a segment ends, at most"
    )
    horizon_records: int = Field(
        1_048_576, ge=1, le=16_777_216, description="how many offsets back a duplicate is recognised"
    )
    horizon_s: int = Field(3600, ge=1, description="how much append time back a duplicate is recognised, in seconds")
    group: str = Field("groundswell", description="Kafka consumer group of the workers")
    archive: Literal["matched", "all", "off"] = Field(
        "matched", description="which events the view `events` keeps: those of a campaign, all, or none"
    )
    archive_days: int = Field(90, ge=1, description="days that archived events are kept, from append time")
    max_dead_letter_ratio: float = Field(
        0.5, gt=0, le=1, description="share of a partition's latest 10,000 records that may be refused; 1 for any"
    )
    batch_records: int = Field(20_000, ge=1, le=1_000_000, description="records in a batch, at most")
    flush_interval_s: float = Field(1.0, gt=0, le=3600, description="seconds between two flushes to ClickHouse")
    web_port: Port = Field(
        8080, description="port of the live page; a taken one moves on to the next free one, 0 takes any"
    )
    metrics_port: Port = Field(
        9108, description="port of Prometheus metrics; a taken one moves on to the next free one"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Explicit values, then the environment, then ``groundswell.toml``."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _TomlFile(settings_cls)


class _TomlFile(PydanticBaseSettingsSource):
    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        path = Path(FILE)
        if not path.is_file():
            return {}
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise GroundswellError(f"{FILE} is not valid TOML ({error}): mend that line or remove the file.") from error
        return {name.lower().removeprefix(PREFIX.lower()): value for name, value in found.items()}


def load(**explicit: Any) -> Settings:
    """The settings in force; ``explicit`` ones win over the environment and the file.

    Raises ``GroundswellError`` naming the first setting that is wrong.
    """
    try:
        return Settings(**explicit)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        if first["type"] == "extra_forbidden":
            raise GroundswellError(
                f"{FILE} sets {name}, which is no setting: see the README for their names."
            ) from error
        given = "set" if name == "clickhouse_url" else repr(first["input"])  # that one may carry a password
        raise GroundswellError(
            f"{PREFIX}{name.upper()} is {given}, but: {first['msg']}. Correct it in the environment or {FILE}."
        ) from error

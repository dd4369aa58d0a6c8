"""The command line on a small launch that was counted: what it prints, how it fails, and with which exit code."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient
from typer import Typer

from deploy.kafka.broker import Broker
from deploy.ports import free_port
from deploy.stack import Stack
from deploy.workers import environment
from schemas.topics import ALL
from streams import cli
from streams.cli.commands import app
from streams.launch import CAMPAIGN, CAMPAIGNS, Launch, Truth
from streams.migrate import migrations
from streams.producer import Producer
from streams.settings import Settings, load
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.http_client import HTTP
from tests.stack_fixture import (
    COMMAND,
    Running,
    account,
    alive,
    ask,
    groundswell,
    stack_settings,
    wait_until,
    wait_until_counted,
)

PASSWORD = "not-to-be-told"
NOBODY = "127.0.0.1:1"
PARTITIONS = 2
SUBJECTS = ["campaigns", "alerts", "kafka", "clickhouse", "fixed settings", "log", "account"]


def every_command(part: Typer, prefix: str = "") -> list[str]:
    found = [f"{prefix}{command.name}" for command in part.registered_commands]
    for group in part.registered_groups:
        assert group.typer_instance
        found += every_command(group.typer_instance, f"{prefix}{group.name} ")
    return found


@dataclass(frozen=True)
class Site:
    """A stack on which two workers of one command have counted a launch."""

    settings: Settings
    truth: Truth
    workers: Running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("commands")
    settings = stack_settings(folder, partitions=PARTITIONS).model_copy(update={"campaigns": CAMPAIGNS})
    with (
        Stack(settings, workers=0, progress=print),
        Running(settings, "worker", "--processes", "2", output=folder / "workers.log") as workers,
    ):
        launch = Launch(7, int(datetime.now(UTC).timestamp() * 1000) - 120_000, duration_s=100, rate_per_s=30)
        with Producer(settings) as producer:
            for _, event in launch:
                producer.publish(event)
        wait_until_counted(settings, launch.truth.records)
        yield Site(settings, launch.truth, workers)


Ended = subprocess.CompletedProcess[str]
Here = Callable[..., Ended]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs a command in this process, which saves the second that a process takes to start."""

    def run(settings: Settings, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
        for name, value in {**environment(settings), **(env or {})}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["groundswell", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return Ended(arguments, ended.value.code, *capsys.readouterr())

    return run


def done(ended: Ended) -> str:
    """What a command has printed that must not fail, nor say anything on stderr."""
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return ended.stdout


def refusal(ended: Ended) -> str:
    """The one sentence with which a command has failed."""
    assert ended.returncode == 1, ended
    assert re.fullmatch(r"groundswell: [^\n]+\n", ended.stderr), ended.stderr
    assert PASSWORD not in ended.stderr + ended.stdout
    return ended.stderr


def ranking(truth: Truth, kind: str) -> list[tuple[str, int, int]]:
    """Token, posts and occurrences, most posts first."""
    posts = {token: count for (name, of, token), count in truth.posts_by.items() if (name, of) == (CAMPAIGN, kind)}
    ordered = sorted((item for item in posts.items() if item[1] > 0), key=lambda item: (-item[1], item[0].encode()))
    return [(token, count, truth.occurrences_by[CAMPAIGN, kind, token]) for token, count in ordered]


@pytest.mark.stack
@pytest.mark.parametrize("kind", ["hashtag", "emoji", "account"])
def test_top_ranks_what_was_played(site: Site, kind: str, here: Here) -> None:
    lines = json.loads(done(here(site.settings, "top", CAMPAIGN, "--kind", kind, "--limit", "5", "--json")))
    assert [(line["token"], line["posts"], line["occurrences"]) for line in lines] == ranking(site.truth, kind)[:5]
    assert [line["rank"] for line in lines] == list(range(1, len(lines) + 1))


@pytest.mark.stack
def test_top_prints_a_table_for_people(site: Site, here: Here) -> None:
    shown = done(here(site.settings, "top", CAMPAIGN, "--kind", "emoji", "--limit", "3"))
    (token, posts, occurrences), *_ = ranking(site.truth, "emoji")
    assert shown.startswith(f"{CAMPAIGN}: emojis of all time")
    assert re.search(rf"1 │ {token} +│ +{posts:,} │ +{occurrences:,} ", shown)
    assert len(re.findall(r"^│ +\d+ │", shown, re.MULTILINE)) == 3


@pytest.mark.stack
def test_top_of_two_spans_that_meet_adds_up_to_the_whole(site: Site, here: Here) -> None:
    window = ask(site.settings, "SELECT toString(quantileExact(window_start)) FROM groundswell.token_counts").strip()
    found: Counter[str] = Counter()
    for bounds in (("--until", window), ("--since", window)):
        lines = json.loads(done(here(site.settings, "top", CAMPAIGN, "--limit", "10000", *bounds, "--json")))
        assert lines
        found.update({line["token"]: line["posts"] for line in lines})
    assert found == Counter({token: posts for token, posts, _ in ranking(site.truth, "hashtag")})


@pytest.mark.stack
def test_top_of_nothing_says_so_and_is_no_failure(site: Site, here: Here) -> None:
    ended = here(site.settings, "top", "nobody")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == "No hashtag was counted under 'nobody' of all time.\n"
    assert done(here(site.settings, "top", CAMPAIGN, "--until", "300d", "--since", "301d", "--json")) == "[]\n"


@pytest.mark.stack
def test_query_answers_in_every_format_and_takes_parameters(site: Site, here: Here) -> None:
    sql = "SELECT campaign, sum(events) AS n FROM engagement WHERE campaign = {c:String} GROUP BY campaign"
    events = sum(count for (campaign, *_), count in site.truth.events_by.items() if campaign == CAMPAIGN)
    chosen = ("-p", f"c={CAMPAIGN}")
    assert done(here(site.settings, "query", sql, *chosen)) == f"campaign\tn\n{CAMPAIGN}\t{events}\n"
    assert done(here(site.settings, "query", "-", *chosen, "--format", "CSV", stdin=sql)) == f'"{CAMPAIGN}",{events}\n'
    assert json.loads(done(here(site.settings, "query", sql, *chosen, "--json"))) == {"campaign": CAMPAIGN, "n": events}
    assert done(here(site.settings, "query", f"{sql} FORMAT TSV; ", *chosen)) == f"{CAMPAIGN}\t{events}\n"
    assert done(here(site.settings, "query", "SELECT 1 AS a -- one", "--format", "JSONEachRow")) == '{"a":1}\n'


@pytest.mark.stack
@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TABLE segments", "it is no SELECT"),
        ("INSERT INTO pinned (topic_id) VALUES ('x')", "it is no SELECT"),
        ("SELECT nothing FROM engagement", "Unknown expression identifier `nothing`"),
        ("SELECT 1 WHERE", "Syntax error: failed at position 15"),
        ("SELECT {c:String}", "Substitution `c` is not set"),
    ],
)
def test_query_that_is_refused_says_why_in_one_sentence(site: Site, sql: str, why: str, here: Here) -> None:
    before = ask(site.settings, "SELECT count() FROM groundswell.pinned")
    said = refusal(here(site.settings, "query", sql))
    assert said.startswith("groundswell: ClickHouse refuses the query")
    assert why in said
    assert "127.0.0.1" not in said
    assert "version" not in said
    assert ask(site.settings, "SELECT count() FROM groundswell.pinned") == before


@pytest.mark.stack
@pytest.mark.parametrize("arguments", [("query", "SELECT number FROM numbers(5000000)"), ("doctor",)])
def test_reader_of_a_pipe_that_goes_away_is_no_traceback(site: Site, arguments: tuple[str, ...]) -> None:
    env = {**os.environ, **environment(site.settings)}
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if arguments[0] == "query":
            assert process.stdout.readline() == b"number\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


@pytest.mark.stack
def test_doctor_finds_everything_well(site: Site, here: Here) -> None:
    shown = done(groundswell(site.settings, "doctor"))
    assert re.findall(r"^ok    ([a-z ]+):", shown, re.MULTILINE) == SUBJECTS
    assert "MEND" not in shown
    found = json.loads(done(here(site.settings, "doctor", "--json")))
    assert [(one["subject"], one["well"]) for one in found] == [(subject, True) for subject in SUBJECTS]


@pytest.mark.stack
def test_kafka_that_is_away_is_told_in_one_sentence_by_every_command(site: Site, tmp_path: Path) -> None:
    away = site.settings.model_copy(update={"kafka_bootstrap": NOBODY, "metrics_port": free_port()})
    file = tmp_path / "one.jsonl"
    file.write_text(line(1) + "\n", encoding="utf-8")
    commands = (("worker",), ("migrate",), ("replay", str(file)))
    with ThreadPoolExecutor() as pool:
        doctor = pool.submit(groundswell, away, "doctor")
        said = list(pool.map(lambda arguments: refusal(groundswell(away, *arguments)), commands))
    sentence = f"No Kafka broker answers at {NOBODY}: start one with `groundswell up`, or set "
    assert all(one.startswith(f"groundswell: {sentence}GROUNDSWELL_KAFKA_BOOTSTRAP") for one in said)
    assert (doctor.result().returncode, doctor.result().stderr) == (1, "")
    unwell = [one.split(": ", 1) for one in doctor.result().stdout.splitlines() if one.startswith("MEND")]
    assert [subject for subject, _ in unwell] == ["MEND  kafka", "MEND  fixed settings", "MEND  log"]
    assert unwell[0][1].startswith(sentence)
    assert {message for _, message in unwell[1:]} == {"cannot be looked at yet: mend kafka first."}


@pytest.mark.stack
def test_clickhouse_that_is_away_is_told_in_one_sentence_without_its_password(site: Site) -> None:
    url = f"http://somebody:{PASSWORD}@{NOBODY}"
    away = site.settings.model_copy(update={"clickhouse_url": url, "metrics_port": free_port()})
    commands = (("worker",), ("migrate",), ("top", CAMPAIGN), ("query", "SELECT 1"))
    sentence = (
        f"ClickHouse does not answer at http://{NOBODY} (connection refused): start it with `groundswell up`, "
        "or set GROUNDSWELL_CLICKHOUSE_URL to where yours is."
    )
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda arguments: refusal(groundswell(away, *arguments)), commands))
    assert said == [f"groundswell: {sentence}\n"] * len(commands)
    doctor = groundswell(away, "doctor", "--json")
    assert (doctor.returncode, doctor.stderr) == (1, "")
    assert PASSWORD not in doctor.stdout
    unwell = {one["subject"]: one["message"] for one in json.loads(doctor.stdout) if not one["well"]}
    assert unwell.pop("clickhouse") == sentence
    assert unwell == dict.fromkeys(("fixed settings", "account"), "cannot be looked at yet: mend clickhouse first.")


@pytest.mark.stack
def test_user_whom_clickhouse_refuses_is_told_to_be_corrected(site: Site, here: Here) -> None:
    url = site.settings.clickhouse_url.replace("//", f"//some%40body:{PASSWORD}@")
    said = refusal(here(site.settings.model_copy(update={"clickhouse_url": url}), "query", "SELECT 1"))
    assert "refuses the user (some@body: Authentication failed" in said
    assert "correct user and password in GROUNDSWELL_CLICKHOUSE_URL" in said


@pytest.mark.stack
def test_migrate_sets_up_what_every_other_command_misses_and_can_be_repeated(tmp_path: Path, here: Here) -> None:
    port = free_port()
    with Broker(tmp_path / "kafka", port, print):
        clickhouse = ClickHouse(tmp_path / "clickhouse")
        try:
            clickhouse.lines("DROP DATABASE groundswell")
            settings = load(
                kafka_bootstrap=f"127.0.0.1:{port}", clickhouse_url=clickhouse.url, campaigns=tmp_path / "none"
            )
            file = tmp_path / "one.jsonl"
            file.write_text(line(1) + "\n", encoding="utf-8")
            for missing in (("replay", str(file)), ("worker",), ("top", "*")):
                assert "run `groundswell migrate`" in refusal(groundswell(settings, *missing))
            assert here(settings, "doctor").returncode == 1
            made = json.loads(done(here(settings, "migrate", "--json")))
            assert made == {
                "topics": [topic.name for topic in ALL],
                "migrations": [migration.name for migration in migrations()],
            }
            assert done(here(settings, "migrate")) == "everything is up to date\n"
            done(here(settings, "doctor"))
            clickhouse.lines("DROP VIEW groundswell.token_counts")
            clickhouse.lines("CREATE VIEW groundswell.token_counts AS SELECT 1 AS x")
            assert "ClickHouse failed (" in refusal(here(settings, "top", "*"))
        finally:
            clickhouse.stop()


def line(number: int, **changes: Any) -> str:
    """An event of no campaign as a line of JSON."""
    event = {"event_id": f"replayed-{number}", "source": "other", "event_type": "view", "event_time": 1_763_700_000_000}
    return json.dumps({**event, **changes})


@pytest.mark.stack
def test_replay_sends_what_is_good_and_reports_what_is_not(site: Site, tmp_path: Path, here: Here) -> None:
    before = sum(numbers["read"] for numbers in account(site.settings).values())
    good, mixed = tmp_path / "good.jsonl", tmp_path / "mixed.jsonl"
    good.write_text("".join(line(number) + "\n" for number in range(10)), encoding="utf-8")
    mixed.write_text(f"{line(10)}\nnot JSON\n\n{line(11, source='nowhere')}\n", encoding="utf-8")
    assert re.match(r"Read 10 records in [\d.]+ s: 10 sent", done(here(site.settings, "replay", str(good))))
    ended = here(site.settings, "replay", str(mixed), "--json")
    assert ended.returncode == 0
    report = json.loads(ended.stdout)
    assert (report["read"], report["sent"], report["skipped"]) == (4, 1, {"empty line": 1})
    assert report["refused"] == {"not_json": 1, "out_of_range": 1}
    told = ended.stderr.splitlines()
    assert [one.startswith(f"{mixed}:{number}: ") for one, number in zip(told, (2, 4), strict=True)] == [True, True]
    ended = groundswell(site.settings, "replay", "-", stdin=line(12) + "\n")
    assert ended.returncode == 0
    wait_until_counted(site.settings, before + 12)
    assert f"{tmp_path}/gone.jsonl cannot be opened" in refusal(here(site.settings, "replay", f"{tmp_path}/gone.jsonl"))


@pytest.mark.stack
def test_two_worker_processes_show_the_metrics_of_both_on_one_port(site: Site) -> None:
    def partitions() -> set[str]:
        page = HTTP.get(f"http://127.0.0.1:{site.settings.metrics_port}/metrics").text
        return set(re.findall(r'^groundswell_records_read_total\{partition="(\d+)"\} [1-9]', page, re.MULTILINE))

    assert len(site.workers.children()) == 2
    wait_until(lambda: partitions() == {str(number) for number in range(PARTITIONS)}, "each partition is on the page")


@pytest.mark.stack
def test_two_worker_processes_tell_what_each_holds_in_memory(site: Site) -> None:
    def told() -> dict[int, float]:
        page = HTTP.get(f"http://127.0.0.1:{site.settings.metrics_port}/metrics").text
        found = re.findall(r'^groundswell_resident_memory_bytes\{pid="(\d+)"\} (\S+)$', page, re.MULTILINE)
        return {int(pid): float(size) for pid, size in found}

    def resident(pid: int) -> float:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return 1024 * float(re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[0])

    pids = site.workers.children().keys()
    assert len(pids) == 2
    # The kernel is asked at two moments.
    wait_until(lambda: told() == pytest.approx({pid: resident(pid) for pid in pids}, rel=0.1), "both are told")


@pytest.mark.stack
def test_sigterm_ends_both_worker_processes_cleanly(site: Site, tmp_path: Path) -> None:
    chosen = site.settings.model_copy(update={"metrics_port": free_port()})
    client = KafkaAdminClient(bootstrap_servers=chosen.kafka_bootstrap)
    try:

        def members() -> int:
            group = client.describe_groups([chosen.group])[chosen.group]
            return len(group["members"]) if group["group_state"] == "Stable" else 0

        with Running(chosen, "worker", "--processes", "2", output=tmp_path / "workers.log") as running:
            wait_until(lambda: members() == 4, "four workers are in the group")
            children = running.children()
            assert len(children) == 2
            assert running.end(signal.SIGTERM) == 0, running.said()
            assert not any(alive(pid) for pid in children)
            assert "Traceback" not in running.said()
            assert running.said().count("worker stopped") == 2
            wait_until(lambda: members() == 2, "they have left the group")
    finally:
        client.close()


def test_campaigns_check_tells_good_files_from_bad_ones(tmp_path: Path, here: Here) -> None:
    settings = load(campaigns=CAMPAIGNS)
    assert done(here(settings, "campaigns", "check")) == f"ok    {CAMPAIGN}: 2 hashtags\n"
    assert json.loads(done(here(settings, "campaigns", "check", "--json"))) == {"campaigns": [CAMPAIGN], "mistakes": []}
    assert "no campaign files in" in done(here(load(campaigns=tmp_path / "none"), "campaigns", "check"))
    (tmp_path / "good.toml").write_text('name = "good"\ntitle = "Good"\nhashtags = ["good"]\n', encoding="utf-8")
    (tmp_path / "bad.toml").write_text('name = "bad"\ntitle = "Bad"\nhashtag = ["bad"]\n', encoding="utf-8")
    ended = here(settings, "campaigns", "check", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "ok    good: 1 hashtags\n")
    assert re.match(rf"MEND  {tmp_path}/bad\.toml:\d+: hashtag: ", ended.stderr)
    assert "Traceback" not in ended.stderr
    ended = here(settings, "campaigns", "check", str(tmp_path), "--json")
    found = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr, found["campaigns"], len(found["mistakes"])) == (1, "", ["good"], 1)


def test_a_campaign_is_begun_validated_and_listed(tmp_path: Path, here: Here) -> None:
    settings = load(campaigns=tmp_path / "campaigns")
    assert "`groundswell campaigns new NAME` begins one" in here(settings, "campaigns", "list").stderr
    assert done(here(settings, "campaigns", "new", "kindness")).startswith(f"{tmp_path}/campaigns/kindness.toml: ")
    assert done(here(settings, "campaigns", "check")) == "ok    kindness: 1 hashtags\n"
    again = here(settings, "campaigns", "new", "kindness")
    assert (again.returncode, again.stdout) == (1, "")
    assert "is there already" in again.stderr
    assert here(settings, "campaigns", "new", "Kind ness").returncode == 2
    assert "kindness" in done(here(settings, "campaigns", "list"))
    (campaign,) = json.loads(done(here(settings, "campaigns", "list", "--json")))
    assert (campaign["name"], campaign["hashtags"]) == ("kindness", ["kindness"])


@pytest.mark.parametrize(
    "arguments",
    [
        "nonsense",
        "top",
        "top a b",
        "top a --kind word",
        "top a --limit 0",
        "top a --since yesterday",
        "query",
        "query SELECT --param c",
        "replay",
        "replay x --format nonsense",
        "replay x --speed slowly",
        "worker --processes 0",
        "up --workers many",
        "demo --duration long",
        "doctor --nonsense",
        "campaigns nonsense",
    ],
)
def test_wrong_usage_exits_2_and_says_what_is_wrong(arguments: str, here: Here) -> None:
    ended = here(load(), *arguments.split())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr


@pytest.mark.parametrize("command", every_command(app))
def test_help_of_every_command_explains_it(command: str, here: Here) -> None:
    page = done(here(load(), *command.split(), "--help"))
    assert f"Usage: groundswell {command} " in page
    explanation = page.split("╭", 1)[0].split("\n", 2)[2]
    assert len(explanation.split()) >= 5


def test_help_names_every_command(here: Here) -> None:
    found = re.findall(r"^│ ([\w-]+) ", done(here(load(), "--help")).split("Commands", 1)[1], re.MULTILINE)
    assert {"up", "demo", "worker", "replay", "top", "query", "migrate", "doctor", "campaigns"} <= set(found)
    assert set(found) == {command.split()[0] for command in every_command(app)}


def test_console_script_and_module_are_the_same() -> None:
    script = Path(sys.executable).with_name("groundswell")
    pages = [
        subprocess.run([*command, "top", "--help"], capture_output=True, check=True).stdout
        for command in ([str(script)], COMMAND)
    ]
    assert pages[0] == pages[1] != b""


def test_settings_that_are_wrong_are_named_in_one_sentence(here: Here) -> None:
    settings, url = load(), f"ftp://somebody:{PASSWORD}@127.0.0.1"
    for name, value in (("SEGMENT_SIZE", "many"), ("CLICKHOUSE_URL", url), ("ARCHIVE", "some")):
        said = refusal(here(settings, "doctor", env={f"GROUNDSWELL_{name}": value}))
        assert said.startswith(f"groundswell: GROUNDSWELL_{name} is ")

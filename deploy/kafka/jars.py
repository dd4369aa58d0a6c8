"""The broker's jars: which (``jars.lock``), fetched once into the user's cache, verified at every start."""

import contextlib
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from streams.errors import GroundswellError

VERSION = "4.3.1"
"""Kafka's version. After a change: ``python -m deploy.kafka lock``."""

_BROKER = f"org.apache.kafka:kafka_2.13:{VERSION}"
# Kafka logs through slf4j 1.7; this carries it to log4j2. Of the version of Kafka's own log4j-core, and taken without
# its dependencies, which Kafka has already (its bill of materials would also move Kafka's Jackson back).
_LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
_LOCK = Path(__file__).with_name("jars.lock")
_DOWNLOADS_AT_ONCE = 4
_ATTEMPTS = 3
_CHUNK_BYTES = 1024 * 1024


class Jar(NamedTuple):
    """One line of the lock."""

    sha256: str
    group: str
    artifact: str
    version: str

    @property
    def coordinate(self) -> str:
        """Maven's name for it."""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def filename(self) -> str:
        """Its name in the cache; the group stands in it because two groups may use one artifact name."""
        return f"{self.group}-{self.artifact}-{self.version}.jar"


def cache_folder() -> Path:
    """The user's cache, shared by all data folders; may not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "groundswell"


def locked() -> list[Jar]:
    """The jars of the lock, in class path order."""
    jars = []
    for line in _LOCK.read_text(encoding="ascii").splitlines():
        sha256, coordinate = line.split()
        jars.append(Jar(sha256, *coordinate.split(":")))
    return jars


def class_path(progress: Callable[[str], None]) -> list[Path]:
    """The verified jars in class path order, fetched first where they are missing.

    Raises ``GroundswellError`` when a jar cannot be fetched or is not the one of the lock. All are hashed every time:
    it takes 0.1 s, less than one would spend on explaining why a remembered verdict still holds.
    """
    folder = cache_folder() / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    jars = locked()
    missing = [jar for jar in jars if not (folder / jar.filename).exists()]
    if missing:
        _fetch(missing, folder, progress)
    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        sums = pool.map(lambda jar: _sha256(folder / jar.filename), jars)
    for jar, found in zip(jars, sums, strict=True):
        if found != jar.sha256:
            raise GroundswellError(
                f"{folder / jar.filename} is not the jar that groundswell was tested with (its SHA-256 is {found}, not "
                f"{jar.sha256}): remove that file, and the next start fetches it again."
            )
    return [folder / jar.filename for jar in jars]


def lock() -> int:
    """Resolves the broker's dependencies anew and writes ``jars.lock``; returns how many jars it names."""
    from jgo.maven import MavenContext  # noqa: PLC0415  as above

    from deploy.kafka.repositories import repositories  # noqa: PLC0415  jgo takes 0.2 s, and only downloads need it

    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), remote_repos=repositories())
        roots, others = context.resolver.resolve([context.create_dependency(_BROKER)])
        lines = [
            f"{_sha256(found.artifact.resolve())}  {found.groupId}:{found.artifactId}:{found.version}"
            for found in [*roots, *others, context.create_dependency(_LOGGING)]
        ]
    lines.sort(key=lambda line: line.split()[1])
    _LOCK.write_text("\n".join(lines) + "\n", encoding="ascii")
    return len(lines)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _StoppedError(Exception):
    """The user stopped the download."""


class _Downloads:
    """Fetches jars into ``folder``, several at once; counts bytes, and can be stopped in the middle of a file."""

    def __init__(self, folder: Path) -> None:
        from deploy.kafka.repositories import repositories  # noqa: PLC0415  jgo takes 0.2 s, and only downloads need it

        self._folder = folder
        self._repositories = repositories()
        self.received_bytes = 0
        self.stopped = threading.Event()

    def fetch(self, jar: Jar) -> None:
        """Puts one verified jar into the folder, whole or not at all."""
        for attempt in range(1, _ATTEMPTS + 1):
            # Not straight into the cache: jgo writes in place, and an interrupted file would look like a wrong one.
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=self._folder) as staging:
                try:
                    path = self._download(jar, Path(staging))
                except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
                    if attempt == _ATTEMPTS:
                        raise GroundswellError(
                            f"Kafka's jar {jar.coordinate} cannot be fetched from "
                            f"{' or '.join(self._repositories.values())} ({type(error).__name__}): check the network "
                            "(a mirror is taken from ~/.m2/settings.xml, a proxy from HTTPS_PROXY) and start again."
                        ) from error
                    time.sleep(attempt)
                    continue
                found = _sha256(path)
                if found != jar.sha256:
                    raise GroundswellError(
                        f"The repository sent a {jar.coordinate} that is not the one groundswell was tested with (its "
                        f"SHA-256 is {found}, not {jar.sha256}): check the mirror or proxy that this machine uses."
                    )
                path.replace(self._folder / jar.filename)
                return

    def _download(self, jar: Jar, staging: Path) -> Path:
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  as above

        context = MavenContext(
            resolver=PythonResolver(progress_callback=self._count),
            repo_cache=staging,
            remote_repos=self._repositories,
        )
        path: Path = context.create_dependency(jar.coordinate).artifact.resolve()
        return path

    @contextlib.contextmanager
    def _count(self, filename: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
        del filename, total_bytes

        def update(received_bytes: int) -> None:
            self.received_bytes += received_bytes
            if self.stopped.is_set():
                raise _StoppedError

        yield update


def _fetch(jars: list[Jar], folder: Path, progress: Callable[[str], None]) -> None:
    started_s = time.monotonic()
    downloads = _Downloads(folder)
    pool = ThreadPoolExecutor(_DOWNLOADS_AT_ONCE)
    try:
        waiting: set[Future[None]] = {pool.submit(downloads.fetch, jar) for jar in jars}
        while waiting:
            done, waiting = wait(waiting, timeout=1.0)
            for future in done:
                future.result()
            progress(
                f"Fetching Kafka {VERSION} (first start only): {len(jars) - len(waiting)} of {len(jars)} jars, "
                f"{downloads.received_bytes / 1e6:.0f} MB, {time.monotonic() - started_s:.0f} s"
            )
    finally:
        downloads.stopped.set()
        pool.shutdown(cancel_futures=True)

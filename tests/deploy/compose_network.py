"""A network of its own, in which a name server knows the workers: ``python compose_network.py FOLDER PROMETHEUS …``.

As root of a name space (``unshare --map-root-user --mount --net``): the folder has the ``resolv.conf`` to use. Workers
are HTTP servers on addresses of their own, at the port that workers have. Starts Prometheus with the rest of the words,
and prints, as JSON, which targets it finds up: first with one worker, then with a second one that has joined.
"""

import fcntl
import http.server
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

NAME, PORT = b"\x06worker\x00", 9108
WORKERS = ["127.0.0.2"]
_SIOCSIFFLAGS, _UP, _RUNNING = 0x8914, 0x1, 0x40
_ADDRESS, _INTERNET = 1, 1
_WAIT_S = 60


class Metrics(http.server.BaseHTTPRequestHandler):
    """What a worker has to tell."""

    def do_GET(self) -> None:  # the method's name is http.server's
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"groundswell_flush_seconds_count 1\n")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the name is http.server's
        """Nothing."""


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP | _RUNNING))


def serve_names() -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        asked, sender = server.recvfrom(4096)
        end = asked.index(b"\x00", 12) + 5
        question = asked[12:end]
        known = question == NAME + struct.pack(">HH", _ADDRESS, _INTERNET)
        answers = [socket.inet_aton(worker) for worker in WORKERS] if known else []
        # A pointer to the question's name, then type, class, seconds to live and length.
        records = b"".join(
            struct.pack(">HHHIH", 0xC00C, _ADDRESS, _INTERNET, 1, len(answer)) + answer for answer in answers
        )
        server.sendto(asked[:2] + struct.pack(">HHHHH", 0x8180, 1, len(answers), 0, 0) + question + records, sender)


def start(target: object, *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()  # type: ignore[arg-type]


def serve_metrics(address: str) -> None:
    start(http.server.ThreadingHTTPServer((address, PORT), Metrics).serve_forever)


def found() -> list[str]:
    with urllib.request.urlopen("http://127.0.0.1:9090/api/v1/targets?state=active", timeout=5) as answer:
        targets = json.load(answer)["data"]["activeTargets"]
    return sorted(target["labels"]["instance"] for target in targets if target["health"] == "up")


def wait_for(count: int) -> list[str]:
    give_up_s = time.monotonic() + _WAIT_S
    targets: list[str] = []
    while len(targets) < count and time.monotonic() < give_up_s:
        time.sleep(0.2)
        try:
            targets = found()
        except OSError:
            continue
    return targets


def main(folder: Path, command: list[str]) -> None:
    loopback_up()
    subprocess.run(["mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf"], check=True)
    start(serve_names)
    serve_metrics(WORKERS[0])
    with (folder / "prometheus.log").open("wb") as log:
        prometheus = subprocess.Popen([*command, "--web.listen-address=127.0.0.1:9090"], stdout=log, stderr=log)
    try:
        one = wait_for(1)
        serve_metrics("127.0.0.3")
        WORKERS.append("127.0.0.3")
        sys.stdout.write(json.dumps([one, wait_for(2)]) + "\n")
    finally:
        prometheus.terminate()
        prometheus.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

"""What a client asks ClickHouse, seen from between them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.http_client import HTTP


class Recorder:
    """Hands each request on to the server of ``to_url``; ``asked`` has the arguments of each, in their order."""

    def __init__(self, to_url: str) -> None:
        self.asked: list[dict[str, str]] = []
        self._to_url = to_url

    def __enter__(self) -> Self:
        asked, to_url = self.asked, self._to_url

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked.append(dict(parse_qsl(urlsplit(self.path).query)))
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept = {name: self.headers[name] for name in ("Authorization", "Accept-Encoding", "Content-Type")
                        if name in self.headers}  # fmt: skip
                with HTTP.stream("POST", to_url + self.path, content=body, headers=kept) as answer:
                    raw = b"".join(answer.iter_raw())
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002 - the base's name
                """Nothing: tests read what was recorded."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

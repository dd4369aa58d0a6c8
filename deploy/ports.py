"""Ports of this machine; everything embedded listens on 127.0.0.1 alone."""

import contextlib
import secrets
import socket

from streams.errors import GroundswellError

LOOPBACK = "127.0.0.1"
_MOST_PORTS = 100


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only winding down counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def require_free(port: int, what: str, setting: str) -> None:
    """Raises ``GroundswellError`` when ``port`` is taken: ``what`` wanted it, ``setting`` is where to change it."""
    if not is_free(port):
        raise GroundswellError(
            f"{what} needs port {port} on {LOOPBACK}, which is taken or not allowed: "
            f"stop the program that listens there, or set {setting} to another port."
        )


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens on ``port`` of ``host`` (0: any), or on the next free one.

    Raises ``GroundswellError`` where none of the next hundred can be had; ``setting`` is where to change the port.
    """
    for candidate in range(port, min(port + _MOST_PORTS, 65_536)):
        with contextlib.suppress(OSError):
            return socket.create_server((host, candidate), backlog=128)
    raise GroundswellError(
        f"Nothing can listen on {host} from port {port} on: see that this is an address of this machine, or set "
        f"{setting} to another port, 0 for any free one."
    )


def free_port() -> int:
    """A port that was free a moment ago, from below those that Linux gives to outgoing connections.

    One of those could be taken by any connection before its server has bound it.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        if is_free(port):
            return port

"""Ports of this machine; everything embedded listens on 127.0.0.1 alone."""

import secrets
import socket

from streams.errors import GroundswellError

LOOPBACK = "127.0.0.1"


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


def free_port() -> int:
    """A port that was free a moment ago, from below those that Linux gives to outgoing connections.

    One of those could be taken by any connection before its server has bound it.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        if is_free(port):
            return port

"""A port of this machine to serve on: the one that is wanted, or the next free one."""

import errno
import socket
from collections.abc import Callable
from typing import TypeVar

from streams.errors import GroundswellError

_MOST_PORTS = 100

Server = TypeVar("Server")


def on_free_port(start: Callable[[int], Server], host: str, port: int, setting: str) -> Server:
    """What ``start`` gives of ``port`` (0: any), or of the next one of ``host`` that is not taken.

    ``start`` takes a port and raises ``OSError`` where it cannot listen there. Raises ``GroundswellError`` where all of
    a hundred are taken, or none may be had; ``setting`` is where to change the address and the port.
    """
    reason = None
    for candidate in range(port, min(port + _MOST_PORTS, 65_536)):
        try:
            return start(candidate)
        except OSError as error:
            reason = error.strerror
            if error.errno != errno.EADDRINUSE:
                break
    raise GroundswellError(
        f"Nothing can listen on {host} from port {port} on ({reason}): set {setting} to an address of this machine and "
        "a port that is free there, or to port 0 for any free one."
    )


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens on ``port`` of ``host``, or the next free one, as ``on_free_port`` has it."""
    return on_free_port(lambda candidate: socket.create_server((host, candidate), backlog=128), host, port, setting)

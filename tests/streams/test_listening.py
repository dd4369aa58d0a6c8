"""Ports to serve on: the one that is wanted, the next free one, or a sentence that says what to change."""

import socket

import pytest

from deploy.ports import free_port
from streams.errors import GroundswellError
from streams.listening import listen, on_free_port

HOST = "127.0.0.1"


def test_a_port_that_is_free_is_had_and_a_second_server_moves_on_to_the_next() -> None:
    port = free_port()
    with listen(HOST, port, "IT") as first, listen(HOST, port, "IT") as second:
        assert first.getsockname() == (HOST, port)
        assert port < second.getsockname()[1] < port + 100


def test_any_port_is_had_where_0_is_wanted() -> None:
    with listen(HOST, 0, "IT") as one:
        assert one.getsockname()[1] > 0


def test_the_last_port_is_looked_at_and_none_beyond_it() -> None:
    with listen(HOST, 65_535, "IT"), pytest.raises(GroundswellError, match=r"from port 65535 on \(Address already in "):
        listen(HOST, 65_535, "IT")


@pytest.mark.parametrize(("host", "why"), [("192.0.2.1", "Cannot assign"), ("not a name", "Name or service")])
def test_an_address_of_another_machine_is_refused_with_what_to_do(host: str, why: str) -> None:
    with pytest.raises(GroundswellError, match=rf"^Nothing can listen on {host} from port 0 on \({why}.*\): set IT to"):
        listen(host, 0, "IT")


def test_a_port_that_is_not_allowed_is_told_at_once() -> None:
    tried = []

    def start(port: int) -> socket.socket:
        tried.append(port)
        raise PermissionError(13, "Permission denied")

    with pytest.raises(GroundswellError, match="Permission denied"):
        on_free_port(start, HOST, 80, "IT")
    assert tried == [80]

"""``python -m dashboards.page FD``: the live page of `groundswell up`, on a listening socket that it inherits."""

import socket
import sys

from dashboards.page.server import serve
from streams.settings import load

if __name__ == "__main__":
    serve(load(), socket.socket(fileno=int(sys.argv[1])), local=True)

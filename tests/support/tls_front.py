"""What stands before a website on a server: it speaks TLS on a port of its own and passes everything on."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

from tests.support.certificates import Certificates


@contextlib.contextmanager
def tls_front(certificates: Certificates, port: int, *, name: str = "localhost") -> Iterator[str]:
    """Such a front for the server at `port`, for as long as the block runs. Gives its base URL, by this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain, certificates.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, context, port), daemon=True)
        thread.start()
        try:
            yield f"https://{name}:{listener.getsockname()[1]}"
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
    assert not thread.is_alive()


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_pass_on, args=(plain, context, port), daemon=True).start()


def _pass_on(plain: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """One connection, one request: what comes is passed on until it pauses, then the answer until its end."""
    plain.settimeout(10)
    with (
        contextlib.suppress(OSError),
        plain,
        context.wrap_socket(plain, server_side=True) as secured,
        socket.create_connection(("127.0.0.1", port), 10) as behind,
    ):
        back = threading.Thread(target=_pump, args=(behind, secured), daemon=True)
        back.start()
        _pump(secured, behind)
        back.join(10)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)

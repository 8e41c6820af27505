"""TLS certificates of servers that we look at: how long they are good."""

from __future__ import annotations

import socket
import ssl
import time


def days_left(connection: socket.socket | None) -> int:
    """Whole days until the certificate of a verified TLS connection ends. OSError where there is none to see."""
    found = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    if not found:
        raise OSError("there is no certificate")
    return int(ssl.cert_time_to_seconds(str(found["notAfter"])) - time.time()) // 86_400

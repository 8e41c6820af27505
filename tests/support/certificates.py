"""A certificate authority and a server certificate, made afresh for a test with the openssl program."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """PEM files: the authority to trust, and the server's chain and key."""

    ca: Path
    chain: Path
    key: Path


def make_certificates(directory: Path, *, names: str = "DNS:localhost,IP:127.0.0.1") -> Certificates:
    """An authority of its own in `directory` and a server certificate for the names (as in subjectAltName)."""
    directory.mkdir(parents=True, exist_ok=True)
    found = Certificates(ca=directory / "ca.pem", chain=directory / "server.pem", key=directory / "server.key")
    request, extensions, ca_key = directory / "server.csr", directory / "server.ext", directory / "ca.key"
    extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    usage = ("-addext", "keyUsage=critical,keyCertSign")
    _openssl(
        "req", "-x509", *new_key, *usage, "-days", "2", "-subj", "/CN=Test CA", "-keyout", ca_key, "-out", found.ca
    )
    _openssl("req", *new_key, "-subj", "/CN=server", "-keyout", found.key, "-out", request)
    signing = ("-CA", found.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile", extensions)
    _openssl("x509", "-req", "-in", request, *signing, "-out", found.chain)
    return found


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)

"""A certificate authority and a server certificate, made afresh for a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """PEM files: the authority to trust, and the server's chain and key."""

    ca: Path
    chain: Path
    key: Path


def make_certificates(directory: Path, *, names: str = "DNS:localhost,IP:127.0.0.1", days: float = 2) -> Certificates:
    """An authority of its own in `directory` and a server certificate for the names (as in subjectAltName).

    It is good for so many days; with fewer than none it is over its time.
    """
    directory.mkdir(parents=True, exist_ok=True)
    found = Certificates(ca=directory / "ca.pem", chain=directory / "server.pem", key=directory / "server.key")
    authority, ca_key = _name("Test CA"), ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        key_cert_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    ca = (
        _for(authority, ca_key.public_key(), authority, days=100)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
    )
    key = ec.generate_private_key(ec.SECP256R1())
    server = (
        _for(_name("server"), key.public_key(), authority, days=days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(each) for each in names.split(",")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    pem = serialization.Encoding.PEM
    found.ca.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    found.chain.write_bytes(server.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    found.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return found


def _for(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name, *, days: float
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(written: str) -> x509.GeneralName:
    kind, _, value = written.partition(":")
    return x509.IPAddress(ip_address(value)) if kind == "IP" else x509.DNSName(value)

"""Private keys for tests, made once for each process of the run: an RSA key takes a tenth of a second."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from service.mail.dkim import DkimSigner, read_signer

SELECTOR = "nurture"


@cache
def rsa_pem(bits: int = 2048, *, password: str = "") -> str:
    """An RSA key of that size in PEM form; the same at each call."""
    return _pem(rsa.generate_private_key(public_exponent=65_537, key_size=bits), password)


@cache
def other_pem() -> str:
    """Another RSA key."""
    return _pem(rsa.generate_private_key(public_exponent=65_537, key_size=2048), "")


@cache
def elliptic_pem() -> str:
    """A key that is not RSA."""
    return _pem(ec.generate_private_key(ec.SECP256R1()), "")


@cache
def ed25519_pem() -> str:
    """A key of RFC 8463."""
    return _pem(ed25519.Ed25519PrivateKey.generate(), "")


def signer() -> DkimSigner:
    """One that signs with `rsa_pem()`."""
    return read_signer(rsa_pem(), SELECTOR)


def _pem(key: PrivateKeyTypes, password: str) -> str:
    lock = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()

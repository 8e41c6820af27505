"""DKIM (RFC 6376): our own signature on a mail that leaves by SMTP, for practices whose mail server makes none."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from service.errors import InvalidInputError, trace
from service.mail.outbound import OutboundMail, Outcome, SendResult, Transport

COVERED = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
"""What is signed where it is there; RFC 8058 section 4 wants the last two in it."""
LEAST_BITS, MOST_BITS = 2048, 4096
"""RFC 8301 section 3.2: signers should take 2048 or more; no receiver need read more than 4096."""
MAKE_A_KEY = "openssl genrsa -out dkim.pem 2048"

# Named although it is not there: whoever sends a copy on cannot have the answers go elsewhere.
_NEVER_ADDED = "Reply-To"
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]{2,}|\t")
_LINE = 72
log = structlog.get_logger()


class DkimSigner:
    """Signs with one RSA key, `rsa-sha256` and `relaxed/relaxed`. Equal bytes get an equal signature, so a retry does.

    No time stands in it (`t=`), and no end (`x=`): a mail that waits a week in a queue is still ours.
    """

    def __init__(self, key: rsa.RSAPrivateKey, selector: str) -> None:
        self.selector = selector
        self._key = key

    @property
    def public_key(self) -> str:
        """The `p=` of the record: base64 of the public half (RFC 6376 section 3.6.1)."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(self._key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()

    @property
    def record(self) -> str:
        """The TXT record to publish at `SELECTOR._domainkey.DOMAIN`."""
        return f"v=DKIM1; k=rsa; p={self.public_key}"

    def sign(self, data: bytes) -> bytes:
        """The message with its signature in front. `d=` is the domain of From, so DMARC finds the two aligned."""
        head, _, body = data.partition(b"\r\n\r\n")
        fields = [(field.partition(b":")[0].strip().lower(), field) for field in _FIELD_END.split(head)]
        covered = list(_covered([name for name, _ in fields]))
        digest = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
        signature = "\r\n".join(
            (
                f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={_from_domain(fields)};",
                f" s={self.selector};",
                *_folded(" h=", covered),
                f" bh={digest};",
                " b=",
            )
        ).encode()
        signed = b"".join(_relaxed_field(field) + b"\r\n" for field in _taken(covered, fields))
        value = self._key.sign(signed + _relaxed_field(signature), padding.PKCS1v15(), hashes.SHA256())
        written = base64.b64encode(value)
        lines = [written[start : start + _LINE] for start in range(0, len(written), _LINE)]
        return signature + b"\r\n ".join(lines) + b"\r\n" + data


class SignedTransport:
    """A transport whose mails are signed on their way out. Wrapped about those alone that send the bytes as they are:
    a provider's API makes the mail anew, and its own signature with it."""

    def __init__(self, transport: Transport, signer: DkimSigner) -> None:
        self.name: str = transport.name
        self.capacity: int = transport.capacity
        self.remembers: timedelta | None = transport.remembers
        self._transport = transport
        self._signer = signer

    async def send(self, mail: OutboundMail) -> SendResult:
        """Sign, and hand over. What cannot be signed is not handed over, and that is known: a fault of ours."""
        try:
            signed = replace(mail, data=self._signer.sign(mail.data))
        except Exception as error:
            log.error("a mail could not be signed", error=trace(error))
            return SendResult(
                outcome=Outcome.DOWN, stage="sign", text="the mail could not be signed (DKIM)", scope="channel"
            )
        return await self._transport.send(signed)

    async def check(self) -> SendResult | None:
        """What the transport beneath says."""
        return await self._transport.check()

    async def close(self) -> None:
        """Close the transport beneath."""
        await self._transport.close()


def read_signer(pem: str, selector: str) -> DkimSigner:
    """A signer from a private key in PEM form. InvalidInputError says what is wrong, and never quotes it."""
    text = pem.replace("\\n", "\n")  # on one line, as in a `docker run -e`
    if "PRIVATE KEY" not in text:
        raise InvalidInputError(f"it holds no private key in PEM form; make one with: {MAKE_A_KEY}")
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except TypeError as error:
        raise InvalidInputError(
            "the key is locked with a password; keep it unlocked, in a file that only the service can read"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInputError(f"the private key cannot be read; make one with: {MAKE_A_KEY}") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise InvalidInputError(f"the key is not RSA, which is all that every receiver reads; make one: {MAKE_A_KEY}")
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise InvalidInputError(
            f"the key has {key.key_size} bits, and receivers want {LEAST_BITS} to {MOST_BITS}; "
            f"make one with: {MAKE_A_KEY}"
        )
    return DkimSigner(key, selector)


def signature_of(data: bytes) -> dict[str, str]:
    """The tags of a message's first signature (RFC 6376 section 3.5), without blanks; none where it has none."""
    fields = _FIELD_END.split(data.partition(b"\r\n\r\n")[0])
    field = next((each for each in fields if each[:15].lower() == b"dkim-signature:"), b"")
    pairs = (part.partition("=") for part in field.partition(b":")[2].decode("ascii", "replace").split(";"))
    return {name.strip(): "".join(value.split()) for name, _, value in pairs if name.strip()}


def covered_by(data: bytes) -> frozenset[str]:
    """The names in lower case that a message's first signature covers; none where it has no signature."""
    return frozenset(filter(None, signature_of(data).get("h", "").lower().split(":")))


def _covered(names: Sequence[bytes]) -> Iterator[str]:
    """Each once more than it stands there, so that none can be added (RFC 6376 section 8.15)."""
    for name in COVERED:
        there = names.count(name.lower().encode())
        if there or name == _NEVER_ADDED:
            yield from [name] * (there + 1)


def _taken(covered: Sequence[str], fields: Sequence[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """The field behind each name, from the last upwards; one that is not there counts as nothing (section 5.4.2)."""
    left = list(fields)
    for wanted in covered:
        found = next((each for each in reversed(left) if each[0] == wanted.lower().encode()), None)
        if found is not None:
            left.remove(found)
            yield found[1]


def _from_domain(fields: Sequence[tuple[bytes, bytes]]) -> str:
    sender = next((field for name, field in fields if name == b"from"), b"")
    return sender.rstrip(b"> \t").rpartition(b"@")[2].decode("ascii").lower()


def _relaxed_field(field: bytes) -> bytes:
    """RFC 6376 section 3.4.2."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4."""
    text = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return text + b"\r\n" if text else b""


def _folded(start: str, names: Sequence[str]) -> Iterator[str]:
    """`h=` over as many lines as it takes; blanks may stand around its colons (section 3.5)."""
    line = start
    for name in names:
        if len(line) + len(name) > _LINE:
            yield line
            line = " "
        line += f"{name}:"
    yield line.removesuffix(":") + ";"

"""Access tokens for SMTP (OAuth 2.0, RFC 6749): Microsoft 365 and Google no longer take a password.

The file is a mounted secret, JSON: `token_url`, `client_id`, and `refresh_token` (section 6) or, without one, the
service's own `client_secret` (section 4.4); `scope` where the server wants it named.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from service.errors import NurtureError
from service.mail.loopback import is_loopback

_FIELDS = ("token_url", "client_id", "client_secret", "refresh_token", "scope")
_EARLY_SECONDS = 120.0  # a log-in begins well before its token ends
_SECONDS = 20.0
_SHORTEST_LIFE, _USUAL_LIFE = 60.0, 3600.0
log = structlog.get_logger()


class TokenError(NurtureError):
    """No access token is to be had now. Never leaves what logs in. `lasting`: somebody has to mend it."""

    code, status = "no-token", 503

    def __init__(self, english: str, *, lasting: bool) -> None:
        super().__init__(english)
        self.lasting = lasting


def oauth_problems(path: Path) -> list[str]:
    """What is wrong with a file of this sort, each as the end of a sentence; empty when it can be used."""
    try:
        found = _read(path)
    except OSError as error:
        return [f"cannot be read: {error.strerror or 'no such file'}"]
    except ValueError:
        return ["holds no JSON object of texts"]
    problems = [f"lacks {name}" for name in ("token_url", "client_id") if not found.get(name)]
    if not found.get("refresh_token") and not found.get("client_secret"):
        problems.append("has neither refresh_token nor client_secret")
    if strange := sorted(found.keys() - set(_FIELDS)):
        problems.append(f"has {len(strange)} fields that do not exist; there are {', '.join(_FIELDS)}")
    if found.get("token_url") and not _is_safe(found["token_url"]):
        problems.append("names a token_url that is not https://…")
    return problems


class AccessTokens:
    """Asks for a token when one is needed, and keeps it until shortly before it ends. Bound to one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = asyncio.Lock()
        self._token = ""
        self._good_until = 0.0

    async def token(self) -> str:
        """A token that holds for a while yet. Raises TokenError, whose sentence holds no secret."""
        async with self._turn:  # of several connections one asks
            if time.monotonic() >= self._good_until:
                await self._renew()
            return self._token

    def forget(self, token: str) -> None:
        """The server refused this one: the next log-in asks anew."""
        if token == self._token:
            self._good_until = 0.0

    async def _renew(self) -> None:
        try:
            given = await asyncio.to_thread(_read, self._path)
        except (OSError, ValueError) as error:
            raise TokenError(
                "The file with which tokens are asked for cannot be read any more.", lasting=True
            ) from error
        said = await _ask(given)
        token, life = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise TokenError("The token server answered without a token.", lasting=True)
        self._token = token
        seconds = float(life) if isinstance(life, int | float) and life > 0 else _USUAL_LIFE
        self._good_until = time.monotonic() + max(seconds - _EARLY_SECONDS, min(seconds, _SHORTEST_LIFE))
        newer = said.get("refresh_token")
        if given.get("refresh_token") and isinstance(newer, str) and newer and newer != given["refresh_token"]:
            await asyncio.to_thread(_keep, self._path, {**given, "refresh_token": newer})


async def _ask(given: Mapping[str, str]) -> Mapping[str, object]:
    import httpx  # noqa: PLC0415 - only who logs in by token waits for it

    kind = "refresh_token" if given.get("refresh_token") else "client_credentials"
    form = {name: given[name] for name in _FIELDS if name != "token_url" and given.get(name)}
    host = urlsplit(given.get("token_url", "")).hostname
    try:
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            answer = await client.post(given.get("token_url", ""), data={**form, "grant_type": kind})
            said = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise TokenError(
            f"The token server {host} did not answer as one ({type(error).__name__}).", lasting=False
        ) from error
    if answer.status_code != 200 or not isinstance(said, dict):
        wrong = said.get("error") if isinstance(said, dict) else None
        word = wrong if isinstance(wrong, str) and wrong.replace("_", "").isalnum() and len(wrong) < 60 else "no reason"
        lasting = 400 <= answer.status_code < 500 and answer.status_code != 429
        raise TokenError(f"The token server {host} refused: {answer.status_code} {word}.", lasting=lasting)
    return said


def _read(path: Path) -> dict[str, str]:
    """Raises OSError, and ValueError for what is no JSON object of texts."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("no object of texts")
    return found


def _keep(path: Path, given: Mapping[str, str]) -> None:
    """Microsoft gives a new refresh token each time, and lets the old one end after weeks: so the file follows."""
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(dict(given), file)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
        log.warning("the new refresh token could not be kept", reason=error.strerror)


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))

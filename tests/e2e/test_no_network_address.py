"""Where a visitor came from is kept nowhere: not in the database, a log or a mail (ACCEPTANCE P3)."""

from __future__ import annotations

import http.client
import json
import re
import urllib.parse
from pathlib import Path

from tests.support.running import Running, installation, link_in, wait_for
from tests.support.traces import traces

ANNA = "anna@example.org"
BEHIND_A_PROXY, ITSELF = "203.0.113.77", "127.0.0.77"
# as text, as hexadecimal, and as one number
TRACES = re.compile(rb"203\.0\.113\.77|cb00714d|3405803853|127\.0\.0\.77|7f00004d|2130706509", re.IGNORECASE)


def visit(method: str, url: str, *, form: dict[str, str] | None = None, data: object = None) -> int:
    """One request from an address of its own, by way of a proxy that says whom it speaks for. Returns the status."""
    at = urllib.parse.urlsplit(url)
    assert at.hostname
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=60, source_address=(ITSELF, 0))
    headers = {"X-Forwarded-For": BEHIND_A_PROXY, "X-Real-IP": BEHIND_A_PROXY, "Forwarded": f"for={BEHIND_A_PROXY}"}
    if data is not None:
        body, headers["Content-Type"] = json.dumps(data), "application/json"
    else:
        body, headers["Content-Type"] = urllib.parse.urlencode(form or {}), "application/x-www-form-urlencoded"
    try:
        connection.request(method, at.path, body if method == "POST" else None, headers)
        with connection.getresponse() as answer:
            assert not TRACES.search(answer.read())
            return answer.status
    finally:
        connection.close()


def test_a_visitors_network_address_is_kept_nowhere(database_url: str, tmp_path: Path) -> None:
    with installation(tmp_path, database_url, NURTURE_TRUSTED_PROXIES="127.0.0.0/8") as running:
        running.start()
        live(running)
        assert traces(running, TRACES) == []
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path.name for path in files if TRACES.search(path.read_bytes())] == []
        assert {path.suffix for path in files} >= {".log", ".eml"}
        assert running.logs(), "or this shows nothing"


def live(running: Running) -> None:
    """Everything that a visitor can do, also wrongly, and more often than is allowed."""
    opt_in = {"email": ANNA, "topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}
    for _ in range(4):
        assert visit("POST", f"{running.url}/api/opt-ins", data=opt_in) == 202
    assert visit("POST", f"{running.url}/api/opt-ins", data=opt_in | {"email": "nobody"}) == 422
    assert visit("POST", f"{running.url}/api/opt-ins", form={"email": "x" * 20_000}) == 413
    assert visit("GET", f"{running.url}/forms/lage-rug") == 200
    assert visit("GET", f"{running.url}/u/{'A' * 48}") == 404
    advice = wait_for(lambda: running.mails(ANNA), "the advice")[0]
    links = {letter: link_in(advice, letter) for letter in "cubp"}
    for link in links.values():
        assert visit("GET", link) == 200
    assert visit("POST", links["c"]) == 200
    running.clock(advance="P3D")
    assert visit("POST", links["b"], form={"action": "request", "phone": "06 12345678"}) == 200
    assert visit("POST", links["p"], form={"action": "stop"}) == 200
    assert visit("POST", links["u"]) == 200

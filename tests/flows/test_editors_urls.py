"""No address that a writer puts into a file is fetched by us, when it is read, published or sent (ACCEPTANCE E7)."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from service.flows.drafts import read_draft
from tests.support import drafts
from tests.support.folders import content_copy
from tests.support.house import House, part


def test_an_address_in_the_content_is_passed_on_and_never_asked(house: House, tmp_path: Path) -> None:
    content = content_copy(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.setblocking(False)
        address = f"https://127.0.0.1:{inside.getsockname()[1]}"
        practice = content / "practice.yaml"
        facts, count = re.subn(r"https://[^\s\"']+", f"{address}/latest/meta-data", practice.read_text("utf-8"))
        assert count > 1
        practice.write_text(facts, "utf-8")
        advice = content / "email_templates/advies-lage-rug.md"
        advice.write_text(f"{advice.read_text('utf-8')}\n[Lees dit]({address}/artikel)\n", "utf-8")
        drafts.publish(house, read_draft(content))
        house.opt_in()
        house.send_due()
        assert f"{address}/artikel" in part(house.mails("anna@example.org")[0], "plain")
        with pytest.raises(BlockingIOError):
            inside.accept()


def test_an_image_elsewhere_is_refused_without_a_look(tmp_path: Path) -> None:
    content = content_copy(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.setblocking(False)
        advice = content / "email_templates/advies-lage-rug.md"
        image = f"![Een stoel](http://127.0.0.1:{inside.getsockname()[1]}/foto.png)"
        advice.write_text(f"{advice.read_text('utf-8')}\n{image}\n", "utf-8")
        assert read_draft(content).errors
        with pytest.raises(BlockingIOError):
            inside.accept()

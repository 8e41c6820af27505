"""The file transport: exact bytes, whole or not at all, in the order of arrival."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from service.errors import ProblemsError
from service.mail.transport import FileTransport, OutboundMail, Outcome, SendResult, open_transport
from tests.support.outbound import BODY, outbound


def send(directory: Path, *mails: OutboundMail) -> list[SendResult]:
    async def run() -> list[SendResult]:
        transport = open_transport(f"file:{directory}")
        results = list(await asyncio.gather(*(transport.send(mail) for mail in mails)))
        await transport.close()
        return results

    return asyncio.run(run())


def test_the_exact_bytes_are_written_and_the_directory_is_made(tmp_path: Path) -> None:
    data = BODY + b".\r\n..\r\n" + bytes(range(32, 127)) + b"\r\n"
    (result,) = send(tmp_path / "a" / "b", outbound(data=data))
    assert result.outcome is Outcome.ACCEPTED
    (file,) = (tmp_path / "a" / "b").iterdir()
    assert file.read_bytes() == data
    assert file.name == result.provider_id
    assert file.suffix == ".eml"


def test_names_and_modification_times_sort_in_the_order_of_arrival(tmp_path: Path) -> None:
    send(tmp_path, *(outbound(data=BODY + b"%d\r\n" % number) for number in range(50)))
    files = list(tmp_path.glob("*.eml"))
    by_name = [file.read_bytes() for file in sorted(files)]
    by_time = [file.read_bytes() for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)]
    assert by_name == by_time == [BODY + b"%d\r\n" % number for number in range(50)]


def test_a_repeat_is_a_second_mail_in_the_mailbox(tmp_path: Path) -> None:
    mail = outbound()
    send(tmp_path, mail, mail)
    assert len(list(tmp_path.glob("*.eml"))) == 2


def test_a_directory_that_is_a_file_means_that_the_channel_is_down(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    (result,) = send(tmp_path / "mail", outbound())
    assert (result.outcome, result.stage, result.scope) == (Outcome.DOWN, "write", "channel")
    assert result.text == "The mail could not be written to its directory: File exists."


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        seen = [file.name for file in tmp_path.iterdir()]
        assert not [name for name in seen if name.endswith(".eml")], "a half-written mail could be seen"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    (result,) = send(tmp_path, outbound())
    assert result.outcome is Outcome.DOWN
    assert "No space left on device" in result.text
    assert list(tmp_path.iterdir()) == []


def test_a_mail_url_with_a_problem_is_not_opened() -> None:
    with pytest.raises(ProblemsError, match="cannot start with gopher:"):
        open_transport("gopher://mail.example.nl")
    assert isinstance(open_transport("file:data/mail"), FileTransport)

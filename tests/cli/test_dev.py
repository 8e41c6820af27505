"""`nurture dev` as a real process on a real folder: saves, mistakes, a deleted file, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.commands import nurture
from tests.support.folders import content_copy
from tests.support.running import ROOT, free_port, http, wait_for


def test_it_follows_every_save_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    content, out, port = content_copy(tmp_path), tmp_path / "preview", free_port()
    settings = {
        "NURTURE_CONTENT_DIR": str(content),
        "NURTURE_DATA_DIR": str(tmp_path / "data"),
        "NURTURE_LANGUAGE": "nl",
    }
    log = tmp_path / "said.txt"
    path = content / "email_templates/hoe-ging-het.md"
    good = path.read_text(encoding="utf-8")
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "dev", "--port", str(port), "--out", str(out)],
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
        )
    try:
        _until(log, "0 fouten")
        assert f"Alle mails: http://localhost:{port}/ (bestanden: {out}). Stop met Ctrl-C." in log.read_text()

        for word in ("Wie", "Wat", "Waar", "Hoe was"):  # a burst
            path.write_text(good.replace("Hoe ging", word), encoding="utf-8")
        _until(log, "opnieuw gemaakt: hoe-ging-het")
        wait_for(lambda: "Hoe was de eerste stap?" in _read(out / "hoe-ging-het.html"), "the file of the mail")
        assert "Hoe was de eerste stap?" in http("GET", f"http://127.0.0.1:{port}/mails/hoe-ging-het").text

        new = content / "email_templates/.nieuw"
        new.write_text(f"{good}\n{{{{ voornaam }}}}\n", encoding="utf-8")
        new.replace(path)
        _until(log, "email_templates/hoe-ging-het.md:26: ")

        path.unlink()
        _until(log, "weg: hoe-ging-het")
        wait_for(lambda: not (out / "hoe-ging-het.html").exists(), "the file to go")
        _until(log, "sequences/lage-rug.yaml:30: email_templates/hoe-ging-het.md bestaat niet")

        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text()


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    content = content_copy(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = nurture(
            "dev", "--port", port, folder=tmp_path, content_dir=str(content), data_dir=str(tmp_path / "data")
        )
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert "choose another with --port" in said.err


def _until(log: Path, words: str) -> None:
    wait_for(lambda: words in log.read_text(), words)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""

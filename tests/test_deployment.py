"""The image and the compose file, held against the code: no container engine is needed to find them wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.flows.media_files import LARGEST_UPLOAD
from service.settings import is_setting, load_settings
from service.web.studio.publishing.held import LARGEST
from tests.support.deployment import (
    ROOT,
    Instruction,
    branch,
    commands_in,
    compose,
    copied,
    dockerfile,
    services,
    stages,
    words,
)
from tests.support.requirements import not_run

KEY = "hL2mXv9QeTzRb7KpWn4YcJdU8sGfA3oM"
OURS = ("content", "migrate", "web", "worker")
GUIDES = ("docs/deployment.md", "docs/upgrading.md")


def parse_command(arguments: list[str]) -> None:
    """Fail when the command line knows no such command or option. With `--help` it reads all, and does nothing."""
    from service.cli import app

    result = CliRunner().invoke(app, [*arguments, "--help"])
    assert result.exit_code == 0, f"nurture {' '.join(arguments)}: {result.output}"


def test_every_path_the_image_copies_is_there_and_let_in() -> None:
    allowed = [
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    for sources, _ in copied():
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source in allowed, f"{source} is not let in by .dockerignore"
    assert all(any(fnmatch(path, source) for sources, _ in copied() for source in sources) for path in allowed)


def test_what_the_base_image_brings_is_still_found() -> None:
    """`useradd` is in /usr/sbin: a PATH of our own must go before theirs, and not instead of it."""
    paths = [word for found in dockerfile() if found.word == "ENV" for word in found.rest.split() if "PATH=" in word]
    assert paths == ["PATH=/app/.venv/bin:$PATH"]


def test_the_image_runs_without_root_and_names_no_registry() -> None:
    users = [found.rest for found in dockerfile() if found.word == "USER"]
    assert users == ["nurture"]
    assert [found.word for found in dockerfile()].index("USER") > max(
        number for number, found in enumerate(dockerfile()) if found.word == "RUN"
    )
    assert "://" not in (ROOT / "Dockerfile").read_text()


def test_every_command_is_one_the_service_has() -> None:
    given = [found.arguments for found in dockerfile() if found.word in {"CMD", "ENTRYPOINT"}]
    given += [words(services()[name]["command"]) for name in OURS]
    nurture = [arguments[1:] for arguments in given if arguments[0] == "nurture"]
    assert ["migrate"] in nurture
    assert ["worker"] in nurture
    assert any(arguments[:2] == ["serve", "--no-worker"] for arguments in nurture)
    for arguments in nurture:
        parse_command(arguments)
    scripts = [arguments[0] for arguments in given if arguments[0] != "nurture"]
    assert scripts == ["/app/deploy/fill-content"]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_of_the_guides_is_one_the_service_has(guide: str) -> None:
    found = list(commands_in((ROOT / guide).read_text()))
    assert found
    for arguments in found:
        parse_command(arguments)


def test_every_setting_is_one_the_service_knows() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()
    text += "".join((ROOT / guide).read_text() for guide in GUIDES)
    for name in set(re.findall(r"NURTURE_[A-Z_]+", text)):
        assert is_setting(name.removesuffix("_FILE")), name


def test_every_setting_that_is_put_beside_the_compose_file_reaches_web_and_worker() -> None:
    assert "2. A file `.env` beside `docker-compose.yml`" in (ROOT / GUIDES[0]).read_text()
    for name in OURS:
        assert words(services()[name]["env_file"]) == [".env"]


def test_a_proxy_lets_through_what_the_studio_takes() -> None:
    guide = (ROOT / GUIDES[0]).read_text()
    assert f"lets bodies of {LARGEST // 1024**2} MB through" in guide
    seconds = re.findall(r"a body within (\d+)|read_body (\d+)s", guide + (ROOT / "deploy/Caddyfile").read_text())
    assert {one or other for one, other in seconds} == {"60"}
    assert LARGEST_UPLOAD / 60 < 1_000_000 / 8, "less than a megabit a second is no line of a practice"


def test_every_secret_is_declared_mounted_and_used() -> None:
    declared = branch(compose()["secrets"])
    assert all(str(branch(secret)["file"]) == f"./secrets/{name}" for name, secret in declared.items())
    used = set()
    for service in services().values():
        mounted = set(words(service.get("secrets") or []))
        files = {
            str(value).removeprefix("/run/secrets/")
            for value in branch(service.get("environment") or {}).values()
            if str(value).startswith("/run/secrets/")
        }
        assert files == mounted
        used |= mounted
    assert used == set(declared)
    assert set(re.findall(r"> (\w+)", (ROOT / GUIDES[0]).read_text())) >= set(declared)


def test_the_settings_of_the_compose_file_make_a_safe_start(tmp_path: Path) -> None:
    secrets = {
        "database_url": f"postgresql+psycopg://nurture:{KEY}@postgres/nurture",
        "secret_keys": KEY,
        "suppression_key": KEY[::-1],
        "mail_url": "smtp://user:password@mail.example.nl:587",
    }
    for name, secret in secrets.items():
        (tmp_path / name).write_text(secret + "\n")
    written = {"SITE_HOST": "mail.example.nl", "NURTURE_MAIL_FROM": "Praktijk <advies@example.nl>"}

    def fill_in(value: str) -> str:
        value = value.replace("/run/secrets/", f"{tmp_path}/")
        return re.sub(r"\$\{(\w+)(?::[?-][^}]*)?\}", lambda match: written.get(match[1], ""), value)

    for name in OURS:
        environment = branch(services()[name]["environment"])
        settings = load_settings({key: fill_in(str(value)) for key, value in environment.items()})
        assert settings.production
        assert settings.base_url == "https://mail.example.nl"
        assert settings.content_dir == Path("/content")
        assert settings.secret_keys == (KEY,)


def test_the_order_of_the_start_is_held_by_health_and_completion() -> None:
    started = services()
    for name in ("web", "worker"):
        waits = branch(started[name]["depends_on"])
        assert branch(waits["postgres"])["condition"] == "service_healthy"
        assert branch(waits["migrate"])["condition"] == "service_completed_successfully"
        assert branch(waits["content"])["condition"] == "service_completed_successfully"
    assert started["migrate"]["restart"] == started["content"]["restart"] == "no"
    assert "pg_isready" in words(branch(started["postgres"]["healthcheck"])["test"])
    health = words(branch(started["web"]["healthcheck"])["test"])
    assert "http://127.0.0.1:8000/healthz" in health[-1]
    compile(health[-1], "health check", "exec")


def test_every_service_is_named_and_every_volume_declared() -> None:
    found = compose()
    for service in services().values():
        for volume in words(service.get("volumes") or []):
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in branch(found["volumes"])
        for network in words(service["networks"]):
            assert network in branch(found["networks"])
        assert set(branch(service.get("depends_on") or {})) <= set(services())


def test_the_proxy_is_optional_trusted_and_points_at_the_web() -> None:
    caddy, web = services()["caddy"], services()["web"]
    assert words(caddy["profiles"]) == ["tls"]
    caddyfile = (ROOT / "deploy/Caddyfile").read_text()
    assert "reverse_proxy web:8000" in caddyfile
    assert "{$SITE_HOST}" in caddyfile
    assert "SITE_HOST" in branch(caddy["environment"])
    assert caddyfile.count("{") == caddyfile.count("}")
    subnet = re.search(r"subnet: ([0-9./]+)", (ROOT / "docker-compose.yml").read_text())
    assert subnet is not None
    assert branch(web["environment"])["NURTURE_TRUSTED_PROXIES"] == subnet[1]
    assert words(web["ports"]) == ["127.0.0.1:8000:8000"], "nobody reaches the web past the proxy"


def test_the_content_is_filled_once_and_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "content"
    fill = [str(ROOT / "deploy/fill-content"), str(target)]
    (target / "sequences").mkdir(parents=True)  # an interrupted first run
    subprocess.run(fill, check=True)
    shipped = {"practice.yaml", "forms.yaml", "sequences", "email_templates", "media"}
    assert {path.name for path in target.iterdir()} == shipped
    assert (target / "sequences/lage-rug.yaml").read_bytes() == (ROOT / "sequences/lage-rug.yaml").read_bytes()
    (target / "practice.yaml").write_text("mine")
    (target / "sequences/lage-rug.yaml").unlink()
    subprocess.run(fill, check=True)
    assert (target / "practice.yaml").read_text() == "mine"
    assert not (target / "sequences/lage-rug.yaml").exists()


def test_content_that_was_being_filled_when_the_disk_was_full_is_filled_again(tmp_path: Path) -> None:
    """`cp` leaves half a file."""
    programs, target = tmp_path / "programs", tmp_path / "content"
    programs.mkdir()
    half = f'head -c 99 "{ROOT}/practice.yaml" >"$to"; exit 1'
    (programs / "cp").write_text(
        "#!/bin/sh\nfor to; do :; done\n"
        f'case "$*" in *practice.yaml*) [ -d "$to" ] && to=$to/practice.yaml; {half};; esac\nexec /bin/cp "$@"\n'
    )
    (programs / "cp").chmod(0o755)
    fill = [str(ROOT / "deploy/fill-content"), str(target)]
    full = {"PATH": f"{programs}:{os.environ['PATH']}"}
    assert subprocess.run(fill, env=os.environ | full, check=False).returncode == 1
    subprocess.run(fill, check=True)
    assert (target / "practice.yaml").read_bytes() == (ROOT / "practice.yaml").read_bytes()


def _build(stage: list[Instruction], app: Path) -> subprocess.CompletedProcess[str]:
    """Take the steps of a stage in a folder: its copies, and its one RUN but for the user."""
    for sources, target in copied(stage):
        for source in sources:
            into = app / source if target == "./" else app / target
            into.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, into, ignore=shutil.ignore_patterns("node_modules", "dist"))
            else:
                shutil.copy(ROOT / source, into)
    (run,) = [each.rest for each in stage if each.word == "RUN" and not each.rest.startswith("useradd")]
    env = os.environ | {"PYTHON": sys.executable, "PYTHONWARNINGS": ""}
    return subprocess.run(run, shell=True, cwd=app, env=env, capture_output=True, text=True, check=False)


def test_the_first_stage_builds_what_the_image_takes_from_it(tmp_path: Path) -> None:
    bundle, image = stages()
    node = ROOT / "build/node-venv"
    if node.exists():  # to fetch Node once more shows nothing
        (tmp_path / "build").mkdir()
        (tmp_path / "build/node-venv").symlink_to(node)
    built = _build(bundle, tmp_path)
    if built.returncode and "ENOTFOUND" in built.stderr + built.stdout:
        not_run("Bundle", "no package registry for Node here", required_as="bundle")
    assert built.returncode == 0, built.stderr
    (taken,) = [each.arguments for each in image if each.word == "COPY" and each.arguments[0] == "--from=bundle"]
    assert taken[1:] == ["/app/service/web/dist", "service/web/dist"]
    assert "solve" in (tmp_path / "service/web/dist/proof.js").read_text()
    assert "@codemirror/view" in (tmp_path / "service/web/dist/editor.js").read_text()


def test_the_steps_of_the_image_give_a_service_that_answers(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    done = _build(stages()[-1], app)
    assert done.returncode == 0, done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for arguments in (["--help"], ["check"]):
        done = subprocess.run(
            [str(app / ".venv/bin/nurture"), *arguments],
            cwd=elsewhere,
            env={"PATH": os.defpath, "NURTURE_DATA_DIR": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

"""Debian's exim4 as the mail server of a practice: on loopback, with a configuration and a spool of its own.

    with SmtpServer() as onward, relay(certificates, onward.port) as url:
        transport = open_transport(url)   # STARTTLS, AUTH PLAIN; what it takes goes on to `onward`

A next hop that refuses a recipient makes it write a real bounce to the mail's return path.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.certificates import Certificates
from tests.support.requirements import not_run

_PROGRAMS = ("exim4", "exim")
_CONFIGURATION = """
primary_hostname = relay.example
exim_user = {user}
exim_group = {group}
deliver_drop_privilege
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
pid_file_path = {folder}/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
disable_ipv6
keep_environment =
host_lookup =
rfc1413_hosts =
smtp_accept_queue_per_connection = 0
smtp_accept_max = 50
message_size_limit = 20M
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {key}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_connect = at_connect
acl_smtp_rcpt = at_rcpt

begin acl
at_connect:
  accept control = dkim_disable_verify
at_rcpt:
  accept authenticated = *
  deny message = log in first

begin routers
onward:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = onward

begin transports
onward:
  driver = smtp
  port = {onward}
  allow_localhost
  hosts_avoid_tls = *

begin retry
* * F,1m,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{praktijk}}}}{{eq{{$auth3}}{{geheim}}}}}}}}
  server_set_id = $auth2
"""


@contextlib.contextmanager
def relay(certificates: Certificates, onward: int) -> Iterator[str]:
    """Such a server while the block runs; it hands on to port `onward` of this machine. Gives its mail URL."""
    program = next(filter(None, map(shutil.which, (*_PROGRAMS, "/usr/sbin/exim4"))), None)
    if program is None:
        not_run("Mail relay", "no exim4 on PATH (Debian: exim4-daemon-light)", required_as="relay")
    # Where the tests run as root, it runs as the user who may do nothing: exim gives its own rights up by itself.
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:  # a delivery may still tidy up its spool
        folder, port = Path(name), _free_port()
        (folder / "spool").mkdir()
        shutil.copyfile(certificates.chain, folder / "chain.pem")
        shutil.copyfile(certificates.key, folder / "key.pem")
        text = _CONFIGURATION.format(
            user=owner.pw_uid,
            group=owner.pw_gid,
            folder=folder,
            port=port,
            chain=folder / "chain.pem",
            key=folder / "key.pem",
            onward=onward,
        )
        (folder / "exim.conf").write_text(text)
        (folder / "exim.conf").chmod(0o600)
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        process = subprocess.Popen(
            [program, "-C", str(folder / "exim.conf"), "-bdf", "-q1m"],
            user=owner.pw_uid if os.geteuid() == 0 else None,
            group=owner.pw_gid if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _wait_for(port, process)
            yield f"smtp://praktijk:geheim@127.0.0.1:{port}?ca={certificates.ca}"
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"exim ended at once: {process.communicate()[1]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("exim does not answer")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

"""Is a DKIM signature good? Asked of Perl's Mail::DKIM (the one inside SpamAssassin): it shares no line with ours."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.requirements import not_run

_SCRIPT = r"""
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Mail::DKIM::DNS;
use Net::DNS::Resolver;
my ($host, $port, @files) = @ARGV;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(
    nameservers => [$host], port => $port, recurse => 1, udp_timeout => 5, retry => 1,
    udppacketsize => 4096,  # a key of 4096 bits
));
for my $file (@files) {
    my $verifier = Mail::DKIM::Verifier->new();
    open my $mail, '<:raw', $file or die $!;
    local $/;
    $verifier->PRINT(<$mail>);
    $verifier->CLOSE;
    my @all = map { $_->domain . ' ' . $_->result_detail } $verifier->signatures;
    my $line = join('; ', @all) || 'none';
    $line =~ s/\s+/ /g;
    print "$line\n";
}
"""


def verified(mails: Sequence[bytes], dns_address: str) -> list[str]:
    """What the verifier says of each mail: `DOMAIN RESULT` for each of its signatures, `none` without any.

    It asks the name server at `dns_address` (`HOST:PORT`) for the keys.
    """
    require_verifier()
    host, _, port = dns_address.rpartition(":")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.eml" for number in range(len(mails))]
        for file, data in zip(files, mails, strict=True):
            file.write_bytes(data)
        command = ["perl", "-e", _SCRIPT, host, port, *map(str, files)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()


def require_verifier() -> None:
    """Leave the test out, in one line, where there is no such verifier."""
    perl = shutil.which("perl")
    if not perl or subprocess.run([perl, "-MMail::DKIM::Verifier", "-e1"], capture_output=True, check=False).returncode:
        not_run("DKIM verifier", "no Mail::DKIM (Debian: libmail-dkim-perl)", required_as="dkim")

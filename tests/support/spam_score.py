"""What SpamAssassin (Debian's, its rules as installed) makes of a mail, without asking anybody on the network."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.requirements import not_run

_SCRIPT = r"""
use strict;
use warnings;
use Mail::SpamAssassin;
my ($folder, @files) = @ARGV;
my $filter = Mail::SpamAssassin->new({
    local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => "$folder/prefs", userstate_dir => $folder,
    home_dir_for_helpers => $folder, post_config_text => "use_bayes 0\nscore NO_RELAYS 0\n",
});
$filter->init(1);
for my $file (@files) {
    open my $mail, '<:raw', $file or die $!;
    local $/;
    my $parsed = $filter->parse(<$mail>);
    my $status = $filter->check($parsed);
    print join(' ', $status->get_score, $status->get_names_of_tests_hit_with_scores), "\n";
    $status->finish;
    $parsed->finish;
}
"""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Points (a receiver usually begins to mind at 5), and the rules that gave them as `NAME=POINTS,…`."""

    points: float
    rules: str


def scores(mails: Mapping[str, bytes]) -> dict[str, Score]:
    """The score of each mail, by its name. All in one run: loading the rules takes seconds."""
    perl = shutil.which("perl")
    if not perl or subprocess.run([perl, "-MMail::SpamAssassin", "-e1"], capture_output=True, check=False).returncode:
        not_run("Spam score", "no SpamAssassin (Debian: spamassassin)", required_as="spam")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prefs").touch()
        files = [folder / f"{number}.eml" for number in range(len(mails))]
        for file, data in zip(files, mails.values(), strict=True):
            file.write_bytes(data)
        command = [perl, "-e", _SCRIPT, name, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = (line.partition(" ") for line in done.stdout.splitlines())
    return {
        name: Score(points=float(points), rules=rules) for name, (points, _, rules) in zip(mails, lines, strict=True)
    }


def table(found: Mapping[str, Score]) -> str:
    """A line a mail, worst first."""
    ordered = sorted(found.items(), key=lambda item: -item[1].points)
    return "\n".join(f"{score.points:6.1f}  {name}: {score.rules or 'no rule'}" for name, score in ordered)

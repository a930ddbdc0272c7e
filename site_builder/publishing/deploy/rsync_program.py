"""The system's rsync: running it, and saying in words why it failed.

In: arguments. Out: the lines that it prints. Promise: it never asks anything, it is ended when we
are, and what it tells of failures becomes one Problem that says what to do.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.publishing.deploy.redaction import redacted
from site_builder.publishing.deploy.retries import Retries, TargetError

OLDEST = (3, 2, 4)
"""From then on no shell at the other side takes the path of a target apart."""
_COMMON = ("--8-bit-output", "--timeout=300")
_VANISHED = 24  # of what is to be removed nothing is here, which is how rsync is told


@dataclass(frozen=True, slots=True)
class Rsync:
    """How the program is called for one target."""

    place: str
    """What rsync is given, with a slash at its end."""
    shown: str
    host: str
    """Of ssh, with a user if one is named; empty if ssh is not used."""
    ssh: tuple[str, ...]
    """The words of the command for ssh, with our options."""
    folder: Path
    """The site's, to which paths may be relative."""
    environment: Mapping[str, str]
    retries: Retries

    def run(
        self,
        options: Sequence[str],
        *places: str,
        on_line: Callable[[str], None] = lambda _: None,
    ) -> list[str]:
        """The lines that rsync prints; tried again if it may pass.

        Raises TargetError.
        """
        words = ["rsync", *_COMMON, *(["--rsh", shlex.join(self.ssh)] if self.host else [])]
        return self.retries(lambda: self._once([*words, *options, *places], on_line))

    def _once(self, words: Sequence[str], on_line: Callable[[str], None]) -> list[str]:
        code, lines, errors = run(words, self.folder, self.environment, on_line)
        if code and not (code == _VANISHED and "--delete-missing-args" in words):
            raise failure(code, errors, self.shown)
        return lines


def check_program(environment: Mapping[str, str], folder: Path) -> None:
    """Raise UsageError if there is no rsync, or one that does not know what is needed."""
    try:
        _, lines, _ = run(["rsync", "--version"], folder, environment)
    except FileNotFoundError:
        lines = []
    found = re.search(r"rsync +version v?(\d+)\.(\d+)(?:\.(\d+))?", "\n".join(lines))
    if found and tuple(int(part or 0) for part in found.groups()) >= OLDEST:
        return
    message = f"the rsync here is {lines[0].strip()}" if lines else "there is no rsync here"
    help_ = "install rsync 3.2.4 or newer: apt install rsync, brew install rsync"
    raise UsageError(Problem(message, help=help_, code="D031"))


def run(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None] = lambda _: None,
) -> tuple[int, list[str], str]:
    """The exit code, the lines of standard output, each also told at once, and all errors."""
    lines: list[str] = []
    errors: list[bytes] = []
    with subprocess.Popen(
        words,
        cwd=folder,
        env={**environment, "LC_ALL": "C", "RSYNC_OLD_ARGS": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))  # type: ignore[union-attr]
        reader.start()
        try:
            for raw in process.stdout:
                lines.append(raw.decode("utf-8", "surrogateescape").rstrip("\n"))
                on_line(lines[-1])
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()
            reader.join()
    return process.returncode, lines, b"".join(errors).decode("utf-8", "replace")


@contextlib.contextmanager
def one_connection(
    ssh: str, host: str, folder: Path, env: Mapping[str, str]
) -> Iterator[list[str]]:
    """The words of the command for ssh, by which all calls share a connection where they can."""
    words = shlex.split(ssh)
    if not host or Path(words[0]).name != "ssh":
        yield words
        return
    with tempfile.TemporaryDirectory(prefix="deploy-") as place:
        shared = ["-o", f"ControlPath={place}/%C", "-o", "ControlPersist=60"]
        words += ["-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=20"]
        words += [*shared, "-o", "ControlMaster=auto"]
        try:
            yield words
        finally:
            if any(Path(place).iterdir()):
                run([*words, "-O", "exit", host], folder, env)


def failure(code: int, errors: str, shown: str) -> TargetError:
    """What rsync told of its failure, as one problem."""
    lines = [line.strip() for line in redacted(errors).splitlines() if line.strip()]
    for pattern, message, help_, passing in _CAUSES:
        if found := re.search(pattern, errors):
            place = found.groupdict().get("place")
            told = f"cannot deploy to {shown}: {message}{f' ({place})' if place else ''}"
            notes = ("\n".join(lines[-6:]),)
            problem = Problem(told, help=help_, notes=notes, code="D032")
            return TargetError(problem, passing=passing)
    message = f"cannot deploy to {shown}: rsync failed with code {code}"
    problem = Problem(message, help=_AGAIN, notes=("\n".join(lines[-6:]),), code="D032")
    return TargetError(problem, passing=code in (10, 12, 24, 30, 35, 255))


_AGAIN = "see to it, then deploy again, which goes on from there"
# What is told -> what it means, what to do, whether it may pass. The first that is found counts.
_CAUSES: Sequence[tuple[str, str, str, bool]] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host shows another key than before",
        "somebody may be in between: ask who runs it before you remove the old key with "
        "ssh-keygen -R",
        False,
    ),
    (
        r"Host key verification failed",
        "the host's key is not known here",
        "connect once by ssh, compare the fingerprint with that of the host, and accept it",
        False,
    ),
    (
        r"(?i)permission denied \([a-z,-]+\)|Too many authentication failures",
        "the host does not let you in",
        "name the user (user@host), load the key with ssh-add; no password is ever asked for",
        False,
    ),
    (
        r"Could not resolve hostname|Name or service not known",
        "there is no host of that name",
        "compare the setting with the name of the host; are you on line?",
        True,
    ),
    (
        r"rsync: (?:command )?not found|rsync\\?: No such file|(?i:command not found)",
        "there is no rsync on the other side",
        "have rsync 3.2 or newer installed there",
        False,
    ),
    (
        r"[Ff]ailed to exec|Failed to exec",
        "the command that connects cannot be started",
        "install ssh, or see to the setting ssh of the target",
        False,
    ),
    (
        r"unknown option|unrecognized option|is not supported|unknown checksum",
        "one of the two rsyncs is too old, or not that of samba.org",
        "have rsync 3.2 or newer there",
        False,
    ),
    (
        r"No space left on device|[Dd]isk quota exceeded",
        "there is no space left",
        "free some space there, then deploy again",
        False,
    ),
    (
        r"\"(?P<place>[^\"\n]+)\"[^\"\n]*Permission denied \(13\)",
        "you may not write there",
        "make the folder and what is ours in it writable for your user there",
        False,
    ),
    (
        r"Read-only file system",
        "it can only be read",
        "see to it there, then deploy again",
        False,
    ),
    (
        r"mkdir \"(?P<place>[^\"\n]+)\" failed: [^\n]*\(2\)",
        "the folder is not there, nor the one that it would be in",
        "make it, or mend the setting",
        False,
    ),
    (
        r"(?i)connection (?:refused|reset|timed out)|operation timed out|no route to host|"
        r"network is unreachable|broken pipe|closed by remote host|error in socket|timeout in data",
        "the connection failed",
        "is the host up, and are you on line? Deploy again, which goes on from there",
        True,
    ),
)

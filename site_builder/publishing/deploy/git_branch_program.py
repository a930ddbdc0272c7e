"""Git, run without a terminal: nothing is asked, and what fails is told in words.

In: a folder, an environment, arguments. Out: what git printed, or a TargetError.
Promise: neither the author's hooks nor the author's index take part, and no message has a password.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.publishing.deploy.redaction import redacted
from site_builder.publishing.deploy.retries import FailureKind, TargetError


@dataclass(frozen=True, slots=True)
class Git:
    """The program, in a folder."""

    program: str
    folder: Path
    """Where it is started: the root of a repository, or anywhere."""
    private: Path
    """A temporary folder; its `index` is what git uses as index."""
    environment: Mapping[str, str]
    shown: str = ""
    """The repository that it talks to, for messages."""

    def __call__(self, *arguments: str, given: bytes = b"") -> str:
        """What git prints; raises TargetError if it fails."""
        done = self.run(*arguments, given=given)
        if done.returncode:
            raise failure(done.stderr.decode(errors="replace"), arguments[0], self.shown)
        return done.stdout.decode("utf-8", "surrogateescape")

    def run(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run git, whatever comes of it."""
        settings = (*_SETTINGS, f"core.hooksPath={self.private / 'hooks'}")
        options = [word for setting in settings for word in ("-c", setting)]
        return subprocess.run(
            [self.program, *options, *arguments],
            cwd=self.folder,
            env={**self.environment, "GIT_INDEX_FILE": str(self.private / "index")},
            input=given,
            capture_output=True,
            check=False,
        )

    def asked(self, *arguments: str) -> str:
        """The line that git prints; empty if it fails."""
        done = self.run(*arguments)
        return "" if done.returncode else done.stdout.decode("utf-8", "surrogateescape").strip()


# Whatever the author's configuration says of these: a split index would write into the repository,
# and a line that went dead would be waited for.
_SETTINGS = (
    *("core.splitIndex=false", "index.sparse=false", "core.fsmonitor=false"),
    *("gc.auto=0", "maintenance.auto=false", "http.lowSpeedLimit=1", "http.lowSpeedTime=60"),
)


def find_git(folder: Path, private: Path, environment: Mapping[str, str]) -> Git:
    """Git, started in a folder; raises UsageError if it is not installed."""
    program = shutil.which("git", path=environment.get("PATH"))
    if program is None:
        message = "git is not installed, or not on the search path"
        help_ = "install git: the package is called git on all systems"
        raise UsageError(Problem(message, help=help_, code="D040"))
    kept = {name: value for name, value in environment.items() if name not in _OF_A_CALLER}
    git = Git(program, folder, private, kept | _QUIET)
    if "GIT_SSH_COMMAND" not in kept and "GIT_SSH" not in kept:
        command = git.asked("config", "core.sshCommand") or "ssh"
        if re.fullmatch(r"(\S*[/\\])?ssh(\.exe)?(\s.*)?", command):
            kept["GIT_SSH_COMMAND"] = command + _SSH
    return Git(program, folder, private, kept | _QUIET)


_OF_A_CALLER = frozenset(
    """
    GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
    GIT_COMMON_DIR GIT_PREFIX GIT_NAMESPACE GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_QUARANTINE_PATH
    GIT_TRACE GIT_TRACE_CURL GIT_CURL_VERBOSE GIT_TRACE_PACKET GIT_LITERAL_PATHSPECS LANGUAGE
    """.split()  # noqa: SIM905 - a table reads better
)
"""Variables that name another repository, as a hook finds them set; or print what is secret."""
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
_SSH = " -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15"


def failure(told: str, command: str, shown: str) -> TargetError:
    """What git told when a command failed, in words that say what to do."""
    lines = [line.strip() for line in redacted(told).splitlines()]
    notes = tuple("\n".join(part) for part in [_worth_telling(lines)] if part)
    for pattern, kind in _KINDS:
        if re.search(pattern, told, re.IGNORECASE):
            message = kind.message.format(shown=shown or "the repository")
            problem = Problem(message, help=kind.help, notes=notes, code=kind.code)
            return TargetError(problem, passing=kind.passing)
    message = f"git {command} failed"
    return TargetError(Problem(message, notes=notes, code="D047"))


def _worth_telling(lines: Sequence[str]) -> list[str]:
    """Lines that say why, not those that say how to go on with git itself."""
    return list(_without_empty(x for x in lines if not x.startswith(("hint:", "To ", "Done"))))[-8:]


def _without_empty(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.removeprefix("remote:").strip():
            yield line


_HOST_KEY = FailureKind(
    "D043",
    "the host of {shown} is not known to ssh, or is not who it was",
    "connect once by hand, such as `ssh -T git@github.com`, and compare the fingerprint with the "
    "one that the host publishes",
)
_DENIED = FailureKind(
    "D042",
    "{shown} does not let us in",
    "nothing is asked while deploying: load the key into ssh-agent, or let a credential helper of "
    "git hold a token that may write; `git push` must work without a question",
)
_MISSING = FailureKind(
    "D041",
    "there is no repository {shown}, or it is not shown to us",
    "look at `remote` in site.toml and at `git remote -v`; hosts say the same of repositories that "
    "the key or token may not see",
)
_CERTIFICATE = FailureKind(
    "D044",
    "the certificate of {shown} cannot be trusted",
    "look at the clock of this machine and at git's http.sslCAInfo",
)
_LINE = FailureKind(
    "D045",
    "{shown} cannot be reached, or the line broke",
    "nothing was changed there; look at the network, then deploy again",
    passing=True,
)
_REJECTED = FailureKind(
    "D046",
    "{shown} refuses the push",
    "its own rule or hook said no: see what it told above, and the protection of the branch there",
)
_FULL = FailureKind(
    "D048", "there is no space left for the objects of git", "free some space", False
)
_FOREIGN = FailureKind(
    "D048",
    "the repository of the site cannot be used by this user",
    "git tells above what it is about",
)
# Looked through in this order.
_KINDS: Sequence[tuple[str, FailureKind]] = (
    (r"host key verification failed|remote host identification has changed", _HOST_KEY),
    (r"certificate|SSL_connect|self.signed", _CERTIFICATE),
    (
        r"permission denied \(|authentication failed|could not read (username|password)"
        r"|terminal prompts disabled|returned error: 40[13]|invalid (username|credentials)"
        r"|permission to \S+ denied|access denied|not authorized|support for password auth",
        _DENIED,
    ),
    (
        r"could not resolve|connection (refused|timed out|reset|closed)|timed? ?out|unreachable"
        r"|early eof|hung up unexpectedly|rpc failed|returned error: (429|5\d\d)|too slow"
        r"|failed to connect|couldn't connect|broken pipe|unexpected disconnect|empty reply",
        _LINE,
    ),
    (
        r"repository .*not found|does not appear to be a git repository|returned error: 404"
        r"|does not exist|no such file or directory|repository not found|not a git repository",
        _MISSING,
    ),
    (r"dubious ownership|insufficient permission for adding", _FOREIGN),
    (r"no space left|disk quota", _FULL),
    (r"\[remote rejected\]|pre-receive|hook declined|protected branch|GH0\d\d", _REJECTED),
)

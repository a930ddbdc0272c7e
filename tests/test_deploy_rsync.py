"""rsync as a target: on this machine, and through a real sshd that the test starts on loopback."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from deploy_fakes import (
    FOREIGN,
    NEW,
    OLD,
    URL,
    Pages,
    StoppedClock,
    around,
    built_site,
    content,
    deploy,
    found,
    missing,
    put,
    site_at,
)

from site_builder.errors import UsageError
from site_builder.publishing.deploy.deploy import Progress, carry_out, survey
from site_builder.publishing.deploy.guards import Wishes
from site_builder.publishing.deploy.retries import Retries, TargetError
from site_builder.publishing.deploy.rsync import RsyncSession, connect
from site_builder.publishing.deploy.rsync_program import failure
from site_builder.publishing.deploy.target import FOLDER, LEASE, MANIFEST, OTHER
from site_builder.settings.targets import Rsync

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no rsync on Windows")
ADOPTING = Wishes(adopt=True)
ODD = {
    "#hash.txt": "would be a comment",
    ";semicolon.txt": "likewise",
    "-dash.txt": "would be an option",
    "two\nlines.txt": "x",
    "a b/ü 'é'.txt": "x",
    "back#012slash": "x",
    "*.txt": "would be a pattern",
}


def at(tmp_path: Path, to: str = "", pages: Pages | None = None, **given: object) -> object:
    """Deploy by rsync; gives what stood in the way."""
    wishes = given.pop("wishes", None)
    ssh = str(given.pop("ssh", "ssh"))
    given.setdefault("environment", dict(os.environ))
    site = built_site(tmp_path / "public", pages if pages is not None else NEW)
    table = Rsync("rsync", to or str(tmp_path / "www"), ssh=ssh)
    with connect(table, around(tmp_path, **given)) as session:
        return deploy(session, site, wishes)  # type: ignore[arg-type]


def session_at(tmp_path: Path) -> Iterator[RsyncSession]:
    here = around(tmp_path, environment=dict(os.environ))
    with connect(Rsync("rsync", str(tmp_path / "www")), here) as session:
        yield session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[RsyncSession]:
    yield from session_at(tmp_path)


# On this machine


def test_a_folder_becomes_the_site_and_keeps_what_is_not_ours(tmp_path: Path) -> None:
    put(tmp_path / "www", FOREIGN)
    assert at(tmp_path, pages=OLD, wishes=ADOPTING) == []
    assert site_at(found(tmp_path / "www")) == content(OLD) | FOREIGN
    assert at(tmp_path) == []
    assert site_at(found(tmp_path / "www")) == content(NEW) | FOREIGN
    folders = {path.name for path in (tmp_path / "www").iterdir() if path.is_dir()}
    assert folders == {"uploads", "one", "assets", "two", "both", "place"}


def test_the_folder_is_made(tmp_path: Path) -> None:
    assert at(tmp_path) == []
    assert found(tmp_path / "www").keys() == {*NEW, MANIFEST}


def test_odd_names(tmp_path: Path) -> None:
    assert at(tmp_path, pages={**OLD, **ODD}) == []
    assert site_at(found(tmp_path / "www")) == content({**OLD, **ODD})
    changed = dict.fromkeys(ODD, "changed")
    assert at(tmp_path, pages={**OLD, **changed}) == []
    assert site_at(found(tmp_path / "www")) == content({**OLD, **changed})
    assert at(tmp_path, pages=OLD) == []
    assert site_at(found(tmp_path / "www")) == content(OLD)


def test_a_second_deploy_writes_nothing(tmp_path: Path) -> None:
    at(tmp_path)
    www = tmp_path / "www"
    before = {path: path.stat().st_mtime_ns for path in [www, *www.rglob("*")]}
    assert at(tmp_path) == []
    assert {path: path.stat().st_mtime_ns for path in [www, *www.rglob("*")]} == before


def test_modes_and_times_of_folders_that_are_there_stay(tmp_path: Path) -> None:
    put(tmp_path / "www", {"one/notes.txt": b"mine"})
    (tmp_path / "www/one").chmod(0o2770)
    assert at(tmp_path, pages=OLD, wishes=ADOPTING) == []
    assert stat.S_IMODE((tmp_path / "www/one").stat().st_mode) == 0o2770
    assert stat.S_IMODE((tmp_path / "www/one/index.html").stat().st_mode) == 0o644


def test_what_is_there_is_known_by_its_kind(tmp_path: Path, session: RsyncSession) -> None:
    put(tmp_path / "www", {"file": b"x", "folder/file": b"x"})
    (tmp_path / "www/link").symlink_to("folder")
    (tmp_path / "www/to-file").symlink_to("file")
    os.mkfifo(tmp_path / "www/pipe")
    x = "9dd4e461268c8034f5c8564e155c67a6"
    asked = {"file", "folder", "folder/file", "link", "link/file", "to-file", "pipe", "nothing"}
    assert session.marks(asked) == {
        "file": x,
        "folder": FOLDER,
        "folder/file": x,
        "link": OTHER,
        "to-file": OTHER,
        "pipe": OTHER,
    }
    assert list(session.paths()) == ["file", "folder/file", "link", "pipe", "to-file"]


@pytest.mark.parametrize("name", ["two", "two/index.html"])
def test_no_link_is_followed(tmp_path: Path, name: str) -> None:
    put(tmp_path / "outside", {"index.html": b"precious"})
    (tmp_path / "www" / name).parent.mkdir(parents=True)
    outside = tmp_path / "outside"
    (tmp_path / "www" / name).symlink_to(outside / "index.html" if "." in name else outside)
    assert f"what is not ours: {name}" in str(at(tmp_path, wishes=ADOPTING))
    assert found(outside) == {"index.html": b"precious"}


def test_what_an_rsync_that_was_killed_left_is_removed(tmp_path: Path) -> None:
    """It keeps files that wait in `.~tmp~`, and they stay there if nobody asks for them again."""
    at(tmp_path, pages=OLD)
    site = built_site(tmp_path / "public", NEW)
    for session in session_at(tmp_path):
        plan = survey(session, site, Wishes(), url=URL).plan
        with pytest.raises(KeyboardInterrupt):
            carry_out(session, plan, url=URL, clock=StoppedClock(), on_progress=interrupt_at(4))
    put(tmp_path / "www/two", {".~tmp~/index.html": b"half", ".~tmp~/mine.txt": b"not ours"})
    put(tmp_path / "www/place", {".~tmp~/inside.txt": b"half"})
    assert at(tmp_path, pages=OLD) == []
    assert site_at(found(tmp_path / "www")) == content(OLD) | {"two/.~tmp~/mine.txt": b"not ours"}


def interrupt_at(number: int) -> Callable[[Progress], None]:
    def on_progress(progress: Progress) -> None:
        if progress.done == number:
            raise KeyboardInterrupt

    return on_progress


@pytest.mark.parametrize("number", [1, 5, 8, 11])
def test_a_deploy_that_is_interrupted_is_ended_by_the_next(tmp_path: Path, number: int) -> None:
    put(tmp_path / "www", FOREIGN)
    at(tmp_path, pages=OLD, wishes=ADOPTING)
    site = built_site(tmp_path / "public", NEW)
    for session in session_at(tmp_path):
        plan = survey(session, site, Wishes(), url=URL).plan
        with pytest.raises(KeyboardInterrupt):
            carry_out(
                session, plan, url=URL, clock=StoppedClock(), on_progress=interrupt_at(number)
            )
    assert missing(found(tmp_path / "www")) == []
    assert FOREIGN.items() <= found(tmp_path / "www").items()
    assert LEASE not in found(tmp_path / "www")
    assert at(tmp_path) == []
    assert site_at(found(tmp_path / "www")) == content(NEW) | FOREIGN


def test_a_lease_is_kept_and_dropped(tmp_path: Path, session: RsyncSession) -> None:
    assert session.lease() is None
    assert session.take(b"one", None)
    assert not session.take(b"two", None)
    assert not session.take(b"two", b"three")
    assert session.lease() == b"one"
    assert session.take(b"two", b"one")
    session.drop(b"one")
    assert session.lease() == b"two"
    session.drop(b"two")
    assert found(tmp_path / "www") == {}


def test_a_deploy_between_the_plan_and_the_first_file_is_noticed(
    tmp_path: Path, session: RsyncSession
) -> None:
    at(tmp_path, pages=OLD)
    plan = survey(session, built_site(tmp_path / "public", NEW), Wishes(), url=URL).plan
    manifest = tmp_path / "www" / MANIFEST
    manifest.write_bytes(manifest.read_bytes() + b" ")
    before = found(tmp_path / "www")
    with pytest.raises(TargetError, match=r"another deploy to .* came between"):
        carry_out(session, plan, url=URL, clock=StoppedClock())
    assert found(tmp_path / "www") == before


@pytest.mark.parametrize(
    ("to", "why"), [("posts", "is in posts"), ("public", "is where the site is built")]
)
def test_a_folder_of_the_site_is_refused(tmp_path: Path, to: str, why: str) -> None:
    (tmp_path / "root/posts").mkdir(parents=True)
    with pytest.raises(UsageError, match=why):
        at(tmp_path, to, output=tmp_path / "root/public")


# The program


def program(folder: Path, text: str) -> dict[str, str]:
    """An environment in which `rsync` is this."""
    folder.mkdir()
    (folder / "rsync").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "rsync").chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_no_rsync_is_told(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    with pytest.raises(UsageError, match="there is no rsync here") as caught:
        at(tmp_path, environment={"PATH": str(tmp_path / "bin")})
    assert "apt install rsync" in str(caught.value)


@pytest.mark.parametrize(
    "version", ["openrsync: protocol version 29", "rsync  version 3.2.3  protocol version 31"]
)
def test_one_that_is_too_old_is_told(tmp_path: Path, version: str) -> None:
    environment = program(tmp_path / "bin", f"echo '{version}'")
    with pytest.raises(UsageError) as caught:
        at(tmp_path, environment=environment)
    assert f"the rsync here is {version}" in str(caught.value)
    assert "3.2.4 or newer" in str(caught.value)


def test_a_file_that_vanishes_while_it_is_sent_is_no_success(tmp_path: Path) -> None:
    real = shutil.which("rsync")
    script = f"""case "$*" in
*--delay-updates*) echo 'file has vanished: "/x"' >&2; exit 24 ;;
*) exec {real} "$@" ;;
esac"""
    with pytest.raises(TargetError, match="rsync failed with code 24"):
        at(tmp_path, environment=program(tmp_path / "bin", script))
    assert at(tmp_path) == []


def test_a_connection_that_fails_for_a_moment_is_tried_again(tmp_path: Path) -> None:
    """rsync fails as often as there are files in a folder."""
    real = shutil.which("rsync")
    (tmp_path / "failures").mkdir()
    for number in range(3):
        (tmp_path / f"failures/{number}").touch()
    text = f"""
case "$*" in --version) exec {real} "$@";; esac
for failure in {tmp_path}/failures/*; do
    [ -e "$failure" ] || break
    rm "$failure"; echo "rsync: connection unexpectedly closed" >&2; exit 12
done
exec {real} "$@"
"""
    clock = StoppedClock()
    environment = program(tmp_path / "bin", text)
    assert at(tmp_path, environment=environment, retries=Retries(clock)) == []
    assert clock.waits == [0.5, 1.0, 2.0]
    assert site_at(found(tmp_path / "www")) == content(NEW)


def test_not_for_ever(tmp_path: Path) -> None:
    real = shutil.which("rsync")
    text = f'case "$*" in --version) exec {real} "$@";; esac\nexit 12'
    clock = StoppedClock()
    with pytest.raises(TargetError, match="rsync failed with code 12"):
        at(tmp_path, environment=program(tmp_path / "bin", text), retries=Retries(clock))
    assert clock.waits == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("code", "told", "message", "passing"),
    [
        (255, "Host key verification failed.", "the host's key is not known here", False),
        (255, "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
         "the host shows another key than before", False),
        (255, "me@host: Permission denied (publickey,password).", "does not let you in", False),
        (255, "ssh: Could not resolve hostname nosuch: Name or service not known",
         "there is no host of that name", True),
        (255, "ssh: connect to host h port 22: Connection refused", "the connection failed", True),
        (255, "client_loop: send disconnect: Broken pipe", "the connection failed", True),
        (127, "bash: line 1: rsync: command not found", "no rsync on the other side", False),
        (14, "rsync: [Receiver] Failed to exec plink: No such file or directory (2)",
         "the command that connects cannot be started", False),
        (1, "rsync: --delete-missing-args: unknown option", "too old", False),
        (11, "rsync: write failed on \"/srv/x\": No space left on device (28)",
         "there is no space left", False),
        (23, 'rsync: mkstemp "/srv/www/.x" failed: Permission denied (13)',
         "you may not write there (/srv/www/.x)", False),
        (11, 'rsync: mkdir "/srv/a/b" failed: No such file or directory (2)',
         "the folder is not there, nor the one that it would be in (/srv/a/b)", False),
        (23, "something else", "rsync failed with code 23", False),
        (30, "", "rsync failed with code 30", True),
    ],
)  # fmt: skip
def test_what_rsync_tells_is_understood(code: int, told: str, message: str, passing: bool) -> None:
    error = failure(code, told, "host:/srv/www")
    (problem,) = error.problems
    assert problem.message.startswith("cannot deploy to host:/srv/www: ")
    assert message in problem.message
    assert problem.help
    assert error.passing == passing


# Through ssh


@dataclass(frozen=True)
class Host:
    """An sshd on loopback that lets one key in."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def ssh(self, *, key: str = "user", known: str = "known") -> str:
        options = {
            "Port": self.port,
            "IdentityFile": self.folder / key,
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": self.folder / known,
            "GlobalKnownHostsFile": "/dev/null",
        }
        words = [f"-o {name}={value}" for name, value in options.items()]
        return " ".join(["ssh", "-F", "/dev/null", *words])


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if SSHD is None:
        pytest.fail("these tests need sshd: apt-get install openssh-server")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user", "stranger"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name],
            check=True,
        )
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(
        f"""
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
"""
    )
    key = (folder / "host.pub").read_text().split()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
    stranger = (folder / "stranger.pub").read_text().split()
    (folder / "changed").write_text(f"[127.0.0.1]:{port} {stranger[0]} {stranger[1]}\n")
    (folder / "unknown").touch()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd wants it
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=log)
    for _ in range(200):
        with socket.socket() as there:
            if there.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert process.poll() is None, (folder / "log").read_text()
        time.sleep(0.05)
    yield Host(folder, port, process)
    process.send_signal(signal.SIGTERM)
    process.wait()


def remote(tmp_path: Path) -> str:
    return f"{getpass.getuser()}@127.0.0.1:{tmp_path}/www"


def test_a_host_becomes_the_site(tmp_path: Path, host: Host) -> None:
    """All calls of a deploy share a connection, which ends with it."""
    before = (host.folder / "log").read_text().count("Accepted publickey")
    put(tmp_path / "www", FOREIGN)
    to, ssh = remote(tmp_path), host.ssh()
    assert at(tmp_path, to, {**OLD, **ODD}, wishes=ADOPTING, ssh=ssh) == []
    assert site_at(found(tmp_path / "www")) == content({**OLD, **ODD}) | FOREIGN
    assert at(tmp_path, to, ssh=ssh) == []
    assert site_at(found(tmp_path / "www")) == content(NEW) | FOREIGN
    assert (host.folder / "log").read_text().count("Accepted publickey") - before == 2
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert f"Port={host.port}" not in processes.stdout


def test_no_shell_takes_the_path_at_a_host_apart(tmp_path: Path, host: Host) -> None:
    name = "it's $(touch hacked) & `touch hacked`; * -x \" ü"
    environment = {**os.environ, "RSYNC_OLD_ARGS": "1"}
    to = f"{getpass.getuser()}@127.0.0.1:{tmp_path}/{name}"
    for pages in (OLD, NEW):
        assert at(tmp_path, to, pages, ssh=host.ssh(), environment=environment) == []
    assert site_at(found(tmp_path / name)) == content(NEW)
    assert {path.name for path in tmp_path.iterdir()} == {"public", "root", name}
    assert not (Path.home() / "hacked").exists()


def test_a_host_that_is_not_known_is_not_trusted(tmp_path: Path, host: Host) -> None:
    with pytest.raises(TargetError, match="the host's key is not known here") as caught:
        at(tmp_path, remote(tmp_path), ssh=host.ssh(known="unknown"))
    assert "compare the fingerprint" in str(caught.value)
    assert (host.folder / "unknown").read_bytes() == b""


def test_a_host_with_another_key_is_not_trusted(tmp_path: Path, host: Host) -> None:
    with pytest.raises(TargetError, match="the host shows another key than before"):
        at(tmp_path, remote(tmp_path), ssh=host.ssh(known="changed"))


def test_a_key_that_is_not_let_in_is_told(tmp_path: Path, host: Host) -> None:
    with pytest.raises(TargetError, match="the host does not let you in") as caught:
        at(tmp_path, remote(tmp_path), ssh=host.ssh(key="stranger"))
    assert "ssh-add" in str(caught.value)
    assert not (tmp_path / "www").exists()


def test_nobody_there_is_told_after_some_tries(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clock = StoppedClock()
    with pytest.raises(TargetError, match="the connection failed"):
        at(tmp_path, "me@127.0.0.1:/srv", ssh=f"ssh -F /dev/null -p {port}", retries=Retries(clock))
    assert len(clock.waits) == 4


def test_a_folder_that_is_nowhere_is_told(tmp_path: Path, host: Host) -> None:
    with pytest.raises(TargetError, match="the folder is not there, nor the one that it would be"):
        at(tmp_path, f"{remote(tmp_path)}/a/b/c", ssh=host.ssh())


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="the command that connects cannot be started"):
        at(tmp_path, "me@127.0.0.1:/srv", ssh="no-such-ssh")


@pytest.mark.parametrize("number", [1, 8])
def test_a_connection_that_drops_is_ended_by_the_next_deploy(
    tmp_path: Path, host: Host, number: int
) -> None:
    """From some file on no connection comes about any more."""
    real = shutil.which("ssh")
    (tmp_path / "ssh").write_text(
        f'#!/bin/sh\n[ -e {tmp_path}/cut ] && exit 255\nexec {real} "$@"\n'
    )
    (tmp_path / "ssh").chmod(0o755)
    ssh = f"{tmp_path}/ssh{host.ssh().removeprefix('ssh')}"
    put(tmp_path / "www", FOREIGN)
    assert at(tmp_path, remote(tmp_path), OLD, wishes=ADOPTING, ssh=ssh) == []

    def on_progress(progress: Progress) -> None:
        if progress.done == number:
            (tmp_path / "cut").touch()

    site = built_site(tmp_path / "public", NEW)
    here = around(tmp_path, environment=dict(os.environ))
    with connect(Rsync("rsync", remote(tmp_path), ssh=ssh), here) as session:
        plan = survey(session, site, Wishes(), url=URL).plan
        with pytest.raises(TargetError, match="cannot deploy to"):
            carry_out(session, plan, url=URL, on_progress=on_progress)
    assert missing(found(tmp_path / "www")) == []
    assert FOREIGN.items() <= found(tmp_path / "www").items()
    (tmp_path / "cut").unlink()
    wishes = Wishes(break_lease=True)  # it could not be dropped, and its process is this one
    assert at(tmp_path, remote(tmp_path), ssh=ssh, wishes=wishes) == []
    assert site_at(found(tmp_path / "www")) == content(NEW) | FOREIGN

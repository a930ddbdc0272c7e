"""Deploys to a branch: real repositories, a hook that says no, and others who push meanwhile."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from deploy_fakes import NEW, OLD, URL, Pages, StoppedClock, around, built_site, content, deploy

from site_builder.errors import UsageError
from site_builder.publishing.deploy.git_branch import Branch, connect
from site_builder.publishing.deploy.git_branch_program import failure
from site_builder.publishing.deploy.guards import Wishes
from site_builder.publishing.deploy.redaction import redacted
from site_builder.publishing.deploy.retries import Retries, TargetError
from site_builder.publishing.deploy.target import MANIFEST
from site_builder.settings import targets

EXTRAS = {".nojekyll": b""}


def environment(tmp_path: Path) -> dict[str, str]:
    """Of somebody whose git knows nothing of anybody."""
    (tmp_path / "home").mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


class Blog:
    """A site in a repository of its own, whose remote is a bare one."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.root, self.remote = tmp_path / "root", tmp_path / "remote.git"
        self.environment = environment(tmp_path)
        self.clock = StoppedClock()
        self.git("init", "-q", "--bare", "-b", "main", str(self.remote), at=tmp_path)
        self.git("init", "-q", "-b", "main", str(self.root), at=tmp_path)
        (self.root / "site.toml").write_text("title = 'Blog'\n")
        self.git("add", ".")
        self.git("-c", "user.name=Ada", "-c", "user.email=a@b.c", "commit", "-qm", "Blog")
        self.git("remote", "add", "origin", str(self.remote))
        self.git("push", "-q", "origin", "main")

    def git(self, *arguments: str, at: Path | None = None) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=at or self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    @contextmanager
    def session(self, *, root: Path | None = None, **table: str) -> Iterator[Branch]:
        here = around(
            self.tmp_path,
            root=root or self.root,
            environment=self.environment,
            retries=Retries(clock=self.clock),
        )
        with connect(targets.Git(kind="git", **table), here) as session:
            yield session

    def deploy(
        self, pages: Pages, wishes: Wishes | None = None, *, root: Path | None = None, **table: str
    ) -> list[str]:
        site = built_site(self.tmp_path / "public", pages)
        with self.session(root=root, **table) as session:
            return deploy(session, site, wishes)

    def failure(self, pages: Pages = OLD, **table: Any) -> TargetError:
        with pytest.raises(TargetError) as raised:
            self.deploy(pages, **table)
        return raised.value

    def files(self, branch: str = "gh-pages", remote: Path | None = None) -> dict[str, bytes]:
        """What is on the branch, but for the manifest."""
        at = remote or self.remote
        names = self.git("ls-tree", "-r", "-z", "--name-only", branch, at=at).split("\0")
        found = {}
        for name in filter(None, names):
            shown = ["git", "cat-file", "blob", f"{branch}:{name}"]
            found[name] = subprocess.run(
                shown, cwd=at, env=self.environment, capture_output=True, check=True
            ).stdout
        assert found.pop(MANIFEST)
        return found

    def commits(self, branch: str = "gh-pages") -> list[str]:
        return self.git("rev-list", branch, at=self.remote).split()

    def clone(self, name: str) -> Path:
        folder = self.tmp_path / name
        self.git("clone", "-q", str(self.remote), str(folder), at=self.tmp_path)
        return folder

    def somebody_pushes(self, files: dict[str, str], branch: str = "gh-pages") -> None:
        other = self.clone(f"other-{len(list(self.tmp_path.iterdir()))}")
        exists = branch in self.git("branch", "-r", at=other)
        self.git("checkout", "-q", *([branch] if exists else ["--orphan", branch]), at=other)
        if not exists:
            self.git("rm", "-rfq", ".", at=other)
        for path, text in files.items():
            (other / path).parent.mkdir(parents=True, exist_ok=True)
            (other / path).write_text(text)
        self.git("add", "-A", at=other)
        self.git("-c", "user.name=Bob", "-c", "user.email=b@b.c", "commit", "-qm", "x", at=other)
        self.git("push", "-q", "origin", branch, at=other)


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path)


def hook(repository: Path, name: str, script: str) -> None:
    path = repository / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_branch_becomes_the_site_by_one_commit_each(blog: Blog) -> None:
    assert blog.deploy(OLD) == []
    assert blog.files() == content(OLD) | EXTRAS
    assert len(blog.commits()) == 1
    assert blog.deploy(NEW) == []
    assert blog.files() == content(NEW) | EXTRAS
    assert len(blog.commits()) == 2


def test_a_second_deploy_makes_no_commit(blog: Blog) -> None:
    blog.deploy(OLD)
    before = blog.commits()
    assert blog.deploy(OLD) == []
    assert blog.commits() == before
    with blog.session() as session:  # nor does one whose commit would change nothing
        manifest = session.manifest()
        assert manifest
        session.finish(manifest)
    assert blog.commits() == before


def test_the_commit_says_where_it_comes_from_and_who_made_it(blog: Blog) -> None:
    blog.deploy(OLD)
    show = ["show", "-s", "--format=%an <%ae>, %cn <%ce>%n%B", "gh-pages"]
    told = blog.git(*show, at=blog.remote)
    nobody = "site-builder <site-builder@localhost>"
    source = blog.git("rev-parse", "HEAD")
    assert told == f"{nobody}, {nobody}\nSite for {URL}\n\nBuilt at {source}"
    blog.git("config", "user.name", "Ada")
    blog.git("config", "user.email", "ada@b.c")
    blog.environment["GIT_COMMITTER_NAME"] = "Bob"
    blog.deploy(NEW)
    assert blog.git(*show, at=blog.remote).startswith("Ada <ada@b.c>, Bob <ada@b.c>")


# What is not ours.


def snapshot(root: Path) -> dict[str, str]:
    """All of the folder but objects and what git knows of remotes."""
    left_out = ("objects", "refs/remotes", "logs/refs/remotes")
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
        and not path.relative_to(root).as_posix().startswith(tuple(f".git/{x}" for x in left_out))
    }


def test_the_author_s_repository_stays_as_it_is(blog: Blog) -> None:
    (blog.root / "site.toml").write_text("staged")
    blog.git("add", ".")
    (blog.root / "site.toml").write_text("edited since")
    (blog.root / "untracked.txt").write_text("new")
    (blog.root / ".gitattributes").write_text("* text eol=crlf filter=broken\n")
    blog.git("config", "core.splitIndex", "true")
    blog.git("config", "core.autocrlf", "true")
    blog.git("config", "filter.broken.clean", "false")
    blog.git("fetch", "-q", "origin")
    before = snapshot(blog.root)
    blog.somebody_pushes({"CNAME": "x.net"})
    assert blog.deploy(OLD, Wishes(adopt=True)) == []
    assert blog.deploy(NEW) == []
    assert snapshot(blog.root) == before
    assert blog.git("branch", "--format=%(refname)") == "refs/heads/main"
    assert blog.files() == content(NEW) | EXTRAS | {"CNAME": b"x.net"}


def test_the_author_s_hooks_do_not_run(blog: Blog) -> None:
    for name in ("pre-push", "pre-commit", "reference-transaction", "post-index-change"):
        hook(blog.root / ".git", name, f"touch {blog.tmp_path}/ran; exit 1")
    assert blog.deploy(OLD) == []
    assert not (blog.tmp_path / "ran").exists()


def test_variables_that_a_hook_finds_set_do_not_lead_astray(blog: Blog) -> None:
    elsewhere = blog.tmp_path / "elsewhere.git"
    blog.git("init", "-q", "--bare", str(elsewhere), at=blog.tmp_path)
    blog.environment |= {"GIT_DIR": str(elsewhere), "GIT_INDEX_FILE": str(elsewhere / "index")}
    try:
        assert blog.deploy(OLD) == []
    finally:
        del blog.environment["GIT_DIR"], blog.environment["GIT_INDEX_FILE"]
    assert blog.files() == content(OLD) | EXTRAS
    assert not (elsewhere / "index").exists()


def test_foreign_files_stay_and_are_not_overwritten(blog: Blog) -> None:
    blog.somebody_pushes({"keep/me.txt": "x", "CNAME": "x.net"})
    assert any("not empty" in problem for problem in blog.deploy(OLD))
    assert len(blog.commits()) == 1
    assert blog.deploy(OLD, Wishes(adopt=True)) == []
    assert blog.files() == content(OLD) | EXTRAS | {"keep/me.txt": b"x", "CNAME": b"x.net"}
    blog.somebody_pushes({"two/index.html": "somebody's"})
    before = blog.commits()
    assert any("two/index.html" in problem for problem in blog.deploy(NEW))
    assert blog.commits() == before


def test_a_link_and_a_submodule_on_the_branch_are_in_the_way(blog: Blog) -> None:
    other = blog.clone("other")
    blog.git("checkout", "-q", "--orphan", "gh-pages", at=other)
    blog.git("rm", "-rfq", ".", at=other)
    (other / "robots.txt").symlink_to("/etc/passwd")
    (other / "one").symlink_to("..")
    blog.git("add", "-A", at=other)
    commit = blog.git("rev-parse", "main", at=other)
    blog.git("update-index", "--add", "--cacheinfo", f"160000,{commit},both", at=other)
    blog.git("-c", "user.name=B", "-c", "user.email=b@b.c", "commit", "-qm", "x", at=other)
    blog.git("push", "-q", "origin", "gh-pages", at=other)
    told = "\n".join(blog.deploy(OLD))
    assert all(name in told for name in ("robots.txt", "one", "both"))
    assert len(blog.commits()) == 1


def test_cname_and_nojekyll_are_files_of_the_deploy(blog: Blog) -> None:
    blog.deploy(OLD, cname="blog.net")
    assert blog.files()["CNAME"] == b"blog.net\n"
    blog.deploy(OLD, cname="other.net")
    assert blog.files()["CNAME"] == b"other.net\n"
    blog.deploy({**OLD, "CNAME": "of the site", ".nojekyll": "x"}, cname="other.net")
    assert blog.files()["CNAME"] == b"of the site"
    blog.deploy(OLD)
    assert "CNAME" not in blog.files()
    assert ".nojekyll" in blog.files()


def test_a_cname_that_somebody_else_set_is_not_overwritten(blog: Blog) -> None:
    blog.somebody_pushes({"CNAME": "mine.net"})
    assert any("CNAME" in problem for problem in blog.deploy(OLD, cname="other.net"))
    assert blog.git("show", "gh-pages:CNAME", at=blog.remote) == "mine.net"


# Others push, too.


def test_newer_commits_are_planned_against(blog: Blog) -> None:
    blog.deploy(OLD)
    blog.somebody_pushes({"theirs.txt": "x"})
    assert blog.deploy(NEW) == []
    assert blog.files() == content(NEW) | EXTRAS | {"theirs.txt": b"x"}
    assert len(blog.commits()) == 3


def test_a_commit_that_comes_in_between_is_not_lost_and_a_rerun_converges(blog: Blog) -> None:
    blog.deploy(OLD)
    site = built_site(blog.tmp_path / "public", NEW)
    with blog.session() as session:
        finish = session.finish

        def late(manifest: bytes) -> None:
            blog.somebody_pushes({"theirs.txt": "x"})
            finish(manifest)

        with pytest.raises(TargetError, match="newer commits") as raised:
            deploy(_Late(session, late), site)  # type: ignore[arg-type]
    assert raised.value.problems[0].code == "D021"
    assert blog.clock.waits == []
    assert blog.deploy(NEW) == []
    assert blog.files() == content(NEW) | EXTRAS | {"theirs.txt": b"x"}


class _Late:
    """A session whose end is put off."""

    def __init__(self, session: Branch, finish: object) -> None:
        self._session, self.finish = session, finish

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)


def test_two_first_deploys_at_once(blog: Blog) -> None:
    site = built_site(blog.tmp_path / "public", OLD)
    with blog.session() as first, blog.session() as second:
        first.manifest(), second.manifest()
        assert deploy(first, site) == []
        second.extras()
        second.put(site.files, lambda _: None)
        with pytest.raises(TargetError, match="newer commits"):
            second.finish(b"{}")
    assert len(blog.commits()) == 1


def test_a_push_whose_answer_was_lost_is_known_as_ours(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = subprocess.run
    pushes: list[object] = []

    def lost(command: list[str], **given: object) -> object:
        done = run(command, **given)  # type: ignore[call-overload]
        if "push" in command:
            pushes.append(command)
            if len(pushes) == 1:
                return subprocess.CompletedProcess(
                    command, 128, b"", b"fatal: the remote end hung up unexpectedly"
                )
        return done

    monkeypatch.setattr(subprocess, "run", lost)
    assert blog.deploy(OLD) == []
    assert len(pushes) == 2
    assert blog.clock.waits == [0.5]
    monkeypatch.undo()
    assert blog.files() == content(OLD) | EXTRAS


def test_a_deploy_that_is_cut_off_before_the_push_changes_nothing(blog: Blog) -> None:
    blog.deploy(OLD)
    before = blog.commits()
    site = built_site(blog.tmp_path / "public", NEW)
    with pytest.raises(KeyboardInterrupt), blog.session() as session:
        session.manifest()

        def cut(_: str) -> None:
            raise KeyboardInterrupt

        session.put(site.files, cut)
    assert blog.commits() == before
    assert blog.deploy(NEW) == []


@pytest.mark.parametrize("after", [False, True])
def test_wherever_it_is_cut_off_the_branch_is_old_or_new_and_a_rerun_converges(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    run = subprocess.run
    blog.deploy(OLD)
    old = blog.git("rev-parse", "gh-pages", at=blog.remote)
    calls = ends = 0
    while True:
        blog.git("update-ref", "refs/heads/gh-pages", old, at=blog.remote)
        calls += 1
        made = 0

        def cut(command: list[str], *, at: int = calls, **given: Any) -> Any:
            nonlocal made
            made += 1
            if made == at and not after:
                raise KeyboardInterrupt
            done = run(command, **given)
            if made == at:
                raise KeyboardInterrupt
            return done

        site = built_site(blog.tmp_path / "public", NEW)
        monkeypatch.setattr(subprocess, "run", cut)
        try:
            with blog.session() as session:
                assert deploy(session, site) == []
            break
        except KeyboardInterrupt:
            monkeypatch.setattr(subprocess, "run", run)
            there = blog.files()
            assert there in (content(OLD) | EXTRAS, content(NEW) | EXTRAS)
            ends += there == content(NEW) | EXTRAS
        assert blog.deploy(NEW) == []
        assert blog.files() == content(NEW) | EXTRAS
    assert calls > 8
    assert ends == after  # after the push alone


# Where the site is.


def test_a_site_in_a_folder_of_the_repository(blog: Blog) -> None:
    below = blog.root / "blogs/mine"
    below.mkdir(parents=True)
    assert blog.deploy(OLD, root=below) == []
    assert blog.deploy(NEW, root=below) == []
    assert blog.files() == content(NEW) | EXTRAS


def test_a_worktree_a_submodule_and_a_shallow_clone(blog: Blog) -> None:
    blog.git("worktree", "add", "-q", str(blog.tmp_path / "tree"), "-b", "work")
    assert blog.deploy(OLD, root=blog.tmp_path / "tree") == []
    shallow = blog.tmp_path / "shallow"
    blog.git("clone", "-q", "--depth=1", f"file://{blog.remote}", str(shallow), at=blog.tmp_path)
    assert blog.deploy(NEW, root=shallow) == []
    above = blog.tmp_path / "above"
    blog.git("init", "-q", str(above), at=blog.tmp_path)
    blog.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(blog.remote),
             "sub", at=above)  # fmt: skip
    assert blog.deploy(OLD, root=above / "sub") == []
    assert blog.files() == content(OLD) | EXTRAS
    assert len(blog.commits()) == 3
    assert not (blog.root / ".git/shallow").exists()


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_a_site_in_no_repository(tmp_path: Path, kind: str) -> None:
    blog = Blog(tmp_path)
    shutil.rmtree(blog.root / ".git")
    remote = tmp_path / "plain.git"
    blog.git("init", "-q", "--bare", f"--object-format={kind}", str(remote), at=tmp_path)
    _first_commit(blog, remote)
    before = snapshot(blog.root)
    for pages in (OLD, OLD, NEW):
        assert blog.deploy(pages, remote=f"file://{remote}", branch="site") == []
    assert blog.files("site", remote) == content(NEW) | EXTRAS
    assert len(blog.git("rev-list", "site", at=remote).split()) == 3
    assert snapshot(blog.root) == before


def _first_commit(blog: Blog, remote: Path) -> None:
    tree = blog.git("write-tree", at=remote)
    people = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    commit = blog.git(*people, "commit-tree", tree, "-m", "empty", at=remote)
    blog.git("update-ref", "refs/heads/site", commit, at=remote)


def test_a_remote_of_a_path_begins_at_the_site(blog: Blog) -> None:
    assert blog.deploy(OLD, remote="../remote.git", branch="pages") == []
    assert blog.files("pages") == content(OLD) | EXTRAS


def test_names_that_are_hard(blog: Blog) -> None:
    pages = {**OLD, "größe/ü b+c.html": "x", 'a"b.txt': "q", "two\nlines.txt": "n", "-x": "y"}
    assert blog.deploy(pages) == []
    assert blog.files() == content(pages) | EXTRAS
    before = blog.commits()
    assert blog.deploy(pages) == []
    assert blog.commits() == before


# What goes wrong.


def test_a_hook_that_says_no_is_heard(blog: Blog) -> None:
    hook(blog.remote, "pre-receive", "echo 'only on weekdays' >&2; exit 1")
    problem = blog.failure().problems[0]
    assert problem.code == "D046"
    assert "only on weekdays" in "\n".join(problem.notes)
    assert blog.clock.waits == []
    assert blog.git("branch", "--format=%(refname)", at=blog.remote) == "refs/heads/main"


def test_a_remote_that_there_is_not(blog: Blog) -> None:
    blog.git("remote", "add", "github", "x")
    with pytest.raises(UsageError) as raised:
        blog.deploy(OLD, remote="gihub")
    problem = raised.value.problems[0]
    assert problem.code == "D041"
    assert "did you mean 'github'?" in problem.help
    shutil.rmtree(blog.root / ".git")
    with pytest.raises(UsageError, match="in no git repository"):
        blog.deploy(OLD)


def test_a_repository_that_there_is_not(blog: Blog) -> None:
    for remote in ("../gone.git", f"file://{blog.tmp_path}/gone.git"):
        assert blog.failure(remote=remote).problems[0].code == "D041"


def test_without_git(blog: Blog) -> None:
    blog.environment["PATH"] = str(blog.tmp_path)
    with pytest.raises(UsageError) as raised:
        blog.deploy(OLD)
    assert raised.value.problems[0].code == "D040"


def test_nothing_is_asked_and_no_token_is_told(blog: Blog) -> None:
    blog.git("remote", "set-url", "origin", "http://me:t0ken@127.0.0.1:9/blog.git")
    blog.environment["GIT_TRACE_CURL"] = "1"
    told = blog.failure()
    assert told.problems[0].code == "D045"
    assert len(blog.clock.waits) == 4
    assert "127.0.0.1:9" in str(told)
    assert "t0ken" not in str(told)
    with blog.session() as session:
        assert session.shown == "gh-pages of http://127.0.0.1:9/blog.git"


def test_a_file_that_changes_meanwhile_is_not_pushed(blog: Blog) -> None:
    site = built_site(blog.tmp_path / "public", OLD)
    with blog.session() as session:
        session.manifest()
        for file in site.files:
            session.mark(file)
        (blog.tmp_path / "public/robots.txt").write_text("another")
        with pytest.raises(TargetError) as raised:
            session.put(site.files, lambda _: None)
        assert raised.value.problems[0].code == "D020"
        (blog.tmp_path / "public/robots.txt").unlink()
        with pytest.raises(TargetError) as raised:
            session.put(site.files, lambda _: None)
        assert raised.value.problems[0].code == "D020"


# Over ssh and HTTP.


SSH = """\
echo "$@" >> {log}
for word in "$@"; do last=$word; done
exec sh -c "$last"
"""


def program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}")
    (folder / name).chmod(0o755)
    return folder / name


def test_ssh_asks_nothing_whoever_chose_it(blog: Blog) -> None:
    """With a program in the place of ssh that runs here what it was to run there."""
    log = blog.tmp_path / "log"
    ssh = program(blog.tmp_path / "bin", "ssh", SSH.format(log=log))
    blog.environment["PATH"] = f"{ssh.parent}{os.pathsep}{blog.environment['PATH']}"
    remote = f"somewhere:{blog.remote}"
    assert blog.deploy(OLD, remote=remote) == []
    assert blog.files() == content(OLD) | EXTRAS
    calls = log.read_text().splitlines()
    assert len(calls) == 2  # what is there; the push
    assert all("BatchMode=yes" in call for call in calls)
    blog.git("config", "core.sshCommand", f"{ssh} -i key")
    assert blog.deploy(NEW, remote=remote) == []
    assert all("-i key" in x and "BatchMode=yes" in x for x in log.read_text().splitlines()[2:])
    # What the author says in the environment is taken as it is.
    log.unlink()
    blog.environment["GIT_SSH_COMMAND"] = f"{ssh} -v"
    assert blog.deploy(OLD, remote=remote) == []
    assert not any("BatchMode" in call for call in log.read_text().splitlines())


def test_a_host_that_ssh_does_not_know(blog: Blog) -> None:
    ssh = program(blog.tmp_path / "bin", "ssh", "echo Host key verification failed. >&2; exit 255")
    blog.environment["PATH"] = f"{ssh.parent}{os.pathsep}{blog.environment['PATH']}"
    assert blog.failure(remote="git@somewhere:x.git").problems[0].code == "D043"
    assert blog.clock.waits == []


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A host that answers everything with this status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("status", "code", "waits"),
    [(401, "D042", 0), (403, "D042", 0), (404, "D041", 0), (429, "D045", 4), (503, "D045", 4)],
)
@pytest.mark.parametrize("user", ["", "me:t0ken@"])
def test_what_a_host_answers_over_http(
    blog: Blog, status: int, code: str, waits: int, user: str
) -> None:
    with answering(status) as host:
        blog.git("remote", "set-url", "origin", f"http://{user}{host}/blog.git")
        told = blog.failure()
    assert told.problems[0].code == code
    assert len(blog.clock.waits) == waits
    assert "t0ken" not in str(told)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("remote", ""),
        ("remote", "--upload-pack=touch x"),
        ("branch", "a..b"),
        ("branch", "-f"),
        ("branch", "gh pages"),
        ("branch", "refs/heads/x"),
        ("branch", "x.lock"),
        ("cname", "https://blog.example.org"),
        ("cname", "localhost"),
    ],
)
def test_settings_that_cannot_be(key: str, value: str) -> None:
    table = targets.Git(**{"kind": "git", key: value})  # type: ignore[arg-type]
    found = list(targets.faults({"live": table}))
    assert [(path, code) for path, _, _, code in found] == [(("deploy", "live", key), "D003")]


def test_branches_that_git_takes_are_taken(blog: Blog) -> None:
    for branch in ("gh-pages", "a/b-c_d.e", "größe"):
        assert list(targets.faults({"live": targets.Git("git", "origin", branch)})) == []
        assert blog.git("check-ref-format", "--branch", branch) == branch


@pytest.mark.parametrize(
    ("told", "code", "passing"),
    [
        ("git@github.com: Permission denied (publickey).\nfatal: Could not read", "D042", False),
        ("remote: Invalid username or token.\nfatal: Authentication failed for 'x'", "D042", False),
        ("fatal: could not read Username for 'https://github.com'", "D042", False),
        ("fatal: unable to access 'x': The requested URL returned error: 403", "D042", False),
        ("remote: Permission to me/blog.git denied to you.", "D042", False),
        ("Host key verification failed.\nfatal: Could not read from remote", "D043", False),
        ("fatal: unable to access 'x': server certificate verification failed", "D044", False),
        ("fatal: unable to access 'x': Could not resolve host: github.com", "D045", True),
        ("ssh: connect to host x port 22: Connection timed out", "D045", True),
        ("error: RPC failed; HTTP 502\nfatal: the remote end hung up", "D045", True),
        ("remote: Repository not found.\nfatal: repository 'x' not found", "D041", False),
        ("remote: error: GH006: Protected branch update failed", "D046", False),
        ("error: file write error: No space left on device", "D048", False),
        ("fatal: something that nobody thought of", "D047", False),
    ],
)
def test_what_git_says_is_told_with_what_to_do(told: str, code: str, passing: bool) -> None:
    error = failure(told, "push", "gh-pages of x")
    problem = error.problems[0]
    assert (problem.code, error.passing) == (code, passing)
    assert problem.notes
    assert problem.help or code == "D047"


def test_addresses_are_told_without_names_and_tokens() -> None:
    text = "fatal: 'https://me:tok@host/x' and ssh://git@host/y, git@host:z"
    assert redacted(text) == "fatal: 'https://host/x' and ssh://host/y, git@host:z"
    for secret in ("me:t0@ken", "me:t0/ken", "t0ken", "me:t0:k@n/x@y"):
        assert redacted(f"at 'https://{secret}@host/x': no") == "at 'https://host/x': no"
    for plain in ("https://host/@me/x", "http://host:8080/@me/x", "git@host:x", "a@b"):
        assert redacted(plain) == plain

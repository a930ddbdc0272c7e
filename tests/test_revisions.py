"""A site at a revision: every file as it was, and nothing of the author's repository touched."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from site_builder.checking.diffing.revisions import Revision, checked_out, revision_of
from site_builder.errors import UsageError


def git(folder: Path, *arguments: str) -> str:
    """Run git as an author with a name; gives what it prints."""
    names = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


def commit(folder: Path, message: str = "change") -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder, git's own too: its bytes and the time of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def existing(root: Path, name: str) -> Revision:
    revision = revision_of(root, name)
    assert revision is not None
    return revision


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of a site that is the folder `blog` of a repository."""
    top = tmp_path / "work"
    (top / "blog" / "posts").mkdir(parents=True)
    git(top, "init", "--quiet")
    (top / "blog" / "posts" / "a.md").write_text("first")
    (top / "data.csv").write_text("1\n")
    (top / ".gitattributes").write_text("data.csv export-ignore\n")
    commit(top)
    git(top, "tag", "one")
    (top / "blog" / "posts" / "a.md").write_text("second")
    (top / "blog" / "posts" / "b.md").write_text("new")
    commit(top)
    return top


def test_the_site_is_as_it_was_with_all_around_it(repository: Path) -> None:
    for name in ("one", "HEAD~1"):
        with checked_out(existing(repository / "blog", name)) as root:
            assert (root / "posts" / "a.md").read_text() == "first"
            assert not (root / "posts" / "b.md").exists()
            assert (root.parent / "data.csv").read_text() == "1\n"
        assert not root.exists()


def test_nothing_of_the_author_s_changes(repository: Path) -> None:
    (repository / "blog" / "posts" / "a.md").write_text("being written")
    (repository / "staged.txt").write_text("staged")
    git(repository, "add", "staged.txt")
    hook = repository / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    before = everything(repository)
    with checked_out(existing(repository / "blog", "HEAD")) as root:
        assert (root / "posts" / "a.md").read_text() == "second"
        assert not (root.parent / "staged.txt").exists()
    assert everything(repository) == before


def test_the_folder_goes_when_what_is_done_in_it_fails(repository: Path) -> None:
    with pytest.raises(RuntimeError), checked_out(existing(repository / "blog", "one")) as root:
        (root / "made.txt").write_text("by a post")
        raise RuntimeError
    assert not root.exists()


def test_a_hook_s_idea_of_the_repository_is_not_ours(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere" / "index"))
    with checked_out(existing(repository / "blog", "one")) as root:
        assert (root / "posts" / "a.md").read_text() == "first"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["two", "HEAD~9", "--all", "-n1", "", "HEAD:blog"])
def test_what_names_no_commit_is_no_revision(repository: Path, name: str) -> None:
    assert revision_of(repository / "blog", name) is None


def test_a_site_outside_of_git_has_no_revisions(tmp_path: Path) -> None:
    assert revision_of(tmp_path, "HEAD") is None


def test_without_git_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git does not start"):
        revision_of(tmp_path, "HEAD")


def test_a_revision_without_the_site_gives_an_empty_folder(repository: Path) -> None:
    revision = existing(repository / "blog", "one")
    gone = Revision(revision.name, revision.commit, revision.repository, "blog/later")
    with checked_out(gone) as root:
        assert list(root.iterdir()) == []


def test_a_commit_that_is_not_there_is_a_problem(repository: Path) -> None:
    revision = existing(repository / "blog", "one")
    lost = Revision("lost", "0" * 40, revision.repository, "blog")
    with pytest.raises(UsageError, match="'lost'"), checked_out(lost):
        pass

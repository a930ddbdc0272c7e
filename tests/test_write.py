"""Write: the output folder is always one whole site, and keeps what is not ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from site_builder.errors import UsageError
from site_builder.model.files import Recipe
from site_builder.publishing.lock import locked
from site_builder.publishing.staging import MANIFEST
from site_builder.publishing.write import WriteReport, Written, clean, is_written, write

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def put(root: Path, files: dict[str, str], output: str = "public") -> WriteReport:
    made = [recipe(path, text) for path, text in files.items()]
    report, _ = write(root / output, made, site_root=root)
    return report


def recipe(path: str, text: str, made_of: str = "") -> Recipe:
    return Recipe(path, made_of or text, text.encode)


def found(folder: Path) -> dict[str, str]:
    """What is in a folder, but for the manifest."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def refusal(root: Path, files: dict[str, str], output: str = "public") -> str:
    with pytest.raises(UsageError) as caught:
        put(root, files, output)
    return str(caught.value)


def is_tidy(root: Path) -> bool:
    """Whether no staging folder is left."""
    return not [path for path in root.rglob("*") if "staging" in path.name]


OLD = {"a/index.html": "a", "b/index.html": "b", "b/fig.svg": "svg", "index.html": "home"}


def test_a_first_write_makes_the_folder(tmp_path: Path) -> None:
    report = put(tmp_path, OLD, "deep/public")
    assert found(tmp_path / "deep/public") == OLD
    assert report == WriteReport(tuple(OLD), (), ())
    assert is_tidy(tmp_path)


def test_what_did_not_change_is_not_touched(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    public = tmp_path / "public"
    for path in public.rglob("*"):
        os.utime(path, (1, 1))
    report = put(tmp_path, OLD | {"a/index.html": "new"})
    assert report.written == ("a/index.html",)
    assert report.unchanged == ("b/index.html", "b/fig.svg", "index.html")
    touched = [p.name for p in public.rglob("*") if p.is_file() and p.stat().st_mtime != 1]
    assert sorted(touched) == [MANIFEST, "index.html"]
    assert (public / "a/index.html").read_text() == "new"


def test_a_write_of_the_same_touches_nothing_at_all(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    for path in (tmp_path / "public", *(tmp_path / "public").rglob("*")):
        os.utime(path, (1, 1))
    assert put(tmp_path, OLD) == WriteReport((), tuple(OLD), ())
    assert {p.stat().st_mtime for p in (tmp_path / "public").rglob("*")} == {1}


def test_stale_files_go_and_the_folders_they_leave_empty(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    report = put(tmp_path, {"index.html": "home"})
    assert report.removed == ("a/index.html", "b/fig.svg", "b/index.html")
    assert sorted(p.name for p in (tmp_path / "public").iterdir()) == [MANIFEST, "index.html"]


def test_files_that_were_changed_or_removed_by_hand_are_put_right(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "public/a/index.html").write_text("A")
    (tmp_path / "public/index.html").unlink()
    assert put(tmp_path, OLD).written == ("a/index.html", "index.html")
    assert found(tmp_path / "public") == OLD


def test_files_of_others_are_kept(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "public/CNAME").write_text("example.org")
    (tmp_path / "public/a/notes.txt").write_text("mine")
    put(tmp_path, {"index.html": "2"})
    mine = {"CNAME": "example.org", "a/notes.txt": "mine"}
    assert found(tmp_path / "public") == mine | {"index.html": "2"}
    assert clean(tmp_path / "public") == 1
    assert found(tmp_path / "public") == mine


def test_a_file_of_others_is_never_overwritten(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "public/CNAME").write_text("example.org")
    assert refusal(tmp_path, OLD | {"CNAME": "other", "a/index.html": "new"}) == (
        "public/CNAME was not written by site-builder, and the site has that file\n"
        "  help: move it away; to publish it, use static/"
    )
    assert found(tmp_path / "public") == OLD | {"CNAME": "example.org"}
    put(tmp_path, OLD | {"CNAME": "example.org"})
    put(tmp_path, OLD)
    assert found(tmp_path / "public") == OLD


def test_a_folder_with_files_of_others_is_refused_at_first(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public/thesis.tex").write_text("years")
    assert refusal(tmp_path, OLD) == (
        "the output folder public holds files that site-builder did not write: thesis.tex\n"
        "  help: choose another folder, or empty this one"
    )
    assert found(tmp_path / "public") == {"thesis.tex": "years"}


def test_hidden_files_and_an_older_copy_of_the_site_are_no_reason_to_refuse(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "public" / MANIFEST).unlink()
    (tmp_path / "public/.nojekyll").write_text("")
    assert put(tmp_path, OLD).unchanged == tuple(OLD)
    assert put(tmp_path, {"index.html": "2"}).removed == (
        "a/index.html",
        "b/fig.svg",
        "b/index.html",
    )


@pytest.mark.parametrize("damage", ["{", "[]", '{"files": {"../../x": ""}}', '{"files": 1}'])
def test_a_damaged_manifest_makes_nothing_ours(tmp_path: Path, damage: str) -> None:
    put(tmp_path, OLD)
    (tmp_path / "public" / MANIFEST).write_text(damage)
    assert "did not write: index.html and 3 more" in refusal(tmp_path, {"x.html": "x"})
    assert found(tmp_path / "public") == OLD
    assert clean(tmp_path / "public") == 0


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("posts", "the output folder posts is in posts, a folder of the site's sources"),
        ("posts/x", "the output folder posts/x is in posts, a folder of the site's sources"),
        ("themes/y", "the output folder themes/y is in themes, a folder of the site's sources"),
        (".", "the output folder {root} is the folder of the site itself"),
        ("..", "the output folder {parent} holds the folder of the site itself"),
        ("site.toml", "the output folder site.toml is a file"),
    ],
)
def test_folders_that_cannot_be_the_output(tmp_path: Path, output: str, message: str) -> None:
    (tmp_path / "site.toml").write_text("")
    said = refusal(tmp_path, OLD, output).partition("\n")[0]
    assert said == message.format(root=tmp_path.as_posix(), parent=tmp_path.parent.as_posix())
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]


def test_an_output_outside_of_the_site(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    put(root, OLD, "../elsewhere")
    assert found(tmp_path / "elsewhere") == OLD


def test_files_become_folders_and_folders_files(tmp_path: Path) -> None:
    first = {"a": "file", "b/c/d.html": "deep", "b/e.html": "e", "z/index.html": "z"}
    second = {"a/x/index.html": "x", "b": "file", "z/index.html": "z"}
    for files in (first, second, first):
        put(tmp_path, files)
        assert found(tmp_path / "public") == files
    (tmp_path / "public/b/c/mine.txt").write_text("mine")
    assert "public/b was not written by site-builder" in refusal(tmp_path, second)
    assert found(tmp_path / "public") == first | {"b/c/mine.txt": "mine"}


def test_a_folder_of_others_where_a_file_of_ours_was(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "public/index.html").unlink()
    (tmp_path / "public/index.html").mkdir()
    (tmp_path / "public/index.html/mine").write_text("mine")
    assert "public/index.html was not written by" in refusal(tmp_path, OLD | {"x": "x"})
    assert not (tmp_path / "public/x").exists()


@needs_posix
def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "index.html").write_text("theirs")
    (tmp_path / "public/a/index.html").unlink()
    (tmp_path / "public/a").rmdir()
    (tmp_path / "public/a").symlink_to(outside)
    assert refusal(tmp_path, OLD) == (
        "public/a is a link, which is not followed\n"
        "  help: remove the link, or use another output folder"
    )
    put(tmp_path, {"index.html": "2"})
    clean(tmp_path / "public")
    assert found(outside) == {"index.html": "theirs"}


@needs_posix
def test_a_link_in_the_place_of_a_file_of_ours_is_replaced(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "secret").write_text("theirs")
    (tmp_path / "public/index.html").unlink()
    (tmp_path / "public/index.html").symlink_to(tmp_path / "secret")
    put(tmp_path, OLD | {"index.html": "theirs"})
    assert not (tmp_path / "public/index.html").is_symlink()
    assert (tmp_path / "secret").read_text() == "theirs"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refusal(tmp_path, OLD, "file/public")
    file = tmp_path / "file"
    assert said.startswith(f"the output folder file/public would be in {file}, which is a file")


def test_a_name_that_is_too_long_changes_nothing(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    said = refusal(tmp_path, {"index.html": "2", "new/x.html": "x", "n" * 300 + "/index.html": "n"})
    assert "cannot write the site to public: File name too long" in said
    assert found(tmp_path / "public") == OLD
    assert not (tmp_path / "public/new").exists()
    assert is_tidy(tmp_path)


def test_the_manifest_names_our_files(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    text = (tmp_path / "public" / MANIFEST).read_text()
    manifest = json.loads(text)
    assert list(manifest["files"]) == sorted(OLD)
    digest = "4ea140588150773ce3aace786aeef7f4049ce100fa649c94fbbddb960f1da942"  # of "home"
    assert manifest["files"]["index.html"] == digest
    put(tmp_path, dict(reversed(OLD.items())))
    assert (tmp_path / "public" / MANIFEST).read_text() == text


def test_clean_of_what_is_not_there(tmp_path: Path) -> None:
    assert clean(tmp_path / "public") == 0
    put(tmp_path, OLD)
    assert clean(tmp_path / "public") == 4
    assert not (tmp_path / "public").exists()


class Maker:
    """Writes a site again and again, with what it knows from the last time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: list[str] = []
        self.last: dict[str, Written] = {}

    def recipe(self, path: str, made_of: str) -> Recipe:
        def make() -> bytes:
            self.made.append(path)
            return f"{path} of {made_of}".encode()

        return Recipe(path, made_of, make)

    def write(self, **files: str) -> list[str]:
        """Write files that are made of these; gives those that had to be made."""
        self.made.clear()
        recipes = [self.recipe(path, made_of) for path, made_of in files.items()]
        _, self.last = write(self.root / "public", recipes, site_root=self.root, last=self.last)
        assert is_written(self.root / "public", self.last)
        return self.made


def test_what_is_made_of_the_same_and_still_there_is_not_made(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    assert maker.write(one="1", two="2") == ["one", "two"]
    assert maker.write(one="1", two="2") == []
    assert maker.write(one="1", two="3") == ["two"]
    (tmp_path / "public/one").write_text("vandal")
    assert not is_written(tmp_path / "public", maker.last)
    assert maker.write(one="1", two="3") == ["one"]
    assert found(tmp_path / "public") == {"one": "one of 1", "two": "two of 3"}
    # What is remembered wrongly is not believed.
    maker.last = {path: Written("0" * 64, file.made_of) for path, file in maker.last.items()}
    assert maker.write(one="1", two="3") == ["one", "two"]
    assert maker.write(one="1") == []
    assert found(tmp_path / "public") == {"one": "one of 1"}


@pytest.mark.parametrize(
    "change",
    ["public/a/index.html", f"public/{MANIFEST}", "a link", "a link above", "staging", "a folder"],
)
def test_whether_all_is_as_it_was_written(tmp_path: Path, change: str) -> None:
    recipes = [recipe(path, text) for path, text in OLD.items()]
    _, last = write(tmp_path / "public", recipes, site_root=tmp_path)
    assert is_written(tmp_path / "public", last)
    home = tmp_path / "public/a"
    if change == "a link":
        (home / "index.html").rename(tmp_path / "elsewhere")
        (home / "index.html").symlink_to(tmp_path / "elsewhere")
    elif change == "a link above":
        home.rename(tmp_path / "elsewhere")
        home.symlink_to(tmp_path / "elsewhere")
    elif change == "staging":
        (tmp_path / ".public.staging-1").mkdir()
    elif change == "a folder":
        (home / "index.html").unlink()
        (home / "index.html").mkdir()
    else:
        with (tmp_path / change).open("a") as file:
            file.write(" ")
    assert not is_written(tmp_path / "public", last)


CHILD = """
import os, signal, sys, time
from pathlib import Path
from site_builder.errors import UsageError
from site_builder.model.files import Recipe
from site_builder.publishing import write as module
from site_builder.publishing.write import write

root = Path(sys.argv[1])

def put(text, **arguments):
    names = [f"p{n}/index.html" for n in range(20)] + ["index.html"]
    content = (text * 1000).encode()
    files = [Recipe(name, text, lambda: content) for name in names]
    return write(root / "public", files, site_root=root, **arguments)

"""


def child(root: Path, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + textwrap.dedent(code), str(root)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


def run(root: Path, code: str) -> tuple[int, str]:
    with child(root, code) as process:
        said, _ = process.communicate(timeout=60)
    return process.returncode, said


def letters(root: Path) -> set[str]:
    """Which versions of the child's site are in the folder: one, if it is a whole site."""
    return {text[:1] for text in found(root / "public").values()}


@needs_posix
def test_a_full_disk_leaves_the_old_site(tmp_path: Path) -> None:
    assert run(tmp_path, "put('a')")[0] == 0
    # Files may not grow beyond a limit: the kernel refuses the write as it does on a full disk.
    _, said = run(
        tmp_path,
        """
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
        try:
            put("b")
        except UsageError as error:
            print(error)
        """,
    )
    assert said.startswith("cannot write the site to public: File too large")
    assert letters(tmp_path) == {"a"}
    assert is_tidy(tmp_path)


@needs_posix
def test_a_disk_that_fills_up_is_named_as_the_reason(tmp_path: Path) -> None:
    _, said = run(
        tmp_path,
        """
        def full(path, content):
            raise OSError(28, os.strerror(28), str(path))
        put("a")
        Path.write_bytes = full
        try:
            put("b")
        except UsageError as error:
            print(error)
        """,
    )
    assert said.startswith("cannot write the site to public: No space left on device")
    assert "help: free some space and build again" in said
    assert letters(tmp_path) == {"a"}
    assert is_tidy(tmp_path)


@needs_posix
@pytest.mark.parametrize("moves", [0, 1, 12])
def test_a_build_that_is_killed_is_healed_by_the_next(tmp_path: Path, moves: int) -> None:
    assert run(tmp_path, "put('a')")[0] == 0
    (tmp_path / "public/mine.txt").write_text("mine")
    code, _ = run(
        tmp_path,
        f"""
        count = 0
        replace = Path.replace
        def killed(path, target):
            global count
            if count == {moves}:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            return replace(path, target)
        Path.replace = killed
        put("b")
        """,
    )
    assert code == -9
    assert not is_tidy(tmp_path)
    if moves <= 1:
        assert letters(tmp_path) == {"a", "m"}
    put(tmp_path, {"index.html": "c"})
    assert found(tmp_path / "public") == {"index.html": "c", "mine.txt": "mine"}
    assert is_tidy(tmp_path)


@needs_posix
def test_what_a_killed_build_would_have_removed_is_still_known_as_ours(tmp_path: Path) -> None:
    put(tmp_path, {"gone/index.html": "old", "index.html": "old"})
    code, _ = run(
        tmp_path,
        """
        replace = Path.replace
        def killed(path, target):
            if target.name == "index.html":
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(path, target)
        Path.replace = killed
        put("b")
        """,
    )
    assert code == -9
    assert "gone/index.html" in found(tmp_path / "public")
    put(tmp_path, {"index.html": "c"})
    assert found(tmp_path / "public") == {"index.html": "c"}


@needs_posix
def test_a_first_build_that_is_killed_is_healed_too(tmp_path: Path) -> None:
    code, _ = run(
        tmp_path,
        """
        replace = Path.replace
        def killed(path, target):
            if target.parent.name == "p9":
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(path, target)
        Path.replace = killed
        put("a")
        """,
    )
    assert code == -9
    assert "p8/index.html" in found(tmp_path / "public")
    put(tmp_path, {"index.html": "c"})
    assert found(tmp_path / "public") == {"index.html": "c"}


@needs_posix
def test_an_interrupted_build_leaves_the_old_site(tmp_path: Path) -> None:
    code, _ = run(
        tmp_path,
        """
        put("a")
        write_bytes = Path.write_bytes
        def interrupted(path, content):
            if path.name == "7":
                raise KeyboardInterrupt
            return write_bytes(path, content)
        Path.write_bytes = interrupted
        try:
            put("b")
        except KeyboardInterrupt:
            sys.exit(130)
        """,
    )
    assert code == 130
    assert letters(tmp_path) == {"a"}
    assert is_tidy(tmp_path)


@needs_posix
def test_who_waits_for_a_folder_gets_the_one_that_is_there_then(tmp_path: Path) -> None:
    folder = tmp_path / "public"
    waits = threading.Event()
    had: list[bool] = []

    def second() -> None:
        with locked(folder, waits.set):
            had.append(folder.is_dir())

    thread = threading.Thread(target=second)
    with locked(folder, lambda: None):  # made here and left empty: so it is removed at the end
        thread.start()
        assert waits.wait(60)
    thread.join(60)
    assert had == [True]


@needs_posix
def test_two_builds_take_turns(tmp_path: Path) -> None:
    first = child(
        tmp_path,
        """
        replace = Path.replace
        def slow(path, target):
            (root / "started").touch()
            while not (root / "go").exists():
                time.sleep(0.01)
            return replace(path, target)
        Path.replace = slow
        put("a")
        """,
    )
    while not (tmp_path / "started").exists():
        assert first.poll() is None
        time.sleep(0.01)
    second = child(tmp_path, "put('b', on_wait=lambda: (root / 'go').touch()); print('done')")
    assert second.communicate(timeout=60)[0] == "done\n"
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert letters(tmp_path) == {"b"}
    assert is_tidy(tmp_path)

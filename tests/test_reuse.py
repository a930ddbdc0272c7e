"""What runs and what is reused, as an author sees it on the command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from broken_sites import Blog, Files, Told, post
from edits import changed, stamps, tree

from site_builder.execution.running import Executor

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="programs of POSIX")


@dataclass(frozen=True)
class Watched(Blog):
    """A site of which is noted which posts run."""

    ran: list[str] = field(default_factory=list)

    def built(self, *arguments: str) -> Told:
        """A build that succeeds."""
        self.ran.clear()
        told = self.build("-j1", *arguments)
        assert told.code == 0, told.err
        return told

    def runs(self, *arguments: str) -> list[str]:
        """The posts that a build runs, without `posts/` and `.md`."""
        self.built(*arguments)
        return sorted(name.removeprefix("posts/").removesuffix(".md") for name in self.ran)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that occurs once."""
        text = (self.root / name).read_text()
        assert text.count(old) == 1, text
        (self.root / name).write_text(text.replace(old, new))

    def page(self, name: str) -> str:
        """The text of a post's page, without its markup."""
        html = (self.public / name / "index.html").read_text()
        return re.sub(r"<[^>]*>", "", html)

    def explained(self, *posts: str) -> list[str]:
        told = self.run("explain", "-C", str(self.root), *posts)
        assert told.code == 0, told.err
        assert told.err == ""
        return told.out.splitlines()


Make = Callable[..., Watched]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a site of files."""
    ran: list[str] = []
    run = Executor.run

    def watched(self: Executor, tasks: Sequence[Any], *rest: Any) -> Any:
        ran.extend(task.path for task in tasks)
        return run(self, tasks, *rest)

    monkeypatch.setattr(Executor, "run", watched)

    def make(**posts: str) -> Watched:
        files: Files = {f"posts/{name}.md": text for name, text in posts.items()}
        return Watched(tmp_path / "site", files, ran)

    return make


def warned(told: Told) -> list[str]:
    """The warnings of a build, each with what belongs to it."""
    _, *warnings = re.split(r"^warning\[[A-Z]\d{3}\]: ", told.err, flags=re.MULTILINE)
    return warnings


def cells(*codes: str, prose: str = "") -> str:
    """A post of cells, the first line of the first one on line 7 (with one line of prose: 9)."""
    fences = "\n".join(f"```python\n{code}\n```\n" for code in codes)
    return post(f"{prose}\n\n{fences}" if prose else fences)


# What runs again, and what does not


def test_a_second_build_runs_nothing_and_says_so(make: Make) -> None:
    site = make(one=cells("print(1)"), two=cells("print(2)"), prose=post("Text.\n"))
    first = site.built()
    assert sorted(site.ran) == ["posts/one.md", "posts/two.md"]
    assert first.out.startswith("3 posts: 2 executed in 0.0 s; ")
    before = stamps(site.root)
    second = site.built()
    assert site.ran == []
    assert second.out.startswith("3 posts: none executed, 2 reused; ")
    assert stamps(site.root) == before
    site.edit("posts/two.md", "print(2)", "print(22)")
    assert site.built().out.startswith("3 posts: 1 executed in 0.0 s, 1 reused; ")
    assert site.ran == ["posts/two.md"]
    assert "22" in site.page("two")


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("Some prose.", "Other prose.", "Other prose."),
        ("Some prose.", "Much\n\nmore\n\nprose.\n\n- a\n- b\n", "prose."),
        ("title: A", "title: Another", "Another"),
        ("date: 2020-05-17", "date: 2020-05-18\ntags: [new]", "new"),
        ("date: 2020-05-17", "date: 2020-05-17\ntimeout: 7", "77"),
        ("#| echo: true", "#| echo: false", "77"),
        ("#| echo: true", "#| code-fold: true", "77"),
        ("#| echo: true", "#| timeout: 7", "77"),
        ("#| echo: true", "#| volatile: true", "77"),
    ],
)
def test_prose_and_what_is_only_shown_runs_no_cell(
    make: Make, old: str, new: str, shown: str
) -> None:
    site = make(one=cells("#| echo: true\nprint(7 * 11)", "print('second')", prose="Some prose."))
    site.built()
    site.edit("posts/one.md", old, new)
    assert site.runs() == []
    assert shown in site.page("one")
    assert "77" in site.page("one")


@pytest.mark.parametrize(
    "settings",
    [
        'title = "Others"',
        'permalink = "/p/{slug}/"',
        "smart_quotes = false",
        "[execution]\ntimeout = 7.0",
        "[execution]\npost_timeout = 7.0",
        "[cache]\nlimit = 1.0",
        '[figures]\ndark = "card"',
    ],
)
def test_settings_that_cells_do_not_see_run_none(make: Make, settings: str) -> None:
    site = make(one=cells("print(7 * 11)"))
    site.built()
    title = "" if "title" in settings else 'title = "Notes"\n'
    site.put({"site.toml": f'{title}url = "https://example.org/"\n{settings}\n'})
    assert site.runs() == []


@pytest.mark.parametrize(
    "settings",
    [
        "[execution]\nseed = 7",
        '[execution]\nenvironment = { MODE = "fast" }',
        "[execution]\nmemory = 4.0",
        "[figures]\nwidth = 3.0",
        '[figures]\nformat = "png"',
    ],
)
def test_settings_that_cells_see_run_them(make: Make, settings: str) -> None:
    site = make(one=cells("import os, random\nprint(os.environ.get('MODE'), random.random())"))
    site.built()
    site.put({"site.toml": f'title = "Notes"\nurl = "https://example.org/"\n{settings}\n'})
    assert site.runs() == ["one"]
    assert site.runs() == []


def test_how_posts_are_run_has_no_say(make: Make) -> None:
    site = make(
        one=cells("import os, random\nprint(os.path.exists('x'), random.random())"),
        two=cells("import numpy\nprint(numpy.arange(3), open('../site.toml').read())"),
    )
    site.built()
    assert site.runs("--no-fork") == []
    assert site.runs("-j", "4") == []
    shutil.rmtree(site.root / ".cache")
    assert site.runs("--no-fork") == ["one", "two"]
    assert site.runs() == []


def test_posts_of_the_same_code_do_not_share_a_run(make: Make) -> None:
    code = "from pathlib import Path\nprint(Path.cwd().name, Path('x.txt').exists())"
    site = make(one=cells(code), two=cells(code))
    site.put({"posts/three/index.md": cells(code), "posts/three/x.txt": ""})
    assert site.runs() == ["one", "three/index", "two"]
    assert "posts False" in site.page("one")
    assert "three True" in site.page("three")
    site.put({"posts/three/index.md": cells(f"{code}\n")})
    site.put({"posts/one.md": cells(code, "1")})
    assert site.runs() == ["one", "three/index"]


def test_theme_and_static_files_run_no_cell(make: Make) -> None:
    site = make(one=cells("print(7 * 11)"))
    site.built()
    theme = Path(__file__).parents[1] / "themes/default/templates/post.html"
    text = theme.read_text()
    site.put({"templates/post.html": text.replace("</article>", "<p>The end.</p></article>")})
    site.put({"static/new.txt": "new"})
    assert site.runs() == []
    assert "The end." in site.page("one")
    assert (site.public / "new.txt").read_text() == "new"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("print(x)", "print(x + 1)"),
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1  # a comment"),
        ("```python\nprint(x)", "```python\n#| error: true\nprint(x)"),
        ("```python\nprint(x)", "```python\n#| fig-width: 3\nprint(x)"),
        ("```python\nprint(x)", "```python\n#| eval: false\nprint(x)"),
        ("x = 1\n```", "x = 1\n```\n\n```python\ny = 2\n```"),
        ("```python\nprint(x)\n```", ""),
        ("date: 2020-05-17", "date: 2020-05-17\nseed: 4"),
    ],
)
def test_code_and_what_it_is_given_runs_the_post(make: Make, old: str, new: str) -> None:
    site = make(one=cells("x = 1", "print(x)"), two=cells("print(2)"))
    site.built()
    site.edit("posts/one.md", old, new)
    assert site.runs() == ["one"]
    assert site.runs() == []


# Every reader, the file that it names, and what is done to that file.
READERS = {
    "open": ("print(open('data/x.txt').read())", "data/x.txt", "changed"),
    "guard": (
        "import os\nif os.path.exists('maybe.txt'):\n    print(open('maybe.txt').read())",
        "maybe.txt",
        "is there now",
    ),
    "handled": (
        "try:\n    print(open('maybe.txt').read())\nexcept FileNotFoundError:\n    print('none')",
        "maybe.txt",
        "is there now",
    ),
    "path": (
        "from pathlib import Path\nprint(Path('maybe.txt').is_file() and 'new content')",
        "maybe.txt",
        "is there now",
    ),
    "glob": (
        "from pathlib import Path\nfor p in Path('data').glob('*.txt'):\n    print(p.read_text())",
        "data/y.txt",
        "other files are in posts/data",
    ),
    "walk": (
        "import os\nfor home, _, names in os.walk('data'):\n"
        "    for name in names:\n        print(open(os.path.join(home, name)).read())",
        "data/y.txt",
        "other files are in posts/data",
    ),
    "module": ("import helper\nprint(helper.TEXT)", "helper.py", "changed"),
    "inner module": ("import outer\nprint(outer.helper.TEXT)", "helper.py", "changed"),
    "missing module": (
        "try:\n    import absent\n    print(absent.TEXT)\nexcept ImportError:\n    print('none')",
        "absent.py",
        "the local module posts/absent.py is there now",
    ),
    "package before module": (
        "import helper\nprint(helper.TEXT)",
        "helper/__init__.py",
        "the local module posts/helper is there now",
    ),
    "missing submodule": (
        "try:\n    from package import part\n    print(part.TEXT)\n"
        "except ImportError:\n    print('none')",
        "package/part.py",
        "the local module posts/package/part.py is there now",
    ),
    "submodule before module": (
        "import package.other\nprint(package.other.TEXT)",
        "package/other/__init__.py",
        "the local module posts/package/other is there now",
    ),
    "shadow": (
        "import colorsys\nprint(getattr(colorsys, 'TEXT', 'theirs'))",
        "colorsys.py",
        "the local module posts/colorsys.py is there now",
    ),
    "runpy": ("import runpy\nprint(runpy.run_path('helper.py')['TEXT'])", "helper.py", "changed"),
    "absolute": (
        "import os\nprint(open(os.path.abspath('data/x.txt')).read())",
        "data/x.txt",
        "changed",
    ),
    "chdir": ("import os\nos.chdir('data')\nprint(open('x.txt').read())", "data/x.txt", "changed"),
    "descriptor": (
        "import os\nfile = os.open('data/x.txt', os.O_RDONLY)\nprint(os.read(file, 99).decode())",
        "data/x.txt",
        "changed",
    ),
    "copy": (
        "import shutil, tempfile, os\ntarget = os.path.join(tempfile.mkdtemp(), 'copy')\n"
        "shutil.copyfile('data/x.txt', target)\nprint(open(target).read())",
        "data/x.txt",
        "changed",
    ),
    "fork": (
        "import multiprocessing as m\nq = m.get_context('fork').SimpleQueue()\n"
        "p = m.get_context('fork').Process(target=lambda: q.put(open('data/x.txt').read()))\n"
        "p.start()\nprint(q.get())\np.join()",
        "data/x.txt",
        "changed",
    ),
    "thread": (
        "import threading\nt = threading.Thread(target=lambda: print(open('data/x.txt').read()))\n"
        "t.start()\nt.join()",
        "data/x.txt",
        "changed",
    ),
    "numpy": ("import numpy\nprint(numpy.fromfile('data/x.txt', numpy.uint8).tobytes().decode())",
              "data/x.txt", "changed"),
    "link": ("print(open('link.txt').read())", "data/x.txt", "changed"),
}  # fmt: skip


def test_an_empty_folder_that_becomes_a_package_comes_before_an_installed_one(make: Make) -> None:
    site = make(one=cells("import colorsys\nprint(getattr(colorsys, 'MINE', 'theirs'))"))
    (site.root / "posts/colorsys").mkdir()
    site.built()
    assert "theirs" in site.page("one")
    site.put({"posts/colorsys/__init__.py": "MINE = 'mine'\n"})
    assert site.explained("one")[0].endswith(
        "the local module posts/colorsys is a package now, or none any more"
    )
    site.built()
    assert "mine" in site.page("one")


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_a_post_read_or_looked_for_runs_it(make: Make, reader: str) -> None:
    code, name, why = READERS[reader]
    site = make(one=cells("print('first')", code), two=cells("print(2)"))
    site.put({"posts/data/x.txt": "old content", "posts/helper.py": "TEXT = 'old content'\n",
              "posts/outer.py": "import helper\n", "posts/package/__init__.py": "",
              "posts/package/other.py": "TEXT = 'old content'\n"})  # fmt: skip
    (site.root / "posts/link.txt").symlink_to("data/x.txt")
    site.built()
    old = site.page("one")
    path = site.root / "posts" / name
    before = path.read_bytes() if path.exists() else None
    # The same size at the same second: nothing but the content tells.
    new = "TEXT = 'new content'\n" if name.endswith(".py") else "new content"
    path.parent.mkdir(exist_ok=True)
    path.write_text(new)
    [first, *rest] = site.explained("one")
    told = name if reader != "link" else "link.txt"
    assert (
        first == f"posts/one.md: runs: {why}" or first == f"posts/one.md: runs: posts/{told} {why}"
    )
    assert rest[0].startswith("  line 7, cell 1: runs: ")
    assert why in rest[0] or why in rest[1]
    # Whoever stands in for a module of the standard library may do so for all posts.
    assert site.runs() == (["one", "two"] if reader == "shadow" else ["one"])
    assert "new content" in site.page("one")
    assert "old content" not in site.page("one") or reader in ("glob", "walk")
    assert site.runs() == []
    # And back again: that is known.
    if before is None:
        path.unlink()
        if not list(path.parent.iterdir()):
            path.parent.rmdir()
    else:
        path.write_bytes(before)
    assert site.runs() == []
    assert site.page("one") == old


def test_times_of_files_have_no_say(make: Make) -> None:
    site = make(one=cells("print(open('x.txt').read())"))
    site.put({"posts/x.txt": "old"})
    site.built()
    for path in (site.root / "posts/x.txt", site.root / "posts/one.md"):
        os.utime(path, (1, 1))
    assert site.runs() == []
    stat = (site.root / "posts/x.txt").stat()
    site.put({"posts/x.txt": "new"})
    os.utime(site.root / "posts/x.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert site.runs() == ["one"]
    assert "new" in site.page("one")


def test_what_a_cell_wrote_is_written_again_when_it_is_gone(make: Make) -> None:
    site = make(
        maker=cells("open('made.txt', 'w').write('made')"),
        reader=cells(
            "import os\nprint(open('made.txt').read() if os.path.exists('made.txt') else 'none')"
        ),
    )
    site.built()
    site.built()
    made = site.root / "posts/made.txt"
    made.unlink()
    assert "maker" in site.runs()
    assert made.read_text() == "made"
    made.write_text("by hand")
    assert "maker" in site.runs()
    assert made.read_text() == "made"
    assert "made" in site.page("reader")


def test_a_post_that_reads_what_another_writes_shows_what_that_wrote_last(make: Make) -> None:
    code = "import os\nprint(open('made.txt').read() if os.path.exists('made.txt') else 'none')"
    site = make(areader=cells(code), maker=cells("open('made.txt', 'w').write('made 1')"))
    site.built()
    assert "made 1" in site.page("areader")
    site.edit("posts/maker.md", "made 1", "made 2")
    assert site.runs() == ["areader", "maker"]
    assert "made 2" in site.page("areader")
    assert site.runs() == []


def test_variables_of_the_machine_count_if_they_were_read(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make(home=cells("import os\nprint(os.environ['HOME'])"), other=cells("print(1)"))
    monkeypatch.setenv("HOME", "/home/ada")
    site.built()
    monkeypatch.setenv("HOME", "/home/eve")
    assert site.explained("home")[0] == (
        "posts/home.md: runs: the environment variable HOME changed"
    )
    assert site.runs() == ["home"]
    assert "/home/eve" in site.page("home")
    monkeypatch.setenv("HOME", "/home/ada")
    assert site.runs() == []
    assert "/home/ada" in site.page("home")


def test_variables_that_the_site_passes_on_count(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make(one=cells("import os\nprint(os.environ.get('TOKEN'))"))
    settings = '[execution]\npass_environment = ["TOKEN"]\n'
    site.put({"site.toml": f'title = "Notes"\nurl = "https://example.org/"\n{settings}'})
    monkeypatch.setenv("TOKEN", "first-secret")
    site.built()
    monkeypatch.setenv("TOKEN", "other-secret")
    assert "secret" not in "".join(site.explained())
    assert site.runs() == ["one"]
    assert "other-secret" in site.page("one")
    monkeypatch.delenv("TOKEN")
    assert site.runs() == ["one"]
    assert "None" in site.page("one")


# Packages


@pytest.fixture
def packaged(make: Make) -> tuple[Watched, Callable[[str], None]]:
    """A site with a Python of its own, and what installs a version of a package for it."""
    site = make(
        one=cells("import fakepkg\nprint(fakepkg.VALUE)"),
        two=cells("print(2)"),
        wish=cells(
            "try:\n    import wished\n    print('found')\nexcept ImportError:\n    print('none')"
        ),
    )
    settings = '[execution]\npython = ".venv/bin/python"\n'
    site.put({"site.toml": f'title = "Notes"\nurl = "https://example.org/"\n{settings}'})
    venv.EnvBuilder(symlinks=True).create(site.root / ".venv")
    packages = next((site.root / ".venv").rglob("site-packages"))

    def install(version: str, name: str = "fakepkg") -> None:
        for old in packages.glob(f"{name}-*"):
            shutil.rmtree(old)
        info = packages / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text(f"{name}.py,,\n")
        (packages / f"{name}.py").write_text(f"VALUE = 'version {version}'\n")

    install("1.0")
    return site, install


def test_an_upgrade_runs_the_posts_that_import_the_package(
    packaged: tuple[Watched, Callable[[str], None]],
) -> None:
    site, install = packaged
    site.built()
    install("2.0")
    assert site.explained("one") == [
        "posts/one.md: runs: the package fakepkg is 2.0, was 1.0",
        "  line 7, cell 1: runs: the package fakepkg is 2.0, was 1.0",
    ]
    assert site.runs() == ["one"]
    assert "version 2.0" in site.page("one")
    install("1.0")
    assert site.runs() == []
    assert "version 1.0" in site.page("one")


def test_a_package_that_was_looked_for_in_vain_runs_the_post_when_it_is_there(
    packaged: tuple[Watched, Callable[..., None]],
) -> None:
    site, install = packaged
    site.built()
    install("1.0", "wished")
    assert site.explained("wish")[0] == (
        "posts/wish.md: runs: the module wished can be imported, could not be then"
    )
    assert site.runs() == ["wish"]
    assert "found" in site.page("wish")


# Back and forth, failures, warnings


def test_going_back_runs_nothing(make: Make) -> None:
    site = make(one=cells("print('first')"))
    pages = []
    for text in ("first", "second", "third"):
        site.put({"posts/one.md": cells(f"print('{text}')")})
        assert site.runs() == ["one"]
        pages.append((site.public / "one/index.html").read_bytes())
    for text, page in zip(("first", "second", "third"), pages, strict=True):
        site.put({"posts/one.md": cells(f"print('{text}')")})
        assert site.runs() == []
        assert (site.public / "one/index.html").read_bytes() == page


def test_a_renamed_post_that_comes_back_runs_nothing(make: Make) -> None:
    site = make(one=cells("print('one')"))
    site.built()
    (site.root / "posts/one.md").rename(site.root / "posts/two.md")
    site.built()
    (site.root / "posts/two.md").rename(site.root / "posts/one.md")
    assert site.runs() == []


def test_a_failing_post_is_never_stored(make: Make) -> None:
    site = make(one=cells("print('begun')", "1 / 0"), good=cells("print(1)"))
    for _ in range(2):
        site.ran.clear()
        told = site.build("-j1")
        assert told.code == 1
        assert "posts/one.md" in site.ran
        assert "ZeroDivisionError" in told.err
        assert not (site.public / "one").exists()
    assert site.ran == ["posts/one.md"]  # the good one is known
    site.edit("posts/one.md", "1 / 0", "1 / 1")
    assert site.runs() == ["one"]
    site.edit("posts/one.md", "1 / 1", "1 / 0")
    site.ran.clear()
    assert site.build().code == 1
    assert site.ran == ["posts/one.md"]


def test_a_post_that_failed_for_want_of_a_file_succeeds_when_it_is_there(make: Make) -> None:
    site = make(one=cells("print(open('x.txt').read())"))
    assert site.build().code == 1
    site.put({"posts/x.txt": "here"})
    assert site.runs() == ["one"]
    (site.root / "posts/x.txt").unlink()
    told = site.build()
    assert told.code == 1
    assert "FileNotFoundError" in told.err


def test_line_numbers_follow_prose_that_grew_above(make: Make) -> None:
    site = make(
        one=cells(
            "#| error: true\ndef f():\n    raise ValueError('no')\n\nf()",
            "import warnings\nwarnings.warn('careful')",
            prose="Prose.",
        )
    )
    site.built()
    assert "line 11" in site.page("one") or "posts/one.md:11" in site.page("one")
    site.edit("posts/one.md", "Prose.", "Prose.\n\nMore.\n\nAnd more.")
    assert site.runs() == []
    numbers = sorted(
        set(re.findall(r"posts/one\.md(?::|&quot;, line |\", line )(\d+)", site.page("one")))
    )
    clean = site.root.parent / "clean"
    site.built("--no-cache", "-o", str(clean))
    assert (clean / "one/index.html").read_bytes() == (site.public / "one/index.html").read_bytes()
    assert numbers == ["15", "17", "22"]


LINE_TELLERS = {
    "traceback": "import traceback\ntry:\n    1 / 0\nexcept ValueError:\n    pass\n"
    "except Exception:\n    traceback.print_exc()",
    "number": "try:\n    1 / 0\nexcept Exception as error:\n"
    "    print(error.__traceback__.tb_lineno)",
    "frame": "import sys\ntry:\n    1 / 0\nexcept Exception:\n"
    "    print(str(sys.exc_info()[2].tb_frame).partition('file')[2])",
    "code": "def f(): pass\nprint(str(f.__code__).partition('file')[2])",
    "lines": "def f(): pass\nprint(f.__code__.co_firstlineno, list(f.__code__.co_lines()))",
    "dis": "import dis\ndef f(): return 1\ndis.dis(f)",
    "compiler": "#| error: true\n(\n]",
    "warning": "import warnings\nwarnings.warn('careful')",
    "own warning": "import warnings\nwarnings.formatwarning = lambda *a, **b: f'at {a[3]}'\n"
    "warnings.warn('careful')",
    "logging": "import logging\nlogging.basicConfig(format='%(lineno)d %(message)s')\n"
    "logging.warning('careful')",
    "module": "import teller\nprint(teller.line())",
    "text": "print('see posts/one.md:9 and File \"posts/one.md\", line 9')",
    "digest": "import traceback, hashlib\ntry:\n    1 / 0\nexcept Exception:\n"
    "    print(hashlib.md5(traceback.format_exc().encode()).hexdigest())",
}


@pytest.mark.parametrize("teller", LINE_TELLERS)
def test_prose_above_changes_no_output_that_a_clean_build_would_not(
    make: Make, tmp_path: Path, teller: str
) -> None:
    site = make(one=cells(LINE_TELLERS[teller], prose="Prose."))
    site.put({"posts/teller.py": "import sys\ndef line(): return sys._getframe(1).f_lineno\n"})
    site.built()
    site.edit("posts/one.md", "Prose.", "Prose.\n\nMore.\n\nAnd more.")
    site.built()
    site.built("--no-cache", "-o", str(tmp_path / "clean"))
    assert changed(tree(site.public), tree(tmp_path / "clean")) == []


def test_a_cell_that_prints_its_line_prints_the_one_within_it_wherever_it_stands(
    make: Make,
) -> None:
    code = "import inspect\nprint('at', inspect.currentframe().f_lineno)"
    site = make(one=cells(code, "x = 1", code, prose="Prose."))
    site.built()
    assert site.page("one").count("at 2\n") == 2
    site.edit("posts/one.md", "Prose.", "Prose.\n\nMore.")
    assert site.runs() == []
    assert site.page("one").count("at 2\n") == 2


@pytest.mark.parametrize("teller", LINE_TELLERS)
def test_no_cell_runs_because_prose_grew_above_it(make: Make, teller: str) -> None:
    site = make(one=cells("x = 1", LINE_TELLERS[teller], prose="Prose."))
    site.put({"posts/teller.py": "import sys\ndef line(): return sys._getframe(1).f_lineno\n"})
    site.built()
    site.edit("posts/one.md", "Prose.", "Prose.\n\nMore.\n\n    print('shown, not run')\n")
    assert site.runs() == []


def test_an_unchanged_cell_that_gives_another_output_is_named(make: Make) -> None:
    site = make(one=cells("print('fixed')", "import time\nprint(time.time_ns())", "x = 1"))
    site.built()
    site.edit("posts/one.md", "x = 1", "x = 2")
    told = site.built()
    assert site.ran == ["posts/one.md"]
    assert len(warned(told)) == 1
    assert "posts/one.md:11" in told.err
    assert "cell 2 gave another output than in its last run" in told.err
    assert "volatile" in told.err


def test_of_a_volatile_cell_nobody_expects_the_same_output(make: Make) -> None:
    site = make(one=cells("#| volatile: true\nimport time\nprint(time.time_ns())", "x = 1"))
    site.built()
    page = site.page("one")
    assert site.runs() == []
    assert site.page("one") == page
    site.edit("posts/one.md", "x = 1", "x = 2")
    assert warned(site.built()) == []
    assert site.page("one") != page


# What nobody sees

UNSEEN = {
    "program": ("import subprocess\nprint(subprocess.check_output(['echo', 'x']).decode())",
                "runs the program echo"),
    "shell": ("import os\nos.system('true')", "runs the program"),
    "database": ("import sqlite3\nprint(sqlite3.connect('x.db').execute('select 1').fetchall())",
                 "x.db with sqlite3"),
    "library": ("import ctypes\nprint(ctypes.CDLL('libm.so.6').abs(-3))", "loads a C library"),
    "network": ("import socket\ns = socket.socket()\ns.connect_ex(('127.0.0.1', 9))\nprint(1)",
                "uses the network"),
}  # fmt: skip


@needs_posix
@pytest.mark.parametrize("what", UNSEEN)
def test_what_nobody_sees_runs_in_every_build_with_a_warning(make: Make, what: str) -> None:
    code, words = UNSEEN[what]
    site = make(one=cells("print(1)", code), two=cells("print(2)"))
    for number in range(3):
        told = site.built()
        assert site.ran == (["posts/one.md"] if number else ["posts/one.md", "posts/two.md"])
        assert len(warned(told)) == 1
        assert "posts/one.md:11" in told.err
        assert "runs in every build: cell 2" in told.err
        assert words in told.err
        assert "reads:" in told.err
    assert words in "\n".join(site.explained("one"))
    site.edit("posts/one.md", code, f"#| reads: []\n{code}")
    told = site.built()
    assert warned(told) == []
    assert site.ran == ["posts/one.md"]
    assert site.runs() == []


@needs_posix
def test_what_a_cell_says_that_it_reads_is_compared(make: Make) -> None:
    code = (
        "import subprocess\nprint(subprocess.check_output('cat data/*.txt', shell=True).decode())"
    )
    site = make(one=cells(f"#| reads: [data/*.txt]\n{code}"))
    site.put({"posts/data/a.txt": "old", "posts/data/other.csv": "1"})
    assert warned(site.built()) == []
    assert site.runs() == []
    site.put({"posts/data/other.csv": "2"})
    assert site.runs() == []
    site.put({"posts/data/a.txt": "new"})
    assert site.explained("one")[0] == (
        "posts/one.md: runs: what 'reads: data/*.txt' names changed"
    )
    assert site.runs() == ["one"]
    assert "new" in site.page("one")
    site.put({"posts/data/b.txt": "more"})
    assert site.runs() == ["one"]
    assert "more" in site.page("one")
    (site.root / "posts/data/b.txt").unlink()
    assert site.runs() == []


@needs_posix
@pytest.mark.parametrize("pattern", ["data", "data/", "data/**", "../posts/data"])
def test_a_folder_that_is_declared_stands_for_what_is_in_it(make: Make, pattern: str) -> None:
    code = (
        "import subprocess\nprint(subprocess.check_output('cat data/*.txt', shell=True).decode())"
    )
    site = make(one=cells(f"#| reads: {pattern}\n{code}"))
    site.put({"posts/data/a.txt": "old"})
    assert warned(site.built()) == []
    assert site.runs() == []
    site.put({"posts/data/a.txt": "new"})
    assert site.runs() == ["one"]
    assert "new" in site.page("one")


@needs_posix
def test_a_pattern_that_names_nothing_is_told(make: Make) -> None:
    code = (
        "import subprocess\nprint(subprocess.check_output('cat data/*.txt', shell=True).decode())"
    )
    site = make(one=cells(f"#| reads: dota/*.txt\n{code}"))
    site.put({"posts/data/a.txt": "old"})
    told = site.build("-j1")
    assert "dota/*.txt" in told.err
    assert "posts/one.md" in told.err


@needs_posix
def test_what_is_declared_does_not_stand_for_what_is_seen(make: Make) -> None:
    """Nor for other cells that do what nobody sees."""
    code = "import subprocess\nprint(subprocess.check_output(['echo', 'x']).decode())"
    site = make(
        one=cells("#| reads: []\nprint(open('x.txt').read())"),
        two=cells(f"#| reads: []\n{code}", code),
    )
    site.put({"posts/x.txt": "old"})
    [warning] = warned(site.built())
    assert "posts/two.md:13" in warning
    site.put({"posts/x.txt": "new"})
    assert site.runs() == ["one", "two"]
    assert "new" in site.page("one")


def test_a_file_that_changes_under_its_reader_is_not_trusted(make: Make) -> None:
    code = (
        "import os\ncount = int(open('n.txt').read()) + 1\n"
        "open('n.txt', 'w').write(str(count))\nprint('run', count)"
    )
    site = make(one=cells(code))
    site.put({"posts/n.txt": "0"})
    for number in (1, 2, 3):
        told = site.built()
        assert site.ran == ["posts/one.md"]
        assert f"run {number}" in site.page("one")
        assert "runs in every build: posts/n.txt changed while the post ran" in told.err


# Explaining


def test_explain_says_of_each_cell_why_it_runs(make: Make) -> None:
    site = make(one=cells("a = 1", "b = 2", "print(a + b)", prose="Prose."), prose=post("Text.\n"))
    assert site.explained() == [
        "posts/one.md: runs: no run of it is kept",
        "  line 9, cell 1: runs: no run of it is kept",
        "  line 13, cell 2: runs: after cell 1",
        "  line 17, cell 3: runs: after cell 1",
    ]
    site.built()
    assert site.explained("one") == [
        "posts/one.md: reused: everything that its run observed is the same",
        "  line 9, cell 1: reused: everything that its run observed is the same",
        "  line 13, cell 2: reused: everything that its run observed is the same",
        "  line 17, cell 3: reused: everything that its run observed is the same",
    ]
    site.edit("posts/one.md", "b = 2", "b = 3")
    assert site.explained("posts/one.md") == [
        "posts/one.md: runs: line 13 changed: 'b = 3', was 'b = 2'",
        "  line 9, cell 1: runs: for the state in which cell 2 begins",
        "  line 13, cell 2: runs: line 13 changed: 'b = 3', was 'b = 2'",
        "  line 17, cell 3: runs: after cell 2",
    ]
    assert site.ran == ["posts/one.md"]  # in the build: explaining ran nothing


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("```python\nx = 1", "```python\n#| fig-width: 3\nx = 1",
         "the option fig-width is 3.0, was None"),
        ("x = 1", "x = 1\ny = 2", "line 10 changed: 'y = 2', is new"),
        ("date: 2020-05-17", "date: 2020-05-17\nseed: 4", "seed is '4', was '0'"),
        ("```python\nx = 1", "```python\ny = 0\n```\n\n```python\nx = 1", "the cell is new"),
    ],
)  # fmt: skip
def test_explain_names_what_changed(make: Make, old: str, new: str, why: str) -> None:
    site = make(one=cells("x = 1", "print(x)", prose="Prose."))
    site.built()
    site.edit("posts/one.md", old, new)
    lines = site.explained()
    assert lines[0] == f"posts/one.md: runs: {why}"
    assert lines[1].endswith(f", cell 1: runs: {why}")


def test_explain_names_the_setting_that_changed(make: Make) -> None:
    site = make(one=cells("print(1)"))
    site.built()
    site.put({"site.toml": 'title = "Notes"\nurl = "https://example.org/"\n'
                           '[execution]\nenvironment = { MODE = "fast" }\n'})  # fmt: skip
    assert site.explained()[0] == (
        "posts/one.md: runs: environment variable MODE is 'fast', was None"
    )


def test_a_build_may_explain_itself(make: Make) -> None:
    site = make(one=cells("print(1)"), two=cells("print(2)"))
    site.built()
    site.edit("posts/two.md", "print(2)", "print(3)")
    lines = site.built("--explain").out.splitlines()
    assert lines[0] == "posts/one.md: reused: everything that its run observed is the same"
    assert "posts/two.md: runs: line 7 changed: 'print(3)', was 'print(2)'" in lines
    assert lines[-1].startswith("2 posts: 1 executed")


def test_explain_of_a_post_that_is_not_there_names_the_nearest(make: Make) -> None:
    site = make(welcome=cells("print(1)"))
    told = site.run("explain", "-C", str(site.root), "welcom")
    assert told.code == 2
    assert "welcom" in told.err
    assert "welcome" in told.err.replace("'welcom'", "")


# Without running


def test_frozen_builds_run_nothing_and_name_every_post_that_would(make: Make) -> None:
    site = make(one=cells("print(1)"), two=cells("print(2)"), three=cells("print(3)"))
    told = site.build("--frozen")
    assert (told.code, site.ran) == (1, [])
    assert [name for name in ("one", "three", "two") if f"posts/{name}.md" in told.err] == [
        "one",
        "three",
        "two",
    ]
    assert "3 problems" in told.err
    site.built()
    assert site.runs("--frozen") == []
    site.edit("posts/one.md", "print(1)", "print(11)")
    site.edit("posts/two.md", "print(2)", "print(22)")
    site.ran.clear()
    told = site.build("--frozen")
    assert (told.code, site.ran) == (1, [])
    assert "the post would have to run: line 7 changed: 'print(11)', was 'print(1)'" in told.err
    assert "posts/two.md" in told.err
    assert "posts/three.md" not in told.err
    assert "print(1)" in site.page("one")


def test_frozen_builds_refuse_what_nobody_can_prove(make: Make) -> None:
    code = "import subprocess\nprint(subprocess.check_output(['echo', 'x']).decode())"
    site = make(one=cells("print(1)", code), two=cells("print(2)"))
    site.built()
    site.ran.clear()
    told = site.build("--frozen")
    assert (told.code, site.ran) == (1, [])
    assert "posts/one.md:11" in told.err
    assert "runs the program echo" in told.err
    assert "posts/two.md" not in told.err


def freeze(site: Watched, *posts: str) -> Told:
    site.ran.clear()
    told = site.run("freeze", "-C", str(site.root), *posts)
    assert told.code == 0, told.err
    return told


def test_a_frozen_post_builds_without_what_it_needs(
    packaged: tuple[Watched, Callable[..., None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _ = packaged
    site.built()
    page = site.page("one")
    freeze(site, "one")
    folder = site.root / "posts/one.frozen"
    assert (folder / "record.json").is_file()
    # Another machine: another version of Python, without the package, without our store.
    shutil.rmtree(site.root / ".cache")
    record = json.loads((folder / "record.json").read_text())
    record["trace"]["interpreter"]["python"] = "3.99.0"
    record["trace"]["interpreter"]["cpu"] = "abacus"
    (folder / "record.json").write_text(json.dumps(record))
    for path in (site.root / ".venv").rglob("fakepkg*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    monkeypatch.setenv("HOME", "/nowhere")
    for name in ("two", "wish"):
        (site.root / f"posts/{name}.md").unlink()
    assert site.runs("--frozen") == []
    assert "version 1.0" in site.page("one")
    assert "frozen on" in site.page("one")
    assert "version 1.0" in page
    assert site.runs() == []


def test_a_frozen_post_whose_code_changed_is_told(make: Make) -> None:
    site = make(one=cells("print(1)"))
    site.built()
    freeze(site, "one")
    assert warned(site.built("--frozen")) == []
    site.edit("posts/one.md", "print(1)", "print(11)")
    told = site.build("--frozen")
    assert told.code == 1
    assert "posts/one.md" in told.err
    assert "line 7 changed: 'print(11)', was 'print(1)' since it was frozen" in told.err
    told = site.built()
    assert site.ran == ["posts/one.md"]
    assert len(warned(told)) == 1
    assert "its frozen record is out of date" in told.err
    assert "11" in site.page("one")
    assert "frozen on" not in site.page("one")
    told = site.built()
    assert site.ran == []
    assert "its frozen record is out of date" in told.err  # until it is mended
    freeze(site, "one")
    assert warned(site.built("--frozen")) == []
    assert "frozen on" in site.page("one")


def test_a_frozen_post_whose_data_changed_is_told(make: Make) -> None:
    site = make(one=cells("print(open('x.txt').read())"))
    site.put({"posts/x.txt": "old"})
    site.built()
    freeze(site, "one")
    shutil.rmtree(site.root / ".cache")
    site.put({"posts/x.txt": "new"})
    told = site.build("--frozen")
    assert told.code == 1
    assert "posts/x.txt changed since it was frozen" in told.err
    told = site.built()
    assert site.ran == ["posts/one.md"]
    assert "posts/x.txt changed since it was frozen" in told.err
    assert "new" in site.page("one")


def test_freezing_runs_what_must_run(make: Make) -> None:
    site = make(one=cells("print(7 * 11)"), two=cells("print(2)"))
    told = freeze(site, "one")
    assert site.ran == ["posts/one.md"]
    assert "posts/one.frozen" in told.out
    assert "77" in (site.root / "posts/one.frozen/record.json").read_text()
    assert not (site.root / "posts/two.frozen").exists()
    assert site.explained("one")[0].startswith("posts/one.md: reused: frozen on ")
    assert site.runs() == ["two"]


def test_freezing_keeps_what_nobody_sees(make: Make) -> None:
    code = "import subprocess\nprint(subprocess.check_output(['echo', 'unseen']).decode())"
    site = make(one=cells(code))
    freeze(site, "one")
    told = site.built("--frozen")
    assert site.ran == []
    assert told.err == ""
    assert "unseen" in site.page("one")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "<<<<<<< HEAD\n" + text,
        lambda text: text.replace('"format"', '"form"'),
        lambda _: "[]",
    ],
)
def test_a_damaged_frozen_record_is_told(make: Make, damage: Callable[[str], str]) -> None:
    site = make(one=cells("print(1)"))
    freeze(site, "one")
    path = site.root / "posts/one.frozen/record.json"
    path.write_text(damage(path.read_text()))
    told = site.build()
    assert told.code == 1
    assert "cannot read the frozen record" in told.err
    assert "posts/one.frozen" in told.err
    assert "Traceback" not in told.err
    shutil.rmtree(path.parent)
    assert "frozen" not in site.built().err


def test_a_frozen_record_belongs_to_its_post(make: Make) -> None:
    """Of a copied or renamed folder nothing is taken that was not computed by that post."""
    site = make(one=cells("print('one')"), two=cells("print('two')"))
    freeze(site, "one")
    shutil.copytree(site.root / "posts/one.frozen", site.root / "posts/two.frozen")
    told = site.build("--frozen")
    assert told.code == 1
    assert "posts/two.md" in told.err
    site.built()
    assert site.ran == ["posts/two.md"]


# The store


def test_without_the_cache_everything_runs_and_nothing_is_kept(make: Make) -> None:
    site = make(one=cells("print(1)"), two=cells("print(2)"))
    assert site.runs("--no-cache") == ["one", "two"]
    assert site.runs("--no-cache") == ["one", "two"]
    assert not (site.root / ".cache").exists()
    site.built()
    before = stamps(site.root / ".cache")
    assert site.runs("--no-cache") == ["one", "two"]
    assert stamps(site.root / ".cache") == before
    assert site.runs() == []


def test_removing_the_store_changes_only_time(make: Make) -> None:
    site = make(one=cells("print(1)"), prose=post("Text.\n"))
    site.built()
    before = stamps(site.public)
    told = site.run("clean", "--cache", "-C", str(site.root))
    assert told.code == 0
    assert not (site.root / ".cache").exists()
    assert (site.public / "one/index.html").exists()
    assert site.runs() == ["one"]
    assert stamps(site.public) == before


def test_the_store_shows_what_it_holds(make: Make) -> None:
    site = make(one=cells("print(1)"))
    site.built()
    told = site.run("cache", "-C", str(site.root))
    assert told.code == 0
    assert "posts/one.md" in told.out
    assert re.search(r"\d+\.\d MB of 2000 MB", told.out)


def test_a_store_with_a_small_limit_forgets_but_is_never_wrong(make: Make) -> None:
    site = make(one=cells("print('x' * 5000)"), two=cells("print('y' * 5000)"))
    site.put({"site.toml": 'title = "Notes"\nurl = "https://example.org/"\n'
                           "[cache]\nlimit = 0.000003\n"})  # fmt: skip
    site.built()
    size = sum(p.stat().st_size for p in (site.root / ".cache").rglob("objects/*/*"))
    assert size <= 3000
    site.built()
    assert "xxxx" in site.page("one")
    assert "yyyy" in site.page("two")


def test_only_some_posts_are_built_and_the_others_stay(make: Make) -> None:
    site = make(one=cells("print('one 1')"), two=cells("print('two 1')"))
    site.built()
    site.edit("posts/one.md", "one 1", "one 2")
    site.edit("posts/two.md", "two 1", "two 2")
    assert site.runs("--only", "posts/one*") == ["one"]
    assert "one 2" in site.page("one")
    assert "two 1" in site.page("two")
    assert site.runs() == ["two"]
    assert "two 2" in site.page("two")


def test_of_a_site_that_was_moved_only_the_posts_that_tell_where_they_are_run(make: Make) -> None:
    site = make(
        one=cells("print(open('x.txt').read())"),
        two=cells("import os\nprint(os.getcwd())"),
        three=cells("from pathlib import Path\nprint(Path('x.txt').resolve())"),
    )
    site.put({"posts/x.txt": "here"})
    site.built()
    moved = site.root.parent / "elsewhere"
    site.root.rename(moved)
    other = Watched(moved, {}, site.ran)
    assert other.runs() == ["three", "two"]
    assert "here" in other.page("one")
    assert "elsewhere/posts" in other.page("two")
    assert "elsewhere/posts/x.txt" in other.page("three")

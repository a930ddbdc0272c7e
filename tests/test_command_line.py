"""The command line: commands, options, what is printed, and how a build is stopped."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from broken_sites import GOOD, SETTINGS, Blog, cell, post, snapshot
from edits import png
from small_site import is_alive

from site_builder import __version__
from site_builder.cli import COMMANDS
from site_builder.publishing.staging import MANIFEST

ROOT = Path(__file__).parents[1]
DRAFT = "title: Draft\ndate: 2020-05-17\ndraft: true\ntags: [unseen]\n"
LATER = "title: Later\ndate: 2999-01-01\ntags: [unseen]\n"


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path, {"posts/good.md": GOOD})


def start(blog: Blog, *arguments: str, **options: object) -> subprocess.Popen[str]:
    """`python -m site_builder build` in a group of processes of its own, as a shell starts it."""
    command = [sys.executable, "-m", "site_builder", "build", "-C", str(blog.root), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, **({"env": environment, "text": True, "start_new_session": True} | pipes)
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def members(group: int) -> list[str]:
    """The processes of a group that still run."""
    command = ["ps", "-eo", "pgid=,stat=,args="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [row[2] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


# What is asked for.


def test_the_version(tmp_path: Path) -> None:
    told = Blog(tmp_path).run("--version")
    assert (told.code, told.out) == (0, f"site-builder {__version__}\n")


@pytest.mark.parametrize("arguments", [("--help",), ("build", "--help"), ("clean", "-h")])
def test_help_names_every_option(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    told = Blog(tmp_path).run(*arguments)
    known = {
        "--help": ["build", "clean", "--version"],
        "build": ["--directory", "--output", "--jobs", "--base-url", "--drafts", "--future"],
        "clean": ["--directory", "--output"],
    }[arguments[0]]
    assert (told.code, told.err) == (0, "")
    assert [word for word in known if word not in told.out] == []


def test_no_command_shows_the_help_and_is_a_mistake(tmp_path: Path) -> None:
    blog = Blog(tmp_path)
    told = blog.run()
    assert told.code == 2
    assert told.out == blog.run("--help").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biuld"], "site-builder: error: unknown command 'biuld': did you mean 'build'?"),
        (
            ["upload"],
            "site-builder: error: unknown command 'upload': "
            f"known are: {', '.join(sorted(COMMANDS))}",
        ),
        (["--vers"], "site-builder: error: unknown option '--vers': did you mean '--version'?"),
        (
            ["build", "--draft"],
            "site-builder build: error: unknown option '--draft': did you mean '--drafts'?",
        ),
        (
            ["clean", "--jobs=3"],
            "site-builder clean: error: unknown option '--jobs': "
            "known are: --cache, --color, --directory, --full-tracebacks, --help, --output, "
            "--output-format, -h, -o",
        ),
        (["build", "posts/a.md"], "site-builder build: error: unexpected argument 'posts/a.md'"),
        (
            ["build", "-j", "0"],
            "site-builder build: error: argument -j/--jobs: a number from 1 on, not '0'",
        ),
        (
            ["build", "-j", "two"],
            "site-builder build: error: argument -j/--jobs: a number from 1 on, not 'two'",
        ),
        (["build", "-o"], "site-builder build: error: argument -o/--output: expected one argument"),
    ],
)
def test_what_is_not_known_is_told_with_the_nearest_word(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    told = Blog(tmp_path).run(*arguments)
    assert told.code == 2
    assert told.err.startswith("usage: site-builder")
    assert told.err.splitlines()[-1] == said


def test_the_module_is_the_command(blog: Blog) -> None:
    process = start(blog)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert blog.plain(out) == "1 post: none executed; 6 pages → SITE/public/\n"


# Where.


def test_outside_of_a_site(tmp_path: Path) -> None:
    blog = Blog(tmp_path)
    (tmp_path / "site.toml").unlink()
    for command, in_vain in (("build", "; nothing was written"), ("clean", ""), ("diff", "")):
        told = blog.run(command, "-C", str(tmp_path))
        assert told.code == 2
        assert told.err == (
            "error[C001]: there is no site.toml in SITE\n"
            '  = help: it needs at least `title = "…"` and `url = "https://…"`; or use -C DIR\n\n'
            f"1 problem{in_vain}\n"
        )
    told = blog.build("-C", str(tmp_path / "none"))
    assert (told.code, told.err.splitlines()[0]) == (2, "error[C001]: there is no folder SITE/none")


def test_paths_are_those_of_the_author(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    (blog.root / "elsewhere").mkdir()
    monkeypatch.chdir(blog.root / "elsewhere")
    told = blog.run("build", "-C", "..", "-o", "built")
    assert (told.code, told.err) == (0, "")
    assert told.out == "1 post: none executed; 6 pages → built/\n"
    assert (blog.root / "elsewhere/built/good/index.html").is_file()
    assert not blog.public.exists()
    monkeypatch.chdir(blog.root)
    assert blog.run("build").out == "1 post: none executed; 6 pages → public/\n"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("", "the output folder SITE is the folder of the site itself"),
        ("..", "the output folder ABOVE holds the folder of the site itself"),
        ("posts/out", "the output folder posts/out is in posts, a folder of the site's sources"),
        ("static", "the output folder static is in static, a folder of the site's sources"),
        ("site.toml", "the output folder site.toml is a file"),
        (
            "site.toml/out",
            "the output folder site.toml/out would be in SITE/site.toml, which is a file",
        ),
    ],
)
def test_folders_that_cannot_be_the_output(blog: Blog, output: str, said: str) -> None:
    before = snapshot(blog.root)
    told = blog.build("-o", str(blog.root / output))
    help_ = "choose a folder that only the built site is in, such as public"
    said = said.replace("ABOVE", str(blog.root.parent))
    assert told.err == f"error[P001]: {said}\n  = help: {help_}\n\n1 problem; nothing was written\n"
    assert told.code == 2
    assert snapshot(blog.root) == before


def test_a_folder_with_files_of_others(blog: Blog) -> None:
    blog.put({"out/photo.jpg": "x", "out/notes/a.txt": "y"})
    told = blog.build("-o", str(blog.root / "out"))
    assert (told.code, told.err) == (
        2,
        "error[P002]: the output folder out holds files that site-builder did not write: "
        "photo.jpg and 1 more\n"
        "  = help: choose another folder, or empty this one\n\n"
        "1 problem; nothing was written\n",
    )
    assert sorted(snapshot(blog.root / "out")) == ["notes/a.txt", "photo.jpg"]


def test_a_folder_that_cannot_be_written(blog: Blog) -> None:
    if os.geteuid():
        (blog.root / "locked").mkdir(mode=0o555)
        output, reason = blog.root / "locked/out", "Permission denied"
    else:  # nothing is forbidden to root but what nobody can do
        output, reason = Path("/proc/out"), "No such file or directory"
    told = blog.build("-o", str(output))
    assert told.code == 2
    assert told.err.startswith("error[P004]: cannot write the site to ")
    assert reason in told.err.splitlines()[0]
    assert told.err.endswith("\n1 problem; nothing was written\n")


def test_a_disk_that_is_full(blog: Blog) -> None:
    assert blog.build().code == 0
    before = snapshot(blog.public)
    blog.put({"static/large.bin": b"x" * 300_000, "posts/new.md": GOOD})
    script = textwrap.dedent(
        """
        import resource, sys
        from site_builder.cli import main
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        sys.exit(main(["build", "-C", sys.argv[1]]))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(blog.root)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error[P004]: cannot write the site to public: File too large")
    assert done.stderr.endswith("\n1 problem; nothing was written\n")
    assert snapshot(blog.public) == before
    assert sorted(path.name for path in blog.root.iterdir()) == [
        ".cache",
        "posts",
        "public",
        "site.toml",
        "static",
    ]


# The address of the site.


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("example.org", "should be an address such as 'https://example.org/', not 'example.org'"),
        ("ftp://x.org", "should be an address such as 'https://example.org/', not 'ftp://x.org'"),
        ("https://x.org/?a", "should have no '?' or '#'"),
    ],
)
def test_an_address_that_is_none(blog: Blog, url: str, said: str) -> None:
    told = blog.build("--base-url", url)
    assert told.code == 2
    assert told.err == f"error[C006]: --base-url {said}\n\n1 problem; nothing was written\n"


def test_every_link_carries_the_base_path(blog: Blog) -> None:
    blog.put(
        {
            "posts/next.md": post(
                "See [it](good.md), [home](/), [tags](/tags/), [feed](/feed.xml), $x^2$.\n\n"
                "![A dot](dot.png)\n",
                "title: Next\ndate: 2020-05-18\ntags: [one]\nseries: S\naliases: [/old/]\n",
            ),
            "posts/dot.png": PNG,
            "pages/about.md": post("Us.\n", "title: About\n"),
        }
    )
    assert blog.build("--base-url", "https://x.org/blog").code == 0
    pages = {p: c.decode() for p, (c, _) in snapshot(blog.public).items() if p.endswith("html")}
    assert len(pages) >= 10
    links = {
        (page, link)
        for page, html in pages.items()
        for link in re.findall(r'\s(?:href|src|srcset|content)="([^"#]+)', html)
        if link.startswith(("/", "http"))
    }
    outside = {
        (page, link)
        for page, link in links
        if not link.startswith(("/blog/", "https://x.org/blog/"))
    }
    assert outside == set()
    files = {"/blog/" + path for path in snapshot(blog.public)}
    for page, link in links:
        path = link.removeprefix("https://x.org")
        assert path in files or path.rstrip("/") + "/index.html" in files, (page, link)
    for path in ("feed.xml", "feed.json", "sitemap.xml", "robots.txt"):
        text = (blog.public / path).read_text()
        assert "https://x.org/blog/" in text
        assert set(re.findall(r"https://x\.org/(?!blog/)\S*", text)) == set()
        assert "example.org" not in text


PNG = png(3, 2)


# Drafts and posts of the future.


def test_drafts_and_later_posts_are_nowhere(blog: Blog) -> None:
    blog.put({"posts/draft.md": post("Text.\n", DRAFT), "posts/later.md": post("Text.\n", LATER)})
    assert blog.build().out == (
        "1 post: none executed; 6 pages → SITE/public/\n"
        "left out, as drafts or scheduled: posts/draft.md, posts/later.md\n"
    )
    for path, (content, _) in snapshot(blog.public).items():
        text = content.decode("utf-8", "replace").lower()
        if path == MANIFEST:  # which says that there are none
            assert json.loads(text)["built"]["drafts"] == []
            text = text.replace('"drafts"', "")
        for word in ("draft", "later", "unseen", "2999"):
            assert word not in path
            assert word not in text, path


@pytest.mark.parametrize(
    ("option", "slug", "other"), [("--drafts", "draft", "later"), ("--future", "later", "draft")]
)
def test_drafts_and_later_posts_on_request(blog: Blog, option: str, slug: str, other: str) -> None:
    blog.put({"posts/draft.md": post("Text.\n", DRAFT), "posts/later.md": post("Text.\n", LATER)})
    assert blog.build(option).code == 0
    assert (blog.public / slug / "index.html").is_file()
    assert not (blog.public / other).exists()
    for path in ("index.html", "tags/unseen/index.html"):
        html = (blog.public / path).read_text()
        assert f'href="/{slug}/"' in html
        assert f"/{other}/" not in html
    # The next build without the option takes them away again.
    assert blog.build().code == 0
    assert not (blog.public / slug).exists()
    assert not (blog.public / "tags/unseen").exists()


# What is printed.


def test_the_summary_counts(blog: Blog) -> None:
    told = blog.build()
    assert (told.out, told.err) == ("1 post: none executed; 6 pages → SITE/public/\n", "")
    blog.put(
        {
            "posts/runs.md": cell("print(1)"),
            "posts/twice.md": post("```python\n1\n```\n\n```python\n2\n```\n"),
            "posts/shows.md": cell("#| eval: false\n1"),
            "pages/about.md": post("Us.\n", "title: About\n"),
        }
    )
    told = blog.build("-j", "1")
    assert told.out == "4 posts: 2 executed in 0.0 s; 10 pages → SITE/public/\n"
    assert told.err == "ran posts/runs.md (1 cell, 0.0 s)\nran posts/twice.md (2 cells, 0.0 s)\n"


def test_warnings_do_not_stop_the_build(blog: Blog) -> None:
    blog.put({"posts/a.md": cell("import subprocess\nsubprocess.Popen(['sleep', '60']);")})
    told = blog.build()
    assert told.code == 0
    assert told.err == (
        "ran posts/a.md (1 cell, 0.0 s)\n"
        "warning[X013]: the post left a process running; ended\n"
        " --> posts/a.md\n"
        "  = help: wait for what a cell starts\n\n"
        "warning[X014]: runs in every build: cell 1 runs the program sleep\n"
        "  --> posts/a.md:7\n"
        "   = help: declare what it reads with '#| reads: …' ([] for nothing that can change)\n\n"
    )


def test_a_terminal_that_has_no_arrow(blog: Blog) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    process = start(blog, env=environment)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert blog.plain(out) == "1 post: none executed; 6 pages ? SITE/public/\n"


def test_a_document_stays_json_where_a_terminal_has_no_arrow(blog: Blog) -> None:
    text = "---\ntitle: É → 𝕏\ndate: 2020-01-01\n---\n\n[É](http://localhost/)\n"
    blog.put({"posts/good.md": text})
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    documents = {}
    for name in ("list", "check"):
        command = [sys.executable, "-m", "site_builder", name, "-C", str(blog.root), "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        documents[name] = json.loads(done.stdout)
    assert [post["title"] for post in documents["list"]["posts"]] == ["É → 𝕏"]
    excerpts = [found["excerpt"] for found in documents["check"]["findings"]]
    assert excerpts == ["[É](http://localhost/)"]


def test_a_terminal_shows_what_runs(blog: Blog) -> None:
    (blog.root / "posts/good.md").unlink()
    blog.put({"posts/slow.md": cell("import time\ntime.sleep(0.4)")})
    ours, theirs = pty.openpty()
    process = start(blog, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            seen += os.read(ours, 4096)
        except OSError:  # as Linux tells that the other side is closed
            break
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = blog.plain(seen.decode())
    line = "running posts/slow.md: cell 1 of 1, 0.0 s\r\n"
    assert line in text
    # Each line is wiped before what comes next, so that only the last two stay.
    assert text.replace(line + "\x1b[1A\x1b[J", "") == (
        "ran posts/slow.md (1 cell, 0.0 s)\r\n"
        "1 post: 1 executed in 0.0 s; 6 pages → SITE/public/\r\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_that_cannot_be_written_is_told(blog: Blog) -> None:
    command = [sys.executable, "-m", "site_builder", "cache", "-C", str(blog.root)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    told = "error: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, told)


# Cleaning.


def test_clean_removes_what_is_ours(blog: Blog) -> None:
    assert blog.build().code == 0
    count = len(snapshot(blog.public)) - 1  # but for the manifest
    blog.put({"public/CNAME": "x.org", "public/good/mine.txt": "x"})
    told = blog.run("clean", "-C", str(blog.root))
    assert told.code == 0
    assert told.out == f"{count} files removed from SITE/public/\n"
    assert sorted(snapshot(blog.public)) == ["CNAME", "good/mine.txt"]
    assert blog.run("clean", "-C", str(blog.root)).out == "0 files removed from SITE/public/\n"
    assert sorted(snapshot(blog.public)) == ["CNAME", "good/mine.txt"]


def test_clean_of_another_folder(blog: Blog) -> None:
    output = str(blog.root / "out")
    assert blog.build("-o", output).code == 0
    assert blog.build().code == 0
    before = snapshot(blog.public)
    assert blog.run("clean", "-C", str(blog.root), "-o", output).code == 0
    assert not (blog.root / "out").exists()
    assert snapshot(blog.public) == before


# Being stopped.

SLEEPER = """import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "600"])
pathlib.Path("../pids").write_text(f"{os.getpid()} {child.pid}")
pathlib.Path("../pids").rename("../started")
time.sleep(600)"""


@pytest.mark.parametrize("options", [(), ("--no-fork",)])
@pytest.mark.parametrize("whole_group", [True, False])
def test_an_interrupt_leaves_nothing_running_and_the_old_site(
    blog: Blog, options: tuple[str, ...], whole_group: bool
) -> None:
    assert blog.build().code == 0
    before = snapshot(blog.public)
    blog.put({"posts/slow.md": cell(SLEEPER), "posts/new.md": GOOD})
    process = start(blog, *options)
    wait_for(blog.root / "started", process)
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("\ninterrupted; nothing was written\n")
    assert "Traceback" not in err
    assert snapshot(blog.public) == before
    assert not [p for p in blog.root.iterdir() if "staging" in p.name]
    assert members(process.pid) == []
    for pid in (blog.root / "started").read_text().split():
        assert not is_alive(int(pid))  # nobody may have asked yet how it ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_processes_that_render_end_with_the_build(blog: Blog, number: signal.Signals) -> None:
    text = "A [link](good.md) and $x^2$ and *more*.\n\n" * 200
    blog.put({f"posts/p{n}.md": post(text, f"title: P{n}\ndate: 2020-05-17\n") for n in range(60)})
    process = start(blog, "-j", "2", "--base-url", "https://x.org/")
    while len(members(process.pid)) < 3:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.kill()
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    if number == signal.SIGINT:
        assert err == "\ninterrupted; nothing was written\n"
    end = time.monotonic() + 30
    while members(process.pid):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert not blog.public.exists()


def test_two_builds_at_once_give_one_whole_site(blog: Blog) -> None:
    blog.put({"posts/more.md": post("See [it](good.md).\n")})
    builds = [start(blog), start(blog)]
    for process in builds:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert blog.plain(out) == "2 posts: none executed; 7 pages → SITE/public/\n"
        assert err in ("", "waiting for another build of the same folder to end\n")
    both = snapshot(blog.public)
    assert blog.build("-o", str(blog.root / "alone")).code == 0
    alone = snapshot(blog.root / "alone")
    assert {p: c for p, (c, _) in both.items()} == {p: c for p, (c, _) in alone.items()}
    assert SETTINGS.encode() == (blog.root / "site.toml").read_bytes()


def test_an_interrupt_while_files_are_moved_comes_too_late(blog: Blog) -> None:
    assert blog.build().code == 0
    blog.put({"posts/more.md": GOOD, "posts/good.md": GOOD.replace("Text", "Other text")})
    script = textwrap.dedent(
        """
        import os, pathlib, signal, sys
        from site_builder.cli import main
        replace = pathlib.Path.replace
        def interrupted(path, target):
            if "staging" in str(path):
                os.kill(os.getpid(), signal.SIGINT)
            return replace(path, target)
        pathlib.Path.replace = interrupted
        sys.exit(main(["build", "-C", sys.argv[1]]))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(blog.root)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Other text" in (blog.public / "good/index.html").read_text()
    assert blog.build("-o", str(blog.root / "fresh")).code == 0
    fresh = {path: content for path, (content, _) in snapshot(blog.root / "fresh").items()}
    assert {path: content for path, (content, _) in snapshot(blog.public).items()} == fresh


def test_a_process_that_is_ended_from_outside_is_told(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the system does when memory is short, to one of the processes that render.
    blog.put({f"posts/p{n}.md": GOOD for n in range(40)})
    monkeypatch.setattr("site_builder.pages.parse", lambda *_: os._exit(9))
    told = blog.build("-j", "2")
    assert told.code == 2
    assert told.err == (
        "error[C022]: a process that rendered posts was ended from outside\n"
        "  = help: the system may have run out of memory: build again with -j 1\n\n"
        "1 problem; nothing was written\n"
    )
    assert not blog.public.exists()

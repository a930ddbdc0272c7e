"""What changed is built, the rest is left as it was: the site is that of a first build."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from broken_sites import post
from edits import png
from test_command_line import PNG

from site_builder import inputs as inputs_module
from site_builder import pages as pages_module
from site_builder.assembly import assemble, frame
from site_builder.assembly.theme import theme as theme_module
from site_builder.build import Options, Report, build
from site_builder.errors import ContentError, UsageError
from site_builder.memory import BUILDS
from site_builder.rendering import render as render_module
from site_builder.settings.site import load_site
from site_builder.store import Store

ROOT = Path(__file__).parents[1]
WIDE = png(9, 2)

PROSE: dict[str, str | bytes] = {
    "site.toml": 'title = "Notes"\nurl = "https://example.org/"\nhome_posts = 3\nfeed_posts = 3\n',
    "posts/a.md": post(
        "# One {#one}\n\nSee [](b.md), $x^2$ and ![A dot](dot.png).\n\n[Data](data.csv)\n",
        "title: Alpha\ndate: 2020-01-01\ntags: [Red, Blue]\nseries: Greek\n",
    ),
    "posts/b.md": post("Back to [](a.md#one).\n", "title: Beta\ndate: 2020-01-02\nseries: Greek\n"),
    "posts/c.md": post("Text.\n", "title: Gamma\ndate: 2020-01-03\ntags: [Blue]\n"),
    "posts/d.md": post("Rain, $y$. [](c.md)\n", "kind: aside\ndate: 2020-01-04\ntags: [Red]\n"),
    "posts/e.md": post("![](dot.png)\n", "title: Epsilon\ndate: 2020-01-05\n"),
    "posts/f.md": post("Not yet.\n", "title: Phi\ndate: 2020-01-06\ndraft: true\n"),
    "posts/dot.png": PNG,
    "posts/data.csv": "1,2\n",
    "pages/about.md": post("Who.\n", "title: About\n"),
    "static/robots.txt": "User-agent: *\n",
}
CELLS: dict[str, str | bytes] = {
    "posts/cells.md": post(
        "```python\nprint(open('numbers.txt').read())\n```\n\nAnd [](other.md).\n",
        "title: Cells\ndate: 2020-02-01\n",
    ),
    "posts/numbers.txt": "1 2 3",
    "posts/other.md": post("```python\nprint(6 * 7)\n```\n", "title: Other\ndate: 2020-02-02\n"),
}


class Site:
    """A site in a folder, built with a cache beside it."""

    def __init__(self, root: Path, files: Mapping[str, str | bytes]) -> None:
        self.root = root
        for name, content in files.items():
            self.put(name, content)

    @property
    def public(self) -> Path:
        return self.root / "public"

    @property
    def cache(self) -> Path:
        return self.root / ".cache"

    def put(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.put(name, text.replace(old, new))

    def build(self, *, base_url: str = "", **options: Any) -> Report:
        asked = Options(**{"output": self.public, "jobs": 2, "cache": self.cache, **options})
        return build(load_site(self.root, base_url=base_url), asked)

    def clean_build(self, folder: Path, *, base_url: str = "", **options: Any) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.build(base_url=base_url, **{"cache": None, "output": folder, **options})


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """What shows whether a file or a folder was written: its number and its time."""
    found = ((path, path.stat()) for path in sorted(folder.rglob("*")))
    return {str(path): (stat.st_ino, stat.st_mtime_ns) for path, stat in found}


def same(built: Path, clean: Path) -> None:
    ours, theirs = tree(built), tree(clean)
    assert sorted(ours) == sorted(theirs)
    assert [path for path in ours if ours[path] != theirs[path]] == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The prose site, built twice; tests work on copies of it."""
    site = Site(tmp_path_factory.mktemp("built"), PROSE)
    site.build()
    return site


@pytest.fixture
def site(built: Site, tmp_path: Path) -> Site:
    shutil.copytree(built.root, tmp_path / "site", copy_function=shutil.copy2)
    return Site(tmp_path / "site", {})


class Calls:
    """Counts what is rendered, in this process."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.posts: list[str] = []
        real = render_module.render

        def render(site: object, executed: object) -> object:
            self.posts.append(executed.post.source.path)  # type: ignore[attr-defined]
            return real(site, executed)  # type: ignore[arg-type]

        patch.setattr(pages_module, "render", render)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


Edit = Callable[[Site], object]
EDITS: dict[str, tuple[Edit, list[str]]] = {
    # What is done, and which posts have to be rendered for it.
    "a word": (lambda s: s.edit("posts/c.md", "Text.", "More text."), ["posts/c.md"]),
    "a title": (lambda s: s.edit("posts/b.md", "Beta", "Better"), ["posts/b.md"]),
    "a title with a link to it": (lambda s: s.edit("posts/c.md", "Gamma", "Gimel"), ["posts/c.md"]),
    "a heading": (lambda s: s.edit("posts/a.md", "# One", "# First"), ["posts/a.md"]),
    "a tag": (lambda s: s.edit("posts/c.md", "[Blue]", "[Blue, Green]"), ["posts/c.md"]),
    "a tag less": (lambda s: s.edit("posts/d.md", "[Red]", "[]"), ["posts/d.md"]),
    "a date": (lambda s: s.edit("posts/b.md", "2020-01-02", "2020-01-09"), ["posts/b.md"]),
    "a slug": (lambda s: s.edit("posts/b.md", "title:", "slug: beth\ntitle:"), ["posts/b.md"]),
    "an alias": (
        lambda s: s.edit("posts/c.md", "title:", "aliases: [/old/]\ntitle:"),
        ["posts/c.md"],
    ),
    "an aside": (lambda s: s.edit("posts/d.md", "Rain", "Snow"), ["posts/d.md"]),
    "a formula": (lambda s: s.edit("posts/c.md", "Text.", r"Text $\alpha$."), ["posts/c.md"]),
    "the last formula": (lambda s: s.edit("posts/a.md", "$x^2$", "x"), ["posts/a.md"]),
    "a new post": (
        lambda s: s.put("posts/n.md", post("New.\n", "title: N\ndate: 2020-01-03\n")),
        ["posts/n.md"],
    ),
    "a new page": (lambda s: s.put("pages/n.md", post("New.\n", "title: N\n")), ["pages/n.md"]),
    "a post less": (lambda s: (s.root / "posts/e.md").unlink(), []),
    "a post with another name": (
        lambda s: (s.root / "posts/e.md").rename(s.root / "posts/g.md"),
        ["posts/g.md"],
    ),
    "a draft published": (
        lambda s: s.edit("posts/f.md", "draft: true", "draft: false"),
        ["posts/f.md"],
    ),
    "a post withdrawn": (lambda s: s.edit("posts/e.md", "title:", "draft: true\ntitle:"), []),
    "a picture": (lambda s: s.put("posts/dot.png", WIDE), ["posts/a.md", "posts/e.md"]),
    "an attachment": (lambda s: s.put("posts/data.csv", "3,4\n"), ["posts/a.md"]),
    "a static file": (lambda s: s.put("static/robots.txt", "User-agent: x\n"), []),
    "a new static file": (lambda s: s.put("static/CNAME", "example.org"), []),
    "no robots": (lambda s: (s.root / "static/robots.txt").unlink(), []),
    "a template": (lambda s: s.put("templates/404.html", "{{ site.title }}"), []),
    "a template of all": (lambda s: theme(s, "templates/_tags.html", "tags"), []),
    "an asset": (lambda s: theme(s, "assets/icon.svg", "<svg/>"), []),
    "a style": (lambda s: theme(s, "assets/css/99-mine.css", "b { color: red }"), []),
    "a page of ours changed": (lambda s: s.put("public/a/index.html", "vandal"), []),
    "a page of ours gone": (lambda s: (s.public / "c/index.html").unlink(), []),
    "a folder of ours gone": (lambda s: shutil.rmtree(s.public / "a"), []),
    "a picture of ours gone": (lambda s: (s.public / "a/dot.png").unlink(), []),
    "the manifest respaced": (
        lambda s: s.edit("public/.site-builder.json", "\n}", "\n }"),
        [],
    ),
    "all of ours gone": (lambda s: shutil.rmtree(s.public), []),
    "times only": (lambda s: touch(s.root), []),
}


def touch(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path)


def theme(site: Site, name: str, text: str) -> None:
    """Change a file of a copy of the default theme in the site."""
    shutil.copytree(ROOT / "themes/default", site.root / "themes/default")
    site.put(f"themes/default/{name}", text)


@pytest.mark.parametrize("edit", EDITS)
def test_after_an_edit_the_site_is_that_of_a_first_build(
    site: Site, calls: Calls, tmp_path: Path, edit: str
) -> None:
    change, rendered = EDITS[edit]
    change(site)
    site.build()
    assert sorted(calls.posts) == rendered
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")
    # And back to where nothing has to be done.
    before, calls.posts[:] = stamps(site.public), []
    site.build()
    assert (stamps(site.public), calls.posts) == (before, [])


@pytest.mark.parametrize(
    "line",
    ['author = "Ada"', "home_posts = 1", "feed_posts = 1", 'permalink = "/{year}/{slug}/"'],
)
def test_a_setting_changes_all_that_it_should(site: Site, tmp_path: Path, line: str) -> None:
    text = (site.root / "site.toml").read_text().splitlines()
    kept = [each for each in text if each.partition(" ")[0] != line.partition(" ")[0]]
    site.put("site.toml", "\n".join([*kept, line]))
    site.build()
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_options_are_looked_at_like_settings(site: Site, tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = [{"drafts": True}, {"base_url": "https://else.test/x/"}, {}]
    for options in asked:
        site.build(**options)
        site.clean_build(tmp_path / "clean", **options)
        same(site.public, tmp_path / "clean")


def test_a_scheduled_post_appears_on_its_day(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int, dict[str, Any]]] = [
        (4, 4, {}), (4, 5, {"future": True}), (5, 5, {"future": True}), (5, 5, {}), (3, 3, {}),
    ]  # fmt: skip
    for day, count, options in asked:
        # Seconds of that day of January 2020.
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1577836800 + (day - 1) * 86400))
        assert site.build(**options).posts == count
        site.clean_build(tmp_path / "clean", **options)
        same(site.public, tmp_path / "clean")


def test_only_what_shows_an_edit_is_made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = theme_module.render

    def render(theme: theme_module.Theme, template: str, **values: Any) -> bytes:
        made.append(values["page"].url or template)
        return real(theme, template, **values)

    for module in (frame, assemble):
        monkeypatch.setattr(module, "render", render)
    site.edit("posts/c.md", "Text.", "Text of c.")
    report = site.build()
    # Also a related post, which shows its text, and the lists that could; but not the aside, to
    # which it is the older post.
    its_own = ["/", "/archive/", "/c/", "/tags/blue/"]
    of_a = ["/a/", "/page/2/", "/series/greek/", "/tags/red/"]
    assert sorted(made) == sorted([*its_own, *of_a, "../search/"])
    index = [path for path in report.written.written if path.startswith("assets/search/")]
    assert [path[len("assets/search/")] for path in sorted(index)] == ["d", "t", "v"]
    written = ["a/index.html", "c/index.html", "feed.json", "feed.xml", "index.html"]
    assert sorted(set(report.written.written) - set(index)) == [
        *written,
        "search/index.html",
        "tags/blue/feed.xml",
        "tags/blue/index.html",
    ]


def test_nothing_new_nothing_written_nothing_imported(site: Site) -> None:
    code = (
        "import sys, site_builder.cli as cli\n"
        "code = cli.main(['build', '-C', sys.argv[1]])\n"
        "heavy = {'jinja2', 'markdown_it', 'yaml', 'pygments', 'fontTools', 'multiprocessing'}\n"
        "print(code, *heavy.intersection(sys.modules))\n"
    )

    def run() -> tuple[list[str], str]:
        command = [sys.executable, "-c", code, str(site.root)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        *said, last = done.stdout.splitlines()
        return [*said, done.stderr], last

    first, _ = run()
    before = stamps(site.root)
    second, last = run()
    assert last == "0"
    assert second == first  # the warnings among it
    assert "warning[I003]: the image 'dot.png' has no text" in second[-1]
    assert stamps(site.root) == before


def test_warnings_are_told_each_time(site: Site) -> None:
    assert [w.file for w in site.build().warnings] == ["posts/e.md"]
    site.edit("posts/c.md", "Text.", "New.")
    assert [w.file for w in site.build().warnings] == ["posts/e.md"]
    site.edit("posts/e.md", "![]", "![A dot]")
    assert site.build().warnings == site.build().warnings == ()


@pytest.fixture(scope="module")
def with_cells(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("cells"), CELLS | {"site.toml": PROSE["site.toml"]})
    report = site.build()
    assert (report.executed, report.reused) == (2, 0)
    return site


@pytest.fixture
def cells(with_cells: Site, tmp_path: Path) -> Site:
    """The site with cells. It stays where it is: records know the paths of files."""
    return with_cells


def test_what_a_cell_reads_is_looked_at(cells: Site, calls: Calls, tmp_path: Path) -> None:
    report = cells.build()
    assert (report.executed, report.reused, calls.posts) == (0, 2, [])
    cells.put("posts/numbers.txt", "4 5 6")
    report = cells.build()
    assert (report.executed, report.reused) == (1, 1)
    assert set(calls.posts) == {"posts/cells.md"}
    assert "4 5 6" in (cells.public / "cells/index.html").read_text()
    cells.clean_build(tmp_path / "clean")
    same(cells.public, tmp_path / "clean")


def test_prose_around_cells_does_not_run_them(cells: Site, tmp_path: Path) -> None:
    cells.edit("posts/other.md", "title: Other", "title: Others")
    report = cells.build()
    assert (report.executed, report.reused) == (0, 2)
    cells.clean_build(tmp_path / "clean")
    same(cells.public, tmp_path / "clean")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("posts/c.md", "Text.", "`{python} 6 * 7`."),
        ("posts/b.md", "Beta", "Better than `{python} 6 * 7`"),
        ("posts/c.md", "Text.", "[So]{claim='1 < 2'}."),
        ("posts/a.md", "$x^2$", "$x^{`{python} 2`}$"),
        ("pages/about.md", "Who.", "`{python} 1`"),
    ],
)
def test_an_expression_in_a_post_that_had_none(
    site: Site, calls: Calls, tmp_path: Path, name: str, old: str, new: str
) -> None:
    site.edit(name, old, new)
    assert site.build().executed == 1
    assert set(calls.posts) == {name}
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_a_value_that_changes_is_new_wherever_it_is_shown(tmp_path: Path, calls: Calls) -> None:
    value = "`{python} open('numbers.txt').read()`"
    files = CELLS | {"site.toml": PROSE["site.toml"]}
    site = Site(tmp_path / "site", files)
    site.put("posts/other.md", post(f"{value}\n", f'title: "Now {value}"\ndate: 2020-02-02\n'))
    site.build()
    site.put("posts/numbers.txt", "4 5 6")
    calls.posts.clear()
    report = site.build()
    assert (report.executed, report.reused) == (2, 0)
    assert set(calls.posts) == {"posts/cells.md", "posts/other.md"}
    for page in ("other/index.html", "cells/index.html", "index.html", "archive/index.html"):
        assert "4 5 6" in (site.public / page).read_text()
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")
    site.edit("posts/other.md", "'numbers.txt').read()`\"", "'numbers.txt').read()!r`\"")
    report = site.build()
    assert (report.executed, report.reused) == (1, 1)
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def objects(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "changed": lambda path: path.write_bytes(path.read_bytes()[::-1] + b"x"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_what_is_kept_costs_time_only(site: Site, tmp_path: Path, damage: str) -> None:
    site.clean_build(tmp_path / "clean")
    names = [path.relative_to(site.root) for path in objects(site.cache)]
    assert len(names) > 15
    for name in names:
        if not (site.root / name).exists():
            continue  # made for an older state
        DAMAGE[damage](site.root / name)
        shutil.rmtree(site.public)
        site.build()
        same(site.public, tmp_path / "clean")
    for path in objects(site.cache):
        DAMAGE[damage](path)
    site.edit("posts/c.md", "Text.", "New.")
    site.build()
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_a_cache_that_is_removed_costs_time_only(site: Site, calls: Calls) -> None:
    before = stamps(site.public)
    shutil.rmtree(site.cache)
    site.build()
    assert len(calls.posts) == 6  # the draft is left out
    assert stamps(site.public) == before


def test_a_cache_that_cannot_be_written_is_told(site: Site, tmp_path: Path) -> None:
    shutil.rmtree(site.cache)
    site.put(".cache", "a file where a folder should be")
    report = site.build()
    assert report.cache_trouble
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_what_an_older_program_knew_is_not_believed(
    site: Site, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs_module, "_program", lambda: "older")
    site.build()
    calls.posts.clear()
    site.build()
    assert calls.posts == []
    monkeypatch.undo()
    calls = Calls(monkeypatch)
    site.build()
    assert len(calls.posts) == 6


@pytest.mark.parametrize("known", ["{}", "[]", "[1,2]", "null", "not JSON"])
def test_what_is_known_in_another_format_is_not_known(
    site: Site, calls: Calls, tmp_path: Path, known: str
) -> None:
    with Store(site.cache) as store:
        store.point(BUILDS, "public", store.put(known.encode()))
    site.build()
    assert len(calls.posts) == 6
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_a_build_that_fails_forgets_nothing(site: Site, calls: Calls, tmp_path: Path) -> None:
    before = stamps(site.public)
    site.edit("posts/c.md", "Text.", "[](nowhere.md)")
    site.edit("posts/b.md", "Back", "Forth")
    with pytest.raises(ContentError):
        site.build()
    assert stamps(site.public) == before
    calls.posts.clear()
    site.edit("posts/c.md", "[](nowhere.md)", "Text.")
    site.build()  # the text of c is that of the last good build, but b is not
    assert calls.posts == ["posts/c.md"]
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_a_template_that_fails_leaves_the_site(site: Site, tmp_path: Path) -> None:
    before = stamps(site.public)
    site.put("templates/page.html", "{{ 1 / 0 }}")
    with pytest.raises(UsageError):
        site.build()
    assert {k: v for k, v in stamps(site.public).items() if k in before} == before
    (site.root / "templates/page.html").unlink()
    site.edit("posts/c.md", "Text.", "New.")
    site.build()
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_two_output_folders_are_known_apart(site: Site, tmp_path: Path, calls: Calls) -> None:
    other = tmp_path / "other"
    site.build(output=other, drafts=True)
    assert (other / "f/index.html").exists()
    calls.posts.clear()
    assert site.build().written.written == ()
    assert site.build(output=other, drafts=True).written.written == ()
    assert calls.posts == []


def test_only_some_posts_are_built_anew(site: Site, calls: Calls, tmp_path: Path) -> None:
    # Related posts would show what is new of the others.
    site.edit("site.toml", "feed_posts", "related_posts = 0\nfeed_posts")
    site.build()
    site.clean_build(tmp_path / "before")
    calls.posts.clear()
    site.edit("posts/b.md", "Back", "Forth")
    site.edit("posts/c.md", "Text.", "New.")
    site.edit("posts/a.md", "title: Alpha", "title: [")  # mistakes elsewhere are no matter
    site.put("posts/broken.md", b"\xff")
    site.put("posts/n.md", post("New.\n", "title: N\ndate: 2020-01-03\n"))
    (site.root / "posts/e.md").unlink()
    report = site.build(only=("posts/c*",))
    assert calls.posts == ["posts/c.md"]
    assert report.hidden == ("posts/f.md", "posts/n.md")
    assert "New." in (site.public / "c/index.html").read_text()
    for name in "abe":
        path = f"{name}/index.html"
        assert (site.public / path).read_bytes() == (tmp_path / "before" / path).read_bytes()
    # Then all of it.
    site.edit("posts/a.md", "title: [", "title: Aleph")
    (site.root / "posts/broken.md").unlink()
    calls.posts.clear()
    site.build()
    assert sorted(calls.posts) == ["posts/a.md", "posts/b.md", "posts/n.md"]
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


def test_only_for_a_first_build_leaves_the_rest_out(tmp_path: Path) -> None:
    site = Site(tmp_path / "site", PROSE)
    report = site.build(only=("posts/c.md",))
    assert report.posts == 1
    assert "posts/b.md" in report.hidden
    site.build()
    site.clean_build(tmp_path / "clean")
    same(site.public, tmp_path / "clean")


@pytest.mark.parametrize("seed", range(3))
def test_after_any_edits_the_site_is_that_of_a_first_build(
    site: Site, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    for number in range(12):
        for _ in range(draw.randint(1, 3)):
            some_edit(site, draw, number)
        try:
            site.build()
        except ContentError:
            with pytest.raises(ContentError):
                site.clean_build(tmp_path / "clean")
        else:
            site.clean_build(tmp_path / "clean")
            same(site.public, tmp_path / "clean")


def some_edit(site: Site, draw: random.Random, number: int) -> None:
    """Change, add, rename or remove something, whatever comes of it."""
    posts = sorted(path.name for path in (site.root / "posts").glob("*.md"))
    name = draw.choice(posts)
    tag, day = draw.choice("xyz"), draw.randint(1, 28)
    front = f"title: T {draw.random():.3f}\ndate: 2020-01-{day:02}\ntags: [{tag}]\n"
    link = draw.choice([f"[]({draw.choice(posts)})", "![d](dot.png)", "$z$", "plain"])
    edits: list[Callable[[], object]] = [
        lambda: site.put(f"posts/{name}", post(f"{link}\n", front)),
        lambda: site.put(f"posts/p{number}.md", post(f"{link}\n", front)),
        lambda: site.put(f"posts/{name}", post(f"{link}\n", front + "draft: true\n")),
        lambda: (site.root / "posts" / name).rename(site.root / f"posts/r{number}.md"),
        (site.root / "posts" / name).unlink,
        lambda: site.put("posts/dot.png", draw.choice([PNG, WIDE])),
        lambda: site.put("templates/404.html", f"{number % 3}"),
        lambda: draw.choice([p for p in site.public.rglob("*.*") if p.is_file()]).unlink(),
        lambda: draw.choice(objects(site.cache)).write_bytes(b"damage"),
    ]
    if len(posts) > 1:
        draw.choice(edits)()


def test_many_posts_in_processes_are_kept_too(tmp_path: Path) -> None:
    files = {
        f"posts/p{n:03}.md": post(f"Text {n}. [](p{(n + 1) % 40:03}.md)\n", f"title: P{n}\n"
        f"date: 2020-01-{n % 28 + 1:02}\ntags: [t{n % 3}]\n")
        for n in range(40)
    }  # fmt: skip
    site = Site(tmp_path / "site", {"site.toml": PROSE["site.toml"], **files})
    site.build()
    before = stamps(site.public)
    assert site.build().written.written == ()
    assert stamps(site.public) == before
    for n in range(0, 40, 2):
        site.edit(f"posts/p{n:03}.md", "Text", "Other text")
    site.build()
    site.clean_build(tmp_path / "clean", jobs=1)
    same(site.public, tmp_path / "clean")

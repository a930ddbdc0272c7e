"""Building a whole site: each kind of post, what a second build leaves alone, the same bytes
everywhere."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import broken_sites
import pytest
from broken_sites import Blog, cell, heads, post, snapshot
from selectolax.lexbor import LexborHTMLParser as Html
from test_command_line import PNG

from site_builder.workers import FEW

ROOT = Path(__file__).parents[1]
DAY = int(dt.datetime(2021, 3, 4, 23, 30, tzinfo=dt.UTC).timestamp())

SITE: dict[str, str | bytes] = {
    "site.toml": 'title = "Notes"\nurl = "https://example.org/"\nauthor = "Ada"\nhome_posts = 5\n',
    "posts/first.md": post(
        "A $x^2$ and [the data](data/index.md), [a heading](quarto.qmd#how), @eq-one.\n",
        "title: First\ndate: 2020-01-01\ntags: [Machine Learning, Été, 神经网络]\n"
        "series: A Journey\naliases: [/2019/old-name/, /older.html]\nupdated: 2020-02-02\n",
    ),
    "posts/2020-01-02-second.md": post(
        "$$\nx = 1\n$$ {#eq-one}\n\nText.\n",
        "title: Second\ntags: [Machine Learning]\nseries: A Journey\n",
    ),
    "posts/data/index.md": post(
        "```python\nprint(open('numbers.csv').read())\n```\n\n"
        "![A dot](images/dot.png) and [numbers](numbers.csv)\n",
        "title: With data\ndate: 2020-01-03\n",
    ),
    "posts/data/numbers.csv": "1,2\n3,4\n",
    "posts/data/images/dot.png": PNG,
    "posts/data/unused.txt": "not linked",
    "posts/book.ipynb": broken_sites.NOTEBOOK.replace("title: A", "title: Book").replace(
        "%CODE%", "print(6 * 7)"
    ),
    "posts/script.py": broken_sites.SCRIPT.replace("title: A", "title: Script")
    + "print(6 * 8)\n\n# %% [markdown]\n# Some *prose*.\n",
    "posts/quarto.qmd": post(
        "## How {#how}\n\n```{python}\n#| echo: false\nprint(6 * 9)\n```\n\n"
        "```python\nraise\n```\n",
        "title: Quarto\ndate: 2020-01-04\n",
    ),
    "posts/myst.md": post(
        "```{code-cell} python\n:tags: [hide-input]\nprint(6 * 11)\n```\n\n"
        ":::{note}\nTake care.\n:::\n",
        "title: MyST\ndate: 2020-01-05\n",
    ),
    "posts/short.md": post("A thought, *in passing*.\n", "kind: aside\ndate: 2020-01-06\n"),
    "pages/about.md": post("Who we are. [Home](/)\n", "title: About\n"),
    "static/favicon.ico": b"\0\1",
    "static/deep/er/file.txt": "as it is",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """The site, built."""
    blog = Blog(tmp_path_factory.mktemp("site"), SITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(DAY))
        told = blog.build()
    assert told.code == 0, told.err
    assert told.out == "8 posts: 5 executed in 0.0 s; 21 pages → SITE/public/\n"
    return blog


def page(site: Blog, path: str) -> Html:
    return Html((site.public / path / "index.html").read_text())


def article(site: Blog, path: str) -> str:
    node = page(site, path).css_first("article, main")
    assert node is not None
    return node.text()


def feed_titles(site: Blog, path: str) -> list[str]:
    name = "{http://www.w3.org/2005/Atom}"
    root = ElementTree.fromstring((site.public / path).read_bytes())
    return [entry.findtext(name + "title", "") for entry in root.iter(name + "entry")]


@pytest.mark.parametrize(
    ("slug", "output"),
    [("data", "1,2\n3,4"), ("book", "42"), ("script", "48"), ("quarto", "54"), ("myst", "66")],
)
def test_cells_of_every_kind_of_post_run(site: Blog, slug: str, output: str) -> None:
    shown = [node.text() for node in page(site, slug).css("pre")]
    assert any(output in text for text in shown), shown


def test_a_quarto_post_runs_marked_fences_only(site: Blog) -> None:
    text = article(site, "quarto")
    assert "raise" in text
    assert "print(6 * 9)" not in text
    assert page(site, "quarto").css_first("#how") is not None


def test_a_folder_is_a_post_with_its_files(site: Blog) -> None:
    assert (site.public / "data/images/dot.png").read_bytes() == PNG
    assert (site.public / "data/numbers.csv").read_text() == "1,2\n3,4\n"
    assert not (site.public / "data/unused.txt").exists()
    image = page(site, "data").css_first("img[alt='A dot']")
    assert image is not None
    size = image.attributes
    assert (size["src"], size["width"], size["height"]) == ("images/dot.png", "3", "2")


def test_links_between_posts_become_addresses(site: Blog) -> None:
    links = {node.attributes["href"] for node in page(site, "first").css("article a, main a")}
    assert {"/data/", "/quarto/#how", "/second/#eq-one"} <= links
    assert "(1)" in article(site, "first")


def test_a_date_in_the_name_of_the_file_is_the_post_s(site: Blog) -> None:
    times = [node.attributes["datetime"] for node in page(site, "second").css("time")]
    assert "2020-01-02" in times


def test_old_addresses_lead_to_the_post(site: Blog) -> None:
    for path in ("2019/old-name/index.html", "older.html"):
        html = Html((site.public / path).read_text())
        refresh = html.css_first("meta[http-equiv=refresh]")
        assert refresh is not None
        assert (refresh.attributes["content"] or "").endswith("url=/first/")
    lines = (site.public / "_redirects").read_text().splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["/2019/old-name/", "/first/"],
        ["/older.html", "/first/"],
    ]


def test_a_series_lists_its_posts_in_order(site: Blog) -> None:
    html = page(site, "series/a-journey")
    links = [node.attributes["href"] for node in html.css("main a")]
    assert links.index("/first/") < links.index("/second/")
    assert "A Journey" in article(site, "first")


def test_tags_of_any_script_have_pages_and_feeds(site: Blog) -> None:
    for slug, posts in (
        ("machine-learning", ["Second", "First"]),
        ("ete", ["First"]),
        ("神经网络", ["First"]),
    ):
        assert (site.public / "tags" / slug / "index.html").is_file()
        assert feed_titles(site, f"tags/{slug}/feed.xml") == posts
    links = {node.attributes["href"] for node in page(site, "tags").css("main a")}
    quoted = "%E7%A5%9E%E7%BB%8F%E7%BD%91%E7%BB%9C"
    assert {"/tags/machine-learning/", "/tags/ete/", f"/tags/{quoted}/"} <= links


def test_the_home_page_lists_the_newest(site: Blog) -> None:
    newest = ["Script", "Book", "A thought, in passing.", "MyST", "Quarto", "With data"]
    assert feed_titles(site, "feed.xml") == [*newest, "Second", "First"]
    home = (site.public / "index.html").read_text()
    assert "in passing" in home
    assert 'href="/data/"' not in home  # the sixth, and five are shown
    archive = (site.public / "archive/index.html").read_text()
    assert 'href="/data/"' in archive


def test_a_page_is_in_the_navigation_and_not_in_lists(site: Blog) -> None:
    home = page(site, ".")
    links = [node.attributes["href"] for node in home.css("nav a")]
    assert "/about/" in links
    assert "/about/" not in (site.public / "feed.xml").read_text()
    assert "/about/" in (site.public / "sitemap.xml").read_text()


def test_static_files_are_copied_as_they_are(site: Blog) -> None:
    assert (site.public / "favicon.ico").read_bytes() == b"\0\1"
    assert (site.public / "deep/er/file.txt").read_text() == "as it is"


def test_the_day_stands_in_for_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blog = Blog(tmp_path, {"posts/a.md": post("Text.\n", "title: A\ndate: 2021-03-05\n")})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(DAY))
    assert blog.build().out.startswith("0 posts:")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(DAY + 3600))
    assert blog.build().out.startswith("1 post:")


@pytest.mark.parametrize("epoch", ["soon", "1e9", "99999999999999999999"])
def test_a_day_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    told = Blog(tmp_path).build()
    assert told.code == 2
    assert told.err == (
        f"error[C009]: SOURCE_DATE_EPOCH should be seconds since 1970, not {epoch!r}\n"
        '  = help: such as "$(git log -1 --format=%ct)", or unset it\n\n'
        "1 problem; nothing was written\n"
    )


# The same again.


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a site."""
    return {path: content for path, (content, _) in snapshot(folder).items()}


def test_a_second_build_touches_nothing(tmp_path: Path) -> None:
    blog = Blog(tmp_path, SITE)
    assert blog.build().code == 0
    before = snapshot(blog.public)
    assert len(before) > 15
    folders = {p: p.stat().st_mtime_ns for p in blog.public.rglob("*") if p.is_dir()}
    assert blog.build().code == 0
    assert snapshot(blog.public) == before
    assert {p: p.stat().st_mtime_ns for p in folders} == folders


def test_what_an_edit_takes_away_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    blog = Blog(tmp_path, {n: t for n, t in SITE.items() if "second" in n or "about" in n})
    assert blog.build().code == 0
    blog.put({"public/CNAME": "example.org", "public/second/notes.txt": "mine"})
    before = snapshot(blog.public)
    (tmp_path / "posts/2020-01-02-second.md").unlink()
    blog.put({"posts/other.md": post("Text.\n", "title: Other\ndate: 2020-01-02\n")})
    assert blog.build().code == 0
    after = snapshot(blog.public)
    assert sorted(path for path in set(before) - set(after) if is_named(path)) == [
        "second/index.html",
        "series/a-journey/index.html",
        "tags/machine-learning/feed.xml",
        "tags/machine-learning/index.html",
    ]
    assert sorted(path for path in set(after) - set(before) if is_named(path)) == [
        "other/index.html"
    ]
    assert any("maths" in path for path in set(before) - set(after))  # no formula needs the font
    for kept in ("CNAME", "second/notes.txt", "robots.txt"):
        assert after[kept] == before[kept]


def is_named(path: str) -> bool:
    """Whether a file has the name that the site gives it, and not one made of its content."""
    return "assets/" not in path and not re.search(r"\.[0-9a-f]{10}\.", path)


def elsewhere(site: Blog, folder: Path, *options: str, **environment: str) -> dict[str, bytes]:
    """The site built in another folder, by a process of its own."""
    shutil.copytree(site.root, folder, ignore=shutil.ignore_patterns("public"))
    done = subprocess.run(
        [sys.executable, "-m", "site_builder", "build", "-C", ".", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": str(DAY)} | environment,
    )
    assert done.returncode == 0, done.stderr
    return contents(folder / "public")


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (("-j", "1"), {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati"}),
        (("-j", "4"), {"PYTHONHASHSEED": "2", "TZ": "America/Los_Angeles", "LC_ALL": "C"}),
        (("--no-fork",), {"LANG": "tr_TR.UTF-8", "LC_ALL": "", "PYTHONUTF8": "0"}),
    ],
    ids=["one job", "four jobs", "fresh processes"],
)
def test_the_same_bytes_wherever_it_is_built(
    site: Blog, tmp_path: Path, options: tuple[str, ...], environment: dict[str, str]
) -> None:
    built = elsewhere(site, tmp_path / "else where", *options, **environment)
    expected = contents(site.public)
    assert sorted(built) == sorted(expected)
    assert [path for path in built if built[path] != expected[path]] == []


def test_many_posts_are_rendered_by_processes_and_give_the_same(tmp_path: Path) -> None:
    files = {
        f"posts/p{n:03}.md": post(
            f"See [the next](p{(n + 1) % 120:03}.md#part). $x_{{{n}}}$[^1]\n\n## Part\n\n"
            "[^1]: A note.\n",
            f"title: Post {n}\ndate: 2020-01-{n % 28 + 1:02}\ntags: [t{n % 7}]\n",
        )
        for n in range(120)
    }
    assert len(files) > FEW
    blog = Blog(tmp_path, files)
    assert blog.build("-j", "1").out.startswith("120 posts: none executed; 143 pages")
    alone = snapshot(blog.public)
    assert blog.build("-j", "3").code == 0
    assert snapshot(blog.public) == alone
    # Their problems come back, in order, from whichever process found them.
    blog.put({f"posts/p{n:03}.md": "No front matter.\n" for n in (7, 55, 101)})
    told = blog.build("-j", "3")
    assert told.code == 1
    assert heads(told.err) == [
        f"posts/p{n:03}.md:1: there is no front matter" for n in (7, 55, 101)
    ]
    assert told.err.endswith("\n3 problems; nothing was written\n")
    assert snapshot(blog.public) == alone


def test_many_posts_with_cells(tmp_path: Path) -> None:
    blog = Blog(
        tmp_path, {f"posts/p{n}.md": cell(f"print({n} * 1001 + 7)") for n in range(FEW + 2)}
    )
    assert blog.build("-j", "2").code == 0
    for n in range(FEW + 2):
        assert f"{n * 1001 + 7}" in (blog.public / f"p{n}/index.html").read_text()

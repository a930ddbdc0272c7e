"""Odd input, from a post to a reader: titles, names, pictures and addresses that nobody planned.

Each story begins with files that an author may well have, and ends with what a browser, a feed
reader, a store or a host is given.
"""

from __future__ import annotations

import functools
import http.server
import io
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import feedparser
import pytest
from bibtexparser import parse_string
from broken_sites import GOOD, Blog, Files, heads, post, snapshot
from deploy_fakes import site_at
from lxml import etree
from PIL import Image
from playwright.sync_api import Browser
from s3_store import BUCKET, DROPPED, SECRET, Request, Store, error
from selectolax.lexbor import LexborHTMLParser
from serving import serving
from test_deploy_s3 import server, store
from test_feed_validity import atom_faults, json_faults
from test_judges import JSON, nu

from site_builder.assembly.addresses import KEPT
from site_builder.assembly.cards.text import drawable
from site_builder.publishing.deploy.target import LEASE, MANIFEST
from site_builder.publishing.staging import MANIFEST as OUTPUT

__all__ = ["server", "store"]
HOME = "https://notes.nowhere.net:8443/blog/"
BASE = "/blog/"
SETTINGS = f"""title = "Notes <&\\" 🧠"
url = "{HOME}"
author = 'Ada "A" <b>'
description = 'Of <i> & "quotes"'
home_posts = 1
"""
TITLE = """<b>Bold</b> & "quotes" of O'Neil, `List<T>` and $a<b$ 🧠 {x} 100 % \\ #1_2"""
PLAIN = "Bold & “quotes” of O’Neil, List<T> and a<b 🧠 {x} 100 % \\ #1_2"
PICTURE = "bild 1#2%3?ü &.png"


def titled(title: str, more: str = "", body: str = "Text.\n") -> str:
    return post(body, f"title: {title}\ndate: 2020-05-17\n{more}")


def picture(mode: str = "RGB", format_: str = "PNG", **options: Any) -> bytes:
    """A picture that is wide enough to be made smaller."""
    image = Image.linear_gradient("L").resize((900, 700)).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


ODD: dict[str, str | bytes] = {
    "site.toml": SETTINGS + '[redirects]\n"/from/" = "/markup/"\n"/blog/too" = "/blog/feed.xml"\n',
    "posts/markup.md": titled(
        json.dumps(TITLE, ensure_ascii=False),
        "tags: [a/b, 'c#', '100%?', Сети, x&y, <i>, index.html, feed.xml, con]\n"
        "series: 'Part <one> / \"two\"'\nsummary: 'Of <b>sums</b> & \"q\" 🧠'\n"
        'authors: [\'Ada "A" <b>\', "O\'Neil & Söhne"]\n',
        'Text with <b>bold</b>.\n\n## Of List<int> & "y" 🧠\n\nMore.\n'.replace("<int>", "\\<int>"),
    ),
    "posts/emoji.md": titled("🧠🎉"),
    "posts/нейросети и мы.md": titled(
        "Нейросети",
        'tags: ["日本語"]\nslug: нейросети\n'
        'aliases: ["/старый/адрес/", "/old%201/", "/q&a/", "/blog/2019/x.html"]\n',
        f"See [it](markup.md).\n\n![A]({quote(PICTURE)})\n\n```python\n#| fig-alt: A line\n"
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n```\n\n[Data](<daten ü %231.csv>)\n",
    ),
    "posts/日本語.md": titled("日本語のタイトル", body="本文です。\n"),
    "posts/عربي.md": titled("عنوان", "lang: ar\n", "نص.\n"),
    "posts/one.md": titled("Same", "summary: ''\n", "One."),
    "posts/two.md": titled("Same", "summary: ''\n", ""),
    "posts/many.md": titled("Many", f"tags: [{', '.join(f'tag {n}' for n in range(300))}]\n"),
    "posts/words.md": post("An aside with *stress* 🧠.", "kind: aside\ndate: 2020-05-18\n"),
    "posts/shown.md": post(f"![A]({quote(PICTURE)})", "kind: aside\ndate: 2020-05-19\n"),
    "pages/о нас.md": "---\ntitle: О нас\n---\n\nText.\n",
    f"posts/{PICTURE}": picture(),
    "posts/daten ü #1.csv": "a,b\n",
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A site where everything has an odd name, below a folder of a host with a port."""
    blog = Blog(tmp_path_factory.mktemp("odd"), ODD)
    told = blog.build()
    assert told.code == 0, told.err
    assert heads(told.err, "warning") == []
    return blog


def files_of(blog: Blog) -> dict[str, bytes]:
    return {path: content for path, (content, _) in snapshot(blog.public).items()}


def texts(blog: Blog, ending: str) -> Iterator[tuple[str, str]]:
    for path, content in files_of(blog).items():
        if path.endswith(ending):
            yield path, content.decode()


class Addresses(HTMLParser):
    """Every address of a page, and the ids that it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        self.found += [given[x] for x in ("href", "src", "action") if x in given]
        self.found += [part.split()[0] for part in given.get("srcset", "").split(",") if part]
        if given.get("http-equiv") == "refresh":
            self.found.append(given["content"].partition("url=")[2])
        if given.get("content", "").startswith("http"):
            self.found.append(given["content"])


def file_at(address: str) -> str:
    """The file of the site at an address of it, as a host would look it up."""
    path = unquote(urlsplit(address).path, errors="strict")
    assert path.startswith(BASE), address
    below = path.removeprefix(BASE)
    return below + "index.html" if below.endswith("/") or not below else below


# Names and titles


def test_every_address_is_encoded_and_leads_to_a_file(odd: Blog) -> None:
    files = files_of(odd).keys()
    astray, seen = [], 0
    for path, page in texts(odd, ".html"):
        html = Addresses(page)
        for written in html.found:
            address = urljoin(HOME + quote(path.removesuffix("index.html")), written)
            if not address.startswith(HOME):
                assert urlsplit(address).netloc != urlsplit(HOME).netloc, (path, written)
                continue
            seen += 1
            fragment = unquote(urlsplit(address).fragment)
            here = file_at(address) == path
            encoded = written.isascii() and not re.search(r"[\s<>\"]", written)
            there = file_at(address) in files and (not here or fragment in html.ids)
            astray += [] if encoded and there else [(path, written)]
    assert astray == []
    assert seen > 1000


def test_so_are_those_that_machines_read(odd: Blog) -> None:
    files = files_of(odd)
    sitemap = etree.fromstring(files["sitemap.xml"])
    told = [x.text or "" for x in sitemap.iter("{*}loc")]
    told += [
        f"{HOME}{x['url'].removeprefix(HOME)}" for x in json.loads(files["feed.json"])["items"]
    ]
    lines = [line.split() for line in files["_redirects"].decode().splitlines()]
    assert {len(line) for line in lines} == {3}
    told += [urljoin(HOME, address) for old, new, _ in lines for address in (old, new)]
    told.append(re.search("Sitemap: (.*)", files["robots.txt"].decode())[1])  # type: ignore[index]
    for path, feed in texts(odd, "feed.xml"):
        assert 'href="/blog/assets/feed.' in feed, path
        told += re.findall(r'<link[^>]* href="([^"]*)"', feed)
    assert all(address.isascii() for address in told)
    assert {address for address in told if file_at(address) not in files} == set()
    old = {unquote(old): unquote(new) for old, new, _ in lines}
    assert old["/blog/старый/адрес/"] == old["/blog/2019/x.html"] == "/blog/нейросети/"
    assert (old["/blog/from/"], old["/blog/too/"]) == ("/blog/markup/", "/blog/feed.xml")


def test_every_page_of_it_is_valid(odd: Blog) -> None:
    assert html_faults(odd) == []


def html_faults(blog: Blog) -> list[tuple[str, str]]:
    command = [*nu(), *JSON, "--errors-only", "--skip-non-html", str(blog.public)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=600)
    return [(x.get("url", ""), x["message"]) for x in json.loads(done.stdout)["messages"]]


def feed_faults(blog: Blog) -> list[str]:
    found: list[str] = []
    for path, content in files_of(blog).items():
        if path.endswith("feed.xml"):
            parsed: Any = feedparser.parse(content)
            found += atom_faults(content) + [str(parsed.bozo_exception) for _ in range(parsed.bozo)]
        elif path == "feed.json":
            found += json_faults(content.decode())
    return found


def test_every_feed_of_it_is_valid(odd: Blog) -> None:
    assert feed_faults(odd) == []


def test_a_title_is_the_same_wherever_it_is_told(odd: Blog) -> None:
    files = files_of(odd)
    page = LexborHTMLParser(files["markup/index.html"])

    def meta(name: str) -> str | None:
        node = page.css_first(f'meta[property="{name}"], meta[name="{name}"]')
        return node.attributes["content"] if node else None

    (heading,) = page.css("h1")
    assert heading.css_first("math") is not None
    assert "\\ #1_2" in heading.text()
    assert page.css_first("title").text() == f'{PLAIN} — Notes <&" 🧠'  # type: ignore[union-attr]
    assert meta("og:title") == PLAIN
    assert meta("description") == meta("og:description") == "Of sums & “q” 🧠"
    data = json.loads(page.css_first('script[type="application/ld+json"]').text())  # type: ignore[union-attr]
    assert PLAIN in json.dumps(data, ensure_ascii=False).replace("\\\\", "\\")
    feed: Any = feedparser.parse(files["feed.xml"])
    assert PLAIN in [re.sub("&lt;", "<", x.title).replace("&amp;", "&") for x in feed.entries]
    assert PLAIN in [x.get("title") for x in json.loads(files["feed.json"])["items"]]
    (documents,) = (c.decode() for path, c in files.items() if "/search/d" in path)
    told = json.dumps(PLAIN, ensure_ascii=False)  # a text in a row in a script
    assert json.dumps(told, ensure_ascii=False)[1:-1] in documents


def test_its_bibtex_is_read_as_it_is_meant(odd: Blog) -> None:
    page = LexborHTMLParser(files_of(odd)["markup/index.html"])
    (entry,) = parse_string(page.css_first(".cite pre").text()).entries  # type: ignore[union-attr]
    fields = {field.key: field.value for field in entry.fields}
    assert re.fullmatch("[a-z][a-z0-9-]+", entry.key)
    assert fields["url"] == f"{HOME}markup/"
    assert fields["title"].count("{") == fields["title"].count("}")
    assert "$a<b$" in fields["title"]
    for mark in ("\\&", "\\%", "\\#", "\\_", "\\textbackslash"):
        assert mark in fields["title"]
    assert fields["author"].split(" and ") == [
        "Ada \\textquotedbl{}A\\textquotedbl{} <b>", "O’Neil \\& Söhne"
    ] or "O'Neil \\& Söhne" in fields["author"]  # fmt: skip


def test_each_has_a_card_with_what_can_be_drawn_of_its_title(odd: Blog) -> None:
    cards = [path for path in files_of(odd) if re.search(r"/card\.\w+\.png$", path)]
    assert len(cards) == len([x for x in ODD if x.endswith(".md")]) + 1
    for path in cards:
        with Image.open(odd.public / path) as card:
            assert card.size == (1200, 630)
    assert drawable("An aside with stress 🧠 🎉.") == "An aside with stress."
    assert drawable("Of (a 🧠) and b 🎉, c") == "Of (a) and b, c"


def test_a_browser_shows_it_without_overflow_and_complaint(odd: Blog, browser: Browser) -> None:
    pages = ("", "markup/", "many/", "нейросети/", "عربي/", "shown/", "tags/", "archive/", "о-нас/")
    with hosted(odd) as home, narrow_page(browser) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("response", lambda x: said.append(x.url) if x.status >= 400 else None)
        for path in pages:
            page.goto(home + path)
            assert page.evaluate("document.documentElement.scrollWidth") == 360, path
            assert page.evaluate(WHOLE), path
        page.goto(home + "search/?q=" + quote("Нейросети"))
        page.get_by_role("link", name="Нейросети").click()
        page.wait_for_url("**/" + quote("нейросети") + "/")
        page.goto(home + "from/")
        page.wait_for_url("**/blog/markup/")
        assert said == []


WHOLE = "[...document.images].every(x => x.loading == 'lazy' || (x.complete && x.naturalWidth > 0))"


@contextmanager
def narrow_page(browser: Browser) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    yield context.new_page()
    context.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def hosted(blog: Blog) -> Iterator[str]:
    """The site below its folder on a host of this machine."""
    top = blog.root / "host"
    top.mkdir(exist_ok=True)
    if not (top / "blog").exists():
        (top / "blog").symlink_to(blog.public)
    handler = functools.partial(Quiet, directory=str(top))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_address[1]}/blog/"
        host.shutdown()


@pytest.mark.parametrize("base", [BASE, "/%D0%B1%D0%BB%D0%BE%D0%B3/"])
def test_serve_has_all_of_it_at_the_same_addresses(tmp_path: Path, base: str) -> None:
    blog = Blog(tmp_path, {**ODD, "site.toml": SETTINGS.replace("/blog/", base)})
    with serving(blog.root, "--no-exec", base=base) as served:
        for name in ("нейросети/", "о-нас/", "tags/日本語/feed.xml", f"shown/{PICTURE}"):
            status, _, body = served.ask(base + quote(name))
            assert (status, bool(body)) == (200, True), name
        page = served.page(base + quote("нейросети/"))
        found = [x for x in Addresses(page).found if x.startswith("/")]
        assert found
        assert all(served.ask(x.partition("#")[0])[0] == 200 for x in found)


# Deploys of it


def test_a_folder_and_a_store_get_the_same_names(odd: Blog, store: Store, tmp_path: Path) -> None:
    targets = (
        f'\n[deploy.www]\nkind = "folder"\npath = "{tmp_path}/www"\n'
        f'\n[deploy.s3]\nkind = "s3"\nbucket = "{BUCKET}"\nprefix = "b"\nendpoint = "{store.url}"\n'
    )
    settings = ODD["site.toml"]
    assert isinstance(settings, str)
    odd.put({"site.toml": settings + targets})
    want = {path: content for path, content in files_of(odd).items() if path != OUTPUT}
    for name in ("www", "s3"):
        told = odd.run("deploy", "-C", str(odd.root), "--yes", "--no-check", name)
        assert told.code == 0, told.err
    assert site_at(store.files("b/")) == want
    there = {path: content for path, (content, _) in snapshot(tmp_path / "www").items()}
    assert site_at(there) == want
    sent = [request.path for request in store.seen if request.method == "PUT"]
    assert all(path.isascii() for path in sent)
    store.seen.clear()
    assert odd.run("deploy", "-C", str(odd.root), "--yes", "--no-check", "s3").code == 0
    assert store.puts() == []


@pytest.fixture
def small(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Blog:
    """A small built site, and a store where nobody has to wait before the next try."""
    monkeypatch.setattr("site_builder.publishing.deploy.retries.time.sleep", lambda _: None)
    settings = (
        f'title = "Notes"\nurl = "{HOME}"\n[deploy.s3]\nkind = "s3"\n'
        f'bucket = "{BUCKET}"\nendpoint = "{store.url}"\n'
    )
    blog = Blog(tmp_path / "blog", {"site.toml": settings, "posts/a.md": GOOD})
    assert blog.build().code == 0
    return blog


def deploy(blog: Blog) -> Any:
    return blog.run("deploy", "-C", str(blog.root), "--yes", "--no-check")


def test_a_network_that_drops_in_the_middle_is_told_and_the_next_deploy_ends_it(
    small: Blog, store: Store
) -> None:
    assert deploy(small).code == 0
    old = store.files()
    small.put({"posts/b.md": titled("B"), "posts/a.md": titled("Another")})
    assert small.build().code == 0
    want = {path: content for path, content in files_of(small).items() if path != OUTPUT}
    store.seen.clear()
    begun = functools.partial(has_put, store, 4)
    store.fault = lambda request: DROPPED if begun() else None
    told = deploy(small)
    assert told.code == 1
    assert heads(told.err)
    assert SECRET not in told.out + told.err
    assert "Traceback" not in told.err
    between = store.files()
    assert between != old  # it was in the middle
    assert site_at(between) != want
    assert old.keys() <= between.keys()
    store.forget()
    again = small.run("deploy", "-C", str(small.root), "--yes", "--no-check", "--break-lease")
    assert again.code == 0, again.err
    assert site_at(store.files()) == want
    store.seen.clear()
    assert deploy(small).code == 0
    assert store.puts() == []


def has_put(store: Store, count: int) -> bool:
    return len(store.puts()) > count


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (error("ExpiredToken", 400), "D063"),
        (error("AccessDenied", 403), "D065"),
        (error("SignatureDoesNotMatch", 403), "D064"),
    ],
)
def test_rights_that_are_gone_are_told_without_what_is_secret(
    small: Blog, store: Store, fault: Any, code: str
) -> None:
    store.fault = lambda _: fault
    told = deploy(small)
    assert told.code == 1
    assert f"error[{code}]" in told.err
    assert store.puts() == []
    assert SECRET not in told.out + told.err
    assert "AKIANOBODY" not in told.out + told.err


def test_rights_that_end_in_the_middle_leave_the_old_site_whole(small: Blog, store: Store) -> None:
    assert deploy(small).code == 0
    home = store.files()["index.html"]
    small.put({"posts/b.md": titled("B")})
    assert small.build().code == 0
    store.seen.clear()

    def expired(request: Request) -> Any:
        return error("ExpiredToken", 400) if has_put(store, 3) else None

    store.fault = expired
    told = deploy(small)
    assert (told.code, "error[D063]" in told.err) == (1, True)
    assert store.files()["index.html"] == home


def test_no_credentials_are_told_before_anything_is_sent(
    small: Blog, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told = deploy(small)
    assert (told.code, "error[D062]" in told.err) == (1, True)
    assert store.seen == []


def test_a_folder_that_is_not_empty_stays_as_it_is(tmp_path: Path) -> None:
    table = '[deploy.live]\nkind = "folder"\npath = "../www"\n'
    blog = Blog(
        tmp_path / "blog",
        {"site.toml": f'title = "N"\nurl = "{HOME}"\n{table}', "posts/a.md": GOOD},
    )
    theirs = {"index.html": "theirs", "tags/x.txt": "theirs", "notes.txt": "theirs"}
    Blog(tmp_path / "www", {**theirs, "site.toml": "theirs"})
    before = snapshot(tmp_path / "www")
    assert blog.build().code == 0
    for options in ((), ("--dry-run",), ("--adopt",)):
        told = blog.run("deploy", "-C", str(blog.root), "--yes", "--no-check", *options)
        assert told.code == 1, options
        assert heads(told.err)
        assert snapshot(tmp_path / "www") == before
    assert "index.html" in told.err


# Addresses that cannot be


def unfit(
    tmp_path: Path, front: str, body: str = "Text.\n", more: Files | None = None
) -> list[str]:
    files = {"posts/good.md": GOOD, "posts/b.md": titled("B", front, body), **(more or {})}
    blog = Blog(tmp_path, files)
    told = blog.build()
    assert told.code == 1
    assert not blog.public.exists()
    return [f"{code} {place}" for code, place in CODES.findall(told.err)]


CODES = re.compile(r"^error\[(\w+)\].*(?:\n +--> (.*))?$", re.MULTILINE)


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("aliases: [/]\n", "F018 posts/b.md:4:11"),
        ("aliases: [/feed.xml]\n", "F017 posts/b.md:4:11"),
        ("aliases: [/404.html]\n", "F017 posts/b.md:4:11"),
        ("aliases: [/_headers]\n", "F017 posts/b.md:4:11"),
        ("aliases: [/search/]\n", "F017 posts/b.md:4:11"),
        ("aliases: ['/x%00']\n", "F018 posts/b.md:4:12"),
        ("aliases: [/.git/config]\n", "F019 posts/b.md:4:11"),
        *((f"aliases: [/{name}]\n", "F019 posts/b.md:4:11") for name in sorted(KEPT)),
        (f"aliases: [/{'x' * 256}/]\n", "F019 posts/b.md:4:11"),
        (f"tags: [{'ы' * 128}]\n", "F019 posts/b.md:4:8"),
        (f"series: {'x' * 256}\n", "F019 posts/b.md:4:9"),
        (f"slug: {'ы' * 128}\n", "F019 posts/b.md:4:7"),
        ("tags: ['..']\n", "F007 posts/b.md:4:8"),
        ("tags: ['🧠']\n", "F007 posts/b.md:4:8"),
        ("tags: [a/b, a.b]\n", "F007 posts/b.md:4:13"),
    ],
)
def test_what_cannot_be_an_address_is_told_and_nothing_is_written(
    tmp_path: Path, front: str, told: str
) -> None:
    assert unfit(tmp_path, front) == [told]


def test_the_longest_names_that_there_can_be_are_built(tmp_path: Path) -> None:
    front = f"tags: [{'ы' * 127}]\nseries: {'x' * 255}\naliases: [/{'y' * 255}/]\n"
    blog = Blog(tmp_path, {f"posts/{'z' * 252}.md": titled("Long", front)})
    assert blog.build().code == 0
    assert (blog.public / ("z" * 252) / "index.html").is_file()


def test_a_static_file_cannot_take_the_place_of_what_tools_keep(tmp_path: Path) -> None:
    assert {OUTPUT, MANIFEST, LEASE} == KEPT
    blog = Blog(tmp_path, {"posts/a.md": GOOD} | {f"static/{name}": "{}" for name in KEPT})
    told = blog.build()
    assert (told.code, len(heads(told.err))) == (1, 3)
    assert not blog.public.exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://exämple.org/", "xn--exmple-cua.org"),
        ("https://example.org/блог/", "%D0%B1%D0%BB%D0%BE%D0%B3/"),
        ("https://example.org/b%zz/", "path"),
        ("https://example.org/../x/", "path"),
        ("https://example.org//x/", "path"),
        ("https://me:secret@example.org/", "address"),
        ("https://example.org:99999/", "address"),
    ],
)
def test_a_home_page_that_has_no_such_address(tmp_path: Path, url: str, told: str) -> None:
    blog = Blog(tmp_path, {"site.toml": f'title = "N"\nurl = "{url}"\n', "posts/a.md": GOOD})
    run = blog.build()
    assert (run.code, "error[C006]" in run.err) == (2, True)
    assert told in run.err
    assert not blog.public.exists()


# Titles


@pytest.mark.parametrize("title", ["<b></b>", "\\u200b", "![](x.png)", "<!-- c -->", "a\\x07b"])
def test_a_title_that_shows_nothing_is_told(tmp_path: Path, title: str) -> None:
    more: dict[str, str | bytes] = {
        "posts/c.md": titled(f'"{title}"'),
        "posts/x.png": picture(),
    }
    (told,) = unfit(tmp_path, "", more=more)
    assert told.startswith("F007 posts/c.md:")


def test_a_title_with_a_link_or_a_picture_can_be_a_link_itself(tmp_path: Path) -> None:
    titles = ("See [that](https://e.org)", "A ![dot](x.png) here", "Of $$x^2$$", "Of [it](good.md)")
    files: dict[str, str | bytes] = {
        f"posts/t{n}.md": titled(json.dumps(title), "tags: [x]\n") for n, title in enumerate(titles)
    }
    blog = Blog(tmp_path, {**files, "posts/good.md": GOOD, "posts/x.png": picture()})
    assert blog.build().code == 0
    assert html_faults(blog) == []
    assert feed_faults(blog) == []
    pages = [LexborHTMLParser(files_of(blog)[f"t{n}/index.html"]) for n in range(len(titles))]
    headings = [page.css_first("h1") for page in pages]
    assert [h.text() for h in headings if h][:2] == ["See that", "A dot here"]
    assert not [h for h in headings if h and h.css("a, img, [tabindex]")]


# Pictures


def test_every_kind_of_picture_is_shown(tmp_path: Path, browser: Browser) -> None:
    moving: dict[str, Any] = {
        "save_all": True,
        "append_images": [Image.new("RGB", (900, 700))],
        "duration": 100,
    }
    names: dict[str, bytes] = {
        "jpeg of another kind.png": picture(format_="JPEG"),
        "png of another kind.jpg": picture(),
        "cmyk.jpg": picture("CMYK", "JPEG"),
        "deep.png": picture("I;16"),
        "palette.png": picture("P"),
        "moves.gif": picture(format_="GIF", **moving),
        "moves.webp": picture(format_="WEBP", **moving),
        "a#b?c%d ü &.jpg": picture(format_="JPEG", quality=95),
    }
    body = "\n\n".join(f"![Picture {n}]({quote(name)})" for n, name in enumerate(names))
    blog = Blog(tmp_path, {"posts/p/index.md": titled("Pictures", "", body)})
    blog.put({f"posts/p/{name}": content for name, content in names.items()})
    settings = {"site.toml": f'title = "N"\nurl = "{HOME}"\n'}
    blog.put(settings)
    told = blog.build()
    assert (told.code, told.err) == (0, "")
    assert html_faults(blog) == []
    with hosted(blog) as home, narrow_page(browser) as page:
        answers: list[int] = []
        page.on("response", lambda response: answers.append(response.status))
        page.goto(home + "p/")
        for image in page.locator("main img").all():
            image.scroll_into_view_if_needed()
            page.wait_for_function(
                "x => x.complete && x.naturalWidth > 0", arg=image.element_handle()
            )
        assert page.locator("main img").count() == len(names)
        assert set(answers) == {200}


def test_an_image_of_10_000_pixels_takes_little_of_readers_and_of_this_machine(
    tmp_path: Path,
) -> None:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((10_000, 10_000)).convert("RGB").save(
        buffer, "PNG", compress_level=1
    )
    blog = Blog(tmp_path, {"posts/a/index.md": titled("A", "", "![It](x.png)\n")})
    blog.put({"posts/a/x.png": buffer.getvalue()})
    code = (
        "import re, sys, site_builder.cli as cli\n"
        "code = cli.main(['build', '-C', sys.argv[1], '-j', '2'])\n"
        # Of this program alone; what `getrusage` tells has that of the parent in it.
        "status = open('/proc/self/status').read()\n"
        "print(code, re.search(r'VmHWM:\\s+(\\d+) kB', status)[1])\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    exit_code, peak = done.stdout.split("\n")[-2].split()
    assert exit_code == "0", done.stderr
    # Its pixels alone are 400 MB: with what encoders need there is no room for them twice.
    assert int(peak) < 950_000  # kB
    page = LexborHTMLParser(files_of(blog)["a/index.html"])
    (image,) = page.css("main img")
    assert (image.attributes["width"], image.attributes["height"]) == ("10000", "10000")
    choice = [x.split()[0] for x in (image.attributes["srcset"] or "").split(",")]
    assert choice
    for name in [*choice, image.attributes["src"]]:
        with Image.open(blog.public / "a" / unquote(name or "")) as small:
            assert max(small.size) <= 1600


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.png", b"", "I004"),
        ("x.svg", b"", "I004"),
        ("x.png", b"<html>404", "I004"),
        ("x.svg", b"\x89PNG\r\n\x1a\n", "I004"),
    ],
)
def test_what_is_no_image_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    found = unfit(tmp_path, "", f"![It]({name})\n", {f"posts/{name}": content})
    assert found == [f"{told} posts/b.md:6:7"]


@pytest.mark.parametrize("name", ["a#1.png", "a?1.png", "ü #?.png"])
def test_who_forgets_to_encode_the_name_of_an_image_is_told_how(tmp_path: Path, name: str) -> None:
    blog = Blog(tmp_path, {"posts/b.md": titled("B", "", f"![It](<{name}>)\n")})
    blog.put({f"posts/{name}": picture()})
    told = blog.build()
    assert told.code == 1
    (written,) = re.findall("write '(.*)'", told.err)
    blog.put({"posts/b.md": titled("B", "", f"![It](<{written}>)\n")})
    assert blog.build().code == 0


# Much, and nothing


def test_a_post_of_50_000_words(tmp_path: Path, browser: Browser) -> None:
    letters = "bdfgklmnprst"
    words = [a + b + c + "o" + a for a in letters for b in "aeiou" for c in letters]
    prose = [words[(7 * n + n * n) % len(words)] for n in range(50_000)]
    paragraphs = [" ".join(prose[n : n + 100]) + "." for n in range(0, len(prose), 100)]
    sections = [f"## Part {n}\n\n" + "\n\n".join(paragraphs[n : n + 20]) for n in range(0, 500, 20)]
    body = "\n\n".join(["x" * 3000, f"`{'y' * 2000}`", *sections])
    toml = f'title = "N"\nurl = "{HOME}"\n'
    files: dict[str, str | bytes] = {"site.toml": toml, "posts/long.md": titled("Long", "", body)}
    blog = Blog(tmp_path, files)
    blog.put({f"posts/p{n}.md": titled(f"P{n}", "", paragraphs[n] + "\n") for n in range(5)})
    assert blog.build().code == 0
    assert feed_faults(blog) == []
    index = {p: c for p, c in files_of(blog).items() if p.startswith("assets/search/")}
    assert 0 < sum(map(len, index.values())) < 400_000
    page = LexborHTMLParser(files_of(blog)["long/index.html"])
    assert len(page.css(".related li")) <= 3
    assert "min read" in page.text()
    with hosted(blog) as home, narrow_page(browser) as shown:
        shown.goto(home + "long/")
        assert shown.evaluate("document.documentElement.scrollWidth") == 360
        shown.goto(f"{home}search/?q={prose[40_000]}")
        shown.get_by_role("link", name="Long").wait_for()


NOTHING: dict[str, dict[str, str | bytes]] = {
    "no post": {},
    "drafts only": {"posts/d.md": titled("D", "draft: true\n")},
    "to come only": {"posts/d.md": titled("D").replace("2020", "2999")},
    "unlisted only": {"posts/d.md": titled("D", "unlisted: true\n")},
    "pages only": {"pages/p.md": "---\ntitle: P\n---\n\nText.\n"},
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_site_without_posts_is_a_whole_site(tmp_path: Path, name: str, browser: Browser) -> None:
    blog = Blog(tmp_path, {"site.toml": f'title = "N"\nurl = "{HOME}"\n', **NOTHING[name]})
    told = blog.build()
    assert told.code == 0, told.err
    assert html_faults(blog) == []
    assert feed_faults(blog) == []
    files = files_of(blog)
    assert {"index.html", "archive/index.html", "tags/index.html", "404.html"} <= files.keys()
    assert json.loads(files["feed.json"])["items"] == []
    with hosted(blog) as home, narrow_page(browser) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{home}search/?q=word")
        page.get_by_text(re.compile("Nothing|No ", re.IGNORECASE)).first.wait_for()
        assert said == []

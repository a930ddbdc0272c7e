"""`_headers`: what it says of each file, and pages in a browser that is told so."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Served
from hosting import headers_of, hosted, rules_in
from made_pages import built, kept_file, make_page, make_site
from PIL import Image, ImageStat
from playwright.sync_api import Browser, Page

from site_builder.assembly.machines.headers import IMMUTABLE
from site_builder.errors import ContentError
from site_builder.model.files import SiteFile, StoredFile
from site_builder.model.page import Page as BuiltPage

POLICY = "Content-Security-Policy"
PLANTED = "<script>document.title = 'planted'</script><p style='color: red' onclick='x()'>x</p>"


def headers(site_root: Path, pages: object = (), authors: str = "", **settings: object) -> str:
    static = [SiteFile("_headers", authors.encode())] if authors else []
    return built(make_site(site_root, **settings), pages, static=static)["_headers"]  # type: ignore[arg-type]


def test_pages_are_kept_from_loading_what_is_elsewhere(tmp_path: Path) -> None:
    said = headers_of(headers(tmp_path), "/xor/")
    policy = said[POLICY]
    assert policy.startswith("default-src 'none'; img-src 'self' data:; style-src ")
    assert policy.endswith("; base-uri 'none'; frame-ancestors 'none'")
    assert policy.count("unsafe") == 1  # styles inside of figures, which pages themselves forbid
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in said["Permissions-Policy"]
    assert "Cache-Control" not in said  # hosts let browsers ask for pages again by themselves
    assert "X-Robots-Tag" not in said


def test_the_header_is_the_policy_of_the_page_and_no_frames_around_it(tmp_path: Path) -> None:
    files = built(make_site(tmp_path), [])
    policy = headers_of(files["_headers"], "/")[POLICY]
    meta = policy.removesuffix("; frame-ancestors 'none'").replace("'unsafe-inline' ", "")
    assert "unsafe" not in meta
    assert f'http-equiv="Content-Security-Policy" content="{meta}"' in files["index.html"]


def test_what_is_named_by_its_content_is_kept_for_ever(tmp_path: Path) -> None:
    page = make_page("posts/xor.md")
    figure = kept_file("fig-1.0123456789.svg", b"<svg/>")
    files = built(make_site(tmp_path), [with_files(page, figure)])
    rules = files["_headers"]
    style = next(path for path in files if path.startswith("assets/style"))
    for path in ("xor/fig-1.0123456789.svg", style):
        lasting = set(headers_of(rules, f"/{path}")["Cache-Control"].split(", "))
        assert lasting == set(IMMUTABLE.split(", ")), path
    for path in ("xor/", "feed.xml", "robots.txt", "logo.svg"):
        assert "Cache-Control" not in headers_of(rules, f"/{path}"), path


def with_files(page: BuiltPage, *files: StoredFile) -> BuiltPage:
    return dataclasses.replace(page, files=files)


@pytest.mark.parametrize("name", ["my.logo.svg", "old.0123456789.svg"])
def test_a_file_of_the_author_s_with_such_a_name_is_not(tmp_path: Path, name: str) -> None:
    """Its name would match the rule for figures, so there is none for its kind."""
    page = make_page("posts/xor.md")
    figures = [kept_file(f"fig-1.0123456789.{kind}", b"") for kind in ("svg", "png")]
    site = make_site(tmp_path)
    rules = built(site, [with_files(page, *figures)], static=[SiteFile(f"img/{name}", b"")])
    assert "Cache-Control" not in headers_of(rules["_headers"], f"/img/{name}")
    assert "Cache-Control" not in headers_of(rules["_headers"], "/xor/fig-1.0123456789.svg")
    assert "Cache-Control" in headers_of(rules["_headers"], "/xor/fig-1.0123456789.png")


def test_a_file_of_the_author_s_among_the_assets_is_not_kept_for_ever(tmp_path: Path) -> None:
    static = [SiteFile("assets/mine.css", b"")]
    rules = built(make_site(tmp_path), [], static=static)["_headers"]
    assert "Cache-Control" not in headers_of(rules, "/assets/mine.css")
    assert "Cache-Control" in headers_of(rules, "/assets/style.0123456789.css")


def test_feeds_are_of_a_type_that_browsers_show(tmp_path: Path) -> None:
    rules = headers(tmp_path, [make_page("posts/a.md", tags=("maths",))])
    for path in ("/feed.xml", "/tags/maths/feed.xml"):
        assert headers_of(rules, path)["Content-Type"] == "application/xml; charset=utf-8"
    assert headers_of(rules, "/feed.json")["Content-Type"] == "application/feed+json; charset=utf-8"


def test_a_site_below_a_folder_of_its_host(tmp_path: Path) -> None:
    rules = headers(tmp_path, url="https://example.org/blog/")
    assert POLICY in headers_of(rules, "/blog/xor/")
    assert headers_of(rules, "/other/") == {}
    assert "Content-Type" in headers_of(rules, "/blog/feed.xml")


def test_a_site_that_is_not_to_be_listed_says_so(tmp_path: Path) -> None:
    assert headers_of(headers(tmp_path, indexed=False), "/x/y.png")["X-Robots-Tag"] == "noindex"


def test_what_the_author_says_of_a_header_holds(tmp_path: Path) -> None:
    authors = """\
# mine
/*
  referrer-policy: no-referrer
/feed.xml
  Content-Type: application/atom+xml
/xor/*
  X-Mine: yes
"""
    rules = headers(tmp_path, authors=authors)
    assert rules.endswith(authors)
    said = headers_of(rules, "/xor/x")
    assert said["Referrer-Policy"] == "no-referrer"
    assert said["X-Mine"] == "yes"
    assert POLICY in said
    assert headers_of(rules, "/feed.xml")["Content-Type"] == "application/atom+xml"
    assert rules.count("\n/feed.xml\n") == 1


def test_a_rule_for_all_that_the_author_writes_leaves_no_place_for_ours(tmp_path: Path) -> None:
    rules = headers(tmp_path, authors="/*\n  Cache-Control: no-store\n")
    assert headers_of(rules, "/assets/x.css")["Cache-Control"] == "no-store"


def test_a_file_of_rules_that_hosts_would_not_understand(tmp_path: Path) -> None:
    authors = "  X-Mine: 1\n/*\n  X-Mine 2\nx/*\n  ! X-Frame-Options\n"
    with pytest.raises(ContentError) as caught:
        headers(tmp_path, authors=authors)
    assert [(p.file, p.line, p.code) for p in caught.value.problems] == [
        ("static/_headers", 1, "F110"),
        ("static/_headers", 3, "F110"),
        ("static/_headers", 4, "F110"),
    ]


def test_a_site_of_many_posts_stays_within_what_hosts_read(tmp_path: Path) -> None:
    pages = [make_page(f"posts/p{n}.md", tags=(f"t{n}",)) for n in range(150)]
    assert len(list(rules_in(headers(tmp_path, pages)))) <= 10


# In a browser: these pages, as `_headers` says.
PAGES = {
    "home": "",
    "maths": "softmax-derivative/",
    "figures": "xor-keras/",
    "aside": "quick-test/",
    "archive": "archive/",
    "tag": "tags/neural-networks/",
    "tags": "tags/",
    "about": "about/",
    "404": "no/such/page/",
}


@contextlib.contextmanager
def watched(browser: Browser, address: str) -> Iterator[tuple[Page, list[str]]]:
    """A page in a tab, and what its policy blocked or its console said."""
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e =>"
        " console.log('blocked: ' + e.effectiveDirective))"
    )
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    answer = page.goto(address, wait_until="networkidle")
    assert answer is not None
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    yield page, said
    context.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_nothing_of_a_page_is_blocked(browser: Browser, blog: Served, path: str) -> None:
    with hosted(blog.folder) as address, watched(browser, address + path) as (page, said):
        missing = "Failed to load resource: the server responded with a status of 404 (Not Found)"
        assert [text for text in said if not (path == PAGES["404"] and text == missing)] == []
        background = page.evaluate("getComputedStyle(document.documentElement).fontFamily")
        assert background
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 10


def test_a_planted_script_is_blocked(browser: Browser, blog: Served, tmp_path: Path) -> None:
    copy = shutil.copytree(blog.folder, tmp_path / "site")
    page = copy / "about/index.html"
    page.write_text(page.read_text().replace("</main>", f"{PLANTED}</main>"))
    with hosted(copy) as address, watched(browser, f"{address}about/") as (tab, said):
        assert tab.title() != "planted"
        assert {text for text in said if text.startswith("blocked: ")} == {
            "blocked: script-src-elem",
            "blocked: style-src-attr",
            "blocked: script-src-attr",
        }


def test_the_page_alone_blocks_it_too(browser: Browser, blog: Served, tmp_path: Path) -> None:
    """On hosts that read no `_headers`."""
    copy = shutil.copytree(blog.folder, tmp_path / "site")
    (copy / "_headers").write_text("/*\n  Content-Security-Policy: default-src 'none' *\n")
    (copy / "_headers").write_text(f"/*\n  {POLICY}: default-src 'none' * 'unsafe-inline'\n")
    page = copy / "about/index.html"
    page.write_text(page.read_text().replace("</main>", f"{PLANTED}</main>"))
    with hosted(copy) as address, watched(browser, f"{address}about/") as (tab, said):
        assert tab.title() != "planted"
        assert "blocked: script-src-elem" in said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_that_somebody_opens_is_as_on_the_page(
    browser: Browser, blog: Served, scheme: str
) -> None:
    """A click on a figure leads to its file, where ink must not be of the colour of the ground."""
    with hosted(blog.folder) as address:
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{address}xor-keras/")
        page.click("figure a[href$='.svg']")
        page.wait_for_url("**/*.svg")
        assert [text for text in said if "Security Policy" in text] == []
        ground = page.screenshot(clip={"x": 1200, "y": 700, "width": 9, "height": 9})
        assert (brightness(ground) < 64) == (scheme == "dark")
        spine = "document.querySelector('[id^=ink-] [style*=\"stroke: #\"]')"
        stroke = page.evaluate(f"getComputedStyle({spine}).stroke")
        assert stroke == ("rgb(220, 223, 228)" if scheme == "dark" else "rgb(0, 0, 0)")
        context.close()


def brightness(png: bytes) -> float:
    with Image.open(io.BytesIO(png)) as image:
        return ImageStat.Stat(image.convert("L")).mean[0]


@pytest.mark.parametrize(("scheme", "ground"), [("light", "255, 254, 252"), ("dark", "20, 22, 26")])
def test_a_feed_that_somebody_opens_can_be_read(
    browser: Browser, blog: Served, scheme: str, ground: str
) -> None:
    with hosted(blog.folder) as address:
        context = browser.new_context(
            viewport={"width": 390, "height": 800},
            is_mobile=True,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        page.goto(f"{address}feed.xml")
        shown = page.evaluate(
            "[...document.querySelectorAll('*')].filter(e => e.checkVisibility()"
            " && e.children.length === 0).map(e => e.textContent)"
        )
        assert shown[0] == page.evaluate("document.querySelector('title').textContent")
        assert "The derivative of the softmax function" in shown
        assert not any("<p>" in text for text in shown)
        style = "getComputedStyle(document.documentElement)"
        assert page.evaluate(f"{style}.backgroundColor") == f"rgb({ground})"
        assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [390, 390]
        page.click("a")  # it leads to the site, whose address is another one here
        assert "nets-and-nerves.example" in page.url or page.url.startswith("chrome-error:")
        context.close()

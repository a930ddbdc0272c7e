"""The preview in a browser: pages change in place, problems are told, nothing else is touched."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Served
from playwright.sync_api import Browser, Page, Request, expect
from previews import Serving, eventually, page, recipe, serving

from site_builder.codes import WARNINGS
from site_builder.errors import ContentError, Problem
from site_builder.model.files import Recipe
from site_builder.preview.board import Board
from site_builder.preview.server import PreviewServer

POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' "
    "data:; style-src 'self'; base-uri 'none'; form-action 'self'\">\n"
)
LINES = "".join(f'<p id="l{number}">Line {number}</p>\n' for number in range(100))
POST = "posts/a.md"
SOURCES = {"a/index.html": POST}
CUT = Problem(
    "there is no such name", POST, 12, 9, 7, "so it is acuracy that counts", "did you mean it?"
)
OTHER = Problem("another post is wrong", "posts/other.md", 1)
PIXEL = (  # a picture of 1 by 1 pixel, and one of 3 by 3
    '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"><path d="M0 0"/></svg>'
)


class Tab:
    """A page of a preview in a browser, with what it complained of and asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def shows(self, version: int) -> None:
        """Wait until the page is as in this version of the preview."""
        expect(self.page.locator("html")).to_have_attribute("data-version", str(version))

    @property
    def loads(self) -> int:
        return sum(request.is_navigation_request() for request in self.requests)

    @property
    def status(self) -> Any:
        return self.page.locator("site-builder-status")

    @property
    def panel(self) -> Any:
        return self.status.get_by_role("region")

    def top(self, selector: str) -> float:
        box = self.page.locator(selector).bounding_box()
        assert box is not None
        return box["y"]


Open = Callable[..., Tab]


@pytest.fixture
def site() -> Iterator[Serving]:
    with serving() as served:
        yield served


@pytest.fixture
def opened(browser: Browser, site: Serving) -> Iterator[Open]:
    """Opens /a/ of the site, with this body."""
    contexts = []

    def open_(
        body: str,
        *problems: Problem,
        head: str = POLICY,
        scheme: Any = "light",
        width: int = 1280,
        **more: Any,
    ) -> Tab:
        context = browser.new_context(
            viewport={"width": width, "height": 600}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        tab = Tab(context.new_page())
        version = show(site, body, *problems, head=head, **more)
        tab.page.goto(f"{site.server.url}a/")
        tab.shows(version)
        return tab

    yield open_
    for context in contexts:
        context.close()


def show(
    site: Serving,
    body: str,
    *problems: Problem,
    head: str = POLICY,
    files: Mapping[str, str | bytes | Recipe] | None = None,
    **more: Any,
) -> int:
    content = {"a/index.html": page(body, head), **(files or {})}
    return site.show(content, *problems, **{"sources": SOURCES, **more})


def with_style(rules: str) -> dict[str, Any]:
    """Head and files of a page with a style sheet."""
    head = POLICY + '<link rel="stylesheet" href="/s.css">\n'
    return {"head": head, "files": {"s.css": rules}}


# Changes


def test_a_change_is_shown_without_loading_the_page(site: Serving, opened: Open) -> None:
    tab = opened("<p>one</p><p>two</p>")
    tab.page.evaluate("document.querySelector('p').mine = 1; window.mine = 1")
    tab.shows(show(site, "<p>one</p><p>three</p><ul><li>four</li></ul>"))
    assert tab.page.inner_text("body").split() == ["one", "three", "four"]
    assert tab.page.evaluate("document.querySelector('p').mine && window.mine") == 1
    assert tab.loads == 1
    assert tab.complaints == []


BODIES = [
    "<p>a</p><p>b</p><p>c</p>",
    "<p>c</p><p>a</p>",
    "",
    "text <b>and</b> text<!-- and a comment -->",
    '<p class="x" title="a > b">a</p><table><tr><td>1</td></tr></table>',
    '<p class="y">a <i>b</i></p><table><tr><td>1</td><td>2</td></tr></table>',
    '<h2 id="s">S</h2><p>b</p><h2 id="t">T</h2>',
    '<h2 id="t">T</h2><h2 id="s">S!</h2><p>b</p><details open><summary>x</summary>y</details>',
    "<math><mfrac><mn>1</mn><mi>x</mi></mfrac></math><svg viewBox='0 0 1 1'><path d='M0 0'/></svg>",
    "<math><mfrac><mn>1</mn><mi>y</mi></mfrac></math><svg viewBox='0 0 2 2'><g/></svg>",
    "<pre>\n\nx</pre><pre>y</pre>",
    "<p>a</p>" * 30 + "<p>z</p>",
    "<p>z</p>" + "<p>a</p>" * 29,
    "<noscript><p>a</p></noscript><template><p>t</p></template><textarea>x</textarea>",
]


def test_after_any_change_the_page_is_the_one_that_a_load_would_give(
    site: Serving, opened: Open
) -> None:
    tab = opened(BODIES[0])
    told = "document.body.outerHTML + document.title"
    for number, body in enumerate([*BODIES, *reversed(BODIES), *BODIES[::3]]):
        tab.shows(show(site, body, busy=number % 2 == 0))
        in_place = tab.page.evaluate(told)
        tab.page.reload()
        assert in_place == tab.page.evaluate(told)
        tab.shows(site.board.version)


def test_what_the_reader_did_to_the_page_stays(site: Serving, opened: Open) -> None:
    box = (
        '<details id="d"><summary>More</summary><p>of it</p></details><input id="i"><p id="p">x</p>'
    )
    more = with_style("pre { overflow: auto; }")
    tab = opened(f"<p>one</p>{box}<pre>{'long ' * 300}</pre>", **more)
    tab.page.click("summary")
    tab.page.fill("#i", "typed")
    tab.page.evaluate(
        "getSelection().selectAllChildren(document.getElementById('p'));"
        "document.querySelector('pre').scrollLeft = 50"
    )
    tab.page.focus("#i")
    changed = box.replace("of it", "of that")
    tab.shows(show(site, f"<p>new</p><p>one!</p>{changed}<pre>{'long ' * 300}</pre>", **more))
    assert tab.page.evaluate("document.getElementById('d').open")
    assert tab.page.inner_text("#d p") == "of that"
    assert tab.page.input_value("#i") == "typed"
    assert tab.page.evaluate("document.activeElement.id") == "i"
    assert tab.page.evaluate("document.querySelector('pre').scrollLeft") == 50


def test_boxes_stay_as_the_reader_left_them(site: Serving, opened: Open) -> None:
    def box(name: str, text: str = "text", mode: str = "") -> str:
        return f"<details {mode}><summary>{name}</summary><p>{text}</p></details>"

    tab = opened(box("a") + box("b") + box("c", mode="open"))
    for name in ("a", "b", "c"):
        tab.page.click(f"summary:text('{name}')")
    new = box("new") + box("a") + box("b") + box("c", "other text", "open")
    tab.shows(show(site, new))
    is_open = tab.page.eval_on_selector_all("details", "boxes => boxes.map(box => box.open)")
    assert is_open == [False, True, True, False]


def test_a_selection_in_what_stays_stays(site: Serving, opened: Open) -> None:
    tab = opened('<p>one</p><p id="p">selected</p>')
    tab.page.evaluate("getSelection().selectAllChildren(document.getElementById('p'))")
    tab.shows(show(site, '<p>one and more</p><p id="p">selected</p>'))
    assert tab.page.evaluate("String(getSelection())") == "selected"


def test_what_is_looked_at_stays_where_it_is(site: Serving, opened: Open) -> None:
    more = with_style(  # without what some browsers do by themselves
        "html { overflow-anchor: none; } p { line-height: 17.3px; }"
    )
    tab = opened(LINES, **more)
    tab.page.evaluate("document.getElementById('l50').scrollIntoView()")
    tab.page.evaluate("scrollBy(0, -100)")
    before = tab.top("#l50")
    above = ""
    for number in range(12):  # fractions of pixels must not add up
        above += f"<p>{'grown ' * 100}</p><p>{number}</p>"
        tab.shows(show(site, above + LINES, **more))
        assert abs(tab.top("#l50") - before) <= 1
    tab.shows(show(site, LINES.replace("Line 70<", f"{'grown ' * 400}<"), **more))
    assert abs(tab.top("#l50") - before) <= 1


def test_the_top_of_the_page_stays_the_top(site: Serving, opened: Open) -> None:
    tab = opened(LINES)
    tab.shows(show(site, "<p>above</p>" + LINES))
    assert tab.page.evaluate("scrollY") == 0


def test_what_sticks_to_the_window_is_no_place_to_hold_on_to(site: Serving, opened: Open) -> None:
    more = with_style("html { overflow-anchor: none; } nav { position: fixed; inset: 0 0 auto; }")
    nav = "<nav><ul><li>Contents</li></ul></nav>"
    tab = opened(nav + LINES, **more)
    tab.page.evaluate("document.getElementById('l50').scrollIntoView()")
    before = tab.top("#l50")
    tab.shows(show(site, f"{nav}<p>{'grown ' * 500}</p>{LINES}", **more))
    assert abs(tab.top("#l50") - before) <= 1


def test_a_page_that_became_short_shows_its_end(site: Serving, opened: Open) -> None:
    tab = opened(LINES)
    tab.page.evaluate("scrollTo(0, 1e6)")
    tab.shows(show(site, "<p>short</p>"))
    assert tab.page.evaluate("scrollY") == 0
    assert tab.page.is_visible("text=short")


def test_the_head_changes_too(site: Serving, opened: Open) -> None:
    tab = opened("<p>x</p>", head=POLICY + '<meta name="description" content="old">')
    new = POLICY + '<meta name="description" content="new"><link rel="canonical" href="/x/">'
    content = page("<p>x</p>", new).replace("<title>Page", "<title>Other").replace("en", "de", 1)
    tab.shows(site.show({"a/index.html": content}))
    assert tab.page.title() == "Other"
    assert tab.page.get_attribute("meta[name=description]", "content") == "new"
    assert tab.page.get_attribute("link[rel=canonical]", "href") == "/x/"
    assert tab.page.evaluate("document.documentElement.lang") == "de"
    assert tab.loads == 1


def test_a_style_sheet_changes_without_a_moment_without_one(site: Serving, opened: Open) -> None:
    def with_sheet(name: str) -> dict[str, Any]:
        rules = f"p {{ --name: {name}; color: rgb(1, 2, 3); }}"
        return {
            "head": f'{POLICY}<link rel="stylesheet" href="/{name}.css">',
            "files": {f"{name}.css": rules},
        }

    tab = opened("<p>x</p>", **with_sheet("one"))
    tab.page.evaluate(
        """() => {
            window.colours = new Set();
            const look = () => {
                window.colours.add(getComputedStyle(document.querySelector("p")).color);
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    for name in ("two", "three", "four"):
        tab.shows(show(site, "<p>x</p>", **with_sheet(name)))
    style = "getComputedStyle(document.querySelector('p')).getPropertyValue('--name')"
    assert tab.page.evaluate(style) == "four"
    assert tab.page.evaluate("[...window.colours]") == ["rgb(1, 2, 3)"]
    assert tab.page.locator("head link[rel=stylesheet]").count() == 1
    assert tab.loads == 1


def test_files_that_keep_their_address_are_loaded_anew(site: Serving, opened: Open) -> None:
    def with_files(size: int, colour: str) -> dict[str, Any]:
        return {
            "head": f'{POLICY}<link rel="stylesheet" href="/s.css">',
            "files": {
                "a/x.svg": PIXEL.format(size),
                "y.svg": PIXEL.format(size),
                "s.css": f"p {{ color: {colour}; }}",
            },
        }

    body = '<p>x</p><img src="x.svg" alt=""><img srcset="/y.svg 1x" alt="">'
    tab = opened(body, **with_files(7, "rgb(1, 1, 1)"))
    assert sum(".svg" in request.url for request in tab.requests) == 2  # each once
    tab.shows(show(site, body, **with_files(9, "rgb(2, 2, 2)")))
    for image in tab.page.locator("img").all():
        expect(image).to_have_js_property("naturalWidth", 9)
    expect(tab.page.locator("body p")).to_have_css("color", "rgb(2, 2, 2)")
    tab.requests.clear()
    tab.shows(show(site, body.replace(">x<", ">y<"), **with_files(9, "rgb(2, 2, 2)")))
    assert tab.page.inner_text("p") == "y"
    # Nothing that is the same is loaded again.
    assert [request.url for request in tab.requests] == [tab.page.url]
    assert tab.loads == 0


def test_a_file_that_changes_while_the_page_is_fetched_is_not_missed(
    site: Serving, opened: Open
) -> None:
    tab = opened('<p>one</p><img src="x.svg" alt="">', files={"a/x.svg": PIXEL.format(7)})

    def publish_before(route: Any) -> None:
        if site.board.version == 2:
            show(site, '<p>two</p><img src="x.svg" alt="">', files={"a/x.svg": PIXEL.format(9)})
        route.continue_()

    tab.page.route("**/a/", publish_before)
    show(site, '<p>two</p><img src="x.svg" alt="">', files={"a/x.svg": PIXEL.format(7)})
    tab.shows(3)
    expect(tab.page.locator("img")).to_have_js_property("naturalWidth", 9)


@pytest.mark.parametrize(
    "head", [POLICY.replace("data:", "data: blob:"), '<script src="/x.js"></script>']
)
def test_what_only_a_load_can_change_is_loaded(site: Serving, opened: Open, head: str) -> None:
    tab = opened(LINES, files={"x.js": ""})
    tab.page.evaluate("scrollTo(0, 500)")
    tab.shows(show(site, LINES, head=head, files={"x.js": ""}))
    assert tab.loads == 2
    assert tab.page.evaluate("scrollY") == 500
    tab.shows(show(site, LINES + "<p>more</p>", head=head, files={"x.js": ""}))
    assert tab.loads == 2


def test_an_author_s_script_that_the_built_page_blocks_is_blocked(
    site: Serving, opened: Open
) -> None:
    body = "<p>x</p><script>document.title = 'ran'</script><script src='/x.js'></script>"
    tab = opened(body, files={"x.js": "document.title = 'ran'"})
    assert tab.page.title() == "Page"
    assert len(tab.complaints) == 2


def test_a_page_that_is_gone_says_so_and_may_come_back(site: Serving, opened: Open) -> None:
    tab = opened("<h1>Here</h1>")
    tab.shows(site.show({"404.html": page("<h1>Lost</h1>")}))
    assert tab.page.inner_text("h1") == "Lost"
    tab.shows(show(site, "<h1>Back</h1>"))
    assert tab.page.inner_text("h1") == "Back"
    tab.shows(site.show({"b.txt": "b"}))
    assert tab.page.inner_text("h1") == "Page not found"
    tab.shows(show(site, "<h1>Again</h1>"))
    assert tab.page.inner_text("h1") == "Again"
    assert tab.page.get_attribute("body", "class") is None


def test_a_page_that_cannot_be_made_tells_of_it(site: Serving, opened: Open) -> None:
    tab = opened("<h1>Here</h1>" + LINES)
    tab.page.evaluate("scrollTo(0, 500)")

    def make() -> bytes:
        raise ContentError(Problem("'pagee' is undefined", "templates/post.html", 4))

    tab.shows(site.show({"a/index.html": Recipe("a/index.html", "broken", make)}))
    assert tab.page.inner_text("h1") == "This page cannot be made"
    expect(tab.panel).to_contain_text("'pagee' is undefined")
    tab.shows(show(site, "<h1>Mended</h1>" + LINES))
    assert tab.page.inner_text("h1") == "Mended"
    assert tab.page.evaluate("scrollY") == 500
    assert tab.loads == 1
    expect(tab.panel).to_be_hidden()


def test_of_many_changes_the_last_is_shown(site: Serving, opened: Open) -> None:
    tab = opened("<p>0</p>")
    for number in range(60):
        version = show(site, f"<p>{number}</p>")
    tab.shows(version)
    assert tab.page.inner_text("p") == "59"


def test_a_change_before_the_page_listens_is_not_missed(browser: Browser, site: Serving) -> None:
    show(site, "<p>old</p>")
    context = browser.new_context()
    tab = Tab(context.new_page())
    stale: list[int] = []

    def publish_before(route: Any) -> None:
        if not stale:
            stale.append(show(site, "<p>new</p>"))
        route.continue_()

    tab.page.route("**/live.js", publish_before)
    tab.page.goto(f"{site.server.url}a/")
    tab.shows(2)
    assert tab.page.inner_text("p") == "new"
    context.close()


def test_an_event_tells_the_page(site: Serving, opened: Open) -> None:
    tab = opened("<p>x</p>")
    tab.page.evaluate(
        "window.heard = [];"
        "document.addEventListener('site-builder:shown', (event) => heard.push(event.detail))"
    )
    tab.shows(show(site, "<p>y</p>"))
    assert tab.page.evaluate("heard") == [2]


# The connection


def test_a_lost_connection_is_told_and_found_again(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context()
    tab = Tab(context.new_page())
    with serving() as first:
        show(first, "<p>old</p>")
        port = first.port
        tab.page.goto(f"{first.server.url}a/")
        tab.shows(1)
        expect(tab.status.get_by_text("Connection lost")).to_be_hidden()
    expect(tab.status.get_by_text("Connection lost, trying again")).to_be_visible()
    assert tab.page.inner_text("p") == "old"
    board = Board()
    with PreviewServer(board, base="/", root=tmp_path, port=port, editor="") as server:
        second = Serving(board, server)
        show(second, "<p>x</p>")
        show(second, "<p>new</p>")
        tab.shows(2)
        assert tab.page.inner_text("p") == "new"
        expect(tab.status.get_by_text("Connection lost")).to_be_hidden()
        assert tab.loads == 1
        context.close()


def test_a_page_with_another_client_is_loaded_anew(
    site: Serving, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = opened("<p>x</p>")
    monkeypatch.setattr("site_builder.preview.answers.client_digest", lambda: "other")
    tab.shows(show(site, "<p>y</p>"))
    expect(tab.page.locator("body p")).to_have_text("y")
    eventually(lambda: tab.loads == 2)


def test_a_hidden_page_does_not_hold_a_connection(site: Serving, opened: Open) -> None:
    hidden, other = opened("<p>x</p>"), opened("<p>x!</p>")
    assert len(site.board._listeners) == 2
    hide = (
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden,"
        " configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    )
    hidden.shows(site.board.version)
    hidden.page.evaluate(hide, True)
    eventually(lambda: len(site.board._listeners) == 1)
    version = show(site, "<p>y</p>")
    other.shows(version)
    assert len(site.board._listeners) == 1
    assert hidden.page.inner_text("p") == "x!"
    hidden.page.evaluate(hide, False)
    hidden.shows(version)
    assert hidden.page.inner_text("p") == "y"


def test_many_pages_at_once(site: Serving, browser: Browser) -> None:
    """A browser opens six connections to a server: the seventh page must not wait for ever."""
    show(site, "<p>x</p>")
    context = browser.new_context()
    tabs = [Tab(context.new_page()) for _ in range(5)]
    for tab in tabs:
        tab.page.goto(f"{site.server.url}a/")
        tab.shows(1)
    version = show(site, "<p>y</p>")
    for tab in tabs:
        tab.shows(version)
    before = threading.active_count()
    context.close()
    eventually(lambda: threading.active_count() <= before - len(tabs))


def test_going_from_page_to_page_leaves_nothing_open(site: Serving, opened: Open) -> None:
    tab = opened("<p>x</p>")
    before = threading.active_count()
    for _ in range(15):
        tab.page.reload()
        tab.shows(1)
    eventually(lambda: len(site.board._listeners) == 1)
    eventually(lambda: threading.active_count() <= before + 2)


# What is told


def test_problems_are_told_where_they_are(opened: Open) -> None:
    tab = opened("<p>the last good page</p>", CUT, OTHER, sources={**SOURCES, "o": OTHER.file})
    expect(tab.panel).to_be_visible()
    assert tab.panel.get_by_role("heading", level=2).inner_text() == f"1 problem in {POST}"
    problem = tab.panel.locator("article").first
    expect(problem).to_contain_text("there is no such name")
    expect(problem).to_contain_text("Help: did you mean it?")
    link = problem.get_by_role("link")
    assert link.inner_text() == "posts/a.md:12:9"
    assert link.get_attribute("href") == "vscode://file/blog/posts/a.md:12:9"
    expect(tab.panel.get_by_text("another post is wrong")).to_be_hidden()
    tab.panel.get_by_text("1 more elsewhere").click()
    expect(tab.panel.get_by_text("another post is wrong")).to_be_visible()
    assert tab.page.is_visible("text=the last good page")
    assert tab.complaints == []


@pytest.mark.parametrize(
    ("excerpt", "column", "width", "fault"),
    [
        ("so it is acuracy that counts", 10, 7, "acuracy"),
        ("\tx = 你好 + 1", 9, 1, "+"),
        ("𝛼𝛽 = 1", 2, 1, "𝛽"),
        ("long " * 100 + "fault " + "long " * 100, 501, 5, "fault"),
    ],
)
def test_carets_stand_below_the_fault(
    opened: Open, excerpt: str, column: int, width: int, fault: str
) -> None:
    for size in (360, 1280):
        tab = opened("<p>x</p>", Problem("no", POST, 3, column, width, excerpt), width=size)
        mark = tab.panel.locator("mark")
        assert mark.inner_text() == fault
        carets = tab.panel.locator(".carets")
        assert carets.inner_text() == "^" * width
        above, below = mark.bounding_box(), carets.bounding_box()
        assert above is not None
        assert below is not None
        assert abs(above["x"] - below["x"]) < 0.5
        assert above["y"] < below["y"]
        box = tab.panel.locator("pre").bounding_box()
        assert box is not None
        assert box["x"] < above["x"] < box["x"] + box["width"]


def test_a_style_sheet_that_is_late_does_no_harm(browser: Browser, site: Serving) -> None:
    show(site, "<p>x</p>", Problem("no", POST, 1, 200, 5, "long " * 39 + "     fault"))
    context = browser.new_context(viewport={"width": 360, "height": 600})
    tab = Tab(context.new_page())
    waiting: list[Any] = []
    tab.page.route("**/live.css", lambda route: waiting.append(route))  # noqa: PLW0108
    tab.page.goto(f"{site.server.url}a/", wait_until="commit")
    tab.shows(1)
    expect(tab.panel).to_be_hidden()
    waiting[0].continue_()
    expect(tab.panel).to_be_visible()
    expect(tab.panel.locator("mark")).to_be_in_viewport()
    expect(tab.panel.locator("pre")).to_have_attribute("tabindex", "0")
    context.close()


def test_what_is_in_a_problem_is_text(opened: Open) -> None:
    evil = "<img src=x onerror=alert(1)>"
    tab = opened("<p>x</p>", Problem(evil, POST, 1, 1, 4, evil, evil, (evil,)))
    assert tab.panel.inner_text().count(evil) == 4
    assert tab.complaints == []


def test_the_panel_is_closed_until_something_else_is_wrong(site: Serving, opened: Open) -> None:
    tab = opened("<p>x</p>", CUT)
    tab.page.keyboard.press("Escape")
    expect(tab.panel).to_be_hidden()
    tab.shows(show(site, "<p>y</p>", CUT))
    expect(tab.panel).to_be_hidden()
    opener = tab.status.get_by_role("button", name=f"1 problem in {POST}")
    opener.click()
    expect(tab.panel).to_be_visible()
    tab.panel.get_by_role("button", name="Close").click()
    expect(tab.panel).to_be_hidden()
    expect(opener).to_be_focused()
    tab.shows(show(site, "<p>y</p>", CUT, Problem("and this", POST, 1)))
    expect(tab.panel).to_be_visible()
    tab.shows(show(site, "<p>y</p>"))
    expect(tab.panel).to_be_hidden()
    expect(opener).to_be_hidden()


def test_problems_of_other_posts_do_not_cover_this_one(site: Serving, opened: Open) -> None:
    tab = opened("<p>x</p>", OTHER, sources={**SOURCES, "o/index.html": OTHER.file})
    expect(tab.panel).to_be_hidden()
    tab.status.get_by_role("button", name="1 problem elsewhere").click()
    expect(tab.panel.get_by_text("another post is wrong")).to_be_visible()


def test_warnings_do_not_cover_the_page(site: Serving, opened: Open) -> None:
    warning = Problem("no text for those who cannot see it", POST, 3, code=sorted(WARNINGS)[0])
    elsewhere = replace(warning, file=OTHER.file)
    sources = {**SOURCES, "o/index.html": OTHER.file}
    tab = opened("<p>x</p>", warning, elsewhere, sources=sources)
    expect(tab.panel).to_be_hidden()
    opener = tab.status.locator("button.problems")
    expect(opener).to_have_text(f"1 warning in {POST}")
    opener.click()
    expect(tab.panel.get_by_text("no text for those").first).to_be_visible()
    tab.shows(show(site, "<p>x</p>", warning, CUT))
    heading = tab.panel.get_by_role("heading", level=2)
    expect(heading).to_have_text(f"1 problem, 1 warning in {POST}")
    expect(tab.panel.locator("article").first).to_contain_text("there is no such name")
    tab.shows(show(site, "<p>x</p>", elsewhere, sources=sources))
    expect(tab.panel).to_be_hidden()
    expect(opener).to_be_hidden()


def test_everything_can_be_reached_by_keyboard(opened: Open) -> None:
    tab = opened("<p>x</p>", CUT, OTHER, sources={**SOURCES, "o": OTHER.file})
    reached = []
    for _ in range(4):
        tab.page.keyboard.press("Tab")
        reached.append(
            tab.page.evaluate(
                "(() => { const e = document.activeElement.shadowRoot?.activeElement;"
                "return e && (e.className || e.tagName); })()"
            )
        )
    assert reached == ["close", "list", "A", "SUMMARY"]


def test_the_end_of_the_page_is_not_behind_the_panel(opened: Open) -> None:
    tab = opened(LINES, CUT)
    panel = tab.panel.bounding_box()
    assert panel is not None
    assert panel["height"] <= 600 * 0.6

    def end_is_above() -> bool:
        tab.page.evaluate("scrollTo(0, 1e6)")
        return tab.top("#l99") < float(panel["y"])

    eventually(end_is_above)
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("html")).to_have_css("padding-bottom", "0px")


def test_what_runs_is_told_in_a_word(site: Serving, opened: Open) -> None:
    tab = opened("<p>x</p>", running={POST: "cell 3 of 7", "posts/b.md": "cell 1 of 2"}, busy=True)
    sign = tab.status.locator("p.sign")
    expect(sign).to_have_text("Running cell 3 of 7")
    show(site, "<p>x</p>", running={"posts/b.md": "cell 1 of 2"}, busy=True)
    expect(sign).to_have_text("Running posts/b.md, cell 1 of 2")
    show(site, "<p>x</p>", busy=True)
    expect(sign).to_have_text("Working")
    show(site, "<p>x</p>")
    expect(sign).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_panel_is_sound(opened: Open, scheme: str, width: int) -> None:
    head = POLICY + '<meta name="color-scheme" content="light dark">'
    long = Problem("x" * 300, POST, 1, 40, 3, "word " * 100, "y" * 300, ("z" * 300,))
    tab = opened(
        "<main><h1>x</h1></main>",
        *(CUT, OTHER, long),
        head=head,
        scheme=scheme,
        width=width,
        running={POST: "cell 1 of 2"},
        sources={**SOURCES, "o": OTHER.file},
    )
    tab.panel.get_by_text("1 more elsewhere").click()
    expect(tab.panel.get_by_text("another post is wrong")).to_be_visible()
    standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(tab.page, options={"runOnly": {"type": "tag", "values": standards}})
    assert [violation["id"] for violation in found.response["violations"]] == []
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    ground = tab.panel.evaluate("e => getComputedStyle(e).backgroundColor")
    light = [int(part) > 128 for part in re.findall(r"\d+", ground)]
    assert light == [scheme == "light"] * 3


def test_the_panel_takes_nothing_of_the_page_s_style(opened: Open) -> None:
    loud = "* { letter-spacing: 9px !important; color: red !important; } h2, p { display: none; }"
    tab = opened("<p>x</p>", CUT, **with_style(loud))
    heading = tab.panel.get_by_role("heading", level=2)
    expect(heading).to_be_visible()
    expect(heading).to_have_css("letter-spacing", "normal")
    expect(heading).to_have_css("color", "rgb(164, 22, 26)")


# The blog itself


@contextmanager
def whole(folder: Path) -> Iterator[Serving]:
    """A built site in the preview."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    with serving() as served:
        served.show(files)
        yield served


def test_the_pages_of_the_blog_look_the_same_in_the_preview(browser: Browser, blog: Served) -> None:
    with whole(blog.folder) as served:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        tab = Tab(context.new_page())
        for path in ("", "xor-keras/", "softmax-derivative/"):
            tab.page.goto(served.server.url + path)
            tab.shows(1)
            ours = tab.page.screenshot()
            tab.page.goto(blog.address + path)
            assert tab.page.screenshot() == ours
        assert tab.complaints == []
        context.close()


def test_an_edit_in_a_post_of_the_blog_touches_that_place_only(
    browser: Browser, blog: Served
) -> None:
    path = "softmax-derivative/index.html"
    with whole(blog.folder) as served:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        tab = Tab(context.new_page())
        tab.page.goto(f"{served.server.url}softmax-derivative/")
        tab.shows(1)
        tab.page.evaluate(
            """() => {
                window.touched = [];
                new MutationObserver((records) => {
                    for (const record of records) {
                        const at = record.target;
                        window.touched.push((at.nodeType === 1 ? at : at.parentElement).tagName);
                    }
                }).observe(document, { subtree: true, childList: true, characterData: true });
            }"""
        )
        files = dict(served.board.current.files)
        text = blog.text(path)
        words = re.search(r"<p>([A-Z][^<]{20,})", text)
        assert words is not None
        files[path] = recipe(path, text.replace(words[1], words[1] + " And more.", 1))
        tab.shows(served.show(files))
        assert set(tab.page.evaluate("window.touched")) == {"P"}
        assert tab.complaints == []
        context.close()

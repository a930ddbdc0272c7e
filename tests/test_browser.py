"""The blog in a browser: every type of page, in light and dark, on a phone and on a desk."""

from __future__ import annotations

import gzip
import io
import itertools
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Served
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

PAGES = {
    "home": "",
    "maths": "softmax-derivative/",
    "figures": "xor-keras/",
    "essay": "ai-judge-explanations/",
    "aside": "quick-test/",
    "archive": "archive/",
    "tag": "tags/neural-networks/",
    "tags": "tags/",
    "about": "about/",
    "search": "search/",
    "404": "404.html",
}
GALLERY = {
    "everything": "everything/",
    "awkward": "awkward/",
    "series": "series/the-parts/",
    "home with asides": "",
    "draft": "draft/",
}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DATA = {(31, 119, 180), (255, 127, 14), (44, 160, 44)}  # the first colours of matplotlib
looks = pytest.mark.parametrize("scheme", ["light", "dark"])
sizes = pytest.mark.parametrize("width", [360, 1280])


@dataclass
class Visit:
    """A page in a tab, with what the tab complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    weights: dict[str, int] = field(default_factory=dict)
    """What each address weighs when a host has compressed it."""

    def shifts(self) -> list[list[Any]]:
        """How far things moved that nobody had touched, and what they were."""
        return list(self.page.evaluate(f"{SETTLED}.then(() => shifts)"))


SHIFTS = """
self.shifts = [];
new PerformanceObserver(list => {
  for (const {value, sources} of list.getEntries())
    shifts.push([value, ...sources.map(({node}) => node?.outerHTML ?? node?.data)]);
}).observe({type: "layout-shift", buffered: true});
"""
SETTLED = """Promise.all([document.fonts.ready, new Promise(done => requestAnimationFrame(
    () => requestAnimationFrame(done)))])"""


@contextmanager
def visit(
    browser: Browser,
    address: str,
    *,
    width: int = 1280,
    scheme: str = "light",
    scripts: bool = True,
    forced: bool = False,
) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
        forced_colors="active" if forced else "none",
    )
    context.add_init_script(SHIFTS)
    page = context.new_page()
    visited = Visit(page)

    def on_console(message: ConsoleMessage) -> None:
        visited.complaints.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: visited.complaints.append(str(error)))
    page.on("requestfailed", lambda request: visited.complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: visited.requests.append(request.url))

    def on_response(response: Response) -> None:
        if response.ok and not response.url.startswith("data:"):
            visited.weights[response.url] = len(gzip.compress(response.body(), 9))

    page.on("response", on_response)
    page.goto(address)
    yield visited
    context.close()


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


def assert_sound(visited: Visit, address: str) -> None:
    page = visited.page
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert [url for url in visited.requests if not url.startswith(address)] == []
    assert visited.complaints == []
    # The maths font, where it comes after the first paint, moves a full stop by a pixel.
    assert sum(shift[0] for shift in visited.shifts()) < 0.001
    assert page.evaluate(OUT_OF_REACH) == []
    for image in page.locator("img").all():
        assert int(image.get_attribute("width") or 0) > 0
        assert int(image.get_attribute("height") or 0) > 0
        assert image.get_attribute("alt") is not None


# What scrolls, and cannot be scrolled with a keyboard; what a keyboard reaches out of turn.
OUT_OF_REACH = """[...document.querySelectorAll("body :not(math *)")].filter(e => {
    const {overflowX, overflowY} = getComputedStyle(e), can = ["auto", "scroll"];
    const scrolls = can.includes(overflowX) && e.scrollWidth > e.clientWidth + 1
        || can.includes(overflowY) && e.scrollHeight > e.clientHeight + 1;
    return e.tabIndex > 0 || scrolls && e.tabIndex < 0 && !e.querySelector("a[href]");
}).map(e => e.outerHTML.slice(0, 200))"""


@sizes
@looks
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_page_of_the_blog_is_sound(
    browser: Browser, blog: Served, path: str, scheme: str, width: int
) -> None:
    with visit(browser, blog.address + path, width=width, scheme=scheme) as visited:
        assert_sound(visited, blog.address)


@sizes
@looks
@pytest.mark.parametrize("path", GALLERY.values(), ids=GALLERY.keys())
def test_a_page_of_the_gallery_is_sound(
    browser: Browser, gallery: Served, path: str, scheme: str, width: int
) -> None:
    with visit(browser, gallery.address + path, width=width, scheme=scheme) as visited:
        assert_sound(visited, gallery.address)


def test_these_checks_can_fail(browser: Browser) -> None:
    html = (
        '<html lang="en"><title>x</title><meta http-equiv="Content-Security-Policy" '
        "content=\"style-src 'self'\"><main><h1>x</h1>"
        '<img src="x.png"><p style="color: red">x</p><p><button>x</button><button>y</button></p>'
        "<pre tabindex=2>x</pre>"
    )
    with visit(browser, f"data:text/html,{html}") as visited:
        page = visited.page
        broken = {violation.partition(":")[0] for violation in violations(page)}
        assert {"image-alt", "target-size"} <= broken
        assert any("Content Security Policy" in text for text in visited.complaints)
        (pre,) = page.evaluate(OUT_OF_REACH)
        assert pre.startswith("<pre")
        page.evaluate("document.body.prepend(document.createElement('hr'))")
        assert sum(shift[0] for shift in visited.shifts()) > 0.001


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_nothing_is_lost_without_scripts(browser: Browser, blog: Served, path: str) -> None:
    texts = []
    for scripts in (True, False):
        with visit(browser, blog.address + path, scripts=scripts) as visited:
            if scripts:
                visited.page.evaluate(
                    "document.querySelectorAll('.copy, .theme, #search').forEach(e => e.remove())"
                )
            texts.append(visited.page.inner_text("body"))
    needs = "This search needs a script"
    texts[1] = "\n".join(line for line in texts[1].split("\n") if not line.startswith(needs))
    assert texts[0].split() == texts[1].split()
    assert len(texts[0]) > 100


@pytest.mark.parametrize("path", ["", PAGES["maths"], PAGES["404"]])
def test_the_first_stop_of_the_keyboard_skips_to_the_text(
    browser: Browser, blog: Served, path: str
) -> None:
    with visit(browser, blog.address + path) as visited:
        page = visited.page
        page.keyboard.press("Tab")
        link = page.locator(":focus")
        assert link.inner_text() == "Skip to the text"
        box = link.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.querySelector(':target').tagName") == "MAIN"


def test_the_page_for_lost_readers_is_styled_at_any_depth(browser: Browser, blog: Served) -> None:
    with visit(browser, blog.address + "no/such/page/") as visited:
        assert visited.page.inner_text("h1") == "Page not found"
        assert visited.complaints == [
            "Failed to load resource: the server responded with a status of 404 (Not Found)"
        ]
        serif = visited.page.evaluate("getComputedStyle(document.body).fontFamily")
        assert "Palatino" in serif


@pytest.mark.parametrize("path", [PAGES["maths"], PAGES["figures"]])
def test_wide_blocks_scroll_by_themselves_and_by_keyboard(
    browser: Browser, blog: Served, path: str
) -> None:
    with visit(browser, blog.address + path, width=360) as visited:
        page = visited.page
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wide = page.evaluate(
            """() => [...document.querySelectorAll('main *')]
            .filter(e => e.scrollWidth > e.clientWidth + 1
                && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
                && !e.closest('math'))
            .map(e => ({tag: e.tagName, stop: e.tabIndex, role: e.getAttribute('role'),
                        name: e.getAttribute('aria-label')}))"""
        )
        kinds = {block["tag"] for block in wide}
        assert "PRE" in kinds
        assert path != PAGES["maths"] or kinds - {"PRE"}, "a wide formula should scroll"
        for block in wide:
            assert block["stop"] == 0
            assert block["role"] == "group"
            assert block["name"]
        region = page.locator("pre.highlight").first
        region.focus()
        page.keyboard.press("ArrowRight")
        expect(region).not_to_have_js_property("scrollLeft", 0)
        assert page.evaluate("scrollX") == 0


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_images_have_sizes_and_texts(browser: Browser, blog: Served, path: str) -> None:
    with visit(browser, blog.address + path) as visited:
        for image in visited.page.locator("img").all():
            for name in ("width", "height"):
                assert int(image.get_attribute(name) or 0) > 0
            assert len(image.get_attribute("alt") or "") > 20
        expected = {PAGES["maths"]: 2, PAGES["figures"]: 5}.get(path, 0)
        assert visited.page.locator("img").count() == expected


def pixels(browser: Browser, address: str, selector: str, scheme: str) -> list[tuple[int, ...]]:
    with visit(browser, address, scheme=scheme) as visited:
        image = visited.page.locator(selector)
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        picture = Image.open(io.BytesIO(image.screenshot())).convert("RGB")
        data = picture.tobytes()
        return list(zip(data[::3], data[1::3], data[2::3], strict=True))


@pytest.mark.parametrize(
    ("path", "figure"),
    [
        ("xor-keras/", "fig-loss"),
        ("xor-keras/", "fig-network"),
        ("softmax-derivative/", "fig-temperature"),
    ],
)
def test_black_ink_of_a_figure_is_light_on_a_dark_page(
    browser: Browser, blog: Served, path: str, figure: str
) -> None:
    light, dark = (
        pixels(browser, blog.address + path, f"#{figure} img", scheme)
        for scheme in ("light", "dark")
    )
    ink = [d for li, d in zip(light, dark, strict=True) if max(li) < 60]
    assert len(ink) > 200
    assert sum(min(pixel) > 150 for pixel in ink) / len(ink) > 0.98
    grounds = {Counter(shades).most_common(1)[0][0] for shades in (light, dark)}
    assert grounds == {(255, 255, 255), (20, 22, 26)}
    data = [(li, d) for li, d in zip(light, dark, strict=True) if li in DATA]
    assert len(data) > 400
    assert sum(li == d for li, d in data) / len(data) > 0.95


def test_texts_on_the_colours_of_a_heat_map_stay_dark(browser: Browser, blog: Served) -> None:
    address = blog.address + "softmax-derivative/"
    light, dark = (
        pixels(browser, address, "#fig-jacobian img", scheme) for scheme in ("light", "dark")
    )
    kept = sum(max(li) < 60 and max(d) < 60 for li, d in zip(light, dark, strict=True))
    assert kept > 100


def test_printed_figures_are_black_on_white_even_from_a_dark_page(
    browser: Browser, blog: Served
) -> None:
    with visit(browser, blog.address + PAGES["figures"], scheme="dark") as visited:
        visited.page.emulate_media(media="print", color_scheme="dark")
        image = visited.page.locator("#fig-loss img")
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        picture = Image.open(io.BytesIO(image.screenshot())).convert("L")
        shades = picture.histogram()
        assert sum(shades[250:]) > sum(shades[:200])
        assert sum(shades[:40]) > 400


def test_paper_has_the_folded_code_and_no_navigation(browser: Browser, blog: Served) -> None:
    with visit(browser, blog.address + PAGES["figures"]) as visited:
        assert "fig.legend" not in visited.page.inner_text("body")
        text = re.sub(r"\s+", "", pdf_text(visited.page.pdf()))
    code = re.search(r"<details.*?<code>(.*?)</code>", blog.text("xor-keras/index.html"), re.S)
    assert code is not None
    first = re.sub(r"<[^>]*>|\s+", "", code[1])[:30]
    assert first in text
    assert "XORrevisited" in text
    assert "Howthiswasbuilt." in text
    for hidden in ("Skiptothetext", "Contents", "Archive", "Older", "Atomfeed"):
        assert hidden not in text


def pdf_text(pdf: bytes) -> str:
    """The texts of a PDF that Chromium made: glyph numbers through each font's own table."""
    objects = dict(re.findall(rb"\n(\d+) 0 obj\s(.*?)\sendobj", pdf, re.DOTALL))

    def stream(body: bytes) -> bytes:
        data = body.partition(b"stream\n")[2].rpartition(b"\nendstream")[0]
        return zlib.decompress(data) if b"/FlateDecode" in body.partition(b"stream\n")[0] else data

    tables: dict[bytes, dict[int, str]] = {}
    for name, font in set(re.findall(rb"/(F\d+) (\d+) 0 R", pdf)):
        table = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
        if table:
            tables[name] = _glyphs(stream(objects[table[1]]).decode("latin-1"))
    texts = []
    for body in objects.values():
        if b"stream\n" not in body or b"/Subtype" in body or b"/Length1" in body:
            continue
        font = b""
        for found in re.finditer(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>", stream(body)):
            font = found[1] or font
            codes = found[2] or b""
            table_of = tables.get(font, {})
            texts += [
                table_of.get(int(codes[at : at + 4], 16), "") for at in range(0, len(codes), 4)
            ]
    return "".join(texts)


def _glyphs(table: str) -> dict[int, str]:
    glyphs = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            glyphs[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = int(text, 16)
            for code in range(int(first, 16), int(last, 16) + 1):
                glyphs[code] = chr(start + code - int(first, 16))
    return glyphs


def test_notes_stand_in_the_margin_or_below_their_paragraph(
    browser: Browser, gallery: Served
) -> None:
    for width in (360, 1280):
        with visit(browser, gallery.address + "everything/", width=width) as visited:
            text = visited.page.locator(".body > p").first.bounding_box()
            note = visited.page.locator(".sidenote").first.bounding_box()
            assert text is not None
            assert note is not None
            if width == 360:
                assert note["y"] >= text["y"] + text["height"]
            else:
                assert note["x"] >= text["x"] + text["width"]
                assert note["y"] < text["y"] + text["height"]


def test_notes_do_not_cover_each_other(browser: Browser, gallery: Served) -> None:
    with visit(browser, gallery.address + "everything/") as visited:
        boxes = [note.bounding_box() for note in visited.page.locator(".sidenote").all()]
        assert len(boxes) == 4
        for above, below in itertools.pairwise(boxes):
            assert above is not None
            assert below is not None
            assert below["y"] >= above["y"] + above["height"]


def test_long_outputs_scroll_on_the_screen_and_are_whole_on_paper(
    browser: Browser, gallery: Served
) -> None:
    with visit(browser, gallery.address + "everything/") as visited:
        long = visited.page.locator("pre.long")
        assert long.count() == 1
        hidden = "e => e.scrollHeight - e.clientHeight"
        assert long.evaluate(hidden) > 200
        visited.page.emulate_media(media="print")
        assert long.evaluate(hidden) <= 1


def test_columns_are_aligned_as_the_author_says(browser: Browser, gallery: Served) -> None:
    with visit(browser, gallery.address + "everything/") as visited:
        cells = visited.page.locator(".body > .table tbody tr").first.locator("td")
        align = "e => getComputedStyle(e).textAlign"
        assert [cell.evaluate(align) for cell in cells.all()] == ["start", "center", "end"]


@pytest.mark.parametrize("path", [PAGES["figures"], PAGES["home"], PAGES["search"]])
@sizes
def test_the_keyboard_goes_through_a_page_as_one_reads_it(
    browser: Browser, blog: Served, path: str, width: int
) -> None:
    with visit(browser, blog.address + path, width=width) as visited:
        page = visited.page
        page.evaluate(
            "self.stops = []; addEventListener('focusin', event => { stops.push(event.target) })"
        )
        stops = page.evaluate(STOPS)
        page.locator(".skip").focus()
        for _ in range(stops - 1):
            page.keyboard.press("Tab")
        assert page.evaluate("new Set(stops).size") == stops
        assert page.evaluate("stops[0].className") == "skip"
        assert page.evaluate(
            """stops.every((e, n) => !n || stops[n - 1].compareDocumentPosition(e)
                & Node.DOCUMENT_POSITION_FOLLOWING)"""
        )
        hidden = page.evaluate(
            "stops.filter(e => !e.getClientRects().length).map(e => e.outerHTML.slice(0, 100))"
        )
        assert hidden == []


# A group of radio buttons is one stop.
STOPS = """[...document.querySelectorAll("a[href], button, input:not([type=radio]), :checked, "
    + "summary, [tabindex='0']")].filter(e => !e.disabled && e.checkVisibility()).length"""


def test_what_has_the_focus_is_seen_and_not_covered(browser: Browser, blog: Served) -> None:
    for forced in (False, True):
        with visit(browser, blog.address + PAGES["figures"], forced=forced) as visited:
            page = visited.page
            for place in ("a.skip", ".links a", ".toc a", "summary", "pre.highlight", "h2 .anchor"):
                page.locator(f"{place} >> visible=true").first.focus()
                page.keyboard.press("Shift+Tab")
                page.keyboard.press("Tab")
                style = page.evaluate(
                    """(({outlineStyle, outlineWidth, opacity}) => [outlineStyle, outlineWidth,
                    opacity])(getComputedStyle(document.activeElement))"""
                )
                assert style == ["solid", "2px", "1"]


def test_forced_colours_leave_the_lines_that_mean_something(
    browser: Browser, gallery: Served
) -> None:
    width = "e => getComputedStyle(e).borderLeftWidth + getComputedStyle(e).borderTopWidth"
    with visit(browser, gallery.address + "everything/", forced=True) as visited:
        page = visited.page
        assert page.locator(".code > pre").first.evaluate(width) == "1px1px"
        assert page.locator(".cell > .highlight").first.evaluate(width) == "3px1px"
        assert page.locator(".admonition").first.evaluate(width) == "1px1px"
        assert page.locator(".output").first.evaluate(width).startswith("3px")


def test_the_contents_show_where_one_is(browser: Browser, blog: Served) -> None:
    with visit(browser, blog.address + PAGES["figures"]) as visited:
        page = visited.page
        line = "e => getComputedStyle(e).borderInlineStartWidth"
        for heading in ("the-model", "training"):
            page.locator(f"#{heading}").evaluate("e => e.scrollIntoView()")
            link = page.locator(f".toc a[href='#{heading}']")
            expect(link).to_have_css("border-inline-start-width", "2px")
            lines = page.locator(".toc a").evaluate_all(f"all => all.map({line})")
            assert lines.count("2px") == 1
            box = page.locator(".toc").bounding_box()
            assert box is not None
            assert 0 <= box["y"] < 100, "they stay in sight"


def styles(served: Served) -> dict[str, bytes]:
    """The style sheets of a site by what they are for."""
    files = (served.folder / "assets").glob("*.css")
    return {file.name.partition(".")[0]: file.read_bytes() for file in files}


def test_the_style_sheets_are_small(blog: Served) -> None:
    sheets = styles(blog)
    assert {"style", "maths", "search"} <= set(sheets)
    assert len(sheets["style"]) <= 20_000
    assert len(gzip.compress(sheets["style"], 9)) <= 5_000
    assert len(gzip.compress(sheets["maths"], 9)) <= 2_000
    assert len(gzip.compress(sheets["search"], 9)) <= 600


@pytest.mark.parametrize(
    ("name", "requests", "limit"),
    [("essay", 2, 15_000), ("maths", 6, 40_000), ("figures", 8, 80_000), ("home", 3, 15_000)],
)
def test_pages_are_light(
    browser: Browser, blog: Served, name: str, requests: int, limit: int
) -> None:
    with visit(browser, blog.address + PAGES[name]) as visited:
        page = visited.page
        page.evaluate("document.querySelectorAll('img').forEach(e => e.loading = 'eager')")
        for image in page.locator("img").all():
            expect(image).to_have_js_property("complete", True)
        page.wait_for_load_state("networkidle")
        weights = {
            address.removeprefix(blog.address): weight
            for address, weight in visited.weights.items()
            if not address.endswith((".woff2", "icon.svg"))
        }
    assert PAGES[name] in weights
    assert sum(weights.values()) <= limit, weights
    assert len([address for address in weights if "icon." not in address]) <= requests, weights

"""The script that pages carry: the switch of colours and the buttons that copy code."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from conftest import Served
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from site_builder.assembly.policy import squeezed

SCRIPT = Path(__file__).parents[1] / "themes/default/assets/inline.js"
POST = "xor-keras/"
THEME = "document.documentElement.dataset.theme"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"
GROUNDS = {"light": "rgb(255, 254, 252)", "dark": "rgb(20, 22, 26)"}
FORBIDDEN = """Object.defineProperty(self, "localStorage", {
    get() { throw new DOMException("no", "SecurityError") } })"""
NO_CLIPBOARD = """if (navigator.clipboard)
    navigator.clipboard.writeText = () => Promise.reject(Error("no"))"""
NONE = "Object.defineProperty(navigator, 'clipboard', {})"


@contextmanager
def reader(
    browser: Browser, *, scheme: Literal["light", "dark"] = "light", init: str = ""
) -> Iterator[tuple[BrowserContext, list[str]]]:
    """Somebody whose system has this scheme, and what their browser complains of."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    if init:
        context.add_init_script(init)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context, complaints
    context.close()


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).check(force=True)


def test_the_script_is_small() -> None:
    assert len(squeezed(SCRIPT.read_text(encoding="utf-8")).encode()) <= 1000


def test_pages_follow_the_system_until_somebody_chooses(browser: Browser, blog: Served) -> None:
    with reader(browser, scheme="dark") as (context, complaints):
        page = context.new_page()
        page.goto(blog.address + POST)
        expect(page.get_by_role("radio", name="Auto")).to_be_checked()
        assert page.evaluate(GROUND) == GROUNDS["dark"]
        choose(page, "Light")
        assert page.evaluate(GROUND) == GROUNDS["light"]
        page.goto(blog.address)  # another page
        assert page.evaluate(GROUND) == GROUNDS["light"]
        expect(page.get_by_role("radio", name="Light")).to_be_checked()
        choose(page, "Auto")
        page.reload()
        assert page.evaluate(GROUND) == GROUNDS["dark"]
        expect(page.get_by_role("radio", name="Auto")).to_be_checked()
        assert complaints == []


def test_a_choice_is_there_before_anything_is_painted(browser: Browser, blog: Served) -> None:
    seen = f"""self.seen = []; new MutationObserver(() => document.body && seen.push({THEME}))
        .observe(document, {{childList: true, subtree: true}})"""
    with reader(browser, init=seen) as (context, complaints):
        page = context.new_page()
        page.goto(blog.address)
        page.evaluate("localStorage.theme = 'dark'")
        page.goto(blog.address + POST)
        assert set(page.evaluate("seen")) == {"dark"}
        assert complaints == []


def test_other_tabs_follow(browser: Browser, blog: Served) -> None:
    with reader(browser) as (context, _):
        one, other = context.new_page(), context.new_page()
        for page in (one, other):
            page.goto(blog.address)
        choose(one, "Dark")
        expect(other.locator("html")).to_have_attribute("data-theme", "dark")
        expect(other.get_by_role("radio", name="Dark")).to_be_checked()


def test_the_switch_is_one_stop_and_turned_by_arrows(browser: Browser, blog: Served) -> None:
    with reader(browser) as (context, _):
        page = context.new_page()
        page.goto(blog.address)
        group = page.get_by_role("radiogroup", name="Colours")
        assert group.get_by_role("radio").count() == 3
        page.get_by_role("link", name="JSON feed").focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("radio", name="Auto")).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(GROUND) == GROUNDS["dark"]
        outline = page.locator(".theme label:has(:focus)").evaluate(
            "e => getComputedStyle(e).outlineStyle"
        )
        assert outline == "solid"


def test_without_storage_a_choice_lasts_as_long_as_the_page(browser: Browser, blog: Served) -> None:
    with reader(browser, init=FORBIDDEN) as (context, complaints):
        page = context.new_page()
        page.goto(blog.address)
        choose(page, "Dark")
        assert page.evaluate(GROUND) == GROUNDS["dark"]
        page.reload()
        assert page.evaluate(GROUND) == GROUNDS["light"]
        assert complaints == []


@pytest.mark.parametrize("kept", ["system", "", '"], *'])
def test_what_others_keep_under_the_name_is_no_choice(
    browser: Browser, blog: Served, kept: str
) -> None:
    with reader(browser) as (context, complaints):
        page = context.new_page()
        page.goto(blog.address)
        page.evaluate("kept => localStorage.theme = kept", kept)
        page.reload()
        assert page.evaluate(THEME) == ""
        expect(page.get_by_role("radio", name="Auto")).to_be_checked()
        assert complaints == []


def test_figures_follow_the_choice_and_paper_does_not(browser: Browser, blog: Served) -> None:
    def inks(page: Page) -> tuple[int, int]:
        picture = Image.open(io.BytesIO(page.locator("#fig-loss img").screenshot())).convert("L")
        shades = picture.histogram()
        return sum(shades[:60]), sum(shades[200:])

    with reader(browser, scheme="light") as (context, _):
        page = context.new_page()
        page.goto(blog.address + POST)
        image = page.locator("#fig-loss img")
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        dark, light = inks(page)
        assert light > dark
        choose(page, "Dark")
        image.scroll_into_view_if_needed()
        page.wait_for_timeout(200)  # an image is drawn anew some frames later, and tells nobody
        dark, light = inks(page)
        assert dark > light
        page.emulate_media(media="print")
        page.wait_for_timeout(200)
        dark, light = inks(page)
        assert light > dark
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 31, 35)"


def test_code_is_copied_without_what_surrounds_it(browser: Browser, blog: Served) -> None:
    with reader(browser) as (context, complaints):
        page = context.new_page()
        page.clock.install()
        page.goto(blog.address + POST)
        button = page.get_by_role("button", name="Copy code 1", exact=True)
        code = page.locator("#cell-1 code").text_content()
        assert code
        assert "import keras" in code
        for _ in range(2):
            button.click()
            expect(button).to_have_text("Copied")
            expect(page.get_by_role("status").last).to_have_text("Copied")
            assert page.evaluate("navigator.clipboard.readText()") == code
            page.clock.run_for(4000)
            expect(button).to_have_text("Copy")
            expect(page.get_by_role("status").last).to_have_text("")
        assert complaints == []


@pytest.mark.parametrize(
    "lack", [NO_CLIPBOARD, "Object.defineProperty(navigator, 'clipboard', {})"]
)
def test_a_clipboard_that_fails_is_told_and_the_code_selected(
    browser: Browser, blog: Served, lack: str
) -> None:
    with reader(browser, init=lack) as (context, complaints):
        page = context.new_page()
        page.goto(blog.address + POST)
        button = page.get_by_role("button", name="Copy code 1", exact=True)
        button.click()
        expect(button).to_have_text("Selected, not copied")
        expect(page.get_by_role("status").last).to_have_text("Selected, not copied")
        selected = page.evaluate("getSelection().toString()")
        assert selected.strip() == (page.locator("#cell-1 code").text_content() or "").strip()
        assert complaints == []


def test_code_that_comes_later_can_be_copied_too(browser: Browser, blog: Served) -> None:
    with reader(browser) as (context, _):
        page = context.new_page()
        page.goto(blog.address + POST)
        page.evaluate(
            """document.querySelector(".body").insertAdjacentHTML("afterbegin",
            "<div class=cell><pre>new</pre><button class=copy hidden>Copy</button></div>")"""
        )
        page.locator(".copy").first.click()
        expect(page.locator(".copy").first).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == "new"


def test_buttons_and_switch_are_hidden_where_there_are_no_scripts(
    browser: Browser, blog: Served
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(blog.address + POST)
    for selector in (".copy", ".theme"):
        places = page.locator(selector)
        assert places.count()
        assert not any(place.is_visible() for place in places.all())
    context.close()


def test_buttons_stand_clear_of_short_code_and_are_there_to_touch(
    browser: Browser, blog: Served
) -> None:
    for touch in (False, True):
        context = browser.new_context(
            viewport={"width": 360, "height": 700}, has_touch=touch, is_mobile=touch
        )
        page = context.new_page()
        page.goto(blog.address + POST)
        button = page.locator("#cell-1 > .copy")
        assert button.evaluate("e => getComputedStyle(e).opacity") == ("1" if touch else "0")
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
        assert box["x"] + box["width"] <= 360
        context.close()


def test_the_policy_of_each_page_lets_its_script_run_and_no_other(blog: Served) -> None:
    for path in ("index.html", "404.html", POST + "index.html"):
        page = blog.text(path)
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
        assert policy is not None
        assert "'sha256-" in policy[1]
        assert "unsafe" not in policy[1]

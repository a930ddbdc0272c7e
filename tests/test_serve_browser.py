"""Writing with `serve` and a browser: what each save shows, and what it leaves as it was."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from broken_sites import post
from playwright.sync_api import Browser, Locator, Page, expect
from serving import Serving, serving

SETTINGS = 'title = "Notes"\nurl = "https://example.org/"\n'
FRONT = "title: Cells\ndate: 2020-01-02\n"
LINES = "\n\n".join(f"Paragraph {number}. " + "Word for word. " * 30 for number in range(30))
CELLS = f"""\
```python
one = 1
print("first is", one)
```

It is `{{python}} one`.[^1]

```python
#| fig-alt: A line
import matplotlib.pyplot as plt

plt.plot([one, 2, 3])
```

{LINES}

```python
print("last is", one)
```

[^1]: A note.
"""
SITE = {
    "site.toml": SETTINGS,
    "posts/cells.md": post(CELLS, FRONT),
    "posts/prose.md": post("Some prose.\n", "title: Prose\ndate: 2020-01-01\n"),
}
SLOW = 'import time\ntime.sleep(1)\nprint("last is", one)'
Open = Callable[..., Page]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serving]:
    for name, content in SITE.items():
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_text(content)
    with serving(tmp_path / "site") as served:
        served.settle()
        yield served


@pytest.fixture
def opened(browser: Browser, served: Serving) -> Iterator[Open]:
    """Opens a page; what is written into its window is lost if it is loaded anew."""
    contexts = []

    def open_(address: str, **options: Any) -> Page:
        contexts.append(browser.new_context(reduced_motion="reduce", **options))
        page = contexts[-1].new_page()
        page.goto(f"http://127.0.0.1:{served.port}{address}")
        expect(page.locator("html")).to_have_attribute("data-version", re.compile("."))
        page.evaluate("window.isTheSame = true")
        return page

    yield open_
    for context in contexts:
        context.close()


def is_the_same(page: Page) -> bool:
    return bool(page.evaluate("window.isTheSame ?? false"))


def panel(page: Page) -> Locator:
    return page.locator("site-builder-status").get_by_role("region")


def address(page: Page) -> str:
    return str(page.evaluate("location.pathname"))


def test_outputs_appear_one_by_one_on_the_page_that_is_open(served: Serving, opened: Open) -> None:
    page = opened("/cells/")
    served.edit("posts/cells.md", 'print("last is", one)', SLOW)
    served.edit("posts/cells.md", "one = 1", "one = 7")
    expect(page.get_by_text("first is 7")).to_be_visible()
    expect(page.locator("p.pending")).to_have_text(["Running…"])
    expect(page.get_by_text("It is 7.")).to_be_visible()
    expect(page.get_by_text("last is 7")).to_be_visible()
    expect(page.locator(".pending")).to_have_count(0)
    assert is_the_same(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_read_stays_where_it_is(served: Serving, opened: Open, width: int) -> None:
    page = opened("/cells/", viewport={"width": width, "height": 800})
    read = page.get_by_text("Paragraph 20.")
    read.scroll_into_view_if_needed()
    before = read.bounding_box()
    served.edit("posts/cells.md", "Paragraph 3.", "Paragraph 3, and more.\n\n" * 10)
    served.edit("posts/cells.md", 'print("first is", one)', "for _ in range(30): print(one)")
    expect(page.get_by_text("and more")).to_have_count(10)
    expect(page.locator(".pending")).to_have_count(0)
    served.settle()
    after = read.bounding_box()
    assert before and after
    assert abs(after["y"] - before["y"]) <= 1
    assert is_the_same(page)


def test_a_style_is_changed_under_the_page(served: Serving, opened: Open) -> None:
    shutil.copytree(Path(__file__).parents[1] / "themes/default", served.root / "themes/own")
    served.save("site.toml", SETTINGS + 'theme = "own"\n')
    served.settle()
    page = opened("/cells/")
    page.evaluate("scrollTo(0, 900)")
    served.save("themes/own/assets/css/99-mine.css", "body { background: rgb(1, 2, 3); }\n")
    expect(page.locator("body")).to_have_css("background-color", "rgb(1, 2, 3)")
    assert page.evaluate("scrollY") == 900
    assert is_the_same(page)


def test_a_mistake_is_shown_over_the_last_good_page(served: Serving, opened: Open) -> None:
    page, phone = opened("/cells/"), opened("/cells/", viewport={"width": 390, "height": 800})
    other = opened("/prose/")
    served.edit("posts/cells.md", 'print("last is", one)', 'print("last is", one / 0)')
    line = (
        (served.root / "posts/cells.md").read_text().split("\n").index('print("last is", one / 0)')
    )
    for each in (page, phone):
        link = panel(each).get_by_role("link")
        expect(link).to_have_text(f"posts/cells.md:{line + 1}:18")
        path = (served.root / "posts/cells.md").as_posix()
        expect(link).to_have_attribute("href", f"vscode://file{path}:{line + 1}:18")
        expect(each.get_by_text("last is 1")).to_be_attached()
    expect(other.get_by_role("button", name="1 problem elsewhere")).to_be_visible()
    expect(panel(other)).to_be_hidden()
    served.edit("posts/cells.md", "one / 0", "one / 1")
    for each in (page, phone, other):
        expect(panel(each)).to_be_hidden()
        expect(each.get_by_role("button", name="problem")).to_have_count(0)
    expect(page.get_by_text("last is 1.0")).to_be_attached()
    assert is_the_same(page)


def test_a_mistake_in_the_syntax_is_told_once(served: Serving, opened: Open) -> None:
    page = opened("/cells/")
    served.edit("posts/cells.md", "one = 1", "one = (1")
    expect(panel(page).get_by_role("heading", level=3)).to_contain_text("was never closed")
    assert panel(page).inner_text().count("was never closed") == 1
    assert panel(page).inner_text().count("one = (1") == 1


def test_a_warning_does_not_cover_the_page(served: Serving, opened: Open) -> None:
    page = opened("/cells/")
    served.edit("posts/cells.md", "#| fig-alt: A line\n", "")
    expect(page.get_by_role("button", name="1 warning in posts/cells.md")).to_be_visible()
    expect(panel(page)).to_be_hidden()
    served.edit("posts/cells.md", FRONT, FRONT + "ignore: [I002]\n")
    expect(page.get_by_role("button", name="warning")).to_have_count(0)


def test_the_page_goes_where_its_post_goes(served: Serving, opened: Open) -> None:
    page = opened("/cells/")
    page.evaluate("scrollTo(0, 900)")
    served.edit("posts/cells.md", FRONT, FRONT + "slug: more-cells\n")
    expect(page).to_have_url(re.compile("/more-cells/$"))
    served.edit("posts/cells.md", "Paragraph 4.", "Paragraph four.")
    expect(page.get_by_text("Paragraph four.")).to_be_attached()
    assert page.evaluate("scrollY") == 900
    assert is_the_same(page)


def test_the_page_goes_where_the_site_goes(served: Serving, opened: Open) -> None:
    page = opened("/cells/#l")
    served.save("site.toml", SETTINGS.replace("example.org/", "example.org/blog/"))
    page.wait_for_url("**/blog/cells/#l")
    served.save("site.toml", SETTINGS)
    page.wait_for_url(f"http://127.0.0.1:{served.port}/cells/#l")
    expect(page.get_by_text("first is 1")).to_be_visible()
    assert served.said.read_text().count("serving at ") == 3


def test_a_page_that_is_not_there_yet_comes(served: Serving, opened: Open) -> None:
    page = opened("/new/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    served.save(
        "posts/new.md", post("Here it is.\n", "title: New\ndate: 2020-02-01\ndraft: true\n")
    )
    expect(page.get_by_text("Here it is.")).to_be_visible()
    expect(page.locator(".badge")).to_have_text("Draft")
    (served.root / "posts/new.md").unlink()
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert address(page) == "/new/"


def test_a_page_that_is_open_finds_the_next_server(
    served: Serving, opened: Open, tmp_path: Path
) -> None:
    page = opened("/cells/")
    assert served.stop() == 0
    expect(page.get_by_text("Connection lost, trying again")).to_be_visible()
    served.edit("posts/cells.md", "Paragraph 0.", "Paragraph nought.")
    with serving(served.root, "--port", str(served.port)):
        expect(page.get_by_text("Paragraph nought.")).to_be_attached()
        expect(page.get_by_text("Connection lost")).to_be_hidden()
    assert is_the_same(page)

"""What a page shows, found again on any page that it is published in, and any change of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Served
from gallery import EVERYTHING
from made_pages import make_site
from selectolax.lexbor import LexborHTMLParser

from site_builder.cli import main
from site_builder.content.parse import parse
from site_builder.evidence.pieces import BODY, altered_pieces, pieces, shown_digests
from site_builder.evidence.published import read_published
from site_builder.model.post import Environment, ExecutedPost, Execution, Output, Source, Value
from site_builder.rendering.render import render

POST = """\
---
title: A
date: 2020-05-17
---

See [the end](#end), [](#end), @eq-one and [elsewhere](https://example.org/x "t"). It is
`{python} x:.1f` or [less than `{python} x:.0f`]{claim="x < 1"}. [Also `{python} x`](#end)

```python
#| label: named
print("1.5  2.5")
```

```python
#| fig-cap: The `{python} x:.2f` line
#| fig-alt: A line
plot()
```

$$ a = b \\text{ as in \\eqref{eq-one}} $$ {#eq-one}

Caf\N{LATIN SMALL LETTER E WITH ACUTE} <!-- a note --> <b>bold</b>. ![A cat](https://example.org/cat.png)

## The end {#end}

Last words.
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
OUTPUTS = (
    (Output("stdout", "1.5  2.5\n"),),
    (Output("figure", data={"image/svg+xml": SVG}, metadata={"width": 300, "height": 200}),),
)


def body() -> str:
    post = parse(make_site(Path("/nowhere")), Source("posts/a.md", POST))
    values = tuple(Value(f"V{each.number}") for each in post.expressions)
    execution = Execution(OUTPUTS, Environment("3.13.0", (), 0), values=values)
    return render(make_site(Path("/nowhere")), ExecutedPost(post, execution)).html.body


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was built, with a post and another that it refers to."""
    root = tmp_path_factory.mktemp("site")
    (root / "posts").mkdir()
    (root / "site.toml").write_text('title = "T"\nurl = "https://example.org/blog/"\n')
    cell = "```python\nx = 0.5\n```"
    text = POST.replace("plot()", "import matplotlib.pyplot as plt\nplt.plot([1, 2])")
    text = text.replace("See [", f"{cell}\n\nSee @eq-there of [](b.md), and [", 1)
    (root / "posts/a.md").write_text(text, encoding="utf-8")
    there = "---\ntitle: B\ndate: 2020-01-01\n---\n\n$$x$$ {#eq-there}\n"
    (root / "posts/b.md").write_text(there, encoding="utf-8")
    assert main(["build", "-C", str(root)]) == 0
    return root


def published(site: Path) -> tuple[str, dict[str, str]]:
    """The page, and what its record says that it shows."""
    record = read_published((site / "public/a/a.record.json").read_bytes())
    return (site / "public/a/index.html").read_text(encoding="utf-8"), dict(record.shown)


def test_the_pieces_of_a_body_have_the_names_of_what_they_show() -> None:
    found = pieces(body())
    assert set(found) == {"cell-1", "cell-2", "value-1", "value-3", "claim-2", "value-4",
                          "value-5", BODY}  # fmt: skip
    assert found["cell-1"] == "1.5 2.5"
    assert re.fullmatch(r"A line cell-2\.[0-9a-f]{10}\.svg Figure 1\. The V5 line", found["cell-2"])
    assert (found["value-1"], found["claim-2"]) == ("V1", "less than V3")


def test_the_text_leaves_out_what_other_posts_decide() -> None:
    text = pieces(body())[BODY]
    assert "See , , and elsewhere . It is V1 or less than V3" in text
    assert "Also V4" in text  # a value in a link is the author's text
    assert "A cat cat.png" in text
    assert "\ue000" not in text
    assert "a note" not in text


def test_a_published_page_shows_what_its_record_says(site: Path) -> None:
    page, shown = published(site)
    assert {"cell-2", "cell-3", "value-1", "claim-2", BODY} <= set(shown)
    assert altered_pieces(shown, pieces(page)) == ()


def test_a_post_that_is_referred_to_may_change(site: Path) -> None:
    page, shown = published(site)
    (site / "posts/b.md").write_text(
        "---\ntitle: Another\ndate: 2020-01-01\n---\n\n$$y$$ {#eq-y}\n\n$$x$$ {#eq-there}\n"
    )
    assert main(["build", "-C", str(site)]) == 0
    other, same = published(site)
    assert page != other
    assert shown == same
    assert altered_pieces(shown, pieces(other)) == ()


Edit = Callable[[str], str]


def _edit(pattern: str, by: str) -> Edit:
    def edit(page: str) -> str:
        changed, count = re.subn(pattern, by, page, count=1)
        assert count
        return changed

    return edit


ALTERED: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "an output": (_edit("1\\.5  2\\.5</pre>", "1.5  2.6</pre>"), ("cell-2", BODY)),
    "a value": (_edit(r'(id="value-1">)[^<]*', r"\g<1>0.6"), ("value-1", BODY)),
    "a claim": (_edit(r">less than ", ">greater than "), ("claim-2", BODY)),
    "a text for those who cannot see": (_edit('alt="A line"', 'alt="Two lines"'), ("cell-3", BODY)),
    "a figure": (_edit(r'src="cell-3\.\w+', 'src="other'), ("cell-3", BODY)),
    "the code": (_edit("2\\.5(&quot;|\")", r"2.6\1"), (BODY,)),
    "the first word": (_edit("<p>See ", "<p>Saw "), (BODY,)),
    "the last word": (_edit("Last words", "Last word"), (BODY,)),
    "a paragraph more": (_edit("<p>Last words", "<p>More.</p><p>Last words"), (BODY,)),
    "a paragraph less": (_edit(r"<p>Last words\.</p>", ""), (BODY,)),
    "an output less": (_edit(r'(?s)<div class="output".*?</div>', ""), ("cell-2", BODY)),
    "an output twice": (
        _edit(r'(?s)(<div class="output".*?</div>)', r"\1\1"),
        ("cell-2", BODY),
    ),
    "no page at all": (lambda page: "", ("cell-2", "cell-3", "claim-2", "value-1", "value-3",
                                          "value-4", "value-5", BODY)),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_altered_is_named(site: Path, what: str) -> None:
    page, shown = published(site)
    edit, names = ALTERED[what]
    assert sorted(altered_pieces(shown, pieces(edit(page)))) == sorted(names)


def _unquoted(page: str) -> str:
    return re.sub(r'(\s[a-z-]+)="([A-Za-z0-9_.#/-]+)"(?=[\s>])', r"\1=\2", page)


BODY_BEGINS = '<div class="cell" id="cell-1">'
HARMLESS: dict[str, Edit] = {
    "blanks between tags": lambda page: re.sub(r">\s+<", "><", page),
    "blanks in lines": lambda page: re.sub(r"[ \n]+", " ", page),
    "more blanks": lambda page: re.sub(r"(</?(?:p|div|h2|figure|pre)\b[^>]*>)", r"\n \1\n ", page),
    "comments": lambda page: re.sub(r"(?s)<!--.*?-->", "", page),
    "a comment more": lambda page: page.replace("bold</b>", "bold</b><!-- made by a host -->"),
    "quotation marks": _unquoted,
    "ends of paragraphs": lambda page: re.sub(r"</p>(\s*<(?:p|div|h2|pre)\b)", r"\1", page),
    "composed letters": lambda page: page.replace("é", "e\N{COMBINING ACUTE ACCENT}"),
    "references to characters": lambda page: page.replace("Last", "&#76;ast"),
    "a script of the host's": lambda page: page.replace("</body>", "<script>1</script></body>"),
    "another theme": lambda page: f"<nav>Home</nav>{page[page.index(BODY_BEGINS) :]}",
    "the case of tags": lambda page: re.sub(r"<(/?)(p|div|pre)\b", lambda m: m[0].upper(), page),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_hosts_do_alters_nothing(site: Path, what: str) -> None:
    page, shown = published(site)
    changed = HARMLESS[what](page)
    assert changed != page
    assert altered_pieces(shown, pieces(changed)) == ()


def test_what_a_body_leaves_open_does_not_matter() -> None:
    for html in ("<p>One</p></div></section><p>two</p>", "<div><b>One <i>two</b> three", "a < b"):
        shown = shown_digests(html)
        page = f"<html><body><header>T</header><div class=b>{html}</div><footer>F</footer></body>"
        assert altered_pieces(shown, pieces(page)) == ()
        assert altered_pieces(shown, pieces(page.replace("e", "o"))) in ((), (BODY,))


def test_a_body_without_words_is_on_every_page() -> None:
    shown = shown_digests("")
    assert altered_pieces(shown, pieces("<p>Any.</p>")) == ()


WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen"


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{WORDS[:18]}<!-- hosts say --> {WORDS[18:]}",
        f"<p>{WORDS[:5]}<!-- within a word -->{WORDS[5:]}",
        f"<p>{WORDS}<!-- not closed",
    ],
)
def test_comments_are_left_out(page: str) -> None:
    assert altered_pieces(shown_digests(f"<p>{WORDS}</p>"), pieces(page)) == ()


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{WORDS[:18]}<!-->false<!-- -->{WORDS[18:]}",
        f'<p>{WORDS[:18]}<i title="<!--"></i>false<i title="-->"></i>{WORDS[18:]}',
    ],
)
def test_what_only_looks_like_a_comment_is_shown(page: str) -> None:
    assert altered_pieces(shown_digests(f"<p>{WORDS}</p>"), pieces(page)) == (BODY,)


@pytest.mark.parametrize(
    "shown", ["", "nothing", "a b c", "-5 a b", f"{'9' * 5000} a b", "1 2", "1 " + 2 * "0 "]
)
def test_what_somebody_else_says_of_a_body_is_no_more_than_false(shown: str) -> None:
    assert altered_pieces({BODY: shown}, pieces(f"<p>{WORDS}</p>")) == (BODY,)


@pytest.mark.parametrize(
    "page",
    [
        '<div class="output" aria-label="Output of cell 1">a ' * 5_000,
        "<div>a " * 200_000,
        "<!-- a " * 200_000,
        "<script>a " * 200_000,
        "<DIV><b>a</b> " * 100_000,
    ],
    ids=["outputs", "elements", "comments", "scripts", "and other elements"],
)
def test_a_page_that_is_made_to_be_slow_is_not(page: str) -> None:
    """Each of these took minutes, more than a test may take."""
    assert set(pieces(page)) <= {BODY, "cell-1"}


def test_a_body_of_one_word_again_and_again_is_looked_for_a_while() -> None:
    page = pieces("<p>" + "a " * 200_000)
    digest = shown_digests("<p>" + "a " * 12)[BODY].split()[1]
    assert altered_pieces({BODY: f"100000 {digest} {digest}"}, page) == (BODY,)


def test_a_long_page_is_not_a_deep_one() -> None:
    rows = "<tr><td>1<td>2" * 20_000
    page = f"<table>{rows}</table><script>{'i<n;' * 5_000}</script><p>{WORDS}</p>"
    assert altered_pieces(shown_digests(f"<p>{WORDS}</p>"), pieces(page)) == ()


def test_everything_that_a_post_can_hold_is_found_on_its_page(gallery: Served) -> None:
    assert EVERYTHING
    looked_at = 0
    for path in sorted(gallery.folder.rglob("*.record.json")):
        record = read_published(path.read_bytes())
        page = (path.parent / "index.html").read_text(encoding="utf-8")
        assert altered_pieces(record.shown, pieces(page)) == (), path
        looked_at += 1
    assert looked_at


def test_the_pages_of_the_blog_show_what_their_records_say(blog: Served) -> None:
    looked_at = 0
    for path in sorted(blog.folder.rglob("*.record.json")):
        record = read_published(path.read_bytes())
        page = (path.parent / "index.html").read_text(encoding="utf-8")
        assert altered_pieces(record.shown, pieces(page)) == (), path
        for value in LexborHTMLParser(page).css("span.value[id]"):
            changed = page.replace(f">{value.text()}</span>", f">{value.text()}0</span>")
            assert BODY in altered_pieces(record.shown, pieces(changed)), (path, value.text())
        looked_at += 1
    assert looked_at

"""`check` reads a site as its author would: each fault is told at its place, and nothing else."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from checking import TODAY, TOML, Written, post
from conftest import ROOT, Served

from site_builder import cli
from site_builder.checking.site.check import Wish, check_site
from site_builder.checking.site.feeds import is_rfc_3339
from site_builder.checking.site.images import is_silly
from site_builder.checking.site.look import look_at
from site_builder.checking.site.names import likeness
from site_builder.errors import UsageError
from site_builder.settings.site import load_site
from site_builder.store import Store

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def wide(width: int, size: int) -> bytes:
    """A PNG that says it is so many pixels wide, of so many bytes; nothing can be seen on it."""
    head = PIXEL[:16] + width.to_bytes(4, "big") + PIXEL[20:]
    return head + bytes(max(0, size - len(head)))


# A site in order.

Files = dict[str, str | bytes]

PLAN = post(
    "Plan",
    "Soon.\n\n## Next\n\n![A dot in two](dot.png)\n\n```python\nprint(0.25)\n```\n\n## Example",
    tags="[networks, CNN]",
)
CLEAN: Files = {
    "posts/rates.md": post(
        "Rates",
        "See [the plan](plan/index.md#next), ![A dot](/blog/dot.png).\n\n## What\n\n### More\n\n"
        '<a href="/blog/plan/#next">again</a> <a href="#what">up</a> <a href="../plan/">rel</a>\n',
        tags="[networks, RNN]",
        aliases="[/old/]",
    ),
    "posts/plan/index.md": PLAN,
    "posts/plan/dot.png": PIXEL,
    "pages/about.md": "---\ntitle: About\n---\n\n<https://elsewhere.example/x> mail@me.example\n",
    "static/dot.png": PIXEL,
    "static/old.html": "<h1>Old</h1><a name=here>x</a><a href='#here'>y</a><a href='./'>z</a>",
    "static/_redirects": "/blog/moved/* /blog/plan/ 301\n",
    "static/more.html": "<a href='/blog/moved/on/'>x</a><a href='mailto:a@b.example'>y</a>",
}


def test_nothing_is_found_on_a_site_in_order(tmp_path: Path) -> None:
    site = Written(tmp_path, CLEAN)
    assert site.found() == []
    assert site.found() == []  # from what is known by then
    assert not (tmp_path / "public").exists()


def test_a_figure_of_which_a_build_warns_is_told_once(tmp_path: Path) -> None:
    cell = "```python\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n```"
    warned = f"I002 {HERE}:6 a figure of cell 1 has no text for those who cannot see it"
    files: Files = {**CLEAN, HERE: post("Rates", cell)}
    assert Written(tmp_path, files).found() == [warned]
    files[HERE] = post("Rates", cell, ignore="[I002]")
    assert Written(tmp_path, files).found() == []


def test_what_is_wrong_with_a_page_is_not_laid_to_a_style_sheet(tmp_path: Path) -> None:
    image = "<img src='/blog/{}.png' alt='{}'>"
    code = f"```python\n#| output: asis\nprint({image!r}.format('do' + 't', 'Fig' + 'ure'))\n```"
    checked = Written(tmp_path, {**CLEAN, HERE: post("Rates", code)}).checked()
    assert "Figure" in (ROOT / "themes/default/assets/css/20-prose.css").read_text("utf-8")
    assert [(each.code, each.file) for each in checked.findings] == [("I103", HERE)]


def test_nothing_is_found_on_the_blog(blog: Served) -> None:
    with Store(blog.cache) as store:
        checked = check_site(load_site(ROOT), Wish(), store, today=TODAY, now=0.0)
    assert (checked.problems, checked.findings) == ((), ())
    assert checked.looked_at["post"] >= 10
    assert checked.looked_at["image"] > 5


# Each fault at its place.

HERE = "posts/rates.md"
FAULTS = {
    "a link to nowhere": (
        'A <a href="/blog/plann/">b</a>.',
        [f"L101 {HERE}:6:12 link to '/blog/plann/': there is no such page"],
    ),
    "a link to nowhere by the whole address": (
        "See <https://rates.example/blog/nothing/>.",
        [f"L101 {HERE}:6:6 link to 'https://rates.example/blog/nothing/': there is no such page"],
    ),
    "an anchor that is not there": (
        'A <a href="../plan/#nxt">b</a>.',
        [f"L102 {HERE}:6:12 link to '../plan/#nxt': nothing there has the id 'nxt'"],
    ),
    "an old address": (
        'A <a href="/blog/old/">b</a>.',
        [f"L103 {HERE}:6:12 link to '/blog/old/': that is an old address, which leads on"],
    ),
    "other capitals": (
        'A <a href="/blog/Plan/">b</a>.',
        [f"L104 {HERE}:6:12 link to '/blog/Plan/': there it is spelt with other capitals"],
    ),
    "no slash": (
        'A <a href="/blog/plan">b</a>.',
        [
            f"L105 {HERE}:6:12 link to '/blog/plan': the host has to redirect, "
            "for want of a '/' at its end"
        ],
    ),
    "an address without the folder of the site": (
        'x <img src="/dot.png" alt="A dot">',
        [f"L109 {HERE}:6:13 image '/dot.png': that leads out of the site, which is at '/blog/'"],
    ),
    "the reader's own machine": (
        "[x](http://localhost:8000/) [y](http://192.168.0.7/)",
        [
            f"L106 {HERE}:6:5 link to 'http://localhost:8000/': that is the reader's own "
            "machine, or a network of the author's",
            f"L106 {HERE}:6:33 link to 'http://192.168.0.7/': that is the reader's own "
            "machine, or a network of the author's",
        ],
    ),
    "a file of the author's": (
        '<a href="file:///home/me/x.pdf">x</a>',
        [
            f"L106 {HERE}:6:10 link to 'file:///home/me/x.pdf': that is a file of the "
            "author's machine"
        ],
    ),
    "no address": (
        '<a href="https://[::1">x</a>',
        [f"L107 {HERE}:6:10 link to 'https://[::1': that is no address (Invalid IPv6 URL)"],
    ),
    "what a cell shows": (
        "```python\n#| output: asis\nprint('<a href=\"/blog/c/\">c</a>')\n```",
        [f"L101 {HERE}:8:17 link to '/blog/c/': there is no such page"],
    ),
    "an image that is not there": (
        '<img src="/blog/none.png" alt="A dot">',
        [f"I101 {HERE}:6:11 image '/blog/none.png': there is no such file"],
    ),
    "an image that names no file": (
        '<img src="" alt="A dot">',
        [f"I101 {HERE}:6:1 an <img> names no file"],
    ),
    "one of several images in a set": (
        '<img src="/blog/dot.png" srcset="/blog/dot.png 1x, /blog/dot2.png 2x" alt="A dot">',
        [f"I101 {HERE}:6:52 image '/blog/dot2.png': there is no such file"],
    ),
    "an image without a text": (
        '<img src="/blog/dot.png">',
        [f"I102 {HERE}:6:11 the image '/blog/dot.png' has no text for those who cannot see it"],
    ),
    "a text that tells nothing": (
        "![dot.png](/blog/dot.png) ![An image](/blog/dot.png)",
        [
            f"I103 {HERE}:6:3 the image '/blog/dot.png' is described as 'dot.png', "
            "which tells nothing",
            f"I103 {HERE}:6:29 the image '/blog/dot.png' is described as 'An image', "
            "which tells nothing",
        ],
    ),
    "a level that is left out": (
        "## A\n\n#### B *c*",
        [f"A101 {HERE}:8:6 the heading 'B c' of level 4 follows one of level 2"],
    ),
    "a heading without text": (
        "## <!-- x -->",
        [f"A102 {HERE}:6:4 a heading of level 2 has no text"],
    ),
    "two headings in one place": (
        "## A\n\n### Same\n\n### Same\n\n## B\n\n### Same",
        [f"A103 {HERE}:10:5 the heading 'Same' stands there twice"],
    ),
    "an id that is given twice": (
        '<p id="x">a</p><p id="x">b</p>',
        [f"A104 {HERE}:6:4 the id 'x' is given 2 times on a page"],
    ),
    "another title": (
        "<h1>Again</h1>",
        [f"A105 {HERE}:6:5 the heading 'Again' is another one of level 1"],
    ),
    "a number that is typed": (
        "```python\nprint(f'{0.8642 / 2:.4f}')\n```\n\nIt is 0.4321.",
        [f"V008 {HERE}:10:7 '0.4321' is typed, and equals the output of cell 1, line 7 (0.4321)"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_post_is_told_at_its_place(tmp_path: Path, name: str) -> None:
    body, expected = FAULTS[name]
    aliased = PLAN.replace("tags:", "aliases: [/old/]\ntags:")
    files: Files = {**CLEAN, HERE: post("Rates", body), "posts/plan/index.md": aliased}
    found = [re.sub(r" \(did.*", "", line) for line in Written(tmp_path, files).found()]
    assert found == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Plan", f"F105 {HERE}:2:8 posts/plan/index.md has the same title, 'Plan'"),
        ("Other", ""),
    ],
)
def test_two_posts_of_one_title(tmp_path: Path, title: str, expected: str) -> None:
    assert Written(tmp_path, {**CLEAN, HERE: post(title, "x")}).found() == (
        [expected] if expected else []
    )


def test_what_front_matter_says_by_a_slip(tmp_path: Path) -> None:
    long = post("A", "x", updated="2062-01-01", summary="word " * 80)
    assert Written(tmp_path, {"posts/a.md": long}).found() == [
        "F103 posts/a.md:4:10 updated is 2062-01-01, more than a year from now",
        "F104 posts/a.md:5 the summary has 399 characters; search engines show some 160",
    ]


def test_tags_and_series_in_two_spellings(tmp_path: Path) -> None:
    files: Files = {
        f"posts/{n}.md": post(f"P{n}", "x", tags="[networks, RNN, python-2]", series="On nets")
        for n in range(3)
    }
    files["posts/slip.md"] = post(
        "Slip", "x", tags="[netwroks, CNN, python-3, network]", series="On net"
    )
    assert Written(tmp_path, files).found() == [
        "F101 posts/slip.md:4:8 the tag 'netwroks' and 'networks' of posts/0.md and 2 more "
        "differ in one letter",
        "F101 posts/slip.md:4:33 the tag 'network' and 'networks' of posts/0.md and 2 more "
        "differ in number only",
        "F102 posts/slip.md:5:9 the series 'On net' and 'On nets' of posts/0.md and 2 more "
        "differ in number only",
    ]


def test_what_the_settings_describe_and_no_post_has(tmp_path: Path) -> None:
    files: Files = {
        "posts/a.md": post("A", "x", tags="[keras]", series="Nets"),
        "site.toml": f'{TOML}[tags]\nkears = "a"\nkeras = "b"\n[series]\nNet = "c"\n',
    }
    assert Written(tmp_path, files).found() == [
        "F121 site.toml setting 'tags.kears' describes a tag that no post has",
        "F121 site.toml setting 'series.Net' describes a series that no post has",
    ]


def test_languages_that_have_no_words(tmp_path: Path) -> None:
    files: Files = {
        "posts/a.md": post("A", "x", lang="it"),
        "posts/b.md": post("B", "x", lang="it-CH"),
        "posts/c.md": post("C", "x", lang="de-AT"),
        "posts/d.md": post("D", "x", lang="nl"),
        "words/nl.toml": 'older = "Ouder"\n',
    }
    told = "there are no words in the language {!r}: what pages say by themselves is English"
    assert Written(tmp_path, files).found() == [
        "F123 posts/a.md:4:7 " + told.format("it"),
        "F123 posts/b.md:4:7 " + told.format("it-CH"),
    ]


def test_two_spellings_of_one_address_are_told_once(tmp_path: Path) -> None:
    files: Files = {
        f"posts/{n}.md": post(f"P{n}", "x", tags=f"[{tag}]")
        for n, tag in enumerate(("Nets", "nets"))
    }
    checked = Written(tmp_path, files).checked()
    assert [each.code for each in (*checked.problems, *checked.findings)] == ["F016"]


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("network", "networks", "number only"),
        ("history", "histories", "number only"),
        ("GAN", "GANs", "number only"),
        ("deep-learning", "Deep Learning", "hyphens or capitals only"),
        ("statistics", "statistcs", "one letter"),
        ("keras", "kears", "one letter"),
        ("tensor", "tensors", "number only"),
        ("RNN", "CNN", ""),
        ("python-2", "python-3", ""),
        ("attention", "retention", ""),
        ("networks", "softmax", ""),
    ],
)
def test_how_like_two_names_are(one: str, other: str, how: str) -> None:
    assert likeness(one, other) == likeness(other, one) == how


def test_pages_of_the_author_s_that_lead_on_to_nowhere_or_in_a_circle(tmp_path: Path) -> None:
    leads = "<meta http-equiv=refresh content='0; url={}'>"
    files: Files = {
        "posts/a.md": post("A", "x"),
        "static/one.html": leads.format("none.html"),
        "static/two.html": leads.format("three.html"),
        "static/three.html": leads.format("/blog/two.html"),
        "static/four.html": leads.format("/blog/a/"),
    }
    assert Written(tmp_path, files).found() == [
        "L101 static/one.html:1:42 link to 'none.html': there is no such page",
        "L103 static/three.html:1:42 link to '/blog/two.html': that is an old address, which "
        "leads on",
        "L103 static/two.html:1:42 link to 'three.html': that is an old address, which leads on",
    ]


def test_a_link_to_a_draft_is_told_before_a_build_refuses_it(tmp_path: Path) -> None:
    files: Files = {
        "posts/a.md": post("A", "See [it](b.md) and [that](/c/)."),
        "posts/b.md": post("B", "See [c](c.md).", draft="true"),
        "posts/c.md": post("C", "x").replace("2020", "2027"),
    }
    assert Written(tmp_path, files).found() == [
        "L108 posts/a.md:6:10 link to 'b.md': that post is a draft",
        "L108 posts/a.md:6:27 link to '/c/': that post is scheduled for 2027-01-01",
    ]


# Images that are a burden.


def test_large_images_are_told(tmp_path: Path) -> None:
    files: Files = {
        "posts/a/index.md": post(
            "A",
            "x\n\n![A wall](/heavy.png)\n\n![A hall](/wide.png)\n\n![A ball](/small.png){width=100}"
            "\n\n![A call](/fine.png)",
        ),
        "static/heavy.png": wide(800, 1_200_000),
        "static/wide.png": wide(4000, 400_000),
        "static/small.png": wide(900, 400_000),
        "static/fine.png": wide(900, 200_000),
    }
    assert Written(tmp_path, files).found() == [
        "I104 posts/a/index.md:8:12 the image '/blog/heavy.png' has 1.2 MB, which readers have to "
        "wait for",
        "I105 posts/a/index.md:10:12 the image '/blog/wide.png' is 4000 pixels wide and 1200 at "
        "most on the page",
        "I105 posts/a/index.md:12:12 the image '/blog/small.png' is 900 pixels wide and 100 at "
        "most on the page",
    ]


@pytest.mark.parametrize(
    ("alt", "address", "silly"),
    [
        ("loss.png", "loss.png", True),
        ("fig-loss-2", "fig-loss-2.1f2e.png", True),
        ("IMG_2041", "x.jpg", True),
        ("An image.", "x.jpg", True),
        ("Figure 3", "x.jpg", True),
        ("", "x.jpg", False),
        ("Loss", "loss.png", False),
        ("A picture of two cats", "x.jpg", False),
        ("Diagram of a network in three columns", "x.jpg", False),
    ],
)
def test_texts_that_tell_nothing(alt: str, address: str, silly: bool) -> None:
    assert is_silly(alt, address) == silly


# What is not a post.


def test_faults_of_static_files_and_templates_are_told_where_they_are(tmp_path: Path) -> None:
    base = (ROOT / "themes/default/templates/base.html").read_text("utf-8")
    nav = '<nav aria-label="{{ site_word.site }}">'
    line = base[: base.index(nav)].count("\n") + 1
    column = len(nav) + len('<a href="') + 1
    base = base.replace(nav, f'{nav}<a href="/blog/no/">')
    style = "static/own.css"
    files: Files = {
        **CLEAN,
        "templates/base.html": base,
        "static/own.html": "<p>x\n<a href=gone.html>y</a>\n<img src=dot.png>\n",
        style: "body {}\np { background: url('gone.png') }\n/* url(no.png) */\n",
    }
    checked = Written(tmp_path, files)
    assert checked.found() == [
        "I101 static/own.css:2:22 link to 'gone.png': there is no such file",
        "L101 static/own.html:2:9 link to 'gone.html': there is no such page",
        "I102 static/own.html:3:10 the image 'dot.png' has no text for those who cannot see it",
        f"L101 templates/base.html:{line}:{column} link to '/blog/no/': there is no such page",
    ]
    (_, _, _, everywhere) = checked.checked().findings
    assert re.fullmatch(r"on /blog/\S+, \S+, \S+ and \d+ more pages", everywhere.notes[0])


FEED = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>Rates</title><id>https://rates.example/</id><updated>2020-01-01T00:00:00Z</updated>
<author><name>Me</name></author><link href="https://rates.example/blog/"/>
<entry><title>E</title><id>tag:rates.example,2020:e</id><updated>2020-01-01T00:00:00+01:00</updated>
<link href="https://rates.example/blog/"/><content type="html">x</content></entry>
</feed>
"""


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("</entry>", "", "it is not well-formed XML: mismatched tag: line 7, column 2"),
        ("<title>Rates</title>", "", "the feed has no <title>"),
        ("<title>E</title>", "<title>E</title><title>F</title>", "the entry 'E' has 2 <title>"),
        ("T00:00:00Z", "", "has the <updated> '2020-01-01', which is no date and time (RFC 3339)"),
        ("<id>tag:rates.example,2020:e", "<id>e", "which is no absolute address"),
        ("<name>Me</name>", "", "an <author> has no <name>"),
        ("<author><name>Me</name></author>", "", "neither the feed nor each of its entries has an"),
        ('<link href="https://rates.example/blog/"/><content type="html">x</content>', "",
         "has neither <content> nor a link to its page"),
        ('<link href="https://rates.example/blog/"/><c', '<link href="/blog/"/><c',
         "leads to '/blog/', which is no absolute address"),
        ('<link href="https://rates.example/blog/"/><c',
         '<link href="https://rates.example/blog/none/"/><c', "which is not on the site"),
        ('type="html">x', 'type="html">&lt;a href="x/">', "has the relative address 'x/'"),
    ],
)  # fmt: skip
def test_faults_of_atom_feeds(tmp_path: Path, was: str, becomes: str, message: str) -> None:
    files: Files = {**CLEAN, "static/rates.xml": FEED}
    assert Written(tmp_path, files).found() == []
    assert was in FEED
    files["static/rates.xml"] = FEED.replace(was, becomes)
    found = Written(tmp_path, files).found()
    assert [line for line in found if line.startswith("M101 static/rates.xml") and message in line]


def test_entries_with_one_id(tmp_path: Path) -> None:
    entry = FEED[FEED.index("<entry>") : FEED.index("</feed>")]
    files: Files = {**CLEAN, "static/rates.xml": FEED.replace("</feed>", f"{entry}</feed>")}
    assert Written(tmp_path, files).found() == [
        "M101 static/rates.xml two entries have the id 'tag:rates.example,2020:e'"
    ]


JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Rates",
    "items": [{"id": "1", "content_html": "x", "date_published": "2020-01-01T00:00:00Z"}],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": None}, "title of the feed is no text"),
        ({"items": {}}, "it has no list of items"),
        ({"items": [3]}, "the item 3 is no object"),
        ({"items": [{"id": "1"}]}, "the item '1' has neither content_html nor content_text"),
        ({"items": [{"content_html": "x"}]}, "the item '' has no id"),
        ({"items": [{"id": "1", "content_text": "x"}] * 2}, "two items have the id '1'"),
        ({"home_page_url": "/"}, "home_page_url of the feed leads to '/', which is no absolute"),
        ({"items": [{"id": "1", "content_html": "<a href='x'>y</a>"}]}, "relative address 'x'"),
        ({"items": [{"id": "1", "content_text": "", "date_published": "today"}]}, "no date"),
        ({"items": [{"id": "1", "content_text": "", "tags": "a"}]}, "no list of texts"),
        ({"version": "2"}, "its version is not"),
    ],
)
def test_faults_of_json_feeds(tmp_path: Path, change: dict[str, object], message: str) -> None:
    place = "static/own/feed.json"
    assert Written(tmp_path, {**CLEAN, place: json.dumps(JSON_FEED)}).found() == []
    found = Written(tmp_path, {**CLEAN, place: json.dumps({**JSON_FEED, **change})}).found()
    assert [line for line in found if line.startswith(f"M101 {place}") and message in line]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2020-01-01T00:00:00Z", True),
        ("2020-01-01T23:59:60.5+05:30", True),
        ("2020-02-30T00:00:00Z", False),
        ("2020-01-01", False),
        ("2020-01-01T00:00:00", False),
        ("2020-01-01 00:00:00Z", False),
    ],
)
def test_dates_of_feeds(text: str, is_one: bool) -> None:
    assert is_rfc_3339(text) == is_one


# What the author chooses.


def test_only_the_posts_that_are_named_are_told_of(tmp_path: Path) -> None:
    bad = '<a href="/blog/no/">x</a>'
    files: Files = {
        "posts/a.md": post("A", bad),
        "posts/b.md": post("B", bad),
        "static/c.html": bad,
    }
    site = Written(tmp_path, files)
    everywhere = ["L101 posts/a.md", "L101 posts/b.md", "L101 static/c.h"]
    assert [line[:15] for line in site.found()] == everywhere
    assert [line[:15] for line in site.found("b")] == ["L101 posts/b.md"]
    with pytest.raises(UsageError, match="no post 'x'"):
        site.checked("x")


def test_codes_are_silenced_for_a_post_and_for_the_site(tmp_path: Path) -> None:
    bad = '<a href="/blog/no/">x</a> <img src="/blog/dot.png">'
    files: Files = {"posts/a.md": post("A", bad), "posts/b.md": post("B", bad, ignore="[L101]")}
    site = Written(tmp_path, {**files, "static/dot.png": PIXEL})
    assert [line[:15] for line in site.found()] == [
        *("L101 posts/a.md", "I102 posts/a.md", "I102 posts/b.md"),
    ]
    (tmp_path / "site.toml").write_text('title = "T"\nurl = "https://rates.example/blog/"\n'
                                        'ignore = ["I102"]\n')  # fmt: skip
    assert [line[:15] for line in site.found()] == ["L101 posts/a.md"]


def test_a_post_that_fails_does_not_hide_what_is_wrong_with_others(tmp_path: Path) -> None:
    files: Files = {
        "posts/a.md": post("A", '<a href="/blog/b/">b</a> <img src="/blog/dot.png">'),
        "posts/b.md": post("B", "```python\n1 / 0\n```"),
        "static/dot.png": PIXEL,
    }
    checked = Written(tmp_path, files).checked()
    assert [(each.file, each.line) for each in checked.problems] == [("posts/b.md", 7)]
    assert [each.code for each in checked.findings] == ["I102"]  # the page of b comes yet


def test_the_command_tells_what_it_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Written(tmp_path, {"posts/a.md": post("A", '<a href="/blog/no/">x</a>')})
    assert cli.main(["check", "-C", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert re.fullmatch(
        r"1 post, 6 pages, \d+ links, 3 feeds checked: 1 finding \(link 1\)\n", told.out
    )
    assert "warning[L101]: link to '/blog/no/': there is no such page" in told.err
    assert "--> posts/a.md:6:10" in told.err

    assert cli.main(["check", "-C", str(tmp_path), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["format"], document["posts"]) == ("site-builder check", 1)
    assert document["kinds"] == {"link": 1}
    assert [each["code"] for each in document["findings"]] == ["L101"]

    assert cli.main(["check", "-C", str(tmp_path), "--output-format", "json"]) == 1
    (diagnostic,) = json.loads(capsys.readouterr().out)
    assert (diagnostic["file"], diagnostic["line"]) == ("posts/a.md", 6)


# Bad input.


def test_whatever_is_in_a_static_file_is_looked_at(tmp_path: Path) -> None:
    rng = random.Random(0)
    files: Files = {f"static/{n}.html": rng.randbytes(2000) for n in range(5)}
    files["static/half.html"] = b'<html><a href="'
    files["static/null.html"] = b"\xff\xfe<\x00a\x00 href='/blog/no/'>"
    files["static/deep.html"] = b"<div>" * 3000 + b"<a href='/blog/no/'>x</a>"
    files["static/lol.xml"] = b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><x>&b;</x>"
    files["static/deep/feed.json"] = b"[" * 100_000
    found = Written(tmp_path, files).found()
    assert [line for line in found if "deep.html" in line] != []
    assert [line for line in found if "deep/feed.json" in line] != []


PIECES = (
    *("<a href=", "<img src=", "<h2 id=a>", "</h2>", "<h4>", '"', ">", "<base href=", "#", "\0"),
    *("<meta http-equiv=refresh content='0;url=", "<svg><use href=", "é", "<!--", " "),
)


def test_any_text_is_a_page() -> None:
    rng = random.Random(1)
    seen = 0
    for _ in range(500):
        look = look_at("".join(rng.choices(PIECES, k=rng.randrange(30))).encode())
        seen += len(look.links) + len(look.headings)
    assert seen > 300


def test_ten_thousand_links_of_one_post_are_told_each_at_its_place(tmp_path: Path) -> None:
    body = "\n\n".join(f'<a href="/blog/none-{n}/">x</a>' for n in range(10_000))
    found = Written(tmp_path, {"posts/a.md": post("A", body)}).checked().findings
    assert [(each.line, each.column) for each in found] == [(6 + 2 * n, 10) for n in range(10_000)]

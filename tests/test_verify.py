"""A published site is held against a new run of its posts."""

from __future__ import annotations

import dataclasses
import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from broken_sites import Blog, Told, post

from site_builder.checking.verifying import verify as verifying
from site_builder.checking.verifying.report import summary_line
from site_builder.checking.verifying.verification import STANDINGS, PostVerification
from site_builder.checking.verifying.verify import Wanted, verify
from site_builder.evidence.fetch import open_published
from site_builder.evidence.published import PublishedRecord, published_bytes, read_published
from site_builder.settings.site import load_site

RATES = """\
```python
rates = [float(line) for line in open("data/rates.csv")]
acc = sum(rates) / len(rates)
print("accuracy", round(acc, 4))
```

Of all, `{python} acc:.1%` are right, and [most are right]{claim="acc > 0.5"}.

```python
#| claim: There are rates
assert len(rates) > 0
```
"""
FRONT = "title: Accuracy is `{python} acc:.1%`\ndate: 2020-05-17\n"
CSV = "0.7\n0.7306\n"
FIGURE = """\
```python
#| fig-alt: A line
import matplotlib.pyplot as plt
height = float(open("data/height.txt").read())
plt.plot([0, 1, 2], [0, 2, height])
```
"""


@dataclass(frozen=True)
class Site(Blog):
    """A built blog, and what verifying it says."""

    def verified(self, *arguments: str) -> Told:
        return self.run("verify", *arguments, "-C", str(self.root), "-j1")

    def found(self, *arguments: str, code: int) -> dict[str, Any]:
        """The JSON document of a verification."""
        told = self.verified(*arguments, "--json")
        assert told.code == code, told.out + told.err
        document: dict[str, Any] = json.loads(told.out)
        return document

    def findings(self, *arguments: str, code: int, post: str = "posts/rates.md") -> list[Found]:
        """What it found of a post, but for what was reproduced."""
        posts = {each["post"]: each for each in self.found(*arguments, code=code)["posts"]}
        return [Found(**finding) for finding in posts[post]["findings"]]

    def page(self, name: str = "rates") -> Path:
        return self.public / name / "index.html"

    def record_file(self, name: str = "rates") -> Path:
        return self.public / name / f"{name}.record.json"

    def record(self, name: str = "rates") -> PublishedRecord:
        return read_published(self.record_file(name).read_bytes())

    def publish(self, record: PublishedRecord, name: str = "rates") -> None:
        self.record_file(name).write_bytes(published_bytes(record))


@dataclass(frozen=True)
class Found:
    """A finding, as the document tells it."""

    standing: str
    what: str
    line: int
    cell: int
    why: str
    old: str
    new: str
    numbers: list[dict[str, Any]]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was built once; tests work on copies."""
    root = tmp_path_factory.mktemp("published") / "site"
    files = {
        "posts/rates.md": post(RATES, FRONT),
        "posts/data/rates.csv": CSV,
        "posts/prose.md": post("Nothing runs here.\n"),
    }
    told = Site(root, files).build()
    assert told.code == 0, told.err
    return root


@pytest.fixture
def site(published: Path, tmp_path: Path) -> Site:
    shutil.copytree(published, tmp_path / "site")
    return Site(tmp_path / "site")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Site]:
    """Makes a site of posts and builds it."""

    def make(*, data: dict[str, str] | None = None, **posts: str) -> Site:
        files = {f"posts/{name}.md": text for name, text in posts.items()}
        files |= {f"posts/data/{name}": text for name, text in (data or {}).items()}
        site = Site(tmp_path / "site", files)
        told = site.build("-j1")
        assert told.code == 0, told.err
        return site

    return make


# What is in order.


def test_all_of_a_site_that_was_just_built_is_reproduced(site: Site) -> None:
    told = site.verified()
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].split() == [*"reproduced within diverged tampered uncheckable post".split()]
    assert lines[1].split() == ["5", "·", "·", "·", "·", "posts/rates.md"]
    assert lines[2] == (
        "SITE/public: 1 post (1 without code): 5 reproduced, 0 within tolerance, 0 diverged, "
        "0 tampered, 0 not checkable"
    )
    assert len(lines) == 3


def test_nothing_that_was_kept_is_reused(site: Site) -> None:
    """Or a store that lies would prove itself."""
    kept = {path: path.stat().st_mtime_ns for path in (site.root / ".cache").rglob("*")}
    assert "ran posts/rates.md" in site.verified().err
    assert {p: p.stat().st_mtime_ns for p in (site.root / ".cache").rglob("*")} == kept


def test_a_host_may_write_html_otherwise(site: Site) -> None:
    html = site.page().read_text(encoding="utf-8")
    smaller = re.sub(r"\s*\n\s*", " ", html).replace("</p>", "").replace("</li>", "")
    assert smaller != html
    site.page().write_text(smaller, encoding="utf-8")
    assert site.found(code=0)["sound"]


def test_prose_that_changed_since_changes_no_number(site: Site) -> None:
    edit(site.root / "posts/rates.md", "Of all,", "More prose.\n\nOf all,")
    document = site.found(code=0)
    assert document["counts"]["reproduced"] == 5
    assert document["posts"][0]["source_changed"]


# What was tampered with.


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("accuracy 0.7153", "accuracy 0.7253", "the output of cell 1"),
        ('id="value-1">71.5%', 'id="value-1">72.5%', "the value `acc:.1%`"),
        (">most are right<", ">all are right<", "the claim 'most are right'"),
        ("<p>Of all,", "<p>Of a few,", "the text of the page"),
    ],
    ids=["output", "value", "claim", "prose"],
)
def test_a_page_that_says_otherwise_was_tampered_with(
    site: Site, old: str, new: str, what: str
) -> None:
    edit(site.page(), old, new)
    [found] = site.findings(code=1)
    assert (found.standing, found.what) == ("tampered", what)


def test_the_heading_of_the_page_is_looked_at(site: Site) -> None:
    html = site.page().read_text(encoding="utf-8")
    changed = re.sub(r"(<h1>[^<]*)71\.5", r"\g<1>81.5", html)
    assert changed != html
    site.page().write_text(changed, encoding="utf-8")
    [found] = site.findings(code=1)
    assert (found.standing, found.what) == ("tampered", "the title")
    assert (found.old, found.new) == ("Accuracy is 71.5%", "Accuracy is 81.5%")


@pytest.mark.parametrize("suffix", ["ipynb", "py"])
def test_a_file_for_readers_that_was_changed(site: Site, suffix: str) -> None:
    path = site.public / "rates" / f"rates.{suffix}"
    path.write_bytes(path.read_bytes().replace(b"0.5", b"0.4"))
    [found] = site.findings(code=1)
    assert (found.standing, found.what) == ("tampered", f"the file rates.{suffix}")
    path.unlink()
    [found] = site.findings(code=1)
    assert (found.standing, found.why) == ("tampered", "the record names it, but it is not there")


def test_a_record_that_names_files_elsewhere_is_not_followed(site: Site) -> None:
    record = site.record()
    site.publish(replace(record, files={**record.files, "../../../secret": "0" * 64}))
    [found] = site.findings(code=1)
    assert found.what == "the file '../../../secret'"
    assert found.why == "the record names a file that is not beside its page"


def test_numbers_of_a_record_that_are_not_those_of_its_digest(site: Site) -> None:
    edit(site.record_file(), '"numbers": ["0.7153"]', '"numbers": ["0.7253"]')
    [found] = site.findings(code=1)
    assert (found.standing, found.what) == ("tampered", "output 1 of cell 1 (stdout)")
    assert "the record contradicts itself" in found.why


def test_a_record_that_was_changed_without_its_page(site: Site) -> None:
    record = site.record()
    cell, *cells = record.cells
    output = replace(cell.outputs[0], numbers=("0.9153",), digest="0" * 64)
    value, *values = record.values
    value = replace(value, text="91.5%", digest="0" * 64)
    claim, *claims = record.claims
    claim = replace(claim, holds=False)
    site.publish(
        replace(
            record,
            cells=(replace(cell, outputs=(output,)), *cells),
            values=(value, *values),
            claims=(claim, *claims),
        )
    )
    findings = site.findings(code=1)
    assert [found.standing for found in findings] == ["tampered"] * 3
    assert {found.what for found in findings} == {
        "output 1 of cell 1 (stdout)",
        "the value `acc:.1%`",
        "the claim 'most are right'",
    }


def test_a_page_and_a_record_that_were_changed_together_diverge(
    site: Site, make: Callable[..., Site], tmp_path: Path
) -> None:
    """Whoever forges all of it with care is found out by the run."""
    forged = Site(tmp_path / "forged", {"posts/rates.md": post(RATES, FRONT)})
    forged.put({"posts/data/rates.csv": "0.9\n0.9306\n"})
    assert forged.build("-j1").code == 0
    record = site.record()
    keys = {cell.number: cell.key for cell in record.cells}
    cells = tuple(replace(cell, key=keys[cell.number]) for cell in forged.record().cells)
    forged.publish(replace(forged.record(), cells=cells, inputs=record.inputs))
    findings = site.findings(str(forged.public), code=1)
    assert {found.standing for found in findings} == {"diverged", "within tolerance"}
    output = next(found for found in findings if found.what.startswith("output"))
    assert [(n["old"], n["new"]) for n in output.numbers] == [("0.9153", "0.7153")]


def test_nothing_that_was_published_is_executed(site: Site, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    code = f"open({str(trap)!r}, 'w')"
    for suffix in ("py", "ipynb"):
        path = site.public / "rates" / f"rates.{suffix}"
        path.write_text(path.read_text(encoding="utf-8").replace("acc = ", f"{code}; acc = "))
    record = site.record()
    site.publish(replace(record, values=tuple(replace(v, code=code) for v in record.values)))
    assert site.findings(code=1)
    assert not trap.exists()


# What diverged.


@pytest.mark.parametrize(
    ("csv", "code", "standings"),
    [
        # A mean of 0.71529 or 0.7153 or 0.71532: one in the last digit of what is printed.
        ("0.7\n0.7304\n", 0, {"within tolerance"}),
        ("0.7\n0.7406\n", 1, {"diverged", "within tolerance"}),
    ],
)
def test_a_number_that_moved(site: Site, csv: str, code: int, standings: set[str]) -> None:
    site.put({"posts/data/rates.csv": csv})
    document = site.found(code=code)
    [rates] = document["posts"]
    assert {found["standing"] for found in rates["findings"]} == standings
    assert "posts/data/rates.csv changed" in rates["changes"]
    assert document["sound"] is (code == 0)


def test_what_diverged_is_told_with_its_line_and_numbers(site: Site) -> None:
    site.put({"posts/data/rates.csv": "0.7\n0.7506\n"})
    told = site.verified()
    assert told.code == 1
    assert "  posts/rates.md:7: diverged: output 1 of cell 1 (stdout)\n" in told.out
    assert "    0.7153 → 0.7253  +1.4 %  in: accuracy 0.7253\n" in told.out
    assert "  posts/rates.md:12: diverged: the value `acc:.1%`\n" in told.out
    assert "    71.5 % → 72.5 %  +1.4 %" in told.out
    assert "    since it was published: posts/data/rates.csv changed\n" in told.out


def test_a_tolerance_that_is_asked_for(site: Site) -> None:
    site.put({"posts/data/rates.csv": "0.7\n0.7506\n"})
    assert site.found("--tolerance", "0.001", code=1)
    assert site.found("--tolerance", "0.02", code=0)["counts"]["within tolerance"] > 0


def test_a_tolerance_that_the_post_states(make: Callable[..., Site]) -> None:
    cell = '```python\n{}value = float(open("data/value.txt").read())\nprint(value)\n```\n'
    data = {"value.txt": "100.0"}
    site = make(a=post(cell.format("#| tolerance: 0.05\n")), b=post(cell.format("")), data=data)
    site.put({"posts/data/value.txt": "104.0"})
    [within] = site.findings(code=1, post="posts/a.md")
    [diverged] = site.findings(code=1, post="posts/b.md")
    assert (within.standing, diverged.standing) == ("within tolerance", "diverged")


def test_a_claim_that_is_false_today_diverges(site: Site) -> None:
    site.put({"posts/data/rates.csv": "0.4\n0.4\n"})
    findings = {found.what: found for found in site.findings(code=1)}
    claim = findings["the claim 'most are right'"]
    assert (claim.standing, claim.why) == ("diverged", "it is false now")
    assert (claim.old, claim.new) == ("true (acc = 0.7153)", "false (acc = 0.4)")


def test_a_call_that_asserts_and_fails_today_diverges(make: Callable[..., Site]) -> None:
    cell = """\
```python
#| claim: The value is small
def assert_small(value):
    if value > 1:
        raise AssertionError("too large")

assert True
assert_small(float(open("data/value.txt").read()))
```
"""
    site = make(a=post(cell), data={"value.txt": "0.5"})
    site.put({"posts/data/value.txt": "2.5"})
    found = site.findings(code=1, post="posts/a.md")
    assert ("diverged", "it is false now") in [(each.standing, each.why) for each in found]


def test_words_that_changed_diverge(make: Callable[..., Site]) -> None:
    code = '```python\nprint(open("data/words.txt").read())\n```\n'
    site = make(a=post(code), data={"words.txt": "up by 3"})
    site.put({"posts/data/words.txt": "down by 3"})
    [found] = site.findings(code=1, post="posts/a.md")
    assert (found.standing, found.numbers) == ("diverged", [])


@pytest.mark.parametrize(
    ("height", "code", "standing"),
    [("1.0001", 0, "within tolerance"), ("1.2", 1, "diverged")],
)
def test_a_figure_that_moved(
    make: Callable[..., Site], height: str, code: int, standing: str
) -> None:
    site = make(a=post(FIGURE), data={"height.txt": "1"})
    assert site.found(code=0)["counts"]["reproduced"] == 1
    site.put({"posts/data/height.txt": height})
    [found] = site.findings(code=code, post="posts/a.md")
    assert (found.standing, found.what) == (standing, "output 1 of cell 1 (figure)")
    assert "of its pixels differ" in found.why
    assert (found.numbers[0]["old"], found.numbers[0]["new"]) == ("1", height)


# What cannot be checked.


def test_what_is_volatile_is_not_checkable(make: Callable[..., Site]) -> None:
    code = "```python\n#| volatile: true\nimport time\nt = time.time()\nprint(t)\n```\n"
    site = make(a=post(code + "\nIt took `{python} t:.3f`{.volatile}.\n"))
    findings = site.findings(code=0, post="posts/a.md")
    assert {(found.standing, found.why) for found in findings} == {
        ("not checkable", "it is volatile")
    }
    assert len(findings) == 2


COUNTING = """\
```python
{}import subprocess
print(subprocess.run(["cat", "data/count.txt"], capture_output=True, text=True).stdout)
```
"""


def test_what_differs_for_reasons_that_nobody_sees_is_not_checkable(
    make: Callable[..., Site],
) -> None:
    site = make(a=post(COUNTING.format("")), data={"count.txt": "12"})
    assert site.found(code=0)["counts"]["reproduced"] == 1
    site.put({"posts/data/count.txt": "15"})
    [found] = site.findings(code=0, post="posts/a.md")
    assert found.standing == "not checkable"
    assert found.why == "it differs, but cell 1 runs the program cat"


def test_what_differs_though_it_says_what_it_reads_diverges(make: Callable[..., Site]) -> None:
    declared = COUNTING.format("#| reads: [data/count.txt]\n")
    site = make(a=post(declared), data={"count.txt": "12"})
    site.put({"posts/data/count.txt": "15"})
    [found] = site.findings(code=1, post="posts/a.md")
    assert found.standing == "diverged"


def test_what_excuses_a_difference_is_not_believed_of_the_record(site: Site) -> None:
    record = site.record()
    cells = tuple(replace(c, volatile=True, tolerance=1.0, impure=("x",)) for c in record.cells)
    values = tuple(replace(value, volatile=True, tolerance=1.0) for value in record.values)
    site.publish(replace(record, cells=cells, values=values))
    site.put({"posts/data/rates.csv": "0.7\n0.7506\n"})
    assert "diverged" in {found.standing for found in site.findings(code=1)}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"format": "site-builder record",', "its record cannot be read: it is cut short"),
        (b"<!doctype html><p>Welcome", "its record cannot be read: it is HTML, not a record"),
        (b"", "its record cannot be read: it is empty"),
    ],
    ids=["cut short", "html", "empty"],
)
def test_a_record_that_cannot_be_read(site: Site, content: bytes, why: str) -> None:
    site.record_file().write_bytes(content)
    [found] = site.findings(code=0)
    assert (found.standing, found.what) == ("not checkable", "the post")
    assert found.why.startswith(why)


def test_a_page_without_a_record(make: Callable[..., Site]) -> None:
    site = make(a=post("```python\n1\n```\n"), b=post("```python\n2\n```\n"))
    site.record_file("a").unlink()
    [found] = site.findings(code=0, post="posts/a.md")
    assert found.why == "its page has no record"


def test_a_site_without_any_record_is_another_site(site: Site) -> None:
    site.record_file().unlink()
    told = site.verified()
    assert told.code == 2
    assert "error[C018]: there is no published record in SITE/public\n" in told.err


def test_what_others_say_is_shown_as_text(site: Site) -> None:
    record = site.record()
    value = record.values[0]
    told_by_others = dataclasses.replace(value, text="\x1b[2J\x9b31m\u202e7", digest="0")
    shown = {"body": "none", "cell-\x1b[2J": "0", **{f"cell-{n}": "0" for n in range(3)}}
    site.publish(dataclasses.replace(record, values=(told_by_others,), shown=shown))
    told = site.verified()
    assert (told.code, "tampered" in told.out) == (1, True)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told.out + told.err)
    assert told_by_others.text in [each.old for each in site.findings(code=1)]
    document = site.verified("--json").out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", document)


@pytest.mark.parametrize("deep", ["[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, "NaN"])
def test_a_record_that_is_deep_is_damaged(make: Callable[..., Site], deep: str) -> None:
    site = make(figure=post(FIGURE), data={"height.txt": "1"})
    path = site.record_file("figure")
    text = path.read_text(encoding="utf-8")
    assert '"series": [{' in text
    path.write_text(text.replace('"series": [{', f'"series": [{{"more": {deep}, ', 1))
    (found,) = site.findings(code=0, post="posts/figure.md")
    assert (found.standing, "damaged" in found.why) == ("not checkable", True)


def test_a_post_that_is_not_there_is_told_without_a_table(site: Site) -> None:
    told = site.verified("--only", "nope*")
    assert (told.code, told.out) == (2, "")
    assert site.verified("--only", "rates").code == 0
    site.put({"posts/new.md": post("```python\nprint(1)\n```\n")})
    told = site.verified("--only", "new")
    assert (told.code, "there is no record of these posts in" in told.err) == (2, True)


def test_a_record_of_a_newer_version(site: Site) -> None:
    edit(site.record_file(), '"version": 1', '"version": 99')
    [found] = site.findings(code=0)
    assert "it is of version 99" in found.why
    assert "install a newer one" in found.why


def test_code_that_changed_since_is_not_compared_nor_what_follows(site: Site) -> None:
    edit(site.root / "posts/rates.md", "round(acc, 4)", "round(acc, 3)")
    findings = site.findings(code=0)
    assert {(found.standing, found.why) for found in findings} == {
        ("not checkable", "its code changed since")
    }
    assert len(findings) == 5
    told = site.verified().out
    assert told.count("not checkable:") == 1
    assert "and 4 more: its code changed since" in told


def test_cells_above_a_change_are_compared(site: Site) -> None:
    edit(site.root / "posts/rates.md", "len(rates) > 0", "len(rates) > 1")
    counts = site.found(code=0)["counts"]
    assert counts["reproduced"] == 3
    assert counts["not checkable"] == 2


def test_a_value_that_is_gone_from_the_post(site: Site) -> None:
    edit(site.root / "posts/rates.md", "Of all, `{python} acc:.1%`", "Of all, `{python} acc:.2%`")
    gone = [f.what for f in site.findings(code=0) if f.why == "it is not in the post any more"]
    assert gone == ["the value `acc:.1%`"]


def test_a_post_that_fails_today(site: Site) -> None:
    (site.root / "posts/data/rates.csv").unlink()
    findings = site.findings(code=0)
    assert len(findings) == 5
    assert {found.standing for found in findings} == {"not checkable"}
    [why] = {found.why for found in findings}
    assert why.startswith("it fails today: FileNotFoundError")
    assert why.endswith("(line 7)")


def test_a_post_with_mistakes(site: Site) -> None:
    edit(site.root / "posts/rates.md", "#| claim:", "#| clam:")
    [found] = site.findings(code=0)
    assert found.why.startswith("it has mistakes: ")


def test_a_post_that_is_frozen(site: Site) -> None:
    assert site.run("freeze", "-C", str(site.root), "rates").code == 0
    findings = site.findings(code=0)
    assert len(findings) == 5
    [why] = {found.why for found in findings}
    assert re.fullmatch(r"frozen on \d{4}-\d\d-\d\d", why)
    assert "ran posts/rates.md" not in site.verified().err
    edit(site.page(), "accuracy 0.7153", "accuracy 0.7253")
    assert "tampered" in {found.standing for found in site.findings(code=1)}


def test_posts_that_are_here_or_there_only(site: Site) -> None:
    shutil.copy(site.root / "posts/rates.md", site.root / "posts/new.md")
    (site.root / "posts/rates.md").unlink()
    [new] = site.findings(code=0, post="posts/new.md")
    assert new.why == "it is not published"
    [old] = site.findings(code=0, post="posts/rates.md")
    assert old.why == "it is published, but there is no such post here"


def test_nobody_misses_drafts_and_what_is_to_come(site: Site) -> None:
    for name, front in (("draft", "draft: true"), ("later", "date: 2999-01-01")):
        text = post("```python\n1\n```\n", f"title: A\ndate: 2020-01-01\n{front}\n")
        text = text.replace("date: 2020-01-01\ndate", "date")
        site.put({f"posts/{name}.md": text})
    assert [each["post"] for each in site.found(code=0)["posts"]] == ["posts/rates.md"]


# How it is asked for.


def test_posts_that_match_are_verified_alone(make: Callable[..., Site]) -> None:
    site = make(a=post("```python\n1\n```\n"), b=post("```python\n2\n```\n"))
    assert [each["post"] for each in site.found("--only", "*/b.md", code=0)["posts"]] == [
        "posts/b.md"
    ]
    told = site.verified("--only", "posts/c.md")
    assert told.code == 2
    assert "there is no post 'posts/c.md'" in told.err


def test_a_folder_that_is_not_there(site: Site) -> None:
    told = site.verified("nowhere")
    assert told.code == 2
    assert "there is no folder nowhere" in told.err


@pytest.mark.parametrize("number", ["-1", "x", "nan", "inf"])
def test_a_tolerance_is_a_number(site: Site, number: str) -> None:
    told = site.verified(f"--tolerance={number}")
    assert told.code == 2
    assert "a number from 0 on" in told.err


@pytest.fixture
def served(site: Site) -> Iterator[str]:
    """The address of the site, below a path."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    folder = site.root.parent / "www"
    shutil.copytree(site.public, folder / "blog")
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/blog/"
        server.shutdown()


def test_a_site_at_an_address_is_verified(site: Site, served: str) -> None:
    assert site.found(served, code=0)["counts"]["reproduced"] == 5
    edit(site.root.parent / "www/blog/rates/index.html", "accuracy 0.7153", "accuracy 0.7253")
    [found] = site.findings(served, code=1)
    assert (found.standing, found.what) == ("tampered", "the output of cell 1")


def test_posts_that_are_at_the_address_only_are_told(site: Site, served: str) -> None:
    (site.root / "posts/rates.md").unlink()
    [found] = site.findings(served, code=0)
    assert found.why == "it is published, but there is no such post here"


def test_an_address_where_nobody_answers(site: Site) -> None:
    told = site.verified("http://no-such-host.invalid/")
    assert told.code == 2
    assert "there is no host no-such-host.invalid" in told.err


# How it is done.


def test_a_large_site_is_verified_a_few_posts_at_a_time(
    make: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = {f"p{n}": post(f"```python\n{n}\n```\n") for n in range(5)}
    site = make(**posts)
    monkeypatch.setattr(verifying, "TOGETHER", 2)
    told: list[str | tuple[int, int]] = []

    def on_post(each: PostVerification) -> None:
        told.append(each.post)

    verification = verify(
        load_site(site.root),
        open_published(str(site.public)),
        Wanted(jobs=1),
        on_post=on_post,
        on_pages=lambda done, all_: told.append((done, all_)),
    )
    assert verification.sound
    assert verification.counts["reproduced"] == 5
    names = [f"posts/p{n}.md" for n in range(5)]
    assert told == [*names[:2], (2, 5), *names[2:4], (4, 5), names[4], (5, 5)]


def test_every_standing_is_in_the_counts(site: Site) -> None:
    document = site.found(code=0)
    assert list(document["counts"]) == list(STANDINGS)
    assert list(document["posts"][0]["counts"]) == list(STANDINGS)
    assert document["format"] == "site-builder verification"
    assert document["version"] == 1


def test_the_document_is_that_of_the_readme(site: Site) -> None:
    site.put({"posts/data/rates.csv": "0.7\n0.7506\n"})
    document = site.found(code=1)
    post = document["posts"][0]
    finding = next(each for each in post["findings"] if each["numbers"])
    parts = (document, post, finding, finding["numbers"][0])
    known = {name for part in parts for name in part}
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| field of a verification |") :].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == known - {"format", "version"}


def test_the_summary_counts_in_words() -> None:
    from site_builder.checking.verifying.verification import Verification

    assert summary_line(Verification("public", (), 3)).startswith(
        "public: 0 posts (3 without code)"
    )

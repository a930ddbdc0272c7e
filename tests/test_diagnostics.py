"""What authors are told: its forms, its codes, what each means and which can be silenced."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from broken_sites import Blog, Broken, broken_sites

from site_builder import codes
from site_builder.assembly.theme.files import read_theme
from site_builder.assembly.theme.theme import load_theme
from site_builder.build import Options, build
from site_builder.checking.site.check import Wish, check_site
from site_builder.diagnostics.catalogue import entries, explanation
from site_builder.diagnostics.folding import folded
from site_builder.diagnostics.formats import FORMATS, Diagnostic, errors, told, warnings
from site_builder.errors import ContentError, Problem, SiteBuilderError
from site_builder.settings.site import Site, load_site
from site_builder.store import Store

PACKAGE = Path(__file__).parents[1] / "site_builder"
SETTINGS = 'title = "Notes"\nurl = "https://example.org/"\n'
FRONT = "---\ntitle: {}\ndate: 2019-06-02\n---\n\n"
KEY = Problem(
    "unknown front matter key 'titel'",
    "posts/x.md",
    *(3, 1, 5),
    "titel: X",
    "did you mean 'title'?",
    code="F003",
)


# Codes


def calls_of_problem() -> list[tuple[str, ast.Call]]:
    return [
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Problem"
    ]


def test_every_problem_has_a_code() -> None:
    without = [
        place
        for place, call in calls_of_problem()
        if not any(
            given.arg == "code"
            and not (isinstance(given.value, ast.Constant) and not given.value.value)
            for given in call.keywords
        )
    ]
    assert not without


def written_codes() -> Counter[str]:
    """The codes in the texts of the program, as literals of their own."""
    return Counter(
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name != "codes.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z]\d{3}", node.value)
    )


def test_what_is_told_has_the_codes_that_there_are() -> None:
    assert set(written_codes()) == codes.ERRORS | codes.WARNINGS


def test_no_number_is_used_again() -> None:
    assert not codes.ERRORS & codes.WARNINGS
    assert not codes.RETIRED & (codes.ERRORS | codes.WARNINGS)


def test_the_catalogue_has_every_code_once_in_order() -> None:
    families = list(codes.FAMILIES)
    known = sorted(codes.ERRORS | codes.WARNINGS, key=lambda code: (families.index(code[0]), code))
    assert list(entries()) == known
    headings = [
        heading
        for family in families
        for heading in re.findall(
            r"^## ([A-Z]\d{3}): ",
            (PACKAGE / f"diagnostics/codes/{family}.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    ]
    assert headings == known


@pytest.mark.parametrize("code", sorted(entries()))
def test_an_entry_says_what_it_means(code: str) -> None:
    entry = entries()[code]
    prose = re.sub(r"^(~{3,}).*?^\1$", "", entry.text, flags=re.DOTALL | re.MULTILINE)
    assert 5 <= len(entry.title) <= 80
    assert not entry.title.endswith(".")
    assert len(prose.split()) >= 7
    assert len(re.findall(r"^~{3,}", entry.text, re.MULTILINE)) == 2 * len(entry.examples) or (
        code == "M004"  # which shows tildes
    )
    assert "~~~wrong" not in explanation(entry)


@pytest.mark.parametrize("broken", list(broken_sites()), ids=str)
def test_no_mistake_of_a_broken_site_is_without_a_code(broken: Broken) -> None:
    assert not re.search(r"^(?:error|warning): ", broken.said, re.MULTILINE)


# Examples


def examples(kind: str, *parts: str) -> list[tuple[str, str, str]]:
    return [
        (entry.code, part, text)
        for entry in entries().values()
        for which, part, text in entry.examples
        if which == kind and part in parts
    ]


def site_of(root: Path, posts: list[tuple[str, str, str]]) -> Site:
    """A site with a post for each example, named as its code."""
    blog = Blog(root)
    blog.put({"posts/other.md": FRONT.format("Other") + "Text.\n"})
    for code, part, text in posts:
        front = FRONT.format(f"Code {code}") if part == "body" else ""
        blog.put({f"posts/{code.lower()}.md": front + text})
    return load_site(root)


def options(root: Path) -> Options:
    return Options(root / "public", jobs=2, cache=root / ".cache")


def found_codes(problems: tuple[Problem, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for problem in problems:
        found.setdefault(Path(problem.file).stem.upper(), set()).add(problem.code)
    return found


# What links lead to is not told while posts fail for other reasons: they may be what is meant.
LINKS = {"L001", "L002", "L003"}


@pytest.mark.parametrize("links", [True, False])
def test_the_wrong_examples_are_wrong(tmp_path: Path, *, links: bool) -> None:
    posts = [
        each
        for each in examples("wrong", "body", "file")
        if each[0] in codes.ERRORS and (each[0] in LINKS) == links
    ]
    with pytest.raises(ContentError) as caught:
        build(site_of(tmp_path, posts), options(tmp_path))
    found = found_codes(caught.value.problems)
    assert {code: found.get(code, set()) for code, *_ in posts} == {
        code: {code} for code, *_ in posts
    }


def test_the_examples_of_warnings_warn(tmp_path: Path) -> None:
    posts = [each for each in examples("wrong", "body", "file") if each[0] in codes.WARNINGS]
    site = site_of(tmp_path, posts)
    report = build(site, options(tmp_path))
    found = found_codes(report.warnings)
    with Store(tmp_path / ".cache") as store:
        checked = check_site(site, Wish(), store, today=dt.date(2026, 1, 1), now=0.0)
    for code, its in found_codes(checked.findings).items():
        found.setdefault(code, set()).update(its)
    assert {code: found.get(code, set()) for code, *_ in posts} == {
        code: {code} for code, *_ in posts
    }


def test_the_right_examples_are_right(tmp_path: Path) -> None:
    posts = examples("right", "body", "file")
    report = build(site_of(tmp_path, posts), options(tmp_path))
    assert len(posts) > 40
    assert report.posts == len(posts) + 1
    assert not report.warnings


def theme_of(root: Path) -> None:
    site = load_site(root)
    load_theme(site, read_theme(site))


@pytest.mark.parametrize(("code", "text"), [(c, t) for c, _, t in examples("wrong", "site.toml")])
def test_wrong_settings_are_wrong(tmp_path: Path, code: str, text: str) -> None:
    Blog(tmp_path).put({"site.toml": SETTINGS + text})
    with pytest.raises(SiteBuilderError) as caught:
        theme_of(tmp_path)
    assert {problem.code for problem in caught.value.problems} == {code}


@pytest.mark.parametrize("text", [text for _, _, text in examples("right", "site.toml")])
def test_right_settings_are_right(tmp_path: Path, text: str) -> None:
    given = "" if "title" in text else SETTINGS
    Blog(tmp_path).put({"site.toml": given + text})
    theme_of(tmp_path)


# Forms


def one(problem: Problem = KEY, form: str = "full", **more: object) -> str:
    return told(errors([problem]), form, **more)  # type: ignore[arg-type]


def test_the_full_form() -> None:
    assert one() == (
        "error[F003]: unknown front matter key 'titel'\n"
        "  --> posts/x.md:3:1\n"
        "   |\n"
        " 3 | titel: X\n"
        "   | ^^^^^\n"
        "   = help: did you mean 'title'?\n\n"
    )


@pytest.mark.parametrize(
    ("excerpt", "column", "width", "shown", "marks"),
    [
        ("\tx = 1 / 0", 6, 5, "\tx = 1 / 0", "\t    ^^^^^"),
        ("你好 = 1 / 0", 6, 5, "你好 = 1 / 0", "       ^^^^^"),
        ("你好", 2, 1, "你好", "  ^^"),
        ("e\u0301te\u0301 = x", 9, 1, "e\u0301te\u0301 = x", "      ^"),
        ("👩‍🔬 = x", 7, 1, "👩‍🔬 = x", "       ^"),
        ("a\x1b[31mb", 7, 1, "a\ufffd[31mb", "      ^"),
        ("short", 6, 1, "short", "     ^"),
        ("short", 2, 100, "short", " ^^^^"),
    ],
)
def test_the_marks_are_below_what_is_wrong(
    excerpt: str, column: int, width: int, shown: str, marks: str
) -> None:
    text = one(Problem("wrong", "posts/x.md", 12, column, width, excerpt))
    *_, line, below = text.rstrip("\n").split("\n")
    assert line == f" 12 | {shown}"
    assert below == f"    | {marks}"


def test_of_a_long_line_the_part_around_the_mistake_is_shown() -> None:
    text = one(Problem("wrong", "posts/x.md", 1, 301, 3, "a" * 300 + "XYZ" + "b" * 300))
    *_, line, below = text.rstrip("\n").split("\n")
    assert len(line) < 120
    assert line[below.index("^") : below.rindex("^") + 1] == "XYZ"
    assert line.startswith(" 1 | …a")
    assert line.endswith("b…")


def test_a_whole_line_is_shown_without_marks_and_a_file_without_a_line() -> None:
    line = one(Problem("wrong", "posts/x.md", 3, excerpt="titel: X"))
    assert line == "error: wrong\n  --> posts/x.md:3\n   |\n 3 | titel: X\n\n"
    assert (
        one(Problem("wrong", "posts/x.md", code="F009"))
        == "error[F009]: wrong\n --> posts/x.md\n\n"
    )
    assert one(Problem("wrong", help="mend it")) == "error: wrong\n  = help: mend it\n\n"


def test_further_lines_of_notes_are_below_the_first() -> None:
    text = one(Problem("wrong", "a.md", 9, notes=("last output:\n| 1\n| 2",), help="mend it"))
    assert text == (
        "error: wrong\n"
        "  --> a.md:9\n"
        "   = note: last output:\n"
        "           | 1\n"
        "           | 2\n"
        "   = help: mend it\n\n"
    )


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_is_told_is_obeyed_by_a_terminal(form: str) -> None:
    evil = "a\x1b]0;title\x07b\x1b[2Jc\u202ed\re"
    problem = Problem(evil, f"{evil}.md", 3, 2, 1, evil, evil, (evil,), code="F003")
    text = one(problem, form)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_colours_change_nothing_but_colours() -> None:
    problem = Problem("wrong", "a.md", 3, 2, 2, "\tabc", "mend it", ("one\ntwo",), code="F003")
    for severity in ("error", "warning"):
        diagnostics = [Diagnostic(problem, severity)]
        coloured = told(diagnostics, colour=True)
        assert "\x1b[1;3" in coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == told(diagnostics)


def test_the_concise_form_is_a_line() -> None:
    assert one(form="concise") == ("posts/x.md:3:1: error[F003] unknown front matter key 'titel'\n")
    both = [*errors([Problem("a\nb")]), *warnings([KEY])]
    assert told(both, "concise").count("\n") == 2


def test_the_form_for_programs() -> None:
    (row,) = json.loads(one(form="json"))
    assert row == {
        "severity": "error",
        "code": "F003",
        "message": "unknown front matter key 'titel'",
        "file": "posts/x.md",
        "line": 3,
        "column": 1,
        "end_column": 6,
        "excerpt": "titel: X",
        "help": "did you mean 'title'?",
        "notes": [],
    }
    (bare,) = json.loads(told(warnings([Problem("wrong")]), "json"))
    assert bare["severity"] == "warning"
    assert bare["file"] is bare["line"] is bare["column"] is bare["end_column"] is None
    assert json.loads(told([], "json")) == []


def test_the_form_for_github_escapes_what_it_must() -> None:
    problem = Problem("100 %, a\nb", "posts/a,b:c.md", 3, 1, 5, help="so", code="F003")
    assert one(problem, "github", base="blog/") == (
        "::error file=blog/posts/a%2Cb%3Ac.md,line=3,col=1,endColumn=6,title=F003"
        "::100 %25, a%0Ab%0Ahelp: so\n"
    )
    assert told(warnings([Problem("wrong")]), "github") == "::warning ::wrong\n"


def test_problems_are_told_by_file_and_line() -> None:
    given = [Problem("x", "b.md", 1), Problem("x", "a.md", 10), Problem("x", "a.md", 9)]
    lines = told(errors(given), "concise").splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["a.md:9", "a.md:10", "b.md:1"]


# Tracebacks

TRACEBACK = """Traceback (most recent call last):
  File "posts/x.md", line 9, in <module>
    fit(model)
  File "posts/own.py", line 3, in fit
    model.fit()
  File "keras/trainer.py", line 10, in fit
    self.step()
    ~~~~~~~~~^^
  File "keras/trainer.py", line 20, in step
    [Previous line repeated 3 more times]
  File "jax/core.py", line 5, in bind
    return run(1)
  File "numpy/core.py", line 7, in dot
    raise ValueError("no")
ValueError: no"""


def raised(*notes: str, line: int = 9, message: str = "ValueError: no") -> Problem:
    return Problem(message, "posts/x.md", line, 1, 3, "fit(model)", notes=notes, code="X001")


def test_frames_of_libraries_are_one_line_but_for_the_last() -> None:
    (note,) = folded(raised(TRACEBACK))
    assert note == (
        "Traceback (most recent call last):\n"
        '  File "posts/x.md", line 9, in <module>\n'
        "    fit(model)\n"
        '  File "posts/own.py", line 3, in fit\n'
        "    model.fit()\n"
        "  … 3 frames in keras, jax …\n"
        '  File "numpy/core.py", line 7, in dot\n'
        '    raise ValueError("no")\n'
        "ValueError: no"
    )
    text = one(raised(TRACEBACK), all_frames=True)
    assert text.count("File ") == TRACEBACK.count("File ")
    (row,) = json.loads(one(raised(TRACEBACK), "json"))
    assert row["notes"] == [TRACEBACK]


def test_two_frames_of_libraries_are_shown() -> None:
    few = TRACEBACK.replace('"keras/', '"posts/')
    assert folded(raised(few)) == (few,)


BARE = """Traceback (most recent call last):
  File "posts/x.md", line 9, in <module>
    fit(model)
    ^^^
ValueError: no"""


def test_a_traceback_that_says_no_more_than_the_problem_is_left_out() -> None:
    assert folded(raised("last output:\n| 1", BARE)) == ("last output:\n| 1",)
    for other in (raised(BARE, line=8), raised(BARE, message="ValueError: yes")):
        assert folded(other) == (BARE,)
    chained = (
        f"{BARE}\n\nDuring handling of the above exception, another exception occurred:\n\n{BARE}"
    )
    assert folded(raised(chained)) == (chained,)
    assert "Traceback" in one(raised(BARE), all_frames=True)


def test_what_a_run_raises_in_a_library_is_folded(blog: Blog) -> None:
    code = "import json\njson.loads('{')"
    blog.put({"posts/a.md": FRONT.format("A") + f"```python\n{code}\n```\n"})
    told = blog.build()
    assert "frames in json …\n" in told.err
    assert 'File "json/decoder.py"' in told.err
    assert 'File "json/__init__.py"' not in told.err
    assert 'File "json/__init__.py"' in blog.build("--full-tracebacks").err


# The command line

WRONG = {"posts/a.md": "---\ntitel: A\ndate: 2019-06-02\n---\n"}
PALE = {"posts/a.md": FRONT.format("A") + "![](/favicon.svg)\n\n![](other.png){#fig-a}\n"}
REMOTE = FRONT.format("A") + "![A cat](https://example.com/cat.png)\n"


@pytest.fixture
def blog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blog:
    for name in ("NO_COLOR", "FORCE_COLOR", "SITE_BUILDER_OUTPUT_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    return Blog(tmp_path)


@pytest.mark.parametrize("command", ["build", "check"])
def test_json_of_what_reports_is_all_of_its_output(blog: Blog, command: str) -> None:
    blog.put(WRONG)
    asked = (command, "-C", str(blog.root), "--output-format", "json")
    told = blog.run(*asked)
    assert told.code == 1
    assert [row["code"] for row in json.loads(told.out)] == ["F005", "F003"]
    blog.put({"posts/a.md": REMOTE})
    (row,) = json.loads(blog.run(*asked).out)
    assert (row["severity"], row["code"]) == ("warning", "I006")
    blog.put({"posts/a.md": FRONT.format("A") + "Text.\n"})
    assert json.loads(blog.run(*asked).out) == []


def test_other_commands_tell_json_beside_their_output(blog: Blog) -> None:
    blog.put(WRONG)
    told = blog.run("list", "-C", str(blog.root), "--output-format", "json", "--json")
    assert "posts" in json.loads(told.out)
    assert {row["code"] for row in json.loads(told.err)} == {"F003", "F005"}


def test_the_form_can_be_set_for_a_whole_session(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blog.put(WRONG)
    monkeypatch.setenv("SITE_BUILDER_OUTPUT_FORMAT", "concise")
    assert "posts/a.md:2:1: error[F003] unknown" in blog.build().err
    assert blog.build("--output-format", "github").err.startswith("::error file=")
    monkeypatch.setenv("SITE_BUILDER_OUTPUT_FORMAT", "jsn")
    told = blog.build()
    assert told.code == 2
    assert (
        "there is no form 'jsn' (of SITE_BUILDER_OUTPUT_FORMAT); did you mean 'json'?" in told.err
    )


@pytest.mark.parametrize(
    ("variables", "option", "coloured"),
    [
        ({}, "auto", False),  # no terminal
        ({}, "always", True),
        ({"FORCE_COLOR": "1"}, "auto", True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "auto", False),
        ({"FORCE_COLOR": "1"}, "never", False),
        ({"NO_COLOR": "1"}, "always", True),
    ],
)
def test_colours_are_as_asked_for(
    blog: Blog,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    option: str,
    *,
    coloured: bool,
) -> None:
    blog.put(WRONG)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in blog.build("--color", option).err) == coloured


def test_strict_takes_warnings_for_errors(blog: Blog) -> None:
    blog.put({"posts/a.md": REMOTE})
    told = blog.build("--strict")
    assert told.code == 1
    assert told.err.startswith("error[I006]: ")
    assert "nothing was written" in told.err
    assert not (blog.root / "public").exists()
    assert blog.build().code == 0
    assert blog.build("--strict").code == 1, "also where nothing is to do"
    (blog.root / "posts/a.md").write_text(FRONT.format("A") + "Text.\n", encoding="utf-8")
    assert blog.build("--strict").code == 0


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_warning_can_be_silenced(blog: Blog, *, everywhere: bool) -> None:
    blog.put({"posts/a.md": REMOTE, "posts/b.md": REMOTE})
    assert blog.build().err.count("warning[I006]") == 2
    if everywhere:
        blog.put({"site.toml": SETTINGS + 'ignore = ["I006"]\n'})
    else:
        blog.put({"posts/a.md": REMOTE.replace("---\n\n", "ignore: [I006]\n---\n\n")})
    for arguments in ((), ("--strict",)) if everywhere else ((), ()):
        told = blog.build(*arguments)
        assert told.code == 0
        assert told.err.count("warning[I006]") == (0 if everywhere else 1)
        assert "a.md" not in told.err
    checked = blog.run("check", "-C", str(blog.root), "--output-format", "concise")
    assert checked.err.count("[I006]") == (0 if everywhere else 1)
    blog.put({"site.toml": SETTINGS, "posts/a.md": REMOTE})
    assert blog.build().err.count("warning[I006]") == 2


@pytest.mark.parametrize(
    ("code", "message", "help_"),
    [
        ("F003", "F003 is an error, which cannot be silenced", "see: explain F003"),
        ("X0012", "there is no code 'X0012' that can be silenced", "did you mean 'X012'?"),
        ("I", "there is no code 'I' that can be silenced", "name each: I002, I003, I006"),
    ],
)
@pytest.mark.parametrize("everywhere", [True, False])
def test_only_warnings_can_be_silenced(
    blog: Blog, code: str, message: str, help_: str, *, everywhere: bool
) -> None:
    if everywhere:
        blog.put({"site.toml": SETTINGS + f'ignore = ["I006", "{code}"]\n'})
    else:
        blog.put({"posts/a.md": REMOTE.replace("---\n\n", f"ignore: [I006, {code}]\n---\n\n")})
    told = blog.build()
    assert told.code == (2 if everywhere else 1)
    assert f"error[C023]: {message}\n" in told.err
    assert f"= help: {help_}" in told.err


def test_explain_tells_what_codes_mean(blog: Blog) -> None:
    told = blog.run("explain", "f003", "I002")
    assert told.code == 0
    assert told.out.startswith("error[F003]: front matter has no such key\n\nA misspelt key")
    assert "Wrong:\n\n    ---\n    title: Why neurons die\n" in told.out
    assert "\n\nwarning[I002]: " in told.out
    assert max(map(len, told.out.splitlines())) <= 100


def test_explain_lists_all_codes(blog: Blog) -> None:
    out = blog.run("explain", "--codes").out
    assert re.findall(r"^  ([A-Z]\d{3}) ", out, re.MULTILINE) == list(entries())
    assert "  I002  warning  " in out
    assert "  F003  error    " in out


def test_explain_of_a_code_that_there_is_not(blog: Blog) -> None:
    told = blog.run("explain", "F039", "Z001")
    assert told.code == 2
    assert "there is no code 'F039'" in told.err
    assert "did you mean 'F019'?" in told.err
    assert "list them with 'site-builder explain --codes'" in told.err


def test_a_build_with_nothing_to_tell_reads_no_explanations(tmp_path: Path) -> None:
    """What only those who are told something need is imported for them alone."""
    import subprocess
    import sys

    Blog(tmp_path).put({"posts/a.md": FRONT.format("A") + "Text.\n"})
    code = (
        "import sys; from site_builder.cli import main; main(sys.argv[1:]); main(sys.argv[1:]);"
        "print([m for m in sys.modules if 'diagnostics' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "build", "-C", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    assert done.stdout.splitlines()[-1] == "[]"

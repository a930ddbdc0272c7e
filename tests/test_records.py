"""Records of runs: what they hold comes back as it was, and line numbers follow their cell."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from small_site import make_site, post_text

from site_builder.content.parse import parse
from site_builder.errors import ContentError
from site_builder.execution.documents import LONG, read_record, record_bytes
from site_builder.execution.frozen import frozen_folder, read_frozen, write_frozen
from site_builder.execution.interpreter import Interpreter, importable, normalised
from site_builder.execution.job import conditions_of, job_of, keys_of
from site_builder.execution.lines import cell_name, first_line, placed, with_lines
from site_builder.execution.record import (
    Declared,
    Impure,
    Record,
    RecordedCell,
    RecordedValue,
    SeenFile,
    SeenVariable,
    Trace,
)
from site_builder.execution.reuse import as_frozen
from site_builder.model.post import Output, Post, Source, Value
from site_builder.store import digest_of

PICTURE = base64.b64encode(bytes(range(256)) * 20).decode()
OUTPUTS = (
    Output("stdout", "one\ntwo\r\nthree"),
    Output("stdout", "\n\n"),
    Output("stderr", "é \u2028 \x1b[31m red\n" * LONG),
    Output("display", data={"text/plain": "x", "application/json": {"a": [1, None]}}),
    Output(
        "figure",
        data={"image/svg+xml": "<svg>" + "\n" * LONG, "image/png": PICTURE},
        metadata={"width": 10, "height": 20},
    ),
    # Base64 with line ends is not what its bytes alone would give again.
    Output("display", data={"image/png": PICTURE[:3000] + "\n" + PICTURE[3000:]}),
    Output("error", "Traceback", metadata={"name": "ValueError", "message": "no"}),
)
RECORD = Record(
    post="posts/a b.md",
    conditions={"seed": "0", "kernel": ""},
    cells=(
        RecordedCell("k1", "x = 1\n\nprint(x)", {"error": False, "reads": None}, OUTPUTS),
        RecordedCell("k2", "", {"error": True, "reads": ["a*.csv"]}, ()),
    ),
    values=(
        RecordedValue("v1", 1, ("value", "x", "", ".1%"), Value("71.5%")),
        RecordedValue("v2", 1, ("value", "x", "r", ""), Value("x", {"text/latex": "$x$"})),
        RecordedValue(
            "v3", 2, ("claim", "a > b", "", ""), Value(holds=False, parts=(("a", "1"), ("b", "2")))
        ),
    ),
    key="v3",
    trace=Trace(
        interpreter={"python": "3.13.1"},
        packages={"numpy": "2.4.6"},
        modules=("numpy", "os"),
        sought=("absent",),
        local={"posts": ("helper.py",), "": ()},
        inner={"posts/package": ("__init__.py", "part.py")},
        variables=(SeenVariable("HOME", None, 1), SeenVariable("PATH", "/bin", 2)),
        files=(
            SeenFile("read", "posts/a file - with spaces", digest_of(b"x"), 1),
            SeenFile("missing", "/etc/none", "", 0),
        ),
        declared=(Declared("a*.csv", "d", 2),),
        impure=(Impure("uses the network", 2),),
        root="",
    ),
    python="3.13.1",
    packages={"numpy": "2.4.6"},
    seed=3,
    leftovers=1,
)


def test_a_record_comes_back_as_it_was_kept() -> None:
    blobs: dict[str, bytes] = {}

    def put(content: bytes, _: str) -> str:
        blobs[digest_of(content)] = content
        return digest_of(content)

    frozen = replace(RECORD, frozen=dt.date(2026, 5, 3))
    for record in (RECORD, frozen):
        content = record_bytes(record, put)
        assert read_record(content, lambda digest, _: blobs[digest]) == record
        assert record_bytes(record, put) == content
    assert len(blobs) == 4  # the long text, the SVG, the picture, and the one with line ends


def test_what_is_no_record_reads_as_none() -> None:
    content = record_bytes(RECORD, lambda content, _: digest_of(content))
    assert read_record(content, lambda *_: None) is None  # its blobs are gone
    document = json.loads(content)
    for damaged in (
        content[:-20],
        b"",
        b"\xff",
        b"[]",
        json.dumps({**document, "format": 99}).encode(),
        json.dumps({**document, "cells": None}).encode(),
        json.dumps({**document, "trace": {}}).encode(),
        json.dumps({key: document[key] for key in document if key != "seed"}).encode(),
    ):
        assert read_record(damaged, lambda *_: b"x") is None


def test_each_line_of_output_is_a_line_of_the_record() -> None:
    lines = record_bytes(RECORD, lambda *_: "0").decode().split("\n")
    assert r'      "one\n",' in lines
    assert r'      "two\r\n",' in lines
    assert '      "three"' in lines


def test_a_frozen_record_is_found_beside_its_post(tmp_path: Path) -> None:
    record = replace(RECORD, post="posts/a.md", frozen=dt.date(2026, 5, 3))
    assert read_frozen(tmp_path, "posts/a.md") is None
    assert write_frozen(tmp_path, record) == tmp_path / "posts" / "a.frozen"
    assert read_frozen(tmp_path, "posts/a.md") == record
    suffixes = sorted(path.suffix for path in frozen_folder(tmp_path, "posts/a.md").iterdir())
    assert suffixes == [".json", ".png", ".png", ".svg", ".txt"]
    # Writing it again leaves nothing of the old one.
    write_frozen(tmp_path, replace(record, cells=record.cells[1:]))
    assert [path.name for path in (tmp_path / "posts" / "a.frozen").iterdir()] == ["record.json"]
    assert [path.name for path in (tmp_path / "posts").iterdir()] == ["a.frozen"]


def test_a_frozen_record_tells_nothing_of_the_machine_that_made_it(tmp_path: Path) -> None:
    text = post_text("x = 1", "#| error: true\n#| reads: [a*.csv]\ny = 2")
    text += '\n`{python} x:.1%` `{python} x!r` [more]{claim="a > b"}\n'
    post = post_of(tmp_path, text)
    conditions = {**RECORD.conditions, "environment variable TOKEN": "sha256:0123456789ab"}
    record = replace(RECORD, post="posts/a.md", conditions=conditions)
    frozen = as_frozen(record, post, dt.date(2026, 5, 3))
    text = record_bytes(frozen, lambda *_: "0").decode()
    assert "TOKEN" not in text
    assert "PATH" not in text
    assert "/etc/none" not in text
    assert "posts/a file - with spaces" in text
    assert frozen.cells[1].outputs == record.cells[1].outputs
    # Its key is that of the post under conditions which any machine has.
    assert frozen.key == keys_of(post, RECORD.conditions).run != record.key


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda text: text[: len(text) // 2], "record.json is no JSON"),
        (lambda text: "<<<<<<< HEAD\n" + text, "marks of a merge conflict"),
        (lambda text: text.replace('"format": 2', '"format": 7'), "not of the format"),
    ],
)
def test_a_damaged_frozen_record_is_told(tmp_path: Path, damage: object, why: str) -> None:
    write_frozen(tmp_path, replace(RECORD, post="posts/a.md", frozen=dt.date(2026, 5, 3)))
    document = tmp_path / "posts" / "a.frozen" / "record.json"
    assert callable(damage)
    document.write_text(damage(document.read_text("utf-8")), "utf-8")
    with pytest.raises(ContentError, match=f"posts/a.frozen: .*{re.escape(why)}"):
        read_frozen(tmp_path, "posts/a.md")


def test_a_frozen_record_without_one_of_its_pictures_is_told(tmp_path: Path) -> None:
    write_frozen(tmp_path, replace(RECORD, post="posts/a.md", frozen=dt.date(2026, 5, 3)))
    [picture] = (tmp_path / "posts" / "a.frozen").glob("*.svg")
    picture.write_bytes(picture.read_bytes() + b"x")
    with pytest.raises(ContentError, match=f"{picture.name} is missing or damaged"):
        read_frozen(tmp_path, "posts/a.md")


def post_of(root: Path, text: str) -> Post:
    return parse(make_site(root), Source("posts/a.md", text))


def test_line_numbers_follow_their_cell(tmp_path: Path) -> None:
    text = post_text("print(1)\nfail()", "x = 2")
    before = post_of(tmp_path, text)
    after = post_of(tmp_path, text.replace("---\n\n", "---\n\nMore\n\nprose.\n\n"))
    recorded = (
        Output("error", 'File "posts/a.md, cell 1", line 2, in <module>\n'),
        Output("stderr", "posts/a.md, cell 2:1: UserWarning: careful\n"),
        Output("display", data={"text/html": "<b>a.md, cell 1:1</b>", "image/png": "a"}),
        Output("error", metadata={"name": "E", "message": "at posts/a.md, cell 2:1", "width": 3}),
    )
    for post in (before, after):
        first, second = (cell.line for cell in post.cells)
        error, warning, display, raised = with_lines(recorded, post)
        assert error.text == f'File "posts/a.md", line {first + 1}, in <module>\n'
        assert warning.text == f"posts/a.md:{second}: UserWarning: careful\n"
        assert display.data == {"text/html": f"<b>a.md:{first}</b>", "image/png": "a"}
        assert raised.metadata == {"name": "E", "message": f"at posts/a.md:{second}", "width": 3}
    assert after.cells[0].line - before.cells[0].line == 4


def test_a_process_is_told_nothing_that_prose_moves(tmp_path: Path) -> None:
    text = post_text("print(1)\nfail()", "#| error: true\nx = 2")
    site = make_site(tmp_path)
    before, after = (
        parse(site, Source("posts/a.md", each))
        for each in (text, text.replace("---\n\n", "---\n\nMore\n\nprose.\n\n"))
    )
    assert before.cells[0].line != after.cells[0].line
    assert job_of(before, site) == job_of(after, site)


def test_the_place_in_a_name_counts_only_cells_that_run(tmp_path: Path) -> None:
    post = post_of(tmp_path, post_text("a = 1", "#| eval: false\nb = 2", "c = 3"))
    assert placed(f"{cell_name(post, 2)}:1", post) == f"posts/a.md:{post.cells[2].line}"
    assert first_line("posts/a.md, cell 2:1", post) == (
        post.cells[2].line,
        post.source.line_text(post.cells[2].line),
    )


def test_a_line_is_placed_however_its_cell_is_quoted(tmp_path: Path) -> None:
    post = post_of(tmp_path, post_text("x = 1"))
    line = post.cells[0].line + 2
    for before, after in (
        ('File "', '", line '),
        ("file '", "', line "),
        ('\\"', '\\", line '),
        ("&quot;", "&quot;, line "),
        ("&#x27;", "&#x27;, line "),
        ("(", ", line "),
        ("on line 7 of posts/a.md: ", ":"),
        ("", ":"),
        ("\x1b[33m", ":"),
        ("'\\n", ":"),
    ):
        given = f"{before}posts/a.md, cell 1{after}3, in f"
        assert placed(given, post) == f"{before}posts/a.md{after}{line}, in f"


def test_a_line_in_a_message_of_the_compiler_is_placed(tmp_path: Path) -> None:
    post = post_of(tmp_path, post_text("x = 1"))
    line = post.cells[0].line + 2
    assert (
        placed("(detected at line 3 of posts/a.md, cell 1)", post) == f"(detected at line {line})"
    )
    assert first_line("line 3 of posts/a.md, cell 1", post) == (line, post.source.line_text(line))


def test_what_names_no_cell_of_the_post_is_left_as_it_is(tmp_path: Path) -> None:
    post = post_of(tmp_path, post_text("x = 1"))
    for text in (
        'posts/a.md:3, File "posts/a.md", line 3',
        "posts/a.md, cell 2:1 and posts/a.md, cell 0:1",
        "posts/b.md, cell 1:1 and other/posts/a.md, cell 1:1",
        "posts/a.md, cell 1 has no line, nor has 'posts/a.md, cell 1'",
    ):
        assert placed(text, post) == text
        assert first_line(text, post) is None


def test_a_name_that_is_not_ascii_is_found_as_it_is_and_as_faulthandler_spells_it(
    tmp_path: Path,
) -> None:
    post = parse(make_site(tmp_path), Source("posts/caf\u00e9.md", post_text("x = 1")))
    line = post.cells[0].line
    for name in ("posts/caf\u00e9.md", r"posts/caf\xe9.md"):
        assert placed(f'File "{name}, cell 1", line 1 in f', post) == (
            f'File "{name}", line {line} in f'
        )


def test_keys_chain(tmp_path: Path) -> None:
    site = make_site(tmp_path)

    def keys(*cells: str, **front: object) -> tuple[str, ...]:
        post = post_of(tmp_path, post_text(*cells, **front))
        return keys_of(post, conditions_of(post, site)).cells

    one, two, three = keys("a = 1", "b = 2", "c = 3")
    assert keys("a = 1", "b = 4", "c = 3")[0] == one
    assert not {two, three} & set(keys("a = 1", "b = 4", "c = 3"))
    # What moves from one cell to the next, or an option, is another program.
    assert keys("a = 1\nb = 2", "c = 3")[-1] not in keys("a = 1", "b = 2\nc = 3")
    assert keys("#| fig-width: 3\na = 1")[0] != one
    assert keys("#| error: true\na = 1")[0] != one
    assert keys("#| reads: []\na = 1")[0] != one
    assert keys("a = 1", seed=5)[0] != one
    # What only readers see is not.
    assert keys("#| echo: false\n#| fig-cap: A\n#| volatile: true\na = 1")[0] == one
    assert keys("a = 1", timeout=5, tags="[a]")[0] == one


def test_what_is_passed_from_outside_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    site = make_site(tmp_path, pass_environment=("TOKEN", "ABSENT"), environment={"A": "b"})
    post = post_of(tmp_path, post_text("x = 1"))
    conditions = conditions_of(post, site)
    assert "hunter2" not in str(conditions)
    assert conditions["environment variable A"] == "b"
    monkeypatch.setenv("TOKEN", "hunter3")
    assert conditions_of(post, site) != conditions


def make_distribution(folder: Path, name: str, version: str, modules: tuple[str, ...]) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "RECORD").write_text("".join(f"{m}/__init__.py,,\n" for m in modules), "utf-8")


def test_modules_are_traced_to_the_distribution_that_brought_them(tmp_path: Path) -> None:
    first, second = tmp_path / "site-packages", tmp_path / "more" / "site-packages"
    make_distribution(first, "Pillow", "11.0", ("PIL",))
    make_distribution(first, "my_thing", "1.0.post2", ("my_thing",))
    make_distribution(second, "my.thing", "0.9", ("my_thing",))
    make_distribution(second, "other", "2.0", ("PIL",))
    interpreter = Interpreter({}, (str(tmp_path / "none"), str(first), str(second)))
    assert interpreter.packages == {"pillow": "11.0", "my-thing": "1.0.post2", "other": "2.0"}
    assert interpreter.owners("PIL", str(first)) == {"pillow": "11.0"}
    assert interpreter.owners("my_thing", str(second)) == {"my-thing": "0.9"}
    assert interpreter.owners("stray", str(first)) == {}
    assert normalised("My..Thing_x") == "my-thing-x"


def test_what_a_folder_could_be_imported_from_is_known_by_its_names(tmp_path: Path) -> None:
    for name in ("a.py", "b.cpython-311-x86_64-linux-gnu.so", "c.abi3.so", "d.txt", "e-f.py"):
        (tmp_path / name).touch()
    for name in ("package", "__pycache__", "not-one"):
        (tmp_path / name).mkdir()
    assert set(importable(tmp_path).values()) == {"a", "b", "c", "e-f", "package"}
    assert importable(tmp_path)["a.py"] == "a"
    assert importable(tmp_path / "none") == {}

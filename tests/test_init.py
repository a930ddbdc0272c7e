"""`site-builder init`: a blog that builds at once, and a folder whose files nobody overwrites."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
import yaml
from broken_sites import Blog, Told
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from site_builder.authoring.new_site import FILES, SCHEMA, TEMPLATES, requirement_of_ours

ROOT = Path(__file__).parents[1]


def begun(tmp_path: Path, *options: str) -> Told:
    """`site-builder init blog` in a folder."""
    (tmp_path / "site.toml").unlink(missing_ok=True)
    return Blog(tmp_path).run("init", str(tmp_path / "blog"), *options)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def new(tmp_path: Path) -> Path:
    told = begun(tmp_path)
    assert (told.code, told.err) == (0, "")
    return tmp_path / "blog"


def commands(told: Told) -> list[str]:
    return [line.strip() for line in told.out.partition("next:\n")[2].splitlines()]


def test_the_commands_that_are_printed_work_as_they_stand(tmp_path: Path) -> None:
    here = tmp_path / "a folder"
    here.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "site_builder", "init", "my blog"],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    change, build, serve = commands(Told(0, done.stdout, ""))
    ran = subprocess.run(
        f"{change} && {build}",
        shell=True,
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if "ran" not in line]) == (
        0,
        [],
    )
    assert (here / "my blog/public/two-dice/index.html").is_file()
    with subprocess.Popen(
        f"{change} && exec {serve} --port 0",
        shell=True,
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT), "BROWSER": "true"},
        stdout=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stdout
        assert "serving at http://127.0.0.1:" in serving.stdout.readline()
        serving.send_signal(signal.SIGINT)
        assert serving.wait(timeout=30) == 0


def test_what_it_builds_is_true_and_has_no_typed_results(new: Path) -> None:
    blog = Blog(new, {"site.toml": (new / "site.toml").read_bytes()})
    built = blog.run("build", "-C", str(new), "--base-url", "https://me.example/blog/")
    assert (built.code, built.out.partition(":")[0]) == (0, "2 posts")
    assert "warning" not in built.err
    verified = blog.run("verify", "-C", str(new))
    assert (verified.code, "0 diverged, 0 tampered" in verified.out) == (0, True)
    checked = blog.run("check", "-C", str(new))
    assert (checked.code, checked.out.startswith("2 posts, ")) == (0, True)
    assert checked.out.endswith(" checked: nothing found\n")
    page = (new / "public/two-dice/index.html").read_text(encoding="utf-8")
    assert all(part in page for part in ("<math", "<figure", ".svg", "Checked when"))


def test_posts_are_of_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1559433600")
    begun(tmp_path)
    posts = sorted((tmp_path / "blog/posts").iterdir())
    assert len(posts) == 2
    for post in posts:
        assert f"\ndate: {dt.date(2019, 6, 2)}\n" in post.read_text(encoding="utf-8")


def test_editors_find_the_schema_without_a_network(new: Path) -> None:
    text = (new / "site.toml").read_text(encoding="utf-8")
    directive, _, path = text.splitlines()[0].partition(" ")
    assert directive == "#:schema"
    schema = json.loads((new / path).read_text(encoding="utf-8"))
    assert schema == json.loads(Blog(new.parent).run("config", "schema").out)
    Draft7Validator(schema).validate(tomllib.loads(text))
    assert not Draft7Validator(schema).is_valid(tomllib.loads(text + "\nauthors = 'Me'"))


def test_every_template_is_written_and_nothing_is_left_to_fill_in(new: Path) -> None:
    assert set(contents(new)) == {*FILES, SCHEMA}
    assert {path.name for path in TEMPLATES.iterdir()} == set(FILES.values())
    for name, content in contents(new).items():
        assert not any(marker in content.decode() for marker in ("@date@", "@python@")), name
    for name in (".vscode/settings.json", ".vscode/extensions.json"):
        json.loads((new / name).read_text(encoding="utf-8"))


def test_the_workflow_builds_verifies_and_publishes(new: Path) -> None:
    text = (new / ".github/workflows/publish.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    steps = jobs["build"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert runs == [
        "python -m pip install -r requirements.txt",
        'site-builder build --base-url "$ADDRESS/"',
        "site-builder verify",
    ]
    python = next(step for step in steps if "python-version" in step.get("with", {}))
    assert python["with"]["python-version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    uploaded = next(step for step in steps if "pages-artifact" in step.get("uses", ""))
    assert uploaded["with"] == {"path": "public"}
    assert jobs["publish"]["needs"] == "build"
    assert "--frozen" in text


def test_git_ignores_what_is_made(new: Path) -> None:
    made = ["public/index.html", ".cache/x", ".venv/x", "notebooks/x.ipynb"]
    subprocess.run(["git", "init", "-q"], cwd=new, check=True)
    asked = subprocess.run(
        ["git", "check-ignore", *made, *FILES], cwd=new, capture_output=True, text=True, check=True
    )
    assert asked.stdout.splitlines() == made


def test_posts_are_notebooks_and_saving_them_changes_nothing_else(new: Path) -> None:
    jupytext = [sys.executable, "-m", "jupytext", "--quiet", "--sync"]
    post, notebook = new / "posts/two-dice.md", new / "notebooks/two-dice.ipynb"
    before = post.read_text(encoding="utf-8")
    subprocess.run([*jupytext, str(post)], cwd=new, check=True)
    assert post.read_text(encoding="utf-8") == before
    opened = nbformat.read(notebook, as_version=4)
    # What Jupyter adds by itself, and an edit.
    opened.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    cell = next(cell for cell in opened.cells if cell.cell_type == "code")
    cell.metadata["trusted"] = True
    cell.source += "\n# edited"
    nbformat.write(opened, notebook)
    later = post.stat().st_mtime + 2
    os.utime(notebook, (later, later))
    subprocess.run([*jupytext, str(notebook)], cwd=new, check=True)
    assert post.read_text(encoding="utf-8").replace("\n# edited", "") == before
    assert "# edited" in post.read_text(encoding="utf-8")


# What is there already.


def test_a_folder_that_is_not_empty_is_refused(new: Path) -> None:
    before = contents(new)
    told = begun(new.parent)
    assert (told.code, told.out) == (2, "")
    assert told.err.splitlines()[:2] == [
        "error[C011]: the folder SITE/blog is not empty: "
        "it has .github, .gitignore, .vscode and more",
        "  = help: name another, or use --force, which adds what is missing and overwrites nothing",
    ]
    assert contents(new) == before


def test_force_overwrites_nothing(new: Path) -> None:
    (new / "site.toml").write_text('title = "Mine"\nurl = "https://me.example/"\n')
    (new / "posts/two-dice.md").unlink()
    shutil.rmtree(new / ".github")
    before = contents(new)
    told = begun(new.parent, "--force")
    assert (told.code, told.err) == (0, "")
    assert "kept as it is: site.toml\n" in told.out
    assert "written: 2 files in SITE/blog/\n" in told.out
    after = contents(new)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"posts/two-dice.md", ".github/workflows/publish.yml"}


def test_a_fresh_repository_is_as_good_as_empty(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "blog", check=True)
    assert begun(tmp_path).code == 0


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "blog").write_text("mine", encoding="utf-8")
    told = begun(tmp_path)
    assert (told.code, told.err.splitlines()[0]) == (
        2,
        "error[C011]: SITE/blog is a file, not a folder",
    )


def test_a_file_in_the_way_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    (tmp_path / "blog/posts").write_text("mine", encoding="utf-8")
    told = begun(tmp_path, "--force")
    assert told.code == 2
    assert told.err.startswith("error[C012]: the blog cannot be written: ")
    assert (tmp_path / "blog/posts").read_text(encoding="utf-8") == "mine"


# Where packages are to be had.


def test_a_package_that_posts_need_is_installed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    told = begun(tmp_path)
    assert f"{sys.executable} -m pip install matplotlib" in commands(told)


class Installed:
    """A distribution as pip left it."""

    def __init__(self, said: object) -> None:
        self.said = None if said is None else json.dumps(said)

    def read_text(self, name: str) -> str | None:
        return self.said if name == "direct_url.json" else None


COMMIT = {"vcs": "git", "commit_id": "abc123"}


@pytest.mark.parametrize(
    ("said", "requirement"),
    [
        (None, f"site-builder=={metadata.version('site-builder')}"),
        (
            {"url": "https://example.org/s.git", "vcs_info": COMMIT},
            "site-builder @ git+https://example.org/s.git@abc123",
        ),
        (
            {"url": "https://me:secret@example.org/s.git", "vcs_info": COMMIT},
            "site-builder @ git+https://example.org/s.git@abc123",
        ),
        (
            {"url": "https://example.org/s-1.whl", "archive_info": {}},
            "site-builder @ https://example.org/s-1.whl",
        ),
        ({"url": "file:///home/me/s", "dir_info": {"editable": True}}, ""),
    ],
)
def test_where_site_builder_is_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: object, requirement: str
) -> None:
    real = metadata.distribution
    ours = {"site-builder": Installed(said)}
    monkeypatch.setattr(metadata, "distribution", lambda name: ours.get(name) or real(name))
    assert requirement_of_ours() == requirement
    told = begun(tmp_path)
    assert ("before you publish" in told.out) is (requirement == "")
    lines = (tmp_path / "blog/requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted == [*filter(None, [requirement]), f"matplotlib=={metadata.version('matplotlib')}"]

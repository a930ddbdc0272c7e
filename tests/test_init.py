"""`site-builder init`: a blog that builds at once, and a folder whose files nobody overwrites."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from broken_sites import Blog, Told
from jsonschema import Draft7Validator

from site_builder.authoring.hosts import DEFAULT, HOSTS, project_name
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
    told_next = told.out.partition("next:\n")[2].partition("\n\n")[0]
    return [line.strip() for line in told_next.splitlines()]


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


def test_every_template_is_written_and_nothing_is_left_to_fill_in(tmp_path: Path) -> None:
    templates = {*FILES.values()}.union(*(host.files.values() for host in HOSTS.values()))
    assert {path.name for path in TEMPLATES.iterdir()} == templates
    for name, host in HOSTS.items():
        blog = tmp_path / name / "blog"
        (tmp_path / name).mkdir()
        assert begun(tmp_path / name, "--host", name).code == 0
        assert set(contents(blog)) == {*FILES, *host.files, SCHEMA}
        for path, content in contents(blog).items():
            assert not re.search(
                rb"@(date|folder|in|name|packages|python|requirement)@", content
            ), path
    for name in (".vscode/settings.json", ".vscode/extensions.json"):
        json.loads((blog / name).read_text(encoding="utf-8"))


# Hosts.


def run_step(blog: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run what a host runs, with the site-builder that is installed here, and no network."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=blog,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def home_address(blog: Path) -> str:
    """The address that the built home page gives for itself."""
    page = (blog / "public/index.html").read_text(encoding="utf-8")
    found = re.search(r'<link rel="canonical" href="([^"]+)">', page)
    assert found
    return found[1]


def without_cells(blog: Path) -> Path:
    """The blog, with one post that runs nothing."""
    shutil.rmtree(blog / "posts")
    (blog / "posts").mkdir()
    (blog / "posts/a.md").write_text("---\ntitle: A\ndate: 2020-05-17\n---\n\nText.\n")
    return blog


def workflow_of(blog: Path) -> dict[str, Any]:
    text = (blog / ".github/workflows/publish.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.load(text, yaml.BaseLoader)  # `on` is no truth value here
    return read


def test_what_the_workflow_runs_works_in_a_new_folder(new: Path) -> None:
    env = workflow_of(new)["jobs"]["build"]["env"]
    steps = [step for step in workflow_of(new)["jobs"]["build"]["steps"] if "run" in step]
    assert len(steps) == 4
    for step in steps:
        # What expressions give on a push.
        variables = {"FROZEN": "", "ADDRESS": "https://me.github.io/blog"}
        variables["SITE_BUILDER_OUTPUT_FORMAT"] = env["SITE_BUILDER_OUTPUT_FORMAT"]
        ran = run_step(new, step["run"], **variables)
        assert ran.returncode == 0, (step["run"], ran.stdout, ran.stderr)
    assert home_address(new) == "https://me.github.io/blog/"


def test_a_pull_request_from_elsewhere_runs_nothing_and_may_write_nothing(new: Path) -> None:
    workflow = workflow_of(new)
    assert set(workflow["on"]) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert set(workflow["permissions"].values()) == {"read"}
    jobs = workflow["jobs"]
    assert "permissions" not in jobs["build"]
    assert "pull" not in jobs["publish"]["if"]
    assert jobs["publish"]["needs"] == "build"
    (build,) = (s for s in jobs["build"]["steps"] if s.get("id") == "build")
    ran = run_step(new, build["run"], FROZEN="--frozen", ADDRESS="")
    assert ran.returncode == 1
    assert "posts/two-dice.md" in ran.stderr
    assert not (new / "public").exists()
    assert run_step(new, build["run"], FROZEN="", ADDRESS="").returncode == 0
    # Once all is proven it is built, for the address that the settings say.
    ran = run_step(new, build["run"], FROZEN="--frozen", ADDRESS="")
    assert ran.returncode == 0
    settings = tomllib.loads((new / "site.toml").read_text(encoding="utf-8"))
    assert home_address(new) == settings["url"]


def test_steps_that_run_everything_or_publish_are_not_for_pull_requests(new: Path) -> None:
    steps = workflow_of(new)["jobs"]["build"]["steps"]
    for step in steps:
        for word in ("verify", "configure-pages", "upload-pages"):
            if word in step.get("run", step.get("uses")):
                assert step["if"] == "github.event_name != 'pull_request'"


def test_the_workflow_names_actions_by_major_and_keeps_runs_by_their_requirements(
    new: Path,
) -> None:
    jobs = workflow_of(new)["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    used = {step["uses"].partition("@")[0]: step for step in steps if "uses" in step}
    assert all(re.search(r"@v\d+$", step["uses"]) for step in used.values())
    python = used["actions/setup-python"]["with"]
    assert python["python-version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert "hashFiles('requirements.txt')" in used["actions/cache/restore"]["with"]["key"]
    assert used["actions/cache/save"]["with"]["path"] == ".cache"
    uploaded = used["actions/upload-pages-artifact"]["with"]
    assert uploaded == {"path": "public", "include-hidden-files": "true"}


def test_netlify_builds_each_context_for_its_address(tmp_path: Path) -> None:
    told = begun(tmp_path, "--host", "netlify")
    assert (told.code, "netlify.toml" in told.out) == (0, True)
    blog = without_cells(tmp_path / "blog")
    assert not (blog / ".github").exists()
    read = tomllib.loads((blog / "netlify.toml").read_text(encoding="utf-8"))
    assert read["build"]["publish"] == "public"
    version = read["build"]["environment"]["PYTHON_VERSION"]
    assert version == f"{sys.version_info.major}.{sys.version_info.minor}"
    main, preview = "https://me.example.net", "https://pr-1--me.example.net"
    for command, address in (
        (read["build"]["command"], main),
        (read["context"]["deploy-preview"]["command"], preview),
        (read["context"]["branch-deploy"]["command"], preview),
    ):
        ran = run_step(blog, command, URL=main, DEPLOY_PRIME_URL=preview)
        assert ran.returncode == 0, ran.stderr
        assert home_address(blog) == f"{address}/"


def test_cloudflare_builds_branches_for_their_address(tmp_path: Path) -> None:
    told = begun(tmp_path, "--host", "cloudflare")
    assert (told.code, "sh cloudflare-build.sh" in told.out) == (0, True)
    blog = without_cells(tmp_path / "blog")
    read = tomllib.loads((blog / "wrangler.toml").read_text(encoding="utf-8"))
    assert (read["name"], read["pages_build_output_dir"]) == ("blog", "public")
    (python,) = (blog / ".python-version").read_text(encoding="utf-8").split()
    assert python == f"{sys.version_info.major}.{sys.version_info.minor}"
    settings = tomllib.loads((blog / "site.toml").read_text(encoding="utf-8"))
    for branch, address in (("main", settings["url"]), ("try", "https://abc.pages.dev/")):
        ran = run_step(
            blog,
            "sh cloudflare-build.sh",
            CF_PAGES_BRANCH=branch,
            CF_PAGES_URL="https://abc.pages.dev",
        )
        assert ran.returncode == 0, ran.stderr
        assert home_address(blog) == address


def test_a_host_is_added_to_a_blog_that_is_there(new: Path) -> None:
    (new / "posts/two-dice.md").unlink()
    before = contents(new)
    told = begun_again(new, "--host", "netlify")
    assert (told.code, told.err) == (0, "")
    assert set(contents(new)) - set(before) == {"netlify.toml"}
    assert {name: contents(new)[name] for name in before} == before
    assert "next:" not in told.out
    again = begun_again(new, "--host", "netlify")
    assert (again.code, "kept as it is: netlify.toml\n" in again.out) == (0, True)


def begun_again(folder: Path, *options: str) -> Told:
    site = {"site.toml": (folder / "site.toml").read_bytes()}
    return Blog(folder, site).run("init", str(folder), *options)


def test_a_blog_without_requirements_gets_them_with_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = Blog(tmp_path)
    monkeypatch.chdir(tmp_path)  # where no folder is named, this one is meant
    told = blog.run("init", "--host", DEFAULT)
    assert told.code == 0
    assert "say in requirements.txt what posts import" in told.out
    assert {"requirements.txt", ".github/workflows/publish.yml"} <= set(contents(tmp_path))


def test_a_host_that_nobody_knows(tmp_path: Path) -> None:
    told = begun(tmp_path, "--host", "geocities")
    assert told.code == 2
    assert "netlify" in told.err
    assert not (tmp_path / "blog").exists()


def test_a_blog_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    told = begun(tmp_path)
    assert "move .github/ from blog to" in told.out
    build = workflow_of(tmp_path / "blog")["jobs"]["build"]
    assert build["defaults"]["run"]["working-directory"] == "blog"
    paths = [step["with"]["path"] for step in build["steps"] if "path" in step.get("with", {})]
    assert paths == ["blog/.cache", "blog/.cache", "blog/public"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [("My Blog", "my-blog"), ("größe", "gr-e"), ("日本", "blog"), ("a" * 80, "a" * 58)],
)
def test_a_name_for_the_project_at_a_host(folder: str, name: str) -> None:
    assert project_name(Path("/x") / folder) == name


def test_git_ignores_what_is_made(new: Path) -> None:
    made = ["public/index.html", ".cache/x", ".venv/x", "notebooks/x.ipynb"]
    files = [path for path in contents(new) if not path.startswith(".git/")]
    subprocess.run(["git", "init", "-q"], cwd=new, check=True)
    asked = subprocess.run(
        ["git", "check-ignore", *made, *files], cwd=new, capture_output=True, text=True, check=True
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
    assert ("where site-builder is to be had" in told.out) is (requirement == "")
    lines = (tmp_path / "blog/requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted == [*filter(None, [requirement]), f"matplotlib=={metadata.version('matplotlib')}"]

"""The command `deploy`: what it asks and tells, what it refuses, and how it ends."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from broken_sites import Blog, Told, post, snapshot
from deploy_fakes import site_at

from site_builder.errors import Problem
from site_builder.inputs import read_inputs
from site_builder.publishing.deploy import kinds
from site_builder.publishing.deploy.folder import FolderSession
from site_builder.publishing.deploy.report import size
from site_builder.publishing.deploy.retries import TargetError
from site_builder.publishing.deploy.target import LEASE, MANIFEST
from site_builder.settings.site import load_site
from site_builder.settings.tables import Settings
from site_builder.settings.targets import Folder

URL = "https://blog.nowhere.net/"
SETTINGS = f"""title = "Blog"
url = "{URL}"

[deploy.live]
kind = "folder"
path = "../www"
"""


GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def titled(title: str, body: str, more: str = "") -> str:
    return post(body, f"title: {title}\ndate: 2020-05-17\n{more}")


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    files = {
        "site.toml": SETTINGS,
        "posts/a.md": titled("A", "First."),
        "posts/b.md": titled("B", "Second."),
    }
    return Blog(tmp_path / "blog", files)


def deploy(blog: Blog, *arguments: str) -> Told:
    return blog.run("deploy", "-C", str(blog.root), *arguments)


def www(blog: Blog) -> dict[str, bytes]:
    folder = blog.root.parent / "www"
    return {path: content for path, (content, _) in snapshot(folder).items()}


def built(blog: Blog) -> dict[str, bytes]:
    files = {path: content for path, (content, _) in snapshot(blog.public).items()}
    del files[".site-builder.json"]
    return files


def test_one_command_puts_the_site_online(blog: Blog) -> None:
    told = deploy(blog, "--build", "--yes")
    assert told.code == 0, told.err
    assert site_at(www(blog)) == built(blog)
    first, last = told.out.splitlines()
    assert re.fullmatch(
        r"live \(\.\./www\): \d+ new, 0 changed, 0 removed, 0 same; .* kB to put", first
    )
    assert last == f"live: deployed → {URL}"
    assert re.search(r"(\d+) of \1 files: home and feeds", told.err)


def test_a_second_deploy_does_nothing_and_says_so(blog: Blog) -> None:
    deploy(blog, "--build", "--yes")
    before = snapshot(blog.root.parent / "www")
    told = deploy(blog, "--build", "--yes")
    assert told == Told(0, f"live: is as it should be, nothing to do → {URL}\n", "")
    assert snapshot(blog.root.parent / "www") == before


def test_a_dry_run_shows_all_and_does_nothing(blog: Blog) -> None:
    told = deploy(blog, "--build", "--dry-run")
    assert told.code == 0
    *lines, last = told.out.splitlines()
    assert {line[:2] for line in lines} == {"+ "}
    assert [line[2:].partition("  ")[0] for line in lines] == sorted(built(blog))
    assert f"{len(built(blog))} new" in last
    assert not (blog.root.parent / "www").exists()
    deploy(blog, "--build", "--yes")
    blog.put({"posts/a.md": titled("A", "Another text."), "posts/c.md": titled("C", "Third.")})
    (blog.root / "posts/b.md").unlink()
    before = www(blog)
    lines = deploy(blog, "--build", "--dry-run").out.splitlines()
    for start in ("~ a/index.html", "+ c/index.html", "- b/index.html", "= robots.txt"):
        assert [line for line in lines if line.startswith(start)], start
    assert all(re.search(r"  [\d.]+ k?B", line) for line in lines[:-1])
    signs = "".join(line[0] for line in lines[:-1])
    assert "=" not in signs.lstrip("=")  # what changes stands together, next to the sum of it
    assert www(blog) == before


def test_json_is_the_whole_plan(blog: Blog) -> None:
    told = deploy(blog, "--build", "--dry-run", "--json")
    data = json.loads(told.out)
    assert (data["format"], data["version"]) == ("site-builder deploy", 1)
    assert (data["target"], data["kind"], data["place"]) == ("live", "folder", "../www")
    assert (data["address"], data["deployed"], data["refused"]) == (URL, False, [])
    files = built(blog)
    assert {row["path"]: row["size"] for row in data["files"]} == {
        path: len(content) for path, content in files.items()
    }
    assert data["counts"] == {"new": len(files), "changed": 0, "removed": 0, "same": 0}
    assert data["bytes"] == sum(len(content) for content in files.values())
    assert json.loads(deploy(blog, "--build", "--yes", "--json").out)["deployed"] is True


def test_json_says_what_was_altered_and_what_is_refused(blog: Blog) -> None:
    deploy(blog, "--build", "--yes")
    (blog.root.parent / "www/index.html").write_text("mine")
    (blog.root.parent / "www/robots.txt").unlink()
    told = deploy(blog, "--dry-run", "--json")
    assert told.code == 1
    data = json.loads(told.out)
    assert [problem["code"] for problem in data["refused"]] == ["D014"]
    rows = {row["path"]: row for row in data["files"]}
    assert rows["index.html"]["altered"] is True
    assert rows["robots.txt"]["gone"] is True


# Asking


def at_a_terminal(blog: Blog, answer: str) -> tuple[int, str]:
    """Run `deploy` at a terminal, and answer when asked; gives exit code and all that is shown."""
    words = [sys.executable, "-m", "site_builder", "deploy", "-C", str(blog.root), "--build"]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, words)
    shown, asked, until = b"", False, time.monotonic() + 120
    with open(terminal, "rb+", buffering=0) as stream:
        while time.monotonic() < until:
            select.select([stream], [], [], 1)
            try:
                shown += os.read(terminal, 4096)
            except OSError:  # it has ended
                break
            if b"[y/N]" in shown and not asked:
                asked = True
                os.write(terminal, answer.encode())
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals like that")
@pytest.mark.parametrize(
    ("answer", "code"),
    [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1), ("\x03", 130)],
)
def test_it_asks_first(blog: Blog, answer: str, code: int) -> None:
    ended, shown = at_a_terminal(blog, answer)
    assert "Deploy to ../www? [y/N]" in shown
    assert ended == code, shown
    assert (blog.root.parent / "www").exists() == (code == 0)


def test_where_nobody_can_be_asked_it_refuses(blog: Blog) -> None:
    blog.build()
    command = [sys.executable, "-m", "site_builder", "deploy", "-C", str(blog.root)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is nobody to ask" in done.stderr
    assert "--yes" in done.stderr
    assert not (blog.root.parent / "www").exists()


# Which target


def test_without_a_target_it_says_how_to_name_one(blog: Blog) -> None:
    blog.put({"site.toml": SETTINGS.partition("[deploy")[0]})
    told = deploy(blog, "--yes")
    assert told.code == 2
    assert "error[D001]: site.toml does not say where to deploy to" in told.err
    such_as = told.err.partition("such as: ")[2].partition("\n")[0]
    blog.put({"site.toml": f"{such_as}\n{SETTINGS.partition('[deploy')[0]}"})
    assert load_site(blog.root).settings.deploy["live"].kind == "rsync"


def test_of_several_one_must_be_named(blog: Blog) -> None:
    blog.put({"site.toml": SETTINGS + '[deploy.preview]\nkind = "folder"\npath = "../preview"\n'})
    told = deploy(blog, "--yes")
    assert told.code == 2
    assert "one of live, preview" in told.err
    told = deploy(blog, "prevew", "--yes")
    assert "did you mean 'preview'?" in told.err
    assert deploy(blog, "preview", "--yes", "--build").code == 0
    assert (blog.root.parent / "preview/index.html").is_file()
    assert not (blog.root.parent / "www").exists()


def test_a_target_with_an_address_of_its_own_is_built_for_it(blog: Blog) -> None:
    preview = "https://preview.nowhere.net/x/"
    blog.put({"site.toml": f'{SETTINGS}url = "{preview}"\n'})
    blog.build()
    told = deploy(blog, "--yes")
    assert f"built for {URL}, and is to be deployed to {preview}" in told.err
    told = deploy(blog, "--yes", "--build")
    assert told.out.endswith(f"live: deployed → {preview}\n")
    assert preview in www(blog)["feed.xml"].decode()
    blog.build("--base-url", preview.rstrip("/"))
    assert deploy(blog, "--yes").code == 0


# What is refused


def refusal(blog: Blog, *arguments: str) -> str:
    told = deploy(blog, "--yes", *arguments)
    assert told.code == 1
    assert "problem" in told.err
    assert not (blog.root.parent / "www").exists()
    return told.err


def test_a_site_that_was_not_built_is_refused(blog: Blog) -> None:
    assert "there is no built site: no folder SITE/public/" in refusal(blog)
    assert not blog.public.exists()


def changed_post(blog: Blog) -> None:
    blog.put({"posts/a.md": titled("A", "Another text.")})


def new_post(blog: Blog) -> None:
    blog.put({"posts/c.md": titled("C", "Third.")})


def gone_post(blog: Blog) -> None:
    (blog.root / "posts/b.md").unlink()


def changed_settings(blog: Blog) -> None:
    blog.put({"site.toml": SETTINGS.replace("Blog", "Log")})


def lost_cache(blog: Blog) -> None:
    blog.run("clean", "-C", str(blog.root), "--cache")


def damaged_static(blog: Blog) -> None:
    blog.put({"static/x.txt": "new"})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (changed_post, "posts/a.md changed"),
        (new_post, "posts/c.md is new"),
        (gone_post, "posts/b.md is gone"),
        (changed_settings, "the settings, the theme, static files or installed packages"),
        (damaged_static, "the settings, the theme, static files or installed packages"),
        (lost_cache, "nothing is known of the build that made it"),
    ],
)
def test_a_site_that_is_not_that_of_today_is_refused(blog: Blog, change: object, what: str) -> None:
    blog.build()
    before = built(blog)
    change(blog)  # type: ignore[operator]
    told = refusal(blog)
    assert f"the built site is not that of today: {what}" in told
    assert "--build" in told
    assert deploy(blog, "--yes", "--as-built").code == 0
    assert site_at(www(blog)) == before


def test_data_that_changed_is_noticed(blog: Blog) -> None:
    text = "```python\nprint(open('data.txt').read())\n```\n"
    blog.put({"posts/a.md": titled("A", text), "posts/data.txt": "1"})
    blog.build()
    blog.put({"posts/data.txt": "2"})
    assert "the built site is not that of today: something that posts/a.md depends on" in refusal(
        blog
    ) or "posts/data.txt changed" in refusal(blog)


def test_a_post_that_is_due_since_is_noticed(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    blog.put({"posts/c.md": post("Third.", "title: C\ndate: 2026-05-02\n")})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1777600000")  # 2026-05-01
    blog.build()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1777700000")  # 2026-05-02
    assert "posts/c.md is due since 2026-05-02" in refusal(blog)


def test_settings_of_targets_are_no_part_of_a_build(blog: Blog) -> None:
    before = read_inputs(load_site(blog.root)).site
    blog.put({"site.toml": SETTINGS.replace("../www", "../other")})
    assert read_inputs(load_site(blog.root)).site == before
    assert load_site(blog.root).settings.deploy["live"] == Folder("folder", "../other")


def test_drafts_and_scheduled_posts_are_refused(blog: Blog) -> None:
    blog.put(
        {
            "posts/c.md": titled("C", "Third.", "draft: true\n"),
            "posts/d.md": post("Fourth.", "title: D\ndate: 2999-05-17\n"),
        }
    )
    blog.build("--drafts", "--future")
    told = refusal(blog, "--as-built")
    assert "posts/c.md" in told
    assert "the built site has this draft" in told
    assert "scheduled for 2999-05-17" in told
    blog.build()
    assert deploy(blog, "--yes", "--no-check").code == 0  # for which that year is far ahead


def test_a_build_with_drafts_that_has_none_is_fine(blog: Blog) -> None:
    blog.build("--drafts", "--future")
    assert deploy(blog, "--yes").code == 0


def test_what_is_not_to_be_listed_is_refused(blog: Blog) -> None:
    blog.build("--noindex")
    assert "asks search engines not to list it" in refusal(blog)


def test_what_check_finds_is_refused(blog: Blog) -> None:
    blog.put({"posts/a.md": titled("A", "See [there](http://localhost:8000/x).")})
    blog.build()
    told = refusal(blog)
    assert "posts/a.md" in told
    assert "check finds 1 thing to look at" in told
    assert deploy(blog, "--yes").out == ""  # no plan is shown that is not carried out
    assert deploy(blog, "--yes", "--no-check").code == 0


def test_a_warning_of_the_build_is_told_once(blog: Blog) -> None:
    (blog.root / "posts/dot.gif").write_bytes(GIF)
    blog.put({"posts/a.md": titled("A", "![](dot.gif)")})
    assert refusal(blog, "--build").count("[I003]") == 1
    told = deploy(blog, "--build", "--yes", "--no-check")
    assert (told.code, told.err.count("warning[I003]")) == (0, 1)


def test_a_site_that_was_edited_is_refused(blog: Blog) -> None:
    blog.build()
    (blog.public / "a/index.html").write_text("edited")
    assert "a/index.html is not as it was written" in refusal(blog)


def test_all_reasons_are_told_at_once(blog: Blog) -> None:
    """Those of the site, and those of the target."""
    (blog.root.parent / "www").mkdir()
    (blog.root.parent / "www/precious").write_text("x")
    blog.build("--base-url", "http://localhost/")
    new_post(blog)
    told = deploy(blog, "--yes")
    assert told.code == 1
    assert set(re.findall(r"error\[(D\d+)\]", told.err)) == {"D007", "D008", "D011"}
    assert www(blog) == {"precious": b"x"}


def test_that_of_a_target_that_fails_are_told_too(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object) -> Iterator[None]:
        raise TargetError(Problem("no network", code="D030"))

    monkeypatch.setattr(kinds, "connect", connect)
    blog.build()
    new_post(blog)
    told = deploy(blog, "--yes")
    assert told.code == 1
    assert "posts/c.md is new" in told.err
    assert "no network" in told.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-deletes", "many"], "a number from 0 on, not 'many'"),
        (["--max-deletes", "-1"], "a number from 0 on, not '-1'"),
        (["--dryrun"], "did you mean '--dry-run'?"),
        (["one", "two"], "unexpected argument 'two'"),
    ],
)
def test_wrong_usage_is_told(blog: Blog, arguments: list[str], message: str) -> None:
    told = deploy(blog, *arguments)
    assert told.code == 2
    assert message in told.err


# How it ends


def stop_at(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException) -> None:
    """Raise an error when a folder gets its stage with this number."""
    real, calls = FolderSession.put, [0]

    def put(*given: object) -> None:
        calls[0] += 1
        if calls[0] == number:
            raise error
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(FolderSession, "put", put)


def test_two_sites_that_have_no_address_but_that_of_a_target_are_told_apart(blog: Blog) -> None:
    """As init leaves them, with a preview for each in the same place by mistake."""
    settings = SETTINGS.replace(URL, "https://example.org/")
    blog.put({"site.toml": f'{settings}url = "http://10.0.0.2/a/"\n'})
    assert deploy(blog, "--build", "--yes").code == 0
    before = www(blog)
    blog.put({"site.toml": f'{settings}url = "http://10.0.0.2/b/"\n'})
    told = deploy(blog, "--build", "--yes")
    assert told.code == 1
    assert "another site lives at ../www: that of http://10.0.0.2/a/" in told.err
    assert www(blog) == before
    assert deploy(blog, "--build", "--yes", "--moved-from", "http://10.0.0.2/a/").code == 0


def test_an_interrupted_deploy_says_how_far_it_came(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog.build()
    with monkeypatch.context() as patched:
        stop_at(patched, 3, KeyboardInterrupt())
        told = deploy(blog, "--yes", "--as-built")
    assert told.code == 130
    assert re.search(r"\d+ of \d+ files are done; every page there has what it shows", told.err)
    assert LEASE not in www(blog)
    told = deploy(blog, "--yes", "--as-built")
    assert told.code == 0
    assert site_at(www(blog)) == built(blog)


def test_a_target_that_fails_is_told_and_the_same_command_goes_on(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog.build()
    with monkeypatch.context() as patched:
        stop_at(patched, 1, TargetError(Problem("the cable is cut", help="x", code="D030")))
        told = deploy(blog, "--yes", "--as-built")
    assert told.code == 1
    assert "the cable is cut" in told.err
    assert "nothing of the new site is to be seen there" in told.err
    assert deploy(blog, "--yes", "--as-built").code == 0


def test_a_deploy_that_goes_on_elsewhere_is_waited_for(blog: Blog) -> None:
    blog.build()
    (blog.root.parent / "www").mkdir()
    now = time.time()
    data = {"deploy": "x", "machine": "other", "process": 1, "since": now, "until": now + 500}
    (blog.root.parent / "www" / LEASE).write_text(json.dumps(data))
    told = deploy(blog, "--yes", "--as-built")
    assert told.code == 1
    assert "error[D022]: another deploy to ../www is going on since" in told.err
    assert deploy(blog, "--yes", "--as-built", "--break-lease").code == 0
    assert MANIFEST in www(blog)


def test_sizes_can_be_read() -> None:
    assert [size(count) for count in (0, 999, 1000, 123_456, 7_654_321)] == [
        *("0 B", "999 B", "1.0 kB", "123.5 kB", "7.7 MB"),
    ]


# site.toml


@pytest.mark.parametrize(
    ("table", "code", "message"),
    [
        ('kind = "ftp"', "C004", "should be 'folder' or 'rsync' or 'git' or 's3', not 'ftp'"),
        ("path = 'x'", "C005", "the setting 'deploy.live.kind' is required"),
        ('kind = "folder"', "C005", "the setting 'deploy.live.path' is required"),
        ('kind = "folder"\npath = "x"\npaht = 1', "C003", "unknown setting 'deploy.live.paht'"),
        ('kind = "folder"\npath = ""', "D003", "should be a folder, not ''"),
        ('kind = "rsync"\nto = "-e sh"', "D003", "should be where rsync writes to"),
        ('kind = "rsync"\nto = "h:x"\nssh = " "', "D003", "should be a command"),
        ('kind = "folder"\npath = "x"\nurl = "nowhere"', "D003", "should be an address"),
    ],
)
def test_wrong_tables_are_told(blog: Blog, table: str, code: str, message: str) -> None:
    blog.put({"site.toml": f"{SETTINGS.partition('kind')[0]}{table}\n"})
    told = deploy(blog, "--yes")
    assert told.code == 2
    assert f"error[{code}]" in told.err
    assert message in told.err


@pytest.mark.parametrize(
    "line",
    [
        'secret_key = "hunter2"',
        'secret-key = "hunter2"',
        'aws_secret_access_key = "hunter2"',
        'password = "hunter2"',
        'passphrase = "hunter2"',
        'api_token = "hunter2"',
        'access_key = "hunter2"',
        'url = "https://me:hunter2@blog.nowhere.net/"',
        'remote = "https://hunter2@github.com/me/x.git"',
        'ssh = "sshpass -p hunter2 ssh"',
        'to = "rsync://me:hunter2@host/module"',
        'remote = "https://me:pass/hunter2@github.com/me/x.git"',
        'remote = "git+ssh://me:hunter2@github.com/me/x.git"',
    ],
)
def test_secrets_are_refused_and_never_shown(blog: Blog, line: str) -> None:
    blog.put({"site.toml": SETTINGS.replace('kind = "folder"', f'{line}\nkind = "folder"')})
    for form in ("full", "concise", "json", "github"):
        told = deploy(blog, "--yes", "--output-format", form)
        assert told.code == 2
        assert "D002" in told.out + told.err
        assert "hunter2" not in told.out + told.err


def test_secrets_in_a_table_of_one_line_are_not_shown(blog: Blog) -> None:
    table = '[deploy]\nlive = { kind = "s3", bucket = "b", secret_key = "hunter2" }\n'
    blog.put({"site.toml": SETTINGS.partition("[deploy")[0] + table})
    told = deploy(blog, "--yes")
    assert "error[D002]" in told.err
    assert "hunter2" not in told.err


@pytest.mark.parametrize("line", ['password = "hunter2', 'url = "https://me:hunter2@x/'])
def test_secrets_are_not_shown_where_the_file_cannot_be_read(blog: Blog, line: str) -> None:
    blog.put({"site.toml": SETTINGS + line + "\n"})
    told = deploy(blog, "--yes")
    assert "error[C002]" in told.err
    assert "hunter2" not in told.err


def test_a_user_of_ssh_is_no_secret(blog: Blog) -> None:
    remote = 'kind = "git"\nremote = "ssh://git@github.com/me/x.git"\n'
    blog.put({"site.toml": SETTINGS.partition("kind")[0] + remote})
    assert isinstance(load_site(blog.root).settings, Settings)

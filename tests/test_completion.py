"""Shell completion: what the shells offer, asked of the shells themselves."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from broken_sites import GOOD, Blog

from site_builder import cli

BASH = shutil.which("bash") or ""


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    files = {
        "posts/good.md": GOOD,
        "posts/two words.md": GOOD,
        "posts/sums/index.md": GOOD,
        "posts/_notes.md": "none",
        "posts/plain.txt": "none",
        "pages/about.md": GOOD,
    }
    return Blog(tmp_path, files)


def script(blog: Blog, shell: str) -> str:
    told = blog.run("completion", shell)
    assert (told.code, told.err) == (0, "")
    return told.out


@pytest.fixture(params=["", "set -u\n"], ids=["", "strict"])
def strictness(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def offered(blog: Blog, *words: str, before: str = "") -> list[str]:
    """What bash offers for the last of the words."""
    line = f"COMP_WORDS=(site-builder {shlex.join(words)}); COMP_CWORD={len(words)}"
    ask = f'{line}; _site_builder; printf "%s\\n" "${{COMPREPLY[@]:-}}"'
    program = f"{before}{script(blog, 'bash')}\n{ask}"
    done = subprocess.run(
        [BASH, "--norc", "-c", program],
        cwd=blog.root,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.stderr == ""
    return sorted(done.stdout.split("\n")[:-1]) if done.stdout != "\n" else []


pytestmark = pytest.mark.skipif(not BASH, reason="there is no bash here")


def test_commands(blog: Blog, strictness: str) -> None:
    assert offered(blog, "", before=strictness) == sorted(cli.COMMANDS)
    assert offered(blog, "c", before=strictness) == sorted(
        name for name in cli.COMMANDS if name.startswith("c")
    )
    assert offered(blog, "--v") == ["--version"]


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_option_of_every_command(blog: Blog, command: str) -> None:
    _, commands = cli.parser_of()
    names = [name for action in commands[command]._actions for name in action.option_strings]
    assert len(names) >= 2
    assert offered(blog, command, "-") == sorted(names)


def test_posts_by_name_and_by_file(blog: Blog, strictness: str) -> None:
    known = ["about", "good", "sums", "two\\ words"]
    assert offered(blog, "explain", "", before=strictness) == known
    assert offered(blog, "freeze", "good", "s") == ["sums"]
    assert offered(blog, "explain", "posts/s") == ["posts/sums/index.md"]
    assert offered(blog, "explain", "x") == []


def test_posts_of_another_folder(blog: Blog) -> None:
    other = blog.root / "other"
    other.mkdir()
    Blog(other, {"posts/elsewhere.md": GOOD})
    assert offered(blog, "explain", "-C", "other", "") == ["elsewhere"]
    assert offered(blog, "explain", "--directory", "other", "posts/") == ["posts/elsewhere.md"]


def test_targets_of_deploys(blog: Blog, strictness: str) -> None:
    assert offered(blog, "deploy", "", before=strictness) == []
    tables = (
        "[deploy.live]\n[deploy.preview] # mine\n [x]\n[deployed.x]\n#[deploy.no]\n[deploy.at-end]"
    )
    with (blog.root / "site.toml").open("a") as settings:
        settings.write(tables)
    assert offered(blog, "deploy", "", before=strictness) == ["at-end", "live", "preview"]
    assert offered(blog, "deploy", "--build", "p") == ["preview"]
    assert offered(blog, "deploy", "--max-deletes", "") == []


def test_values_of_options(blog: Blog) -> None:
    assert offered(blog, "new", "--kind", "") == ["aside", "page", "post"]
    assert offered(blog, "build", "-C", "p") == ["pages", "posts"]
    assert offered(blog, "diff", "--html", "s") == ["site.toml"]
    assert offered(blog, "build", "--base-url", "") == []
    assert offered(blog, "completion", "") == ["bash", "fish", "zsh"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_script_names_all_commands_and_options(blog: Blog, shell: str) -> None:
    text = script(blog, shell)
    _, commands = cli.parser_of()
    for name, command in commands.items():
        own = [line for line in text.splitlines() if f" {name})" in line or f" {name}'" in line]
        for action in command._actions:
            for option in action.option_strings:
                named = {"zsh": f"*{option}[", "fish": f" -{'l' * option.startswith('--') or 's'} "}
                assert any(named[shell] in line and option.lstrip("-") in line for line in own), (
                    name,
                    option,
                )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_that_is_here_can_read_its_script(blog: Blog, shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run(
        [path, "-n"], input=script(blog, shell), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_shell_that_we_do_not_know(blog: Blog) -> None:
    told = blog.run("completion", "tcsh")
    assert told.code == 2
    assert "invalid choice: 'tcsh'" in told.err

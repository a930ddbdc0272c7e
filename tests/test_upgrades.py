"""A throw-away environment: other versions of some packages, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from made_wheels import write_wheel
from small_site import make_site

from site_builder.checking.diffing.upgrades import upgraded
from site_builder.errors import UsageError
from site_builder.settings.site import Site

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that is all that pip knows."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    for version in ("1.0", "2.0"):
        write_wheel(folder, "scales", version, f"FACTOR = {version}\n")
    return folder


@pytest.fixture
def site(tmp_path: Path, wheels: Path) -> Site:
    """A site whose posts have a Python of their own, with `scales` 1.0 and this one's packages."""
    home = tmp_path / "own"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    packages = next((home / "lib").glob("python*/site-packages"))
    own = sysconfig.get_path("purelib")
    (packages / "more.pth").write_text(f"import site; site.addsitedir({own!r})\n")
    python = str(home / "bin" / "python")
    command = [python, "-m", "pip", "install", "--quiet", "scales==1.0"]
    subprocess.run(command, check=True, capture_output=True)
    return make_site(tmp_path / "site", python=python)


def told(python: str, code: str) -> str:
    return subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def left_behind() -> list[str]:
    return [path.name for path in Path(tempfile.gettempdir()).glob("site-builder-with-*")]


def test_what_is_named_is_another_version_and_all_else_is_the_same(site: Site) -> None:
    before = left_behind()
    said: list[str] = []
    with upgraded(site, ["scales==2.0"], said.append) as upgrade:
        assert upgrade.changes == (("scales", "1.0", "2.0"),)
        assert told(upgrade.python, "import scales; print(scales.FACTOR)") == "2.0"
        # What was there is found through the site's own Python, editable packages too.
        assert (
            told(upgrade.python, "import pytest; print(pytest.__version__)") == pytest.__version__
        )
        assert "conflict" not in "".join(said)
    assert said[0].startswith("installing scales==2.0 over the packages of ")
    assert any("scales" in line for line in said[1:])
    assert not Path(upgrade.python).exists()
    assert left_behind() == before
    # The site's own environment is as it was.
    assert told(site.settings.execution.python, "import scales; print(scales.FACTOR)") == "1.0"


def test_a_name_alone_means_the_newest_version(site: Site) -> None:
    with upgraded(site, ["scales"], lambda _: None) as upgrade:
        assert upgrade.changes == (("scales", "1.0", "2.0"),)


def test_what_a_new_version_needs_comes_along(site: Site, wheels: Path) -> None:
    write_wheel(wheels, "tongs", "3.0", "GRIP = 3\n", requires=("scales>=2",))
    with upgraded(site, ["tongs"], lambda _: None) as upgrade:
        assert upgrade.changes == (("scales", "1.0", "2.0"), ("tongs", "", "3.0"))


def test_what_does_not_fit_together_any_more_is_said(site: Site, wheels: Path) -> None:
    write_wheel(wheels, "tongs", "1.0", "GRIP = 1\n", requires=("scales<2",))
    python = site.settings.execution.python
    subprocess.run([python, "-m", "pip", "install", "-q", "tongs"], check=True, capture_output=True)
    with upgraded(site, ["scales==2.0"], lambda _: None) as upgrade:
        [conflict] = upgrade.conflicts
        assert conflict.startswith("tongs 1.0 requires scales<2")


def test_a_version_that_there_is_not_is_a_problem_with_pip_s_last_lines(site: Site) -> None:
    before = left_behind()
    with (
        pytest.raises(UsageError, match=r"could not install scales==9\.0") as raised,
        upgraded(site, ["scales==9.0"], lambda _: None),
    ):
        pass
    [note] = raised.value.problems[0].notes
    assert "No matching distribution found for scales==9.0" in note
    assert left_behind() == before


def test_a_mistake_of_pip_s_own_is_told_in_its_last_line(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_PYTHON_VERSION", "x")
    with (
        pytest.raises(UsageError, match="pip could not install") as raised,
        upgraded(site, ["scales; rm"], lambda _: None),
    ):
        pass
    [note] = raised.value.problems[0].notes
    assert "\n" not in note or "Traceback" not in note


@pytest.mark.parametrize("requirement", ["--editable=x", "-r", "", " "])
def test_an_option_is_no_requirement(site: Site, requirement: str) -> None:
    with (
        pytest.raises(UsageError, match="--with takes a package"),
        upgraded(site, [requirement], lambda _: None),
    ):
        pass


def test_what_this_process_is_told_of_modules_is_no_part_of_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('not mine')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with upgraded(site, ["scales==2.0"], lambda _: None) as upgrade:
        assert upgrade.changes == (("scales", "1.0", "2.0"),)

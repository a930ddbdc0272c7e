"""The tests of deploys have teeth: with a fault planted in the program they fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import test_deploy as stories
import test_deploy_folder as folders

from site_builder.publishing.deploy import deploy, folder, order, plan
from site_builder.publishing.deploy.manifest import Manifest

Story = Callable[[Path], object]


def no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "_journal", lambda plan, url: Manifest(url, plan.present))


def no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        deploy, "put_stages", lambda paths, _: [[], [], [], [], sorted(paths, reverse=True)]
    )


def new_pages_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "put_stages", lambda paths, _: order.put_stages(paths, ())[::-1])


def nothing_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_in_the_way", lambda *_: iter(()))
    monkeypatch.setattr(deploy, "plan_problems", lambda *_, **__: ())


def all_that_we_named_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def present(manifest: Manifest, goal: object, found: dict[str, str]) -> dict[str, object]:
        return {path: known for path, known in manifest.files.items() if path in found}

    monkeypatch.setattr(plan, "_present", present)


def no_removals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "removal_stages", lambda _: [])


def nothing_makes_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "blocking", lambda *_: [])


def links_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LinkFinder", lambda _: lambda _: "")


def folders_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "remove_file", lambda at, path: (at / path).unlink())


def broken_off(tmp_path: Path) -> None:
    stories.test_whatever_breaks_off_is_put_right(tmp_path, False, False)


def altered(tmp_path: Path) -> None:
    stories.test_what_somebody_changed_is_told(tmp_path, "both/index.html")


@pytest.mark.parametrize(
    ("plant", "story"),
    [
        (no_journal, broken_off),
        (no_order, broken_off),
        (new_pages_late, broken_off),
        (no_removals, broken_off),
        (nothing_makes_way, broken_off),
        (nothing_foreign, stories.test_a_target_with_other_files_is_refused),
        (nothing_foreign, stories.test_a_foreign_file_that_came_later_is_not_overwritten),
        (all_that_we_named_is_ours, altered),
        (links_are_followed, folders.test_a_link_that_comes_after_the_plan_is_not_followed),
        (folders_stay, folders.test_an_update_removes_what_is_gone_and_the_folders_left_empty),
    ],
)
def test_a_planted_fault_is_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
    story: Story,
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        story(tmp_path)

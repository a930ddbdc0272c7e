"""`site-builder doctor`: what the site needs of this machine, and what of it is missing.

In: the arguments. Out: a list to be copied into a report. Nothing runs. Exit code 1 if something
that the site needs is missing.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from site_builder.commands.arguments import CACHE, add_place, output_folder

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.authoring.doctor import Fact


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "doctor", help="say what the site needs of this machine, and what is missing",
        allow_abbrev=False,
    )  # fmt: skip
    add_place(parser)
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Say what is there and what is missing; gives the exit code.

    Raises UsageError if there is no site or its settings are wrong, after what is true without.
    """
    from site_builder.authoring.doctor import general_facts, site_facts
    from site_builder.settings.site import load_site

    for fact in general_facts():
        _print(fact)
    site = load_site(given.directory)
    missing = 0
    for fact in site_facts(site, output=output_folder(given), cache=site.root / CACHE):
        _print(fact)
        missing += fact.verdict == "missing"
    things = "1 thing is missing" if missing == 1 else f"{missing} things are missing"
    print(things if missing else "nothing that the site needs is missing")
    return 1 if missing else 0


def _print(fact: Fact) -> None:
    """A line for each fact, at once: asking programs takes time."""
    print(f"{_MARKS[fact.verdict]} {fact.name}: {fact.value}", flush=True)
    if fact.help:
        print(f"    help: {fact.help}")


_MARKS = {"ok": "+", "missing": "!", "absent": "-"}

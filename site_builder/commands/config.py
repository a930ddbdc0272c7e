"""`site-builder config schema`: what `site.toml` and front matter may hold, for editors.

In: the arguments. Out: a JSON Schema.
"""

from __future__ import annotations

import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "config", help="print the JSON Schema of site.toml or front matter", allow_abbrev=False
    )
    parser.add_argument("what", choices=["schema"], help="what to print")
    parser.add_argument("--front-matter", action="store_true",
                        help="print that of front matter")  # fmt: skip
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Print a schema; gives the exit code."""
    import json

    from site_builder.authoring.json_schema import front_matter_schema, settings_schema

    schema = front_matter_schema() if given.front_matter else settings_schema()
    print(json.dumps(schema, indent=2, ensure_ascii=False))
    return 0

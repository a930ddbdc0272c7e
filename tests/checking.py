"""Sites for the tests of `check`: files in a folder, looked through for real.

site = Written(tmp_path, {"posts/a.md": post("A", "See [it](b.md).")})
site.found()                            what is found, as `L101 posts/a.md:6:10 link to …`
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from site_builder.checking.site.check import Checked, Wish, check_site
from site_builder.settings.site import load_site
from site_builder.store import Store

TODAY = dt.date(2026, 11, 23)
NOW = 1_800_000_000.0  # seconds since 1970
TOML = 'title = "Rates"\nurl = "https://rates.example/blog/"\n'


def post(title: str, body: str, **front: Any) -> str:
    """A post whose body begins at line 6, one more for each key of `front`."""
    more = "".join(f"{key}: {value}\n" for key, value in front.items())
    return f"---\ntitle: {title}\ndate: 2020-01-01\n{more}---\n\n{body}\n"


@dataclass
class Written:
    """A site on the disk."""

    root: Path
    files: Mapping[str, str | bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path, content in {"site.toml": TOML, **self.files}.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())

    def checked(self, *names: str, now: float = NOW, **wish: Any) -> Checked:
        """Look through it."""
        site = load_site(self.root)
        with Store(self.root / ".cache") as store:
            return check_site(site, Wish(names, **wish), store, today=TODAY, now=now)

    def found(self, *names: str, **wish: Any) -> list[str]:
        """What is found, in a line each; nothing may stand in the way."""
        checked = self.checked(*names, **wish)
        assert checked.problems == ()
        for each in checked.findings:
            if each.column and each.file:
                shown = (self.root / each.file).read_text("utf-8").split("\n")[each.line - 1]
                assert each.excerpt == shown
                assert each.column + each.width - 1 <= len(shown)
        return [
            f"{each.code} {':'.join(str(x) for x in (each.file, each.line, each.column) if x)} "
            f"{each.message}"
            for each in checked.findings
        ]

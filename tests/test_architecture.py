"""The layers hold: what each module imports is read from its text and compared with the design."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from site_builder import cli

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "site_builder"
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py"))
STAGES = ("content", "execution", "rendering", "assembly", "publishing")

# What each part may import of this package, besides itself.
ALLOWED = {
    "errors": (),
    "plain": (),
    "maths": (),
    "codes": ("errors",),
    "chosen": ("errors",),
    "schema": ("errors",),
    "store": ("errors",),
    "toml_text": ("errors", "schema"),
    "model": ("errors",),
    "words": ("errors", "schema", "toml_text"),
    "settings": ("errors", "codes", "schema", "toml_text", "words"),
    "images": ("model", "store"),
    "content": (
        *("errors", "codes", "schema", "settings", "model", "maths", "store", "images", "words"),
    ),
    "execution": ("errors", "schema", "settings", "model", "store"),
    "evidence": ("errors", "model", "store", "plain"),
    "diagnostics": ("errors", "codes", "evidence"),
    "rendering": (
        *("errors", "settings", "model", "maths", "content", "store", "plain", "evidence"),
        *("images", "words"),
    ),
    "assembly": (
        *("errors", "settings", "model", "maths", "content", "evidence", "images", "rendering"),
        *("store", "words"),
    ),
    "publishing": ("errors", "model", "settings", "store"),
    "ahead": ("errors", "model", "publishing"),
    "workers": ("errors",),
    "progress": ("execution",),
    "inputs": ("errors", "settings", "model", "store", "content", "assembly"),
    "memory": ("errors", "settings", "store", "plain", "inputs", *STAGES),
    "options": ("errors", "settings", "inputs", "execution", "publishing"),
    "pages": ("errors", "settings", "model", "store", "images", "maths", "options", *STAGES),
    "making": (
        *("errors", "chosen", "settings", "model", "store", "options", "memory", "pages"),
        *("workers", *STAGES),
    ),
    "pipeline": (
        *("errors", "codes", "settings", "model", "store", "options", "memory", "pages"),
        *("making", "ahead", *STAGES),
    ),
    "build": (
        *("errors", "chosen", "settings", "model", "store", "inputs", "memory", "options"),
        *("pipeline", *STAGES),
    ),
    "outdated": ("settings", "inputs", "memory", "publishing", "store"),
    "selected": ("errors", "chosen", "settings", "model", "store", "content", "execution"),
    "checking": (
        *("errors", "codes", "chosen", "settings", "words", "model", "store", "options"),
        *("inputs", "memory", "making", "pages", "build", "selected", "evidence", *STAGES),
    ),
    "preview": (
        *("errors", "codes", "settings", "model", "store", "inputs", "memory", "options"),
        *("diagnostics", "pages", "making", "build", *STAGES),
    ),
    "authoring": (
        *("errors", "schema", "settings", "model", "store", "content", "execution", "rendering"),
        "selected",
    ),
    "importing": ("errors", "settings", "model", "store", "content", "execution", "evidence"),
    "commands": (
        *("errors", "codes", "settings", "model", "store", "execution", "build", "selected"),
        *("progress", "publishing", "evidence", "checking", "authoring", "diagnostics"),
        *("preview", "importing", "outdated"),
    ),
    "cli": ("errors", "commands"),
    "__main__": ("cli",),
    "__init__": (),
}
STAGE_FUNCTIONS = {
    "site_builder.content.read": {"read_files", "read_sources"},
    "site_builder.content.parse": {"parse"},
    "site_builder.execution.engine": {"execute", "executing"},
    "site_builder.rendering.render": {"render"},
    "site_builder.assembly.assemble": {"assemble"},
    "site_builder.publishing.write": {"write"},
}
# The pipeline for all posts, and what is done with some of them.
PIPELINE = {
    *("inputs", "pages", "making", "pipeline", "selected", "checking", "authoring", "importing"),
}


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imports(module: str) -> Iterator[tuple[str, str, bool]]:
    """What a module imports: the module named, the name taken of it, and whether it is late."""
    tree = tree_of(module)
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", id(node) not in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}:{node.lineno}: a relative import"
            for alias in node.names:
                yield node.module or "", alias.name, id(node) not in top


def part(name: str) -> str:
    """`site_builder.content.read` and `site_builder/content/read.py` are of the part content."""
    parts = name.removesuffix(".py").replace("/", ".").split(".")
    return parts[1] if len(parts) > 1 else ""


def imported_parts(module: str) -> set[str]:
    found = set()
    for name, taken, _ in imports(module):
        if name == "site_builder" and (PACKAGE / f"{taken}.py").exists():
            found.add(taken)
        elif name.startswith("site_builder."):
            found.add(part(name))
    return found


def test_every_part_has_its_layer() -> None:
    assert {part(module) for module in MODULES} == set(ALLOWED)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    here = part(module)
    assert imported_parts(module) - {here} <= set(ALLOWED[here])


def test_the_layers_have_an_order() -> None:
    """No part is allowed one that is allowed it, over whatever detour."""
    done: set[str] = set()
    while waiting := set(ALLOWED) - done:
        free = {name for name in waiting if set(ALLOWED[name]) <= done}
        assert free, f"in a circle: {sorted(waiting)}"
        done |= free


DRAWING = "site_builder.execution.child.drawing"  # is itself imported late, beside matplotlib
# Only where a post needs them; traitlets is how IPython is configured.
LATE = {"IPython", "jupyter_client", "matplotlib", "nbclient", "nbformat", "traitlets"}


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.startswith("site_builder/execution/child")]
)
def test_what_runs_in_the_post_s_process_imports_the_standard_library(module: str) -> None:
    drawing = module == f"{DRAWING.replace('.', '/')}.py"
    for name, _, late in imports(module):
        root = name.partition(".")[0]
        ours = name.startswith("site_builder.execution.child") and (late or name != DRAWING)
        if drawing and root in ("matplotlib", "numpy"):
            continue
        assert ours or root in sys.stdlib_module_names or (late and root in LATE), name


def test_only_the_pipeline_joins_the_stages() -> None:
    joining = {
        part(module)
        for module in MODULES
        for name, taken, _ in imports(module)
        if taken in STAGE_FUNCTIONS.get(name, ()) and part(module) not in STAGES
    }
    assert joining == PIPELINE
    within = {
        (part(module), part(name))
        for module in MODULES
        for name, taken, _ in imports(module)
        if taken in STAGE_FUNCTIONS.get(name, ()) and part(module) in STAGES
    }
    assert within == set()


def test_only_the_command_line_prints() -> None:
    printing = {
        module
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "print")
            or ast.unparse(node.func) in ("sys.stdout.write", "sys.stderr.write", "say")
        )
        and not module.startswith("site_builder/execution/child")  # whose output is the post's
    }
    allowed = {module for module in MODULES if part(module) in ("cli", "commands", "progress")}
    assert printing <= allowed
    assert {f"site_builder/commands/{name}.py" for name in cli.COMMANDS} <= printing


FILE_CALLS = {
    *("open", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "rmdir", "mkdir"),
    *("iterdir", "rglob", "glob", "walk", "scandir", "listdir", "copy", "rmtree", "rename"),
}
# The settings, the posts and what they name, the theme, the store, the output folder; what runs
# observed, and their frozen records.
TOUCH_FILES = {
    "site_builder/store.py",
    "site_builder/execution/frozen.py",
    "site_builder/execution/imports.py",
    "site_builder/execution/interpreter.py",
    "site_builder/execution/job.py",  # its own runner's code
    "site_builder/execution/proof.py",
    "site_builder/execution/recording.py",
    "site_builder/execution/live/states.py",  # what the system tells of processes
    "site_builder/inputs.py",  # its own code
    "site_builder/pages.py",  # gives `assemble` what reads attachments
    "site_builder/settings/site.py",
    "site_builder/words/own.py",  # the site's own words
    "site_builder/words/words.py",  # those of this program
    "site_builder/evidence/fetch.py",  # a published site
    "site_builder/checking/site/asking.py",  # opens addresses
    "site_builder/checking/site/validator.py",  # a temporary folder
    "site_builder/checking/diffing/revisions.py",  # a temporary folder
    "site_builder/checking/diffing/sides.py",  # the names of records in a built site
    "site_builder/checking/diffing/upgrades.py",  # a temporary environment
    "site_builder/evidence/web.py",  # opens addresses
    "site_builder/authoring/notebook_file.py",  # a notebook that was not there
    "site_builder/importing/beside.py",  # what a file that is imported shows
    "site_builder/importing/post.py",  # a post that was not there
    "site_builder/authoring/new_post.py",  # a post that was not there
    "site_builder/authoring/new_site.py",  # a blog that was not there
    "site_builder/commands/diff.py",  # the page that is wanted
    "site_builder/diagnostics/catalogue.py",  # what each code means
    "site_builder/preview/pages.py",  # the client's script and style
    "site_builder/preview/watch.py",  # the names of the folders to watch
    "site_builder/content/attachments.py",
    "site_builder/content/citations/post.py",  # the bibliographies that posts name
    "site_builder/content/read.py",
    "site_builder/assembly/theme/files.py",
    "site_builder/publishing/deploy/built.py",
    "site_builder/publishing/deploy/folder.py",
    "site_builder/publishing/deploy/folder_files.py",
    "site_builder/publishing/deploy/git_branch.py",  # a temporary folder
    "site_builder/publishing/deploy/rsync.py",
    "site_builder/publishing/deploy/rsync_program.py",
    "site_builder/publishing/deploy/target.py",  # reads what is put
    "site_builder/publishing/lock.py",
    "site_builder/publishing/output_folder.py",
    "site_builder/publishing/staging.py",
    "site_builder/publishing/write.py",
}


def test_only_a_few_modules_touch_files() -> None:
    touching = {
        module
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in FILE_CALLS
        and ast.unparse(node.func) not in ("ast.walk", "os.open", "token.copy", "Image.open")
        and not module.startswith("site_builder/execution/child")  # posts may do what they like
    }
    assert touching == TOUCH_FILES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_short_and_says_what_it_is_for(module: str) -> None:
    text = (ROOT / module).read_text(encoding="utf-8")
    assert text.count("\n") <= 320
    assert ast.get_docstring(ast.parse(text))
    assert "utils" not in module
    assert "helpers" not in module

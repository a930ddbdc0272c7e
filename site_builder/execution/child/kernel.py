"""A post in another language: its cells through a Jupyter kernel, by nbclient."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from site_builder.execution.child.streams import Entry


class KernelCellError(Exception):
    """A cell raised in the kernel."""

    def __init__(self, name: str, message: str, text: str) -> None:
        self.name, self.message, self.text = name, message, text
        self.cell, self.line = "", 0
        super().__init__(message)

    def find_line(self, names: Sequence[str]) -> None:
        """Note the deepest cell and line, if the kernel tells; `names` are of those that ran."""
        told = re.findall(
            r"Cell In ?\[(\d+)\], line (\d+)", re.sub(r"\x1b\[[\d;]*m", "", self.text)
        )
        for cell, line in told:
            if 0 < int(cell) <= len(names):
                self.cell, self.line = names[int(cell) - 1], int(line)


class KernelMissingError(Exception):
    """There is no such kernel."""


def start_kernel(name: str) -> Any:
    """Start the kernel; returns nbclient's client, ready to run cells in this folder."""
    import subprocess

    import nbclient
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        known = sorted(KernelSpecManager().find_kernel_specs())
        raise KernelMissingError(", ".join(known)) from None
    notebook = nbformat.v4.new_notebook()
    client = nbclient.NotebookClient(notebook, kernel_name=name, timeout=None, allow_errors=True)
    client.create_kernel_manager()
    # What cells print comes as messages; the kernel's own remarks are not the post's output.
    nowhere = subprocess.DEVNULL
    client.start_new_kernel(cwd=".", stdout=nowhere, stderr=nowhere)
    client.start_new_kernel_client()
    return client


def stop_kernel(client: Any) -> None:
    """End the kernel and remove its files."""
    client.km.shutdown_kernel(now=True)


def run_kernel_cell(client: Any, code: str) -> Iterator[Entry]:
    """Run one cell; gives its outputs and raises KernelCellError after them if it failed."""
    import nbformat

    cell = nbformat.v4.new_code_cell(code)
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1)
    for output in cell.outputs:
        if output.output_type == "stream":
            yield {"kind": output.name, "text": output.text}
        elif output.output_type == "error":
            text = "\n".join(output.traceback)
            raise KernelCellError(output.ename, output.evalue, text)
        else:
            yield {"kind": "display", "data": dict(output.data), "metadata": {}}

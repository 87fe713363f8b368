"""`.npz`: the blobs under their state_dict keys, for programs that have only NumPy."""

from __future__ import annotations

from pathlib import Path

from converter.conversion.content import Content
from converter.files.atomic import atomic_write
from converter.files.flow import flow
from converter.formats.weights.keyed import keyed, order_metadata
from converter.formats.weights.npz import write_npz


def save(content: Content, path: Path) -> None:
    """Write the blobs; origin and order go to the archive's comment.

    Raises:
        OutputError: the file cannot be written.
        WeightsError: a blob holds numbers that are not finite.
    """
    content.check()
    arrays = {name: flow(blob, content.net.path) for name, blob in keyed(content.net).items()}
    metadata = {**content.origin(content.sha256), **order_metadata(content.net)}
    with atomic_write(path) as file:
        write_npz(file, arrays, metadata)

"""The files that a prototxt names: opened below its own folder, or below folders that the caller allowed; no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from reference.layer import Layer

_folders: ContextVar[tuple[Path, ...]] = ContextVar("folders", default=())


@contextmanager
def allow_files(folders: Iterable[str | Path]) -> Iterator[None]:
    """Within the block, named files may lie below these folders too."""
    token = _folders.set(tuple(map(Path, folders)))
    try:
        yield
    finally:
        _folders.reset(token)


def find_named(layer: Layer, name: str) -> Path:
    """The file that a layer's field names: as it stands, or beside the prototxt; all links followed.

    Raises:
        LayerError: it lies elsewhere, or is not there.
    """
    folder = Path(layer.path).parent
    try:
        allowed = [place.resolve() for place in (folder, *_folders.get())]
        places = [place for place in (Path(name), folder / name) if _lies_below(place.resolve(), allowed)]
    except (OSError, RuntimeError, ValueError):  # links in a circle, a zero byte
        places = []
    if not places:
        raise layer.error(
            f"names {name!r}, which does not lie below the prototxt's folder, nor where files are allowed"
        )
    return next((place for place in places if place.is_file()), places[-1])


def _lies_below(place: Path, folders: Iterable[Path]) -> bool:
    return any(place.is_relative_to(folder) for folder in folders)

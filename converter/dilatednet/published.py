"""The published nets as files that can be downloaded."""

from __future__ import annotations

from converter.dilatednet.zoo import ZOO
from converter.download.sources import Source


def published_sources() -> tuple[Source, ...]:
    """One file a net of the zoo, under the net's name."""
    return tuple(
        Source(model.name, model.file_names[0], model.addresses, minimum_bytes=model.min_file_bytes)
        for model in ZOO.values()
    )

"""Where an exported net came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """Names of the files, and the digest of the weights; "" where there is none."""

    prototxt: str = ""
    weights: str = ""
    sha256: str = ""

"""MatWrite (DeepLab's fork): its bottoms go to files of MATLAB; the oracle, which keeps every blob, writes nothing."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "MatWrite"
MESSAGES = ("mat_write_param",)
FIELDS = "mat_write_param: prefix 0 text; source 0 text; strip 0 int = 0; period 0 int = 1"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """bottoms: any; returns nothing."""
    return []

"""ShuffleChannel (ShuffleNet's fork): channels dealt out over the groups in turn."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "ShuffleChannel"
MESSAGES = ("shuffle_channel_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, ...); top channel i g + j is bottom channel j c / g + i."""
    layer.expect(bottoms, 1)
    n, c, *sizes = bottoms[0].shape
    group = layer.params("shuffle_channel_param").integer("group")
    if group < 1 or c % group:
        raise layer.error(f"{c} channels do not divide into {group} groups")
    return [bottoms[0].reshape(n, group, c // group, *sizes).swapaxes(1, 2).reshape(bottoms[0].shape)]

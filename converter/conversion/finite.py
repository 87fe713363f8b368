"""Whether every number in a file's blobs is finite."""

from __future__ import annotations

from converter.errors import WeightsError
from converter.formats.weights.stored import StoredWeights
from converter.plan.finite import nonfinite_blobs


def check_finite(weights: StoredWeights) -> None:
    """Go through the blobs and stop at the first that is not sound.

    Raises:
        WeightsError: a blob holds NaN or infinity; names the layer, the blob and how many.
        CaffemodelError: the file can no longer be read.
    """
    found = next(nonfinite_blobs(weights), None)
    if found is not None:
        raise WeightsError(
            f"layer '{found.layer.name}' blob {found.index}: {found.count} of {found.size} numbers are NaN or infinite"
            "; training diverged or the file is damaged: take another snapshot, or keep them with --allow-nan",
            path=weights.path,
            layer=found.layer.name,
        )

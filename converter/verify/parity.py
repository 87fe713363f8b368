"""How far a net's outputs are from the oracle's, for records and cards; an error where a blob is out of tolerance."""

from __future__ import annotations

import os
from typing import Any

from converter.errors import ComparisonError
from converter.verify.inputs import random_inputs
from converter.verify.verify import Verifier


def parity(prototxt: str | os.PathLike[str], weights: str | os.PathLike[str], **options: Any) -> dict[str, float]:
    """Relative error of each output on seeded random inputs; `options` are those of `Verifier`.

    Raises:
        ComparisonError: a blob is out of its tolerance.
        ConversionError: what either reader objects to.
    """
    verifier = Verifier(prototxt, weights, **options)
    (check,) = verifier.check(random_inputs(verifier.plan, 0))
    if not check.passed:
        row = check.comparison.first_divergence
        where = f"blob {row.blob!r}: {row.reason}" if row else "; ".join(check.findings)
        raise ComparisonError(f"the net differs from the oracle at {where}; run dilatednet verify")
    outputs = options.get("until") or verifier.net.outputs
    return {row.blob: row.relative for row in check.comparison.rows if row.blob in outputs}

"""What a training run's folder is told to hold: recipe, data and start weights, compared before a run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from converter.dilatednet.trained import weights_file
from converter.dilatednet.training.features import MAPS
from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.training.sources import Source
from converter.files.folder_record import claim_folder, file_digest, read_record

RUN = "checkpoints"
"""What a folder's record calls a run."""


def claim_run(
    folder: Path, recipe: Recipe, source: Source, weights: Sequence[str], *, begun: bool, precision: str = "fp32"
) -> None:
    """Note in `folder` what is trained there; `begun`: it holds checkpoints, which must be of the same run.

    More iterations are allowed where no rate changes by it. Start weights count only where they are given again.

    Raises:
        OutputError: another recipe, other data or weights made the checkpoints, or the record cannot be written.
        CaffemodelError: a weights file does not read.
    """
    facts = {
        **asdict(recipe),
        **_data_facts(source),
        "precision": precision,
        "weights_sha256": [file_digest(weights_file(path)) for path in weights],
    }
    free = {"version"} if recipe.policy == "poly" else {"version", "iterations"}
    before = read_record(folder).get(RUN, {})
    if begun and not weights:
        facts["weights_sha256"] = before.get("weights_sha256", [])
    claim_folder(folder, RUN, facts, leftovers=begun, free=free)


def _data_facts(source: Source) -> dict[str, Any]:
    """How many items there are, and a digest of their names; for stored features also what made them."""
    names = [[Path(path).name for path in pair] for pair in source.pairs]
    digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()
    maps = read_record(source.features).get(MAPS) if source.features else None
    return {"items": len(names), "names_sha256": digest, **({"features": maps} if maps else {})}

"""Labels of a trained net in short types: untrained weights leave near ties that a trained net does not."""

from __future__ import annotations

from scripts.benchmarks.processes import ContestantError, once
from scripts.benchmarks.rows import Row
from scripts.benchmarks.setting import Setting

TITLE = "labels of a trained net"


def measure(setting: Setting) -> list[Row]:
    """The net of `scripts/reproduce-claims`, front end and Large context, trained here; its labels in every type."""
    setting.say("a net is trained")
    try:
        found = once("scripts.benchmarks.tasks.trained:agreement", {"quick": setting.quick})
    except ContestantError as error:
        return [Row(TITLE, "labels", facts={"not measured": str(error)})]
    return [Row(TITLE, name, facts=facts) for name, facts in found["rows"].items()]

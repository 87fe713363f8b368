"""What --device names, checked before any work."""

from __future__ import annotations

from converter.errors import ConversionError


def check_device(name: str) -> None:
    """Refuse a device that torch does not know or this machine does not have.

    Raises:
        ConversionError: with torch's first line about it.
    """
    import torch

    try:
        torch.empty(0, device=torch.device(name)).cpu()
    except (RuntimeError, AssertionError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ConversionError(f"device {name!r} cannot be used: {reason}; leave --device out for the CPU") from error

"""Optional packages: there, or an error that says which extra brings them."""

from __future__ import annotations

import importlib.util

from converter.errors import ConversionError


def extra(*packages: str, brings: str, what: str) -> None:
    """Refuse where a package is missing.

    Args:
        packages: their import names.
        brings: the extra of this project that installs them.
        what: what they are needed for.

    Raises:
        ConversionError: one is missing.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ConversionError(
            f"{what} need the package {' and '.join(missing)}, which is not installed; "
            f"install it with: pip install 'dilatednet[{brings}]'"
        )

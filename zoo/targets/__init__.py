"""What a manifest may name as its target."""

from __future__ import annotations

from zoo.targets.columns import column
from zoo.targets.forward import forward_return

__all__ = ["column", "forward_return"]

"""The manifest of a pipeline: from YAML or from the builder; bound, prepared, run."""

from zoo.manifest.bound import Bound
from zoo.manifest.manifest import Manifest

__all__ = ["Bound", "Manifest"]

"""The pipeline of another library's experiment: a decoder whose manifest is that library's own object.

What such a manifest offers is called, and nothing of it is looked into. How its data is prepared, what its
models are and what its metrics mean is the library's own affair; zoo runs it again, and compares.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata as distributions
from pathlib import Path
from typing import Any, Final

from zoo.errors import ForeignCodeError, ManifestError, ZooError
from zoo.experiment.pipeline import Decoder, load_decoder
from zoo.manifest import Manifest
from zoo.manifest.libraries import library_versions
from zoo.manifest.source import source_files, source_hash
from zoo.trust import Trust

#: what a manifest must offer; `fetch_data()` as well where no data is given
METHODS: Final = ("prepare_data", "run_model", "with_params_override", "resolve_model_kwargs")
ARCHITECTURE: Final = "architecture_function"
#: a split that leaves everything to the train part
EVERYTHING: Final = (1, 0, 0)


@dataclass(frozen=True)
class ForeignPipeline:
    """Another library's manifest, declared anew for every run, so that no run sees what another did to it.

    Attributes:
        decoder: the module that declares it.
        trust: what may be imported.
    """

    decoder: Decoder
    trust: Trust

    @property
    def where(self) -> str:
        """The experiment, for errors."""
        return self.decoder.where

    def current(self) -> Any:
        """Return a fresh manifest, declared under the current settings."""
        with calling("manifest()", self.where):
            manifest = self.decoder.module.manifest()
        lacking = lacks(manifest)
        if lacking:
            raise ManifestError(
                f"manifest() of the decoder gave {type(manifest).__name__}, which lacks {', '.join(lacking)}",
                where=self.where,
                expected=f"a zoo.Manifest, or {', '.join((*METHODS, ARCHITECTURE))}",
            )
        return manifest

    def parameters(self) -> frozenset[str]:
        """Return the names of the decoder's parameters: their columns of results.csv are no metrics."""
        with calling("params()", self.where):
            declared = self.decoder.module.params()
        if not isinstance(declared, Mapping):
            raise ManifestError(
                f"params() gave {type(declared).__name__}", where=self.where, expected="a mapping"
            )
        return frozenset(map(str, declared))

    def fetch_data(self) -> Any:
        """Load the data from the manifest's own source."""
        fetch = getattr(self.current(), "fetch_data", None)
        with calling("fetch_data()", self.where):
            data = fetch() if callable(fetch) else None
        if data is None:
            raise ForeignCodeError(
                "fetch_data() gave None" if callable(fetch) else "the manifest has no fetch_data()",
                where=self.where,
                remedy="give the data: Trainer(experiment_dir, data)",
            )
        return data

    def code(self, model: type) -> dict[str, Any]:
        """Return the source hash of the decoder, of a model's module, and of what these import of the user's.

        An installed library counts by its version, as everywhere.
        """
        roots = [(self.decoder.name, self.decoder.file)]
        targets = [f"{model.__module__}.{model.__qualname__}"]
        if model.__module__ == self.decoder.module.__name__ or "." in model.__qualname__:
            targets = []
        return source_hash(source_files(targets, self.trust, roots))

    def libraries(self, modules: Iterable[str]) -> dict[str, str]:
        """Return the versions of the libraries behind `modules`, and of those behind every result."""
        tops = {name.partition(".")[0] for name in modules}
        names = {owner for top in tops for owner in _installed().get(top, ())}
        return library_versions(sorted(names - {"zoo"}))


@functools.cache
def _installed() -> Mapping[str, list[str]]:
    return distributions.packages_distributions()


def foreign_pipeline(metadata: Mapping[str, Any], directory: Path, trust: Trust) -> ForeignPipeline | None:
    """Return the pipeline of another library's decoder; None where the experiment's manifest is ours.

    Raises:
        TrustError, CodeDriftError, ManifestError: as `load_decoder`.
    """
    if metadata.get("sfd_module") is None:
        return None
    decoder = load_decoder(metadata, directory, trust)
    with calling("manifest()", decoder.where):
        manifest = decoder.module.manifest()
    if isinstance(manifest, Manifest) or len(lacks(manifest)) == len(METHODS) + 1:
        return None  # ours, or nobody's: the reader of our pipelines says what is wrong with it
    return ForeignPipeline(decoder, trust)


def lacks(manifest: object) -> list[str]:
    """Name what an object lacks to be a manifest that can be run."""
    missing = [name for name in METHODS if not callable(getattr(manifest, name, None))]
    return missing + ([] if hasattr(manifest, ARCHITECTURE) else [ARCHITECTURE])


@contextlib.contextmanager
def calling(what: str, where: str) -> Iterator[None]:
    """Turn whatever another library's code raises into our error, which names the call.

    Raises:
        ForeignCodeError: it raised; our own errors and interruptions pass.
    """
    try:
        yield
    except ZooError:
        raise
    except Exception as error:
        raise ForeignCodeError(
            f"{what} of the other library raised {type(error).__name__}: {error}", where=where
        ) from error


__all__ = ["ARCHITECTURE", "EVERYTHING", "METHODS", "ForeignPipeline", "calling", "foreign_pipeline", "lacks"]

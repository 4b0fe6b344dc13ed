"""The pipeline of an experiment, wherever it is declared: a manifest in YAML, or a single-file decoder.

One interface for the loop, which runs permutations, and for the trainer, which runs them again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from zoo.errors import CodeDriftError, ExperimentCorrupt, ManifestError
from zoo.experiment.definition import Definition, check_space, check_used
from zoo.manifest import Bound, Manifest
from zoo.manifest.held_out import HeldOut
from zoo.manifest.libraries import library_versions
from zoo.manifest.prepare import Prepared
from zoo.manifest.source import source_files, source_hash
from zoo.manifest.workbench import Workbench
from zoo.models import SklearnModel
from zoo.trust import (
    NO_HASH,
    Trust,
    check_form,
    check_name,
    file_hash,
    import_module,
    load_local,
    source_of,
    targets,
)


@dataclass(frozen=True)
class Done:
    """What came of one permutation on one split."""

    bound: Bound
    prepared: Prepared
    model: SklearnModel
    metrics: dict[str, Any]
    preds: list[Any]
    probs: list[Any] | None
    execution_time: float
    held_out: HeldOut | None = None
    fitted: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    """A manifest and its parameter space.

    Attributes:
        manifest: with holes.
        params: the space.
        module: the single-file decoder that declared them, or None.
        sfd_module: the decoder's name as `metadata.json` gives it, or None.
        file: the decoder's file, or None.
    """

    manifest: Manifest
    params: dict[str, list[Any]]
    module: ModuleType | None = None
    sfd_module: str | None = None
    file: Path | None = None

    @cached_property
    def targets(self) -> list[str]:
        """Every `_target_` of the manifest, those that words and parameters stand for too."""
        return sorted({*self.manifest.targets(), *(str(target) for target in targets(self.params))})

    def code(self) -> dict[str, Any]:
        """Return the source hash of the manifest's own modules and of the decoder."""
        own = [] if self.file is None or self.sfd_module is None else [(self.sfd_module, self.file)]
        return source_hash(source_files(self.targets, self.manifest.trust, own))

    def libraries(self) -> dict[str, str]:
        """Return the versions of the libraries that a result depends on."""
        return library_versions(self.targets)

    def fetch_data(self) -> Any:
        """Load the data from the declared source."""
        return self.manifest.fetch_data()

    def run(
        self, params: Mapping[str, Any], bench: Workbench, boundaries: Mapping[str, Any] | None = None
    ) -> Done:
        """Prepare, fit, predict and measure one permutation under the current settings.

        Args:
            params: its parameters.
            bench: the data and its caches.
            boundaries: the split of another run of the same round, to be kept.
        """
        done = _run(self.current(), params, bench, boundaries)
        if done.prepared.cuts.test is None:
            raise ManifestError(
                "split: the test part has no weight, so that nothing could be compared later",
                where=self.manifest.where,
                expected="a positive third proportion",
            )
        return done

    def refit(self, params: Mapping[str, Any], bench: Workbench) -> Done:
        """Fit one permutation on every usable row."""
        return _run(self.current().with_params_override(split_config=(1, 0, 0)), params, bench, None)

    def current(self) -> Manifest:
        """Return the manifest under the current settings: a decoder declares it anew, and may read them."""
        if self.module is None:
            return self.manifest
        return _declared(
            self.module, self.manifest.seed, self.manifest.trust, self.manifest.where, self.params
        )


def _run(
    manifest: Manifest, params: Mapping[str, Any], bench: Workbench, boundaries: Mapping[str, Any] | None
) -> Done:
    started = time.perf_counter()
    prepared = manifest.prepare_data(bench.data, params, bench=bench, boundaries=boundaries)
    out = manifest.run_model(prepared, params)
    return Done(
        manifest.bind(params),
        prepared,
        out["_model"],
        {name: value for name, value in out.items() if not name.startswith("_")},
        out["_preds"],
        out["_probs"],
        time.perf_counter() - started,
        out["_held_out"],
        out["_fitted"],
    )


def from_definition(definition: Definition, directory: Path, trust: Trust, where: str) -> Pipeline:
    """Build the pipeline that conf/experiment declares; `directory` may hold a decoder of the user's own."""
    if definition.sfd_module is not None:
        decoded = _decoder(definition.sfd_module, directory, trust, None, definition.seed, definition.params)
        check_used(decoded.params, decoded.manifest.holes(), where)
        return decoded
    manifest = Manifest.from_config(definition.manifest or {}, seed=definition.seed, trust=trust, where=where)
    params = definition.params or {}
    check_used(params, manifest.holes(), where)
    return Pipeline(manifest, params)


def from_metadata(metadata: Mapping[str, Any], directory: Path, trust: Trust) -> Pipeline:
    """Build the pipeline that a finished experiment recorded; every target is checked before any import.

    Raises:
        TrustError: a name outside the trust list, or a decoder that differs from the recorded one.
        ExperimentCorrupt: a space or a seed that is none.
    """
    seed = metadata.get("seed", 0)
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise ExperimentCorrupt(
            f"seed is {seed!r}", where=directory / "metadata.json", expected="an integer from 0 to 2**32 - 1"
        )
    if metadata.get("sfd_module") is not None:
        params = metadata.get("params") or None
        return _decoder(metadata["sfd_module"], directory, trust, _recorded(metadata), seed, params)
    manifest = Manifest.from_config(metadata["manifest"], seed=seed, trust=trust, where=str(directory))
    return Pipeline(manifest, dict(metadata.get("params") or {}))


@dataclass(frozen=True)
class Decoder:
    """A single-file decoder that has been loaded.

    Attributes:
        module: with `params()` and `manifest()`.
        name: as `metadata.json` gives it.
        file: its source.
        where: for errors.
    """

    module: ModuleType
    name: str
    file: Path
    where: str


def load_decoder(metadata: Mapping[str, Any], directory: Path, trust: Trust) -> Decoder:
    """Load the decoder that a finished experiment names; nothing runs before name, trust and hash agree.

    Raises:
        TrustError: a name that is none or not trusted, or a local module that differs from the recorded one.
        CodeDriftError: an installed module that differs from the recorded one.
        ManifestError: it lacks `params()` or `manifest()`.
    """
    return _load(metadata["sfd_module"], directory, trust, _recorded(metadata))


def _recorded(metadata: Mapping[str, Any]) -> str | None:
    """Return the recorded hash of the decoder; None where none was recorded of any module.

    Where others have one, a decoder without one is another than the one that was run: no file has its hash.
    """
    modules = ((metadata.get("fingerprints") or {}).get("code") or {}).get("modules") or {}
    return modules.get(str(metadata["sfd_module"]), NO_HASH) if modules else None


def _load(name: str, directory: Path, trust: Trust, recorded: str | None) -> Decoder:
    """Load a single-file decoder: the name first, then the directory's own file, then an import."""
    where = f"{directory}: sfd_module"
    check_form(name, where)
    local = directory / f"{name}.py"
    found = "." not in name and local.is_file()
    if not found and recorded is not None:
        _check_recorded(name, trust, recorded, where)
    module = load_local(local, trust, recorded=recorded) if found else import_module(name, trust, where)
    for function in ("params", "manifest"):
        if not callable(getattr(module, function, None)):
            raise ManifestError(
                f"decoder {name!r} has no {function}()", where=where, expected="params() and manifest()"
            )
    return Decoder(module, name, local if found else Path(str(module.__file__)), where)


def _check_recorded(name: str, trust: Trust, recorded: str, where: str) -> None:
    """Compare an installed decoder with the one that the experiment recorded before it is imported."""
    source = source_of(check_name(name, trust, where))
    if source is not None and file_hash(source) != recorded:
        raise CodeDriftError(
            f"{name} differs from the module that the experiment was run with, and was not imported",
            where=where,
            expected=f"sha256 {recorded}" if recorded else "a module whose sha256 was recorded",
            remedy="restore that module, or make the experiment again with overwrite=true",
        )


def _decoder(
    name: str,
    directory: Path,
    trust: Trust,
    recorded: str | None,
    seed: int,
    params: dict[str, list[Any]] | None,
) -> Pipeline:
    """Return the pipeline of a decoder whose manifest is ours."""
    decoder = _load(name, directory, trust, recorded)
    module, where = decoder.module, decoder.where
    space = check_space(params or module.params(), where)
    manifest = _declared(module, seed, _trusting(module, trust), where, space)
    return Pipeline(manifest, space, module, name, decoder.file)


def _declared(
    module: ModuleType, seed: int, trust: Trust, where: str | None, params: Mapping[str, Any]
) -> Manifest:
    manifest = module.manifest()
    if not isinstance(manifest, Manifest):
        raise ManifestError(
            f"manifest() of the decoder gave {type(manifest).__name__}",
            where=where,
            expected="a zoo.Manifest",
        )
    declared = Manifest.from_config(manifest.to_config(), seed=seed, trust=trust, where=where)
    return declared.spelt(params) if manifest.built else declared


def _trusting(module: ModuleType, trust: Trust) -> Trust:
    """Trust the decoder's own functions, which its manifest may name, for this pipeline only."""
    return replace(trust, prefixes=(*trust.prefixes, f"{module.__name__}."))


__all__ = ["Decoder", "Done", "Pipeline", "from_definition", "from_metadata", "load_decoder"]

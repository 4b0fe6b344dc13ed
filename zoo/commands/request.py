"""A composed configuration as frozen, plain values: what the commands work with."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from zoo.commands.arguments import Arguments
from zoo.commands.composition import Composed, compose, hydra_started, prepared, without_hydra
from zoo.commands.refusal import COMMAND_LINE
from zoo.commands.schema import ConfigSchema, PathsSchema
from zoo.configuration import fill_paths, first_line, group_files, plain
from zoo.controls import Controls
from zoo.driver.task import Task
from zoo.errors import USAGE_EXIT, ConfigError, SpecError, ZooError, did_you_mean
from zoo.evaluation.gate import Gate
from zoo.evaluation.rules import AttributionRules, BoardRules, DriftRules, ShadowRules
from zoo.line import Line, Lines
from zoo.monitoring.webhook import SECRET, Webhook
from zoo.roster import Entry, check_spec, label_clash, read_roster
from zoo.settings import check_values
from zoo.spec import NAME, Spec, parse_spec
from zoo.terms import Terms
from zoo.trust import TARGET_KEY, Trust

if TYPE_CHECKING:
    from zoo.registry.mirror import Mirror

_TREES = ("spec", "experiment", "line")
_CURRENT: Final = "current"
_TERMS: Final = ("validation", "agreement", "allow_code_drift")


@dataclass(frozen=True)
class Moving:
    """What is to be moved, or compared.

    Attributes:
        line: the chosen file of conf/line.
        version: a version's id.
        expect: the champion that is to be replaced; None for none.
        expect_current: whoever is champion is expected; `expect` is None then.
        reason: why.
        pair: two versions' ids, for `diff`.
    """

    line: str | None
    version: str | None
    expect: str | None
    expect_current: bool
    reason: str | None
    pair: tuple[str | None, str | None]


@dataclass(frozen=True)
class Upkeep:
    """How the registry is looked after.

    Attributes:
        rebuild: `verify` makes a new database.
        dry_run: `gc` only says what it would delete.
        keep: so many former champions of each line keep their files.
    """

    rebuild: bool
    dry_run: bool
    keep: int


@dataclass(frozen=True)
class Judging:
    """How versions are shadowed and compared.

    Attributes:
        shadow: conf/shadow.
        board: conf/leaderboard.
        drift: conf/drift.
        until: the last date that is predicted; None for all there is.
        policy: the declaration of conf/portfolio.
        delay: bars from signal to trade.
        costs: the values of conf/costs.
    """

    shadow: ShadowRules
    board: BoardRules
    drift: DriftRules
    until: str | None
    policy: Mapping[str, Any]
    delay: int
    costs: Mapping[str, float]


@dataclass(frozen=True)
class Gating:
    """How a champion is chosen and watched.

    Attributes:
        gate: conf/gate.
        auto: whether the winner of a selection is promoted.
        watch: the values of conf/watch.
        strict: whether an alarm ends a watch with 1.
    """

    gate: Gate
    auto: bool
    watch: Mapping[str, Any]
    strict: bool


@dataclass(frozen=True)
class Leakage:
    """How `verify leakage` changes what comes later.

    Attributes:
        cuts: how many dates after which the source is changed.
        permutations: of an experiment's space that are bound.
    """

    cuts: int
    permutations: int


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        paths: `root`, `outputs` and `experiments`, absolute.
        registry_url: SQLAlchemy URL of the store.
        artifacts: where version directories lie.
        settings: the values of conf/settings.
        allowed: the settings that a spec may override.
        trust: what may be imported.
        format: `table` or `json`.
        version: a version's id, for `show`.
        moving: what is to be moved, or compared.
        upkeep: how the registry is looked after.
        judging: how versions are shadowed and compared.
        gating: how a champion is chosen and watched.
        leakage: how later bars are changed.
        attribution: how the differences of an attribution are drawn.
        controls: the control twins that permutations must pass; None for none.
        terms: on what terms permutations are promoted.
        promotion_jobs: processes over one spec's permutations.
        budget: how many specs a rotation takes; None for all.
        webhook: who is told of promotions, rollbacks and failures.
        mirror: the server that shows the registry, too; None for none.
        overwrite: whether an experiment's directory may be replaced.
        resume: whether an unfinished experiment is gone on with.
        n_jobs: processes over an experiment's permutations.
        by: the score that `analyze` judges parameters by; None takes the walk-forward one.
        page: where `analyze` writes its page; None takes the default.
        out: where `report` writes its page; None takes the default.
        run_id: the run's name; None where nothing runs.
        job: the name of the spec's directory below the run's.
        threads: for the numeric libraries of one process.
        spec_name: the chosen file of conf/spec.
        spec: what it holds, with the command line's changes, unresolved.
        experiment_name: the chosen file of conf/experiment.
        experiment: what it holds, with `${paths.*}` resolved and holes left as they are.
        directories: the configuration directories, the winning one first.
    """

    paths: Mapping[str, str]
    registry_url: str
    artifacts: Path
    settings: Mapping[str, Any]
    allowed: frozenset[str]
    trust: Trust
    format: str
    version: str | None
    moving: Moving
    upkeep: Upkeep
    judging: Judging
    gating: Gating
    leakage: Leakage
    attribution: AttributionRules
    controls: Controls | None
    terms: Terms
    promotion_jobs: int
    budget: int | None
    webhook: Webhook | None
    mirror: Mirror | None
    overwrite: bool
    resume: bool
    n_jobs: int
    by: str | None
    page: str | None
    out: str | None
    run_id: str | None
    job: str | None
    threads: int | None
    spec_name: str | None
    spec: Any
    experiment_name: str | None
    experiment: Any
    directories: tuple[Path, ...]

    @property
    def outputs(self) -> Path:
        """Where runs and the registry are written."""
        return Path(self.paths["outputs"])

    def roster(self) -> dict[str, Entry]:
        """Read every spec file."""
        return read_roster(self.paths, self.allowed, self.directories)


def asked(arguments: Arguments) -> Request:
    """Compose a command line's configuration and read it, for commands that run no specs."""
    with hydra_started():
        overrides = prepared(arguments.overrides, arguments.config_dir)
        return read_request(compose(overrides, arguments.config_name))


def read_request(composed: Composed) -> Request:
    """Check what was composed against the schema, and take it apart.

    Raises:
        ZooError: an unknown key, a wrong type, an interpolation that does not resolve; exit code 2.
    """
    experiment = composed.choices.get("experiment")
    request = request_of(composed.config, composed.directories, composed.choices.get("spec"))
    moving = replace(request.moving, line=composed.choices.get("line"))
    return replace(request, experiment_name=experiment, moving=moving)


def request_of(config: DictConfig, directories: Iterable[Path], spec_name: str | None = None) -> Request:
    """Do the same for one job of a sweep, whose configuration says itself which spec was chosen."""
    try:
        return _request(config, tuple(directories), spec_name)
    except ZooError as error:
        error.exit_code = USAGE_EXIT
        raise


def _request(config: DictConfig, directories: tuple[Path, ...], spec_name: str | None) -> Request:
    trees, values = _parts(config)
    paths = values["paths"]
    check_values(values["settings"]["values"], "settings.values")
    trust, run, registry = values["trust"], values["run"], values["registry"]
    for name in (run["id"], run["spec"] or spec_name):
        if name is not None and NAME.fullmatch(name) is None:
            raise ConfigError(
                f"{name!r} cannot be a directory name", expected="up to 64 letters, digits, _ or -"
            )
    return Request(
        paths=paths,
        registry_url=registry["url"],
        artifacts=Path(registry["artifacts"]).expanduser().absolute(),
        settings=values["settings"]["values"],
        allowed=frozenset(values["settings"]["allowed"]),
        trust=Trust(tuple(trust["prefixes"]), trust["local"], frozenset(trust["hashes"])),
        format=values["format"],
        version=values["version"],
        moving=_moving(values),
        upkeep=Upkeep(values["rebuild"], values["dry_run"], _positive("keep", values["keep"])),
        judging=_judging(values),
        gating=_gating(values),
        leakage=Leakage(**{key: _positive(f"leakage.{key}", n) for key, n in values["leakage"].items()}),
        attribution=AttributionRules(**values["attribution"]),
        controls=_controls(values),
        terms=Terms.of({name: values["promotion"][name] for name in _TERMS}),
        promotion_jobs=_positive("promotion.n_jobs", values["promotion"]["n_jobs"]),
        budget=_budget(values["rotation"]["budget"]),
        webhook=_webhook(values["notify"], Path(paths["outputs"])),
        mirror=_mirror(values["mirror"]),
        overwrite=values["overwrite"],
        resume=values["resume"],
        n_jobs=_positive("n_jobs", values["n_jobs"]),
        by=values["by"],
        page=values["page"],
        out=values["out"],
        run_id=run["id"],
        job=run["name"],
        threads=run["threads"],
        spec_name=run["spec"] or spec_name,
        spec=trees["spec"],
        experiment_name=None,
        experiment=fill_paths(trees["experiment"], paths, "experiment"),
        directories=directories,
    )


def _parts(config: DictConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the researcher's trees as they stand, and all the rest typed and resolved."""
    values: Any = OmegaConf.to_container(without_hydra(config), resolve=False)
    trees = {name: values.pop(name, None) for name in _TREES}
    try:
        merged = OmegaConf.merge(OmegaConf.structured(ConfigSchema), OmegaConf.create(values))
        for field in fields(PathsSchema):
            path = Path(merged.paths[field.name]).expanduser()
            merged.paths[field.name] = str(path.absolute())  # whatever refers to it gets this, too
        typed: Any = OmegaConf.to_container(merged, resolve=True, throw_on_missing=True, enum_to_str=True)
    except OmegaConfBaseException as error:
        raise _misfit(error) from error
    return trees, typed


def _misfit(error: OmegaConfBaseException) -> ConfigError:
    key = str(error.full_key or "")
    known = [str(name) for name in error.parent_node] if hasattr(error.parent_node, "keys") else []
    guess = did_you_mean(key.rpartition(".")[2], known)
    return ConfigError(f"{key}: {first_line(error)}", where=COMMAND_LINE, remedy=guess or "correct the value")


def read_spec(request: Request, roster: Mapping[str, Entry]) -> tuple[Spec, Line]:
    """Read the chosen spec as it was composed, and check it against the lines, the allowlist and the roster.

    Raises:
        ZooError: it is refused, with the file's name; exit code 2.
    """
    try:
        return _spec(request, roster)
    except ZooError as error:
        error.exit_code = USAGE_EXIT
        raise


def _spec(request: Request, roster: Mapping[str, Entry]) -> tuple[Spec, Line]:
    path = spec_path(request)
    spec = parse_spec(plain(request.spec, {"paths": dict(request.paths)}, path), path)
    line = check_spec(spec, path, request.allowed, Lines(request.directories))
    clash = label_clash(spec, path, roster)
    if clash is not None:
        raise clash
    return spec, line


def spec_path(request: Request) -> Path:
    """Return the file of the chosen spec.

    Raises:
        SpecError: none was chosen.
    """
    if request.spec_name is None:
        raise SpecError("no spec was chosen", expected="spec=<name>", remedy="see `python -m zoo list`")
    files = group_files("spec", request.directories)
    return files.get(request.spec_name, Path(f"{request.spec_name}.yaml"))


def task_of(request: Request, spec: Spec, line: Line, run_id: str) -> Task:
    """Return what the spec's process is told."""
    return Task(
        spec=spec,
        line=line,
        registry_url=request.registry_url,
        artifacts=request.artifacts,
        run_id=run_id,
        settings=request.settings,
        allowed=request.allowed,
        trust=request.trust,
        terms=request.terms,
        n_jobs=request.promotion_jobs,
        controls=request.controls,
    )


def _controls(values: Mapping[str, Any]) -> Controls | None:
    """Read the twins, asked for or not: what is wrong is told at once."""
    controls = Controls.of(values["promotion"]["twins"])
    return controls if values["controls"] else None


def _positive(name: str, count: int) -> int:
    if count < 1:
        raise ConfigError(f"{name}: {count}", expected="1 or more")
    return count


def _budget(count: int | None) -> int | None:
    return None if count is None else _positive("rotation.budget", count)


def _moving(values: Mapping[str, Any]) -> Moving:
    current = values["expect"] == _CURRENT
    return Moving(
        line=None,
        version=values["version"],
        expect=None if current else values["expect"],
        expect_current=current,
        reason=values["reason"],
        pair=(values["a"], values["b"]),
    )


def _judging(values: Mapping[str, Any]) -> Judging:
    policy = values["portfolio"]["policy"]
    if not isinstance(policy, Mapping) or not isinstance(policy.get(TARGET_KEY), str):
        raise ConfigError(
            f"portfolio.policy: {policy!r}", expected=f"a mapping with {TARGET_KEY}: a function of scores"
        )
    return Judging(
        shadow=ShadowRules(**values["shadow"]),
        board=BoardRules(**{**values["leaderboard"], "start": _date("leaderboard.start", values)}),
        drift=DriftRules(**{**values["drift"], "dispersion": tuple(values["drift"]["dispersion"])}),
        until=_date("until", values),
        policy=policy,
        delay=values["portfolio"]["delay"],
        costs=values["costs"],
    )


def _gating(values: Mapping[str, Any]) -> Gating:
    """Read conf/gate and conf/watch; a soak that the shadow's cap cuts short is refused."""
    gate, shadow = Gate.of(values["gate"]), values["shadow"]
    if shadow["cap"] is not None and gate.soak_days > shadow["soak_days"] and not gate.overrides:
        raise ConfigError(
            f"gate.soak_days {gate.soak_days} is never reached: under shadow.cap {shadow['cap']} a version "
            f"leaves its seat after {shadow['soak_days']} live bars",
            expected="shadow.soak_days as long, or no cap",
        )
    return Gating(gate, values["auto"], values["watch"], values["strict"])


def _date(name: str, values: Mapping[str, Any]) -> str | None:
    """Return a date that was given, or None."""
    found: Any = values
    for key in name.split("."):
        found = found[key]
    if found is None:
        return None
    try:
        dt.datetime.fromisoformat(found)
    except ValueError as error:
        raise ConfigError(f"{name}: {found!r} is no date", expected="a date such as 2022-11-30") from error
    return str(found)


def _webhook(values: Mapping[str, Any], outputs: Path) -> Webhook | None:
    if values["url"] is None:
        return None
    secret = os.environ.get(SECRET) if values["secret"] is None else values["secret"]
    return Webhook.parse(values["url"], secret, outputs / "notify")


def _mirror(values: Mapping[str, Any]) -> Mirror | None:
    options = {name: value for name, value in values.items() if name not in ("kind", "uri")}
    if values["kind"] == "none":
        if values["uri"] is not None:
            raise ConfigError("mirror.uri is set, and there is no mirror", remedy="add mirror=mlflow")
        return None
    if values["uri"] is None:
        raise ConfigError(
            "the mirror has no address",
            expected="mirror.uri=http://host:port, or the environment variable MLFLOW_TRACKING_URI",
        )
    from zoo.registry.mirror import Mirror

    return Mirror.parse(values["uri"], **options)


__all__ = [
    "Gating",
    "Judging",
    "Leakage",
    "Moving",
    "Request",
    "Upkeep",
    "asked",
    "read_request",
    "read_spec",
    "request_of",
    "spec_path",
    "task_of",
]

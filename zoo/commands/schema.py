"""The schema of the configuration: OmegaConf refuses a misspelt key or a wrong type against it.

`spec` and `experiment` are a researcher's own trees, with holes that are not for OmegaConf; they have
readers of their own (`zoo.spec`, `zoo.experiment`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from omegaconf import MISSING

from zoo.configuration import root_dir

BASE_CONFIG: Final = "base_config"


class Format(Enum):
    """How a command prints."""

    table = "table"
    json = "json"


@dataclass
class PathsSchema:
    """conf/paths."""

    root: str = field(default_factory=lambda: str(root_dir()))
    outputs: str = MISSING
    experiments: str = MISSING


@dataclass
class RegistrySchema:
    """conf/registry."""

    url: str = MISSING
    artifacts: str = MISSING


@dataclass
class SettingsSchema:
    """conf/settings."""

    values: dict[str, Any] = MISSING
    allowed: list[str] = MISSING


@dataclass
class TrustSchema:
    """conf/trust."""

    prefixes: list[str] = MISSING
    local: bool = False
    hashes: list[str] = MISSING


@dataclass
class TwinsSchema:
    """`twins` of conf/promotion; `zoo.controls` checks what it says, and has the same defaults."""

    seed: int = 0
    size: float = 0.001
    rank_ic: float | None = None


@dataclass
class PromotionSchema:
    """conf/promotion; `zoo.terms` checks what it says."""

    validation: str = MISSING
    agreement: Any = MISSING
    allow_code_drift: bool = False
    twins: TwinsSchema = field(default_factory=TwinsSchema)
    n_jobs: int = 1


@dataclass
class PortfolioSchema:
    """conf/portfolio; the policy is a declaration with arguments of its own."""

    policy: Any = MISSING
    delay: int = 1


@dataclass
class CostsSchema:
    """conf/costs."""

    half_spread_bps: float = MISSING
    commission_bps: float = MISSING
    impact_coefficient: float = MISSING
    borrow_bps_per_year: float = MISSING
    cash_bps_per_year: float = MISSING
    capital: float = MISSING
    bars_per_year: float = MISSING


@dataclass
class ShadowSchema:
    """conf/shadow; `zoo.evaluation.rules` checks what it says."""

    cap: int | None = None
    soak_days: int = MISSING
    seconds: float = MISSING
    proof: int = MISSING


@dataclass
class LeaderboardSchema:
    """conf/leaderboard; `zoo.evaluation.rules` checks what it says."""

    start: str | None = None
    coverage: float = MISSING
    permutations: int = MISSING
    draws: int = MISSING
    blocks: int = MISSING


@dataclass
class GateSchema:
    """conf/gate; `zoo.evaluation.gate` checks what it says, and has the same defaults."""

    kind: str = MISSING
    soak_days: int = 63
    horizon_years: float = 10.0
    rank_ic: float = 0.05
    power: float = 0.8
    size: float = 0.05
    margin: float = 0.25
    coverage: float = 0.95
    stale_bars: int = 5
    revised: float = 0.01
    draws: int = 2_000
    seed: int = 0


@dataclass
class WatchSchema:
    """conf/watch; `zoo.evaluation.watch` checks what it says."""

    baseline: float = 0.0
    threshold: float = 1_260.0
    shortfalls: list[float] = field(default_factory=lambda: [0.5, 1.0, 1.5])


@dataclass
class DriftSchema:
    """conf/drift; `zoo.evaluation.rules` checks what it says, and has the same defaults."""

    bars: int | None = None
    bins: int = 10
    psi: float = 0.25
    significance: float = 0.01
    missing: float = 0.05
    dispersion: list[float] = field(default_factory=lambda: [0.5, 2.0])
    sign_balance: float = 0.25
    flat: float = 0.05


@dataclass
class LeakageSchema:
    """conf/leakage."""

    cuts: int = 16
    permutations: int = 500


@dataclass
class AttributionSchema:
    """conf/attribution; `zoo.evaluation.attribution` checks what it says, and has the same defaults."""

    draws: int = 2_000
    seed: int = 0
    level: float = 0.95


@dataclass
class RotationSchema:
    """Which active specs a run without names takes."""

    budget: int | None = None


@dataclass
class NotifySchema:
    """Who is told of promotions, rollbacks and failures."""

    url: str | None = None
    secret: str | None = None


class MirrorKind(Enum):
    """Where the registry is shown, too."""

    none = "none"
    mlflow = "mlflow"


@dataclass
class MirrorSchema:
    """conf/mirror; `zoo.registry.mirror` checks what it says."""

    kind: MirrorKind = MirrorKind.none
    uri: str | None = None
    prefix: str = ""
    timeout: float = 10.0
    username: str | None = None
    password: str | None = None
    token: str | None = None


@dataclass
class RunSchema:
    """What the command line fills in."""

    id: str | None = None
    name: str | None = None
    spec: str | None = None
    threads: int | None = None


@dataclass
class ConfigSchema:
    """conf/config.yaml."""

    paths: PathsSchema = field(default_factory=PathsSchema)
    registry: RegistrySchema = field(default_factory=RegistrySchema)
    settings: SettingsSchema = field(default_factory=SettingsSchema)
    trust: TrustSchema = field(default_factory=TrustSchema)
    spec: Any = None
    experiment: Any = None
    line: Any = None
    format: Format = Format.table
    version: str | None = None
    expect: str | None = "current"
    reason: str | None = None
    auto: bool = False
    strict: bool = False
    a: str | None = None
    b: str | None = None
    rebuild: bool = False
    dry_run: bool = True
    keep: int = 3
    overwrite: bool = False
    resume: bool = False
    n_jobs: int = 1
    until: str | None = None
    by: str | None = None
    page: str | None = None
    out: str | None = None
    promotion: PromotionSchema = field(default_factory=PromotionSchema)
    portfolio: PortfolioSchema = field(default_factory=PortfolioSchema)
    costs: CostsSchema = field(default_factory=CostsSchema)
    shadow: ShadowSchema = field(default_factory=ShadowSchema)
    leaderboard: LeaderboardSchema = field(default_factory=LeaderboardSchema)
    gate: GateSchema = field(default_factory=GateSchema)
    watch: WatchSchema = field(default_factory=WatchSchema)
    drift: DriftSchema = field(default_factory=DriftSchema)
    leakage: LeakageSchema = field(default_factory=LeakageSchema)
    attribution: AttributionSchema = field(default_factory=AttributionSchema)
    controls: bool = False
    rotation: RotationSchema = field(default_factory=RotationSchema)
    notify: NotifySchema = field(default_factory=NotifySchema)
    mirror: MirrorSchema = field(default_factory=MirrorSchema)
    run: RunSchema = field(default_factory=RunSchema)


def register() -> None:
    """Tell Hydra about the schema, under the name that conf/config.yaml has in its defaults list."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name=BASE_CONFIG, node=ConfigSchema, provider="zoo")


__all__ = [
    "BASE_CONFIG",
    "AttributionSchema",
    "ConfigSchema",
    "CostsSchema",
    "DriftSchema",
    "Format",
    "GateSchema",
    "LeaderboardSchema",
    "LeakageSchema",
    "MirrorKind",
    "MirrorSchema",
    "NotifySchema",
    "PathsSchema",
    "PortfolioSchema",
    "PromotionSchema",
    "RegistrySchema",
    "RotationSchema",
    "RunSchema",
    "SettingsSchema",
    "ShadowSchema",
    "TrustSchema",
    "TwinsSchema",
    "WatchSchema",
    "register",
]

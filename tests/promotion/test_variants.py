import pytest

from tests.promotion.directories import set_metric
from zoo.errors import (
    InertOverride,
    Interrupted,
    ManifestError,
    OverrideNotAllowed,
    PromotionError,
    ReconstructionError,
)
from zoo.promotion import Trainer
from zoo.promotion.variants import Variants
from zoo.settings import settings

RESIDUAL = {"residual_momentum_enabled": True}


@pytest.fixture
def trainer(experiment_dir, prices):
    return Trainer(experiment_dir, prices)


@pytest.fixture
def variants(trainer):
    return Variants(trainer, 1)


def test_a_variant_is_what_the_trainer_makes_of_the_permutation(trainer, variants):
    sensor = trainer.train([1], overrides=RESIDUAL)[0]
    assert variants.under(RESIDUAL).metrics == pytest.approx(sensor.results["variant"], nan_ok=True)
    assert variants.under({}).metrics == pytest.approx(sensor.results["reproduced"], nan_ok=True)


def test_every_variant_keeps_the_split_of_the_round(variants):
    logged = variants.under({}).prepared.boundaries
    for overrides in (RESIDUAL, {"forward_days": 42}, {**RESIDUAL, "forward_days": 42}):
        assert variants.under(overrides).prepared.boundaries == logged


@pytest.mark.parametrize("identity", [{"forward_days": 21}, {"model_version_label": "mine"}, {}], ids=str)
def test_settings_that_are_those_of_the_record_are_the_run_that_was_reproduced(variants, identity):
    assert variants.under(identity, read=True) is variants.under({})
    assert len(variants.evaluated) == 1


def test_equal_settings_are_evaluated_once_and_true_is_not_one(variants):
    assert variants.under(RESIDUAL) is variants.under({**RESIDUAL, "forward_days": 21})
    assert len(variants.evaluated) == 2


def test_a_permutation_that_does_not_reproduce_has_no_variants(trainer, experiment_dir):
    set_metric(experiment_dir, 1, "mse", 9999.0)
    with pytest.raises(ReconstructionError):
        Variants(trainer, 1)


def test_an_override_outside_the_allowlist_or_that_nobody_reads_is_refused(experiment_dir, prices):
    trainer = Trainer(experiment_dir, prices, allowed=["forward_days"])
    with pytest.raises(OverrideNotAllowed):
        Variants(trainer, 1).under(RESIDUAL)


def test_an_override_that_must_be_read_and_is_not_is_an_error(trainer, variants, monkeypatch):
    monkeypatch.setitem(trainer.recorded, "unused", 1)
    trainer.allowed = frozenset({"unused"})
    variants = Variants(trainer, 1)
    with pytest.raises(InertOverride, match="unused"):
        variants.under({"unused": 2}, read=True)


def test_what_cannot_be_evaluated_is_kept_as_its_error_and_raised_again(variants):
    for _ in range(2):
        with pytest.raises(ManifestError):
            variants.under({"forward_days": 900})
    assert [type(found).__name__ for _, found in variants.evaluated] == ["Done", "ManifestError"]
    assert settings.forward_days == 21


def test_an_interruption_is_no_evaluation(variants, monkeypatch):
    def interrupted(*_):
        raise Interrupted("SIGTERM")

    monkeypatch.setattr("zoo.experiment.pipeline.Pipeline.run", interrupted)
    with pytest.raises(Interrupted):
        variants.under(RESIDUAL)
    assert len(variants.evaluated) == 1


def test_another_library_s_experiment_is_refused(theirs, their_trust):
    trainer = Trainer(theirs(), trusted=their_trust)
    with pytest.raises(PromotionError, match="another library"):
        Variants(trainer, 0)

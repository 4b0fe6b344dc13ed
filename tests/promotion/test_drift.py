import sys
import textwrap

import pytest

from tests.promotion.directories import set_metric
from zoo.data import Dataset, sp500
from zoo.errors import CodeDriftError, DataDriftError, DataError, ManifestError, ReconstructionError
from zoo.experiment.loop import run_experiment
from zoo.promotion import Trainer
from zoo.promotion.drift import code_drift
from zoo.trust import Trust

LAB = Trust(prefixes=("zoo.", "sklearn.", "drifting_lab."))
FEATURE = """
    def change(prices, *, lookback):
        return prices.pct_change(lookback)
"""


def test_changed_data_is_its_own_error_before_anything_is_fitted(experiment_dir, prices):
    close = prices.close.copy()
    close.iloc[100, 3] *= 1.0001
    with pytest.raises(DataDriftError, match="content"):
        Trainer(experiment_dir, Dataset({"close": close}, prices.factors)).train([0])
    with pytest.raises(DataDriftError, match="rows"):
        Trainer(experiment_dir, sp500(end="1997-12-30")).train([0])


def test_changed_code_is_its_own_error_and_names_the_module(experiment_dir, prices, edit_json):
    edit_json(
        experiment_dir / "metadata.json",
        lambda meta: meta["fingerprints"]["code"]["modules"].update({"zoo.features.trend": "0" * 64}),
    )
    with pytest.raises(CodeDriftError, match=r"zoo\.features\.trend"):
        Trainer(experiment_dir, prices).train([0])


def test_of_many_changed_modules_the_first_are_named_and_the_others_counted(experiment_dir):
    error = code_drift([f"lab.module_{n:02}" for n in range(40)], experiment_dir)
    assert "lab.module_11 and 28 more; " in str(error)
    assert "lab.module_12" not in str(error)


def test_changed_libraries_are_named_when_it_does_not_reproduce(experiment_dir, prices, edit_json):
    edit_json(
        experiment_dir / "metadata.json", lambda meta: meta["libraries"].update({"scikit-learn": "0.24"})
    )
    set_metric(experiment_dir, 0, "mse", "1.0")
    with pytest.raises(
        ReconstructionError, match=r"libraries changed since it was logged: scikit-learn 0\.24 ->"
    ) as caught:
        Trainer(experiment_dir, prices).train([0])
    assert caught.value.libraries["scikit-learn"][0] == "0.24"


def test_data_of_another_kind_is_refused(experiment_dir, prices):
    with pytest.raises(DataError, match="data is a DataFrame"):
        Trainer(experiment_dir, prices.close).train([0])


FICKLE = """
    import tests.promotion.test_drift as tests
    from tests.conftest import DEFINITION
    from zoo.manifest import Manifest

    def params():
        return {"lookback": [20], "alpha": [1]}

    def manifest():
        config = DEFINITION["manifest"]
        tests.ASKED.append(1)
        if len(tests.ASKED) >= tests.TURN:
            config = {**config, "model": {**config["model"], "alpha": 1e6}}
        return Manifest.from_config(config, seed=7)
"""
ASKED, TURN = [], 1000


def test_a_decoder_that_declares_something_else_each_time_is_refused_whenever_it_turns(
    tmp_path, prices, monkeypatch
):
    path = tmp_path / "fickle"
    path.mkdir()
    (path / "my_fickle.py").write_text(textwrap.dedent(FICKLE))
    definition = {"sfd_module": "my_fickle", "search": {"seed": 7}}
    trust, overrides = Trust(local=True), {"residual_momentum_enabled": True}
    run_experiment(definition, path, data=prices, trust=trust)
    ASKED.clear()
    assert Trainer(path, prices, trusted=trust, agreement="off").train([0], overrides=overrides)
    calls = len(ASKED)
    for turn in range(1, calls + 1):
        ASKED.clear()
        monkeypatch.setattr("tests.promotion.test_drift.TURN", turn)
        with pytest.raises((ManifestError, ReconstructionError)):
            Trainer(path, prices, trusted=trust, agreement="off").train([0], overrides=overrides)


# --- the user's own code --------------------------------------------------------------------------


def forget():
    for name in [n for n in sys.modules if n.partition(".")[0] == "drifting_lab"]:
        del sys.modules[name]


@pytest.fixture
def lab(tmp_path, monkeypatch, definition, prices):
    """A package of the user's own, and an experiment that was run with a feature of it."""
    package = tmp_path / "drifting_lab"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "features.py").write_text(textwrap.dedent(FEATURE))
    monkeypatch.syspath_prepend(str(tmp_path))
    definition["manifest"]["features"] = [
        {"_target_": "drifting_lab.features.change", "lookback": "${params.lookback}"}
    ]
    run_experiment(definition, tmp_path / "mine", data=prices, trust=LAB)
    yield package
    forget()


def write(lab, text):
    (lab / "features.py").write_text(textwrap.dedent(text))
    forget()


def test_unchanged_code_is_promoted_and_nothing_has_drifted(lab, tmp_path, prices):
    sensor = Trainer(tmp_path / "mine", prices, trusted=LAB).train([0])[0]
    assert sensor.metadata["drifted"] == []


def test_changed_code_is_not_even_imported(lab, tmp_path, prices):
    marker = tmp_path / "ran"
    write(lab, f"open({str(marker)!r}, 'w').close()\n{textwrap.dedent(FEATURE)}")
    with pytest.raises(CodeDriftError, match=r"drifting_lab\.features.*allow_code_drift=true"):
        Trainer(tmp_path / "mine", prices, trusted=LAB).train([0])
    assert not marker.exists()
    assert "drifting_lab.features" not in sys.modules


def test_drifted_code_that_still_reproduces_is_promoted_where_that_is_asked_for(lab, tmp_path, prices):
    before = Trainer(tmp_path / "mine", prices, trusted=LAB).outcome(0)
    write(lab, f"{FEATURE}\n    COMMENT = 'nothing else changed'\n")
    after = Trainer(tmp_path / "mine", prices, trusted=LAB, allow_code_drift=True).outcome(0)
    assert after.error is None
    assert after.sensor.metadata["drifted"] == ["drifting_lab.features"]
    assert after.sensor.metadata["terms"]["allow_code_drift"] is True
    assert after.sensor.metadata["validation"]["mode"] == "full"
    assert after.inputs["source"] != before.inputs["source"]


def test_drifted_code_that_does_not_reproduce_is_refused_whatever_is_asked_for(lab, tmp_path, prices):
    write(
        lab,
        FEATURE.replace("lookback)\n        return", "lookback)\n        return 2 *").replace(
            "prices.pct_change(lookback)", "prices.pct_change(lookback + 1)"
        ),
    )
    with pytest.raises(CodeDriftError, match=r"drifting_lab\.features, and does not reproduce") as caught:
        Trainer(tmp_path / "mine", prices, trusted=LAB, allow_code_drift=True).train([0])
    assert isinstance(caught.value.__cause__, ReconstructionError)


def test_drift_is_never_allowed_where_nothing_is_compared(lab, tmp_path, prices):
    write(lab, f"{FEATURE}\n    COMMENT = 1\n")
    options = {"allow_code_drift": True, "validation": "skip"}
    with pytest.raises(CodeDriftError, match=r"drifting_lab\.features"):
        Trainer(tmp_path / "mine", prices, trusted=LAB, **options).train([0])


def test_a_module_that_is_gone_is_named(lab, tmp_path, prices, edit_json):
    edit_json(
        tmp_path / "mine" / "metadata.json",
        lambda meta: meta["fingerprints"]["code"]["modules"].update({"drifting_lab.gone": "0" * 64}),
    )
    with pytest.raises(CodeDriftError, match=r"drifting_lab\.gone"):
        Trainer(tmp_path / "mine", prices, trusted=LAB).train([0])

import json
import sys
import textwrap

import pytest

from zoo.errors import ManifestError, TrustError
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import run_experiment
from zoo.experiment.pipeline import from_metadata
from zoo.promotion.trainer import Trainer
from zoo.trust import Trust, file_hash

DECODER = """
    from zoo import Manifest
    from zoo.settings import settings

    def params():
        return {"alpha": [1, 10]}

    def doubled(prices, *, lookback):
        return 2 * prices.pct_change(lookback) * (settings.forward_days / 21)

    def manifest():
        return (
            Manifest()
            .set_data_source("zoo.data.sp500", end="1997-12-31")
            .add_feature(doubled, lookback=20)
            .with_target("zoo.targets.forward_return", horizon="${settings.forward_days}", demean=True)
            .set_rows(every=21)
            .set_split_config(8, 1, 2)
            .with_model("sklearn.linear_model.Ridge", alpha="${params.alpha}")
        )
"""
LOCAL = Trust(local=True)


@pytest.fixture
def decoder(tmp_path, prices):
    """An experiment made from a decoder that lies in its own directory."""
    path = tmp_path / "experiments" / "mine"
    path.mkdir(parents=True)
    (path / "my_decoder.py").write_text(textwrap.dedent(DECODER))
    run_experiment({"sfd_module": "my_decoder", "search": {"seed": 7}}, path, trust=LOCAL, data=prices)
    return path


def test_a_decoder_in_the_directory_is_run_logged_and_promoted(decoder, prices):
    meta = json.loads((decoder / "metadata.json").read_text())
    assert meta["sfd_module"] == "my_decoder"
    assert "my_decoder" in meta["fingerprints"]["code"]["modules"]
    sensors = Trainer(decoder, prices, trusted=LOCAL).train([0, 1], overrides={"forward_days": 5})
    assert [s.round_params for s in sensors] == [{"alpha": 1}, {"alpha": 10}]
    assert sensors[0].metadata["horizon"] == 5
    assert "my_decoder" not in sys.modules


def test_a_decoder_is_not_run_without_trust(decoder, prices):
    with pytest.raises(TrustError, match=r"trust\.local=true"):
        Trainer(decoder, prices).train([0])
    digest = file_hash(decoder / "my_decoder.py")
    assert Trainer(decoder, prices, trusted=Trust(hashes=frozenset({digest}))).train([0])


def test_a_decoder_that_was_changed_is_not_run(decoder, prices):
    (decoder / "my_decoder.py").write_text("raise RuntimeError('must not run')\n")
    with pytest.raises(TrustError, match="differs from the module that the experiment recorded"):
        Trainer(decoder, prices, trusted=LOCAL).train([0])


def test_a_decoder_is_replaced_with_its_directory_and_kept(decoder, prices):
    run_experiment({"sfd_module": "my_decoder"}, decoder, trust=LOCAL, data=prices, overwrite=True)
    assert (decoder / "my_decoder.py").is_file()
    assert ExperimentDirectory(decoder).ids == (0, 1)


@pytest.mark.parametrize("name", ["../x", "a/b", ".x", "x.", "", "os;x", 7, "__import__"])
def test_a_module_name_that_traverses_is_refused_before_any_file_is_looked_at(tmp_path, name):
    with pytest.raises(TrustError, match="not a module or object name"):
        from_metadata({"sfd_module": name}, tmp_path, LOCAL)


def test_a_module_outside_the_trust_list_is_not_imported(tmp_path):
    with pytest.raises(TrustError, match="'antigravity' is not trusted"):
        from_metadata({"sfd_module": "antigravity"}, tmp_path, LOCAL)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("missing", ["params", "manifest"])
def test_a_decoder_without_its_two_functions_is_refused(tmp_path, missing):
    source = textwrap.dedent(DECODER).replace(f"def {missing}()", f"def {missing}_()")
    (tmp_path / "my_decoder.py").write_text(source)
    with pytest.raises(ManifestError, match=rf"has no {missing}\(\)"):
        from_metadata({"sfd_module": "my_decoder"}, tmp_path, LOCAL)


def test_a_decoder_whose_manifest_is_none_of_ours_is_refused(tmp_path):
    (tmp_path / "my_decoder.py").write_text("def params(): return {'a': [1]}\ndef manifest(): return 3\n")
    with pytest.raises(ManifestError, match="gave int"):
        from_metadata({"sfd_module": "my_decoder"}, tmp_path, LOCAL)


def test_a_decoder_sees_the_settings_that_its_directory_records(tmp_path, prices):
    from zoo.settings import DEFAULTS

    source = textwrap.dedent(DECODER).replace(
        'horizon="${settings.forward_days}"', "horizon=settings.forward_days"
    )
    path = tmp_path / "mine"
    path.mkdir()
    (path / "my_decoder.py").write_text(source)
    five = {**DEFAULTS, "forward_days": 5}
    run_experiment({"sfd_module": "my_decoder"}, path, trust=LOCAL, data=prices, settings=five)
    trainer = Trainer(path, prices, trusted=LOCAL)
    assert trainer.train([0])[0].metadata["horizon"] == 5
    assert trainer.train([0], overrides={"forward_days": 10})[0].metadata["horizon"] == 10


def test_parameters_given_beside_a_decoder_are_the_experiments(tmp_path, prices):
    path = tmp_path / "mine"
    path.mkdir()
    (path / "my_decoder.py").write_text(textwrap.dedent(DECODER))
    definition = {"sfd_module": "my_decoder", "params": {"alpha": [3, 4, 5]}}
    run_experiment(definition, path, trust=LOCAL, data=prices)
    assert Trainer(path, prices, trusted=LOCAL).train([2])[0].round_params == {"alpha": 5}


def test_two_decoders_of_equal_content_are_each_hashed_where_they_lie(tmp_path, prices):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "my_decoder.py").write_text(textwrap.dedent(DECODER))
        run_experiment({"sfd_module": "my_decoder"}, tmp_path / name, trust=LOCAL, data=prices)
        (tmp_path / "one" / "my_decoder.py").write_text("changed = True\n")
    with pytest.raises(TrustError, match="differs"):
        Trainer(tmp_path / "one", prices, trusted=LOCAL).train([0])
    assert Trainer(tmp_path / "two", prices, trusted=LOCAL).train([0])

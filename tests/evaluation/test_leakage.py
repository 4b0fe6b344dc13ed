"""Whatever follows from later bars is found, whichever way it looks at them."""

import pytest

from tests.evaluation import small
from zoo.evaluation.declarations import Declared
from zoo.evaluation.leakage import Check
from zoo.evaluation.perturbation import cut_places, seed_of
from zoo.manifest import Manifest
from zoo.settings import DEFAULTS, using
from zoo.trust import Trust

HERE = "tests.evaluation.foresight"
TRUST = Trust(prefixes=("zoo.", "sklearn.", f"{HERE}.", f"{small.HERE}."))
LABEL = {"_target_": "zoo.targets.forward_return", "horizon": 5, "demean": True}
CALM = {"_target_": f"{small.HERE}.trend", "window": 10}


def declared(*features, target=LABEL, name="one", **more):
    tree = {
        "data": {"_target_": f"{small.HERE}.prices"},
        "features": [{"_target_": f"{HERE}.{one}"} if isinstance(one, str) else one for one in features],
        "target": target,
        "rows": {"every": 5},
        "model": {"_target_": "sklearn.linear_model.Ridge"},
        "portfolio": False,
        **more,
    }
    bound = Manifest.from_config(tree, trust=TRUST, where=name).bind({})
    return Declared(name, bound, dict(DEFAULTS), lambda: using(DEFAULTS), small.market)


def found(*given, cuts=4, data=None, **options):
    manifest = [declared(*given, **options)] if not given or not isinstance(given[0], Declared) else given
    check = Check(small.market() if data is None else data, cuts)
    return {one.name: one for one in check.run(manifest)}


def labels_that_reach_past(data, cuts, horizon):
    """Of each asset: those of the `horizon` bars up to a cut that have a label, over all cuts."""
    labelled = len(data.dates) - horizon
    places = cut_places(data, cuts, seed_of(data))  # they follow from the data, and so from the processor
    return sum(max(min(place + 1, labelled) - (place + 1 - horizon), 0) for place in places)


def test_features_and_labels_that_look_back_are_sound_and_the_counts_say_how_much_was_compared():
    one = found(CALM)
    assert {name: each.status for name, each in one.items()} == {"trend": "sound", "forward_return": "sound"}
    assert one["trend"].cuts == 4
    assert one["trend"].values > 4 * 3 * 80 * 12
    assert one["trend"].reached > 0
    assert one["forward_return"].reached == labels_that_reach_past(small.market(), cuts=4, horizon=5) * 12


@pytest.mark.parametrize("name", ["tomorrow", "standardised", "filled", "survivors", "counting", "monthly"])
def test_a_feature_that_looks_ahead_is_found_and_no_other_is_blamed(name):
    one = found(CALM, name, cuts=8)
    assert one[name].status == "leak"
    assert one["trend"].status == one["forward_return"].status == "sound"
    leak = one[name].leak
    assert leak.date <= leak.cut
    assert leak.asset in small.market().assets
    assert leak.before != leak.after


def test_the_first_leak_is_named_with_date_asset_and_both_values():
    leak = found("tomorrow")["tomorrow"].leak
    data = small.market()
    row, column = data.dates.get_loc(leak.date), data.assets.index(leak.asset)
    assert leak.date == leak.cut
    assert leak.before == data.close.iloc[row + 1, column] / data.close.iloc[row, column] - 1.0
    assert (leak.asset, leak.change) == ("A00", "changed")


def test_a_label_that_uses_more_bars_than_its_horizon_is_a_leak():
    one = found(CALM, target={"_target_": f"{HERE}.understated", "horizon": 5})["understated"]
    assert one.status == "leak"
    assert one.leak.date < one.leak.cut


def test_a_label_that_no_later_bar_changes_is_hollow():
    one = found(CALM, target={"_target_": f"{HERE}.past", "horizon": 5})["past"]
    assert one.status == "hollow"
    assert "no label changes with the bars within its horizon" in one.reason


def test_what_never_follows_from_the_change_counts_as_not_checked():
    one = found(CALM, "calendar")["calendar"]
    assert one.status == "not_checked"
    assert "it may read something else" in one.reason


def test_a_feature_that_fails_is_not_checked_and_says_why():
    one = found(CALM, {"_target_": f"{small.HERE}.broken"})["broken"]
    assert one.status == "not_checked"
    assert "this feature broke" in one.reason


def test_without_a_value_before_any_cut_nothing_was_compared():
    one = found({"_target_": f"{small.HERE}.trend", "window": 399})["trend"]
    assert one.status == "not_checked"
    assert "no value before any cut" in one.reason


def test_the_same_feature_of_two_manifests_is_checked_once_and_names_both():
    one, other = declared(CALM, name="one"), declared(CALM, name="other")
    check = Check(small.market(), 2)
    results = check.run([one, other])
    assert [(each.name, each.within) for each in results] == [
        ("trend", ["one", "other"]),
        ("forward_return", ["one", "other"]),
    ]
    assert len(check.dates) == 2


def test_a_feature_of_another_window_is_another_feature():
    longer = declared({**CALM, "window": 20}, name="other")
    results = Check(small.market(), 2).run([declared(CALM), longer])
    assert [each.declared.get("window") for each in results] == [10, None, 20]


def test_a_scaler_that_looks_back_is_checked_with_its_feature():
    one = found(CALM, scaler="rolling_robust")
    assert one["trend"].status == "sound"


def test_a_selector_decides_what_to_train_on_and_is_left_out():
    selector = {"_target_": "zoo.data.with_history", "bars": 100}
    assert found(CALM, selector=selector)["trend"].status == "sound"

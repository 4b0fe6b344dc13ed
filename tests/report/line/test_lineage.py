import dataclasses

import pytest

from tests.report.conftest import NASTY
from tests.report.reading import read_page
from zoo.report.line.lineage import changed, lineage_body, lineage_frame


@pytest.fixture
def version(setting):
    def made(**changes):
        return dataclasses.replace(setting.world.first, **changes)

    return made


def lineage(**recorded):
    return {"settings": {"recorded": recorded}}


@pytest.mark.parametrize(
    ("overrides", "recorded", "said"),
    [
        ({}, {}, "no overrides: as its experiment was run"),
        ({"forward_days": 60}, {"forward_days": 21}, "forward_days 21 → 60"),
        ({"forward_days": 21}, {"forward_days": 21}, "forward_days 21, as recorded: it changes nothing"),
        ({"forward_days": 60}, {}, "forward_days → 60 (what it was is not recorded)"),
        (
            {"residual_momentum_enabled": True, "forward_days": 60},
            {"residual_momentum_enabled": False, "forward_days": 21},
            "residual_momentum_enabled false → true; forward_days 21 → 60",
        ),
    ],
)
def test_what_overrides_change_is_said_against_what_was_recorded(version, overrides, recorded, said):
    assert changed(version(overrides=overrides, lineage=lineage(**recorded))) == said


def test_metrics_are_side_by_side_and_what_is_missing_stays_missing(version):
    metrics = {"logged": {"rank_ic": 0.02, "mse": "NaN"}, "variant": {"rank_ic": 0.03, "auc": 0.6}}
    frame = lineage_frame([version(metrics=metrics)]).set_index("metric")
    assert frame.loc["rank_ic", "change"] == pytest.approx(0.01)
    assert frame.loc["auc", ["logged", "reproduced", "change"]].isna().all()
    assert frame.loc["mse", ["logged", "variant"]].isna().all()


def test_a_fold_tells_the_version_s_story_and_escapes_it(version, setting):
    told = {
        "experiment": NASTY,
        "round_params": {"lookback": 126, "odd": NASTY},
        "features": [NASTY],
        "horizon": 21,
        "data": {"rows": 7056, "first": "1990-01-02", "last": "2017-12-29", "content": "f" * 64},
        "validation": {
            "mode": "full",
            "metrics": 40,
            "predictions": 1200,
            "series": 0,
            "not_checked": ["series"],
        },
        "agreement": {"figure": "rank_correlation", "rank_correlation": 0.91, "floor": 0.5},
    }
    found = version(lineage=told, experiment=NASTY, metrics={"logged": {"rank_ic": 0.5}})
    events = setting.world.registry.history("small")
    page = read_page(f'<section id="lineage">{lineage_body([found], events)}</section>')
    for said in (
        f"{NASTY}, permutation 0: lookback 126, odd {NASTY}",
        "7,056 rows, 1990-01-02 to 2017-12-29, content ffffffffffffffff",
        "40 metrics, 1,200 predictions reproduced; not checked: series",
        "rank correlation 0.91, of at least 0.50",
        "“a test”",
    ):
        assert said in page.text, said
    assert "b" not in {tag for tag, *_ in page.attributes}
    assert page.tables["lineage"][1] == ["rank_ic", "0.5000", "–", "–", "–"]


def test_what_a_lineage_does_not_hold_is_said_to_be_missing(version):
    page = read_page(f'<section id="s">{lineage_body([version(lineage={})], [])}</section>')
    assert "nothing is recorded of what was reproduced" in page.text
    assert page.text.count("not recorded") >= 3


def test_a_cohort_and_a_deleted_version_say_so(version):
    found = version(
        permutation_id=None,
        deleted_at="2026-01-02T03:04:05.000000+00:00",
        lineage={"members": [{"name": "a"}, {"name": "b"}]},
    )
    page = read_page(f'<section id="s">{lineage_body([found], [])}</section>')
    assert "small, cohort" in page.text
    assert "a, b" in page.text
    assert "deleted 2026-01-02 03:04 UTC; the row stays" in page.text

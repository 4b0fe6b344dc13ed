"""What a round's scores would have earned: against the portfolio run by hand."""

import hashlib
import math

import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.data import Dataset, tabular
from zoo.errors import ManifestError
from zoo.features import momentum, reversal
from zoo.manifest import Manifest
from zoo.manifest.held_out import COLUMNS, FIGURES, calendar_of, scores_of
from zoo.manifest.run import run
from zoo.metrics import rank_ic_by_date, rank_ic_over_phases
from zoo.portfolio import Costs, long_only_top, over_phases, quantile_long_short
from zoo.targets import forward_return

EVERY = HORIZON = 5


@pytest.fixture(scope="module")
def ran(panel):
    manifest = lab.base()
    prepared = manifest.prepare_data(panel, {})
    return prepared, run(manifest.bind({}), prepared)


@pytest.fixture(scope="module")
def scores(panel, ran):
    """Scores of every bar of the test part, without any help of the manifest's."""
    prepared, out = ran
    raw = [momentum(panel.close, lookback=10, skip=1), reversal(panel.close, lookback=5)]
    scaler, ridge = (out.model.estimator.named_steps[name] for name in ("scaler", "model"))
    found = np.full(panel.close.shape, ridge.intercept_)
    for column, mean, scale, weight in zip(raw, scaler.mean_, scaler.scale_, ridge.coef_, strict=True):
        found += weight * (column.to_numpy() - mean) / scale
    return found[prepared.cuts.test : prepared.cuts.last + 1]


@pytest.fixture(scope="module")
def by_hand(panel, ran, scores):
    prepared, _ = ran
    return over_phases(
        scores,
        panel.close.to_numpy(),
        policy=lambda values: quantile_long_short(values, quantile=0.2),
        horizon=HORIZON,
        every=EVERY,
        costs=Costs.preset("retail"),
        delay=1,
        start=prepared.cuts.test,
        end=prepared.cuts.last + HORIZON,
    )


def test_every_figure_is_the_portfolios_own_mean_over_phases(ran, by_hand):
    metrics = ran[1].metrics
    for column, name in FIGURES.items():
        assert metrics[column] == pytest.approx(getattr(by_hand, name).mean, rel=1e-9), column
    for column in ("net_sharpe", "net_annual_mean"):
        figure = getattr(by_hand, FIGURES[column])
        assert metrics[f"{column}_se"] == pytest.approx(figure.se, rel=1e-9)
        spread = (figure.minimum, figure.median, figure.maximum)
        assert tuple(metrics[f"{column}_{s}"] for s in ("min", "median", "max")) == pytest.approx(
            spread, rel=1e-9
        )
        assert spread[0] < spread[1] < spread[2]
    assert by_hand.annual_sharpe.phases == EVERY


def test_a_phase_is_one_start_of_the_same_strategy(panel, ran, scores, by_hand):
    out = ran[1]
    values = sorted(phase.annual_sharpe[0] for phase in by_hand.phases)
    assert out.metrics["net_sharpe_min"] == pytest.approx(values[0], rel=1e-9)
    assert out.metrics["net_sharpe_median"] == pytest.approx(values[2], rel=1e-9)
    assert out.metrics["net_sharpe_max"] == pytest.approx(values[-1], rel=1e-9)
    assert out.metrics["net_sharpe"] == pytest.approx(np.mean(values), rel=1e-9)


def test_the_rank_ic_is_spread_over_phases_too(panel, ran, scores):
    prepared, out = ran
    labels = forward_return(panel.close, horizon=HORIZON, demean=True).to_numpy()
    labels = labels[prepared.cuts.test : prepared.cuts.last + 1]
    figure = rank_ic_over_phases(scores, labels, horizon=HORIZON, every=EVERY)
    assert out.metrics["rank_ic_phases"] == pytest.approx(figure.mean, rel=1e-9)
    assert out.metrics["rank_ic_phases_max"] == pytest.approx(figure.maximum, rel=1e-9)
    # the rows' own rank IC is that of one phase, since the part starts at a row
    by_date = rank_ic_by_date(scores, labels)
    assert out.metrics["rank_ic"] == pytest.approx(np.nanmean(by_date[::EVERY]), rel=1e-9)
    assert out.held_out.quality == pytest.approx(by_date[::EVERY], rel=1e-9)


def test_the_series_is_the_mean_over_phases_in_float32(panel, ran, by_hand):
    held = ran[1].held_out
    at, net = by_hand.mean_net()
    assert held.net == pytest.approx(net, rel=1e-9, abs=1e-15)
    record = held.record()
    assert record["bars"] == len(record["net"]) == len(at)
    assert record["net"] == [float(str(np.float32(value))) for value in held.net]
    assert all(np.float32(a) == np.float32(b) for a, b in zip(record["net"], held.net, strict=True))
    dates = panel.dates[at]
    assert (record["first"], record["last"]) == (dates[0].isoformat(), dates[-1].isoformat())
    whole = "\n".join(date.isoformat() for date in dates)
    assert record["calendar"] == hashlib.sha256(whole.encode()).hexdigest() == calendar_of(dates)


def test_it_trades_from_the_bar_after_the_first_score_to_the_last_bar_of_the_last_label(panel, ran):
    prepared, out = ran
    first, last = out.held_out.dates
    assert first == panel.dates[prepared.cuts.test + 1].isoformat()
    assert last == panel.dates[prepared.cuts.last + HORIZON].isoformat()


def test_rounds_of_a_panel_have_these_columns_and_no_others(ran):
    from zoo.models.evaluation import evaluate_scores

    metrics = ran[1].metrics
    evaluated = set(evaluate_scores(np.array([1.0, 2.0]), np.array([1.0, 2.0]), None)) | {
        "rank_ic",
        "rank_ic_se",
        "rank_ic_t",
        "n_dates",
    }
    own = {name for name in metrics if not name.startswith(("val_", "selection_"))}
    assert own - evaluated == COLUMNS


def foretold(costs):
    return (
        Manifest(seed=7, trust=lab.HERE)
        .add_feature(f"{__name__}.tomorrow", horizon=EVERY)
        .with_target("zoo.targets.forward_return", horizon=EVERY)
        .set_rows(every=EVERY)
        .set_split_config(6, 2, 2)
        .with_model("sklearn.linear_model.LinearRegression")
        .set_portfolio(costs=costs, delay=0)
    )


def tomorrow(prices, *, horizon):
    """What no feature may know."""
    return prices.shift(-horizon) / prices - 1


def test_foresight_is_rich_and_costs_make_it_less_so(panel):
    found = {}
    for name in ("none", "institutional", "retail"):
        manifest = foretold(name if name != "institutional" else {"preset": name, "impact_coefficient": 0})
        found[name] = run(manifest.bind({}), manifest.prepare_data(panel, {})).metrics
    assert found["none"]["rank_ic"] == pytest.approx(1)
    assert found["none"]["net_sharpe"] > 5
    assert found["none"]["net_sharpe_min"] > 3
    ordered = [found[name]["net_annual_mean"] for name in ("none", "institutional", "retail")]
    assert ordered == sorted(ordered, reverse=True)
    assert found["none"]["net_annual_mean"] == pytest.approx(found["none"]["gross_annual_mean"], abs=1e-12)
    assert found["retail"]["gross_annual_mean"] == pytest.approx(found["none"]["gross_annual_mean"], rel=0.05)
    assert found["retail"]["turnover"] == pytest.approx(found["none"]["turnover"], rel=0.05)


def test_a_delay_costs_foresight_what_it_knew_of_the_next_bar(panel):
    prompt, late = foretold("none"), foretold("none").set_portfolio(costs="none", delay=3)
    earned = [run(m.bind({}), m.prepare_data(panel, {})).metrics["net_annual_mean"] for m in (prompt, late)]
    assert earned[1] < 0.8 * earned[0]


def test_another_policy_is_held_as_declared(panel, ran, scores):
    manifest = lab.base().set_portfolio("zoo.portfolio.long_only_top", fraction=0.4, costs="none", delay=2)
    prepared = manifest.prepare_data(panel, {})
    out = run(manifest.bind({}), prepared)
    figure = over_phases(
        scores,
        panel.close.to_numpy(),
        policy=lambda values: long_only_top(values, fraction=0.4),
        horizon=HORIZON,
        every=EVERY,
        costs=Costs.preset("none"),
        delay=2,
        start=prepared.cuts.test,
        end=prepared.cuts.last + HORIZON,
    )
    assert out.metrics["net_sharpe"] == pytest.approx(figure.annual_sharpe.mean, rel=1e-9)


def test_month_ends_have_twelve_bars_a_year():
    rng = np.random.RandomState(3)
    dates = pd.date_range("2005-01-31", periods=120, freq="ME")
    close = pd.DataFrame(
        np.exp(np.cumsum(rng.standard_normal((120, 5)) * 0.05, axis=0)), dates, list("abcde")
    )
    manifest = (
        Manifest(seed=7)
        .add_feature("zoo.features.momentum", lookback=6, skip=1)
        .with_target("zoo.targets.forward_return", horizon=1)
        .set_split_config(6, 2, 2)
        .with_model("sklearn.linear_model.Ridge")
        .set_portfolio(costs="none")
    )
    out = run(manifest.bind({}), manifest.prepare_data(Dataset({"close": close}), {}))
    net = out.held_out.net
    assert out.metrics["net_annual_mean"] == pytest.approx(12 * net.mean(), rel=1e-9)
    assert out.metrics["net_annual_volatility"] == pytest.approx(math.sqrt(12) * net.std(ddof=1), rel=1e-9)


def test_a_horizon_of_several_rows_is_held_in_sleeves(panel):
    manifest = lab.base().with_target("zoo.targets.forward_return", horizon=10)
    prepared = manifest.prepare_data(panel, {})
    out = run(manifest.bind({}), prepared)
    one = run(lab.base().bind({}), lab.base().prepare_data(panel, {}))
    assert out.metrics["turnover"] < 0.75 * one.metrics["turnover"]


def test_an_impact_asks_for_volumes(panel):
    costly = lab.base().set_portfolio(costs={"preset": "institutional", "capital": 10_000})
    bound, prepared = costly.bind({}), costly.prepare_data(panel, {})
    assert np.isfinite(run(bound, prepared).metrics["net_sharpe"])
    bare = Dataset({"close": panel.close})
    with pytest.raises(ManifestError, match=r"lab\.yaml: portfolio\.costs: an impact cannot be told"):
        run(bound, costly.prepare_data(bare, {}))


def test_nothing_is_held_where_the_manifest_says_so(panel, done):
    out = done(lab.base().set_portfolio(False), panel)
    assert out["_held_out"] is None
    assert not COLUMNS & set(out)
    assert "rank_ic" in out


def test_a_table_holds_nothing(done):
    tabled = Manifest(seed=7).with_target("zoo.targets.column").with_model("sklearn.linear_model.Ridge")
    out = done(tabled, tabular("diabetes"))
    assert out["_held_out"] is None
    assert not COLUMNS & set(out)


def test_a_classifier_is_held_by_the_probability_of_the_second_class(panel):
    manifest = (
        lab.base()
        .with_target("zoo.targets.forward_direction", horizon=5)
        .with_model("sklearn.linear_model.LogisticRegression")
    )
    prepared = manifest.prepare_data(panel, {})
    out = run(manifest.bind({}), prepared)
    bars, F, _ = prepared.held_out
    scores = scores_of(out.model, F)
    assert ((scores > 0) & (scores < 1)).all()
    rows = np.searchsorted(bars, np.unique(prepared.test.position))
    assert scores[rows].ravel().tolist() == out.probs


def test_what_is_not_complete_has_no_score_and_is_not_held(panel):
    close = panel.close.copy()
    close.iloc[150:, 2] = np.nan  # delisted
    data = Dataset({**panel.fields, "close": close}, panel.factors)
    manifest = lab.base().set_portfolio("zoo.portfolio.rank_weighted")
    prepared = manifest.prepare_data(data, {})
    out = run(manifest.bind({}), prepared)
    bars, F, _ = prepared.held_out
    assert bars[0] > 170
    assert np.isnan(scores_of(out.model, F)[:, 2]).all()
    assert [row[2] for row in np.array(out.preds, dtype=object).reshape(-1, 5)] == [
        None
    ] * prepared.test.grid.shape[0]
    assert np.isfinite(out.metrics["net_sharpe"])


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda m: m.set_portfolio("zoo.portfolio.long_only_top", fraction=2), r"portfolio: fraction is 2"),
        (
            lambda m: m.set_portfolio("zoo.portfolio.long_only_top", share=0.2),
            r"long_only_top takes no 'share'",
        ),
        (lambda m: m.set_portfolio(lab.infinite), r"lab\.infinite failed: AttributeError"),
        (lambda m: m.set_portfolio(lab.halves), r"portfolio: the policy made weights of shape \(\d+, 2\)"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused(panel, step, message):
    manifest = step(lab.base())
    bound, prepared = manifest.bind({}), manifest.prepare_data(panel, {})
    with pytest.raises(ManifestError, match=message):
        run(bound, prepared)


def test_prices_that_nobody_could_pay_are_refused(panel):
    close = panel.close.copy()
    close.iloc[200, 1] = 0.0
    manifest = lab.base().set_portfolio(costs="none")
    prepared = manifest.prepare_data(Dataset({"close": close}), {})
    with pytest.raises(
        ManifestError, match=r"lab\.yaml: portfolio: .*portfolio: false leaves net figures out"
    ):
        run(manifest.bind({}), prepared)

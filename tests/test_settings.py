import threading
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import InertOverride, OverrideNotAllowed, SettingsError
from zoo.settings import (
    ALLOWED,
    DEFAULTS,
    check_values,
    overrides,
    record,
    recorded,
    settings,
    using,
)


def module_with(source, **names):
    module = types.ModuleType("their_config")
    module.__dict__.update(names)
    exec(compile(source, "their_config.py", "exec"), module.__dict__)  # a module of somebody else's
    return module


class Config:
    days = 21


def test_a_setting_is_read_at_call_time_and_restored_afterwards():
    with overrides(settings, {"forward_days": 60}):
        assert settings.forward_days == 60
    assert settings.forward_days == DEFAULTS["forward_days"]


def test_settings_are_restored_when_the_block_raises():
    with pytest.raises(ZeroDivisionError), overrides(settings, {"forward_days": 60}):
        _ = 1 / 0
    assert settings.forward_days == 21


def test_an_override_outside_the_allowlist_changes_nothing_at_all():
    target = Config()
    with (
        pytest.raises(OverrideNotAllowed, match=r"'dayz'.*did you mean 'days'"),
        overrides(target, {"days": 60, "dayz": 1}, ["days"]),
    ):
        pytest.fail("the block must not run")
    assert vars(target) == {}


def test_the_codes_allowlist_holds_where_none_is_given():
    with pytest.raises(OverrideNotAllowed), overrides(settings, {"n_jobs": 2}):
        pass
    assert frozenset(DEFAULTS) == ALLOWED


def test_a_setting_that_does_not_exist_is_an_error_with_the_nearest_name():
    with pytest.raises(SettingsError, match="did you mean 'forward_days'"):
        _ = settings.forward_day


def test_a_setting_cannot_be_assigned():
    with pytest.raises(SettingsError, match="overrides"):
        settings.forward_days = 60


@pytest.mark.parametrize("target", [{"a": 1}, types.SimpleNamespace(a=1), module_with("", a=1)])
def test_a_name_that_was_absent_is_absent_again(target):
    names = target if isinstance(target, dict) else vars(target)
    before = dict(names)
    with overrides(target, {"a": 2, "b": 3}, ["a", "b"]):
        assert (names["a"], names["b"]) == (2, 3)
    assert dict(names) == before


def test_an_instance_gets_its_class_attribute_back():
    target = Config()
    with overrides(target, {"days": 60}, ["days"]):
        assert target.days == 60
    assert target.days == 21
    assert vars(target) == {}
    assert type(target) is Config


class WithProperty:
    def __init__(self):
        self._days = 21

    @property
    def days(self):
        return self._days

    @days.setter
    def days(self, value):
        self._days = value


def test_a_property_gets_its_value_back():
    target = WithProperty()
    with overrides(target, {"days": 60}, ["days"]):
        assert target.days == 60
    assert target.days == 21


class Stubborn:
    """Takes an override of `bad` and refuses to take it back."""

    bad, good = 1, 1

    def __setattr__(self, name, value):
        super().__setattr__(name, value)

    def __delattr__(self, name):
        if name == "bad":
            raise RuntimeError("no")
        super().__delattr__(name)


def test_one_name_that_cannot_be_restored_leaves_no_other_behind():
    target = Stubborn()
    with pytest.raises(RuntimeError, match="no"), overrides(target, {"good": 2, "bad": 2}, ["good", "bad"]):
        pass
    assert target.good == 1


def test_reads_of_our_settings_are_recorded_by_everybody_who_listens():
    with overrides(settings, {"forward_days": 60}) as outer, recorded() as inner:
        _ = settings["forward_days"]
    assert outer.names == inner.names == {"forward_days"}


def test_a_snapshot_is_no_read():
    with recorded() as reads:
        settings.snapshot()
    assert reads.names == frozenset()


def test_reads_of_a_modules_attribute_are_recorded():
    module = module_with("", DAYS=21)
    with overrides(module, {"DAYS": 60}, ["DAYS"]) as reads:
        assert not reads.names
        assert module.DAYS == 60
    assert reads.seen
    assert reads.names == {"DAYS"}
    assert type(module) is types.ModuleType


def test_a_module_that_reads_its_own_global_cannot_be_watched_and_says_so():
    module = module_with("def train():\n    return DAYS\n", DAYS=21)
    with overrides(module, {"DAYS": 60}, ["DAYS"]) as reads:
        assert module.train() == 60
    assert not reads.seen
    reads.require(["DAYS"], "spec")  # unknown is not unread


def test_reads_of_a_mapping_cannot_be_seen():
    with overrides({"days": 21}, {"days": 60}, ["days"]) as reads:
        pass
    assert not reads.seen


def test_an_override_that_nobody_read_is_an_error():
    with overrides(settings, {"forward_days": 60, "xsec_demean_alpha_enabled": False}) as reads:
        _ = settings.forward_days
    with pytest.raises(InertOverride, match="'xsec_demean_alpha_enabled' was never read"):
        reads.require(["forward_days", "xsec_demean_alpha_enabled"], "spec")


def test_what_a_worker_reports_counts_as_read():
    with overrides(settings, {"forward_days": 60}) as reads:
        record(["forward_days"])
    reads.require(["forward_days"], "spec")


def test_threads_never_see_each_others_overrides():
    seen, barrier = {}, threading.Barrier(2)

    def run(days):
        with overrides(settings, {"forward_days": days}):
            barrier.wait()
            seen[days] = settings.forward_days
            barrier.wait()

    threads = [threading.Thread(target=run, args=(days,)) for days in (30, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {30: 30, 60: 60}
    assert settings.forward_days == 21


def test_a_foreign_module_is_overridden_by_one_run_at_a_time():
    module, seen = module_with("", DAYS=21), []

    def run(days):
        with overrides(module, {"DAYS": days}, ["DAYS"]):
            seen.append((days, module.DAYS, module.DAYS))

    threads = [threading.Thread(target=run, args=(days,)) for days in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(days == first == last for days, first, last in seen)
    assert len(seen) == 20
    assert module.DAYS == 21


def test_a_snapshot_carries_settings_into_another_context():
    with using({"forward_days": 5, "mine": "x"}) as reads:
        assert settings.forward_days == 5
        assert settings["mine"] == "x"
        assert "residual_momentum_enabled" not in settings
    assert reads.names == {"forward_days", "mine"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("forward_days", "60"),
        ("forward_days", True),
        ("forward_days", 0),
        ("forward_days", 60.0),
        ("forward_days", None),
        ("residual_momentum_enabled", 1),
        ("residual_momentum_enabled", "true"),
        ("model_version_label", 7),
    ],
)
def test_a_value_of_another_type_than_the_default_is_refused(name, value):
    with pytest.raises(SettingsError, match=name):
        check_values({name: value}, "a.yaml")


names = st.sampled_from(["a", "b", "c", "d"])


@given(
    before=st.dictionaries(names, st.integers()),
    values=st.dictionaries(names, st.integers()),
    fails=st.booleans(),
)
def test_whatever_is_overridden_the_target_is_as_before(before, values, fails):
    for target in (dict(before), types.SimpleNamespace(**before)):
        own = target if isinstance(target, dict) else vars(target)
        try:
            with overrides(target, values, "abcd"):
                assert dict(own) == {**before, **values}
                if fails:
                    raise KeyError
        except KeyError:
            pass
        assert dict(own) == before

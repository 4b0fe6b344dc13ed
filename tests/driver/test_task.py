import resource
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.driver.task import TASK_FILE, Task
from zoo.line import Line
from zoo.spec import ExternalTrainer, Source, Spec, Status, Top
from zoo.terms import Terms
from zoo.trust import Trust

values = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
chosen = st.lists(st.integers(0, 99), min_size=1, max_size=4).map(tuple) | st.builds(
    Top, st.integers(1, 9), st.text(max_size=9)
)
specs = st.builds(
    Spec,
    name=st.just("a"),
    line=st.just("us_equity"),
    status=st.sampled_from(Status),
    label=st.none() | st.just("b"),
    sources=st.lists(st.builds(Source, st.text(max_size=9), chosen), max_size=2).map(tuple),
    trainer=st.none() | st.builds(ExternalTrainer, st.just("my.train"), args=st.just({"x": 1})),
    overrides=st.dictionaries(st.text(max_size=9), values, max_size=3),
    priority=st.integers(-9, 9),
)


@given(specs, st.dictionaries(st.text(max_size=9), values, max_size=3), st.booleans())
def test_a_task_is_read_as_it_was_written(tmp_path_factory, spec, settings, local):
    directory = tmp_path_factory.mktemp("task")
    line = Line("us_equity", "d", "t", 21, 21, locked=("forward_days",))
    trust = Trust(("zoo.", "my_lab."), local, frozenset({"ab"}))
    allowed = frozenset({"forward_days"})
    terms = Terms("skip" if local else "full", 0.5 if local else "bootstrap", allow_code_drift=local)
    task = Task(spec, line, "sqlite:///x", directory, "run", settings, allowed, trust, terms, 2)
    assert Task.read(task.write(directory)) == task


def test_a_task_is_for_its_user_alone_since_a_url_may_hold_a_password(task, tmp_path):
    task().write(tmp_path)
    assert stat.S_IMODE((tmp_path / TASK_FILE).stat().st_mode) == 0o600


def test_a_task_that_cannot_be_written_leaves_nothing_behind(task, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            task().write(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())

"""Every YAML that ships is composed and instantiated."""

from pathlib import Path

import pytest
import yaml

from zoo.commands.composition import compose, hydra_started, prepared
from zoo.commands.request import read_request, read_spec
from zoo.configuration import conf_dir

CONF = conf_dir()
FILES = sorted(path.relative_to(CONF) for path in CONF.rglob("*.yaml"))
GROUPS = yaml.safe_load((CONF / "config.yaml").read_text())["defaults"]
CHOSEN = {group.removeprefix("override ") for entry in GROUPS if isinstance(entry, dict) for group in entry}
CHOICES = [path for path in FILES if path.parent.as_posix() in CHOSEN]


def _choice(path):
    return f"{path.parent.as_posix()}={path.stem}"


def test_every_file_of_conf_is_seen():
    assert Path("config.yaml") in FILES
    assert len(CHOICES) >= 13
    assert {path.parts[0] for path in FILES} >= {
        "spec",
        "line",
        "experiment",
        "settings",
        "trust",
        "registry",
    }


#: what only a user can say
NEEDED = {"registry/postgres.yaml": ["registry.url=postgresql+psycopg://desk@host/database"]}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_is_a_form_of_fifty_lines_at_most_that_begins_with_what_it_is(path):
    text = (CONF / path).read_text()
    assert text.startswith("#")
    assert len(text.splitlines()) <= 50
    assert isinstance(yaml.safe_load(text), dict)


@pytest.mark.parametrize("path", CHOICES, ids=str)
def test_every_choice_composes(path):
    with hydra_started():
        composed = compose(prepared([_choice(path), *NEEDED.get(str(path), ())]))
    read_request(composed)


@pytest.mark.parametrize("path", [path for path in CHOICES if path.parts[0] == "spec"], ids=str)
def test_every_spec_is_read_as_composed(path):
    with hydra_started():
        request = read_request(compose(prepared([_choice(path)])))
    spec, line = read_spec(request, request.roster())
    assert (spec.name, line.name) == (path.stem, spec.line)
    for source in spec.sources:
        assert (CONF / "experiment" / f"{Path(source.experiment).name}.yaml").is_file()


@pytest.mark.parametrize("path", [path for path in CHOICES if path.parts[0] == "experiment"], ids=str)
def test_every_experiment_is_bound_to_each_of_its_parameters(path):
    from zoo.experiment.definition import Definition
    from zoo.manifest import Manifest

    with hydra_started():
        request = read_request(compose(prepared([_choice(path)])))
    definition = Definition.parse(request.experiment, str(path))
    manifest = Manifest.from_config(definition.manifest, seed=definition.seed, trust=request.trust)
    for values in zip(*definition.params.values(), strict=False):
        assert manifest.bind(dict(zip(definition.params, values, strict=True)), request.settings)

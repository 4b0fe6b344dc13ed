import functools
import sys
import textwrap
from types import ModuleType

import pytest

from zoo.errors import ReferenceModelError, TrustError
from zoo.promotion.contract import reference_models, resolve_model_class
from zoo.trust import LOCAL_PREFIX, Trust

MODEL = """
class {name}{base}:
    deterministic = True
    def train(self, data, **params): return self
    def predict(self, data): return {{"_preds": []}}
    def evaluate(self, data, inline_metrics=True): return {{}}
"""
FUNCTION = "\ndef architecture(data): return {}\n"
LAB = Trust(prefixes=("zoo.", "lab_of_models."))


def model(name, base=""):
    return MODEL.format(name=name, base=base)


@pytest.fixture
def module():
    made = []

    def make(source, name="lab_of_models.one"):
        found = ModuleType(name)
        sys.modules[name] = found
        made.append(name)
        exec(textwrap.dedent(source), found.__dict__)
        return found

    yield make
    for name in made:
        sys.modules.pop(name, None)


def resolve(found, trust=LAB):
    return resolve_model_class(found.architecture, trust, "experiments/theirs")


def test_the_only_model_of_the_architectures_module_is_the_model(module):
    found = module(model("Ours") + FUNCTION + "class Options: pass\n")
    assert resolve(found) is found.Ours


def test_a_class_counts_by_what_it_offers_and_not_by_its_ancestry(module):
    base = "from abc import ABC\nclass ReferenceModel(ABC): pass\n"
    found = module(base + "class Heir(ReferenceModel): deterministic = True\n" + model("Stranger") + FUNCTION)
    assert resolve(found) is found.Stranger


def test_a_class_that_is_itself_the_architecture_is_found_too(module):
    found = module(model("architecture"))
    assert resolve(found) is found.architecture


def test_an_architecture_inside_partials_is_looked_into(module):
    found = module(model("Ours") + FUNCTION)
    twice = functools.partial(functools.partial(found.architecture))
    assert resolve_model_class(twice, LAB, "x") is found.Ours


def test_none_is_an_error_that_lists_what_each_class_lacks(module):
    source = model("Silent").replace("deterministic = True", "pass")
    source += model("Half").replace("def predict", "def guess").replace("def evaluate", "def judge")
    with pytest.raises(ReferenceModelError) as caught:
        resolve(module(source + FUNCTION))
    assert "Silent (lacks deterministic), Half (lacks predict, evaluate)" in str(caught.value)
    assert "'lab_of_models.one'" in str(caught.value)


def test_a_module_without_any_class_says_so(module):
    with pytest.raises(ReferenceModelError, match="found: no class"):
        resolve(module(FUNCTION))


def test_several_are_an_error_that_lists_them(module):
    with pytest.raises(ReferenceModelError, match="several reference models: First, Second"):
        resolve(module(model("Second") + model("First") + FUNCTION))


def test_a_second_name_of_the_same_class_is_no_second_model(module):
    found = module(model("Ours") + "Alias = Ours\n" + FUNCTION)
    assert resolve(found) is found.Ours


def test_an_imported_model_does_not_count_beside_an_own_one(module):
    module(model("Base"), "lab_of_models.base")
    source = "from lab_of_models.base import Base\n" + model("Ours", "(Base)") + FUNCTION
    found = module(source)
    assert reference_models(found) == [found.Ours]
    assert resolve(found) is found.Ours


def test_an_imported_model_alone_is_none_and_is_named(module):
    module(model("Base"), "lab_of_models.base")
    with pytest.raises(ReferenceModelError, match=r"Base \(imported from lab_of_models\.base\)"):
        resolve(module("from lab_of_models.base import Base\n" + FUNCTION))


def test_an_abstract_base_and_a_protocol_are_no_models(module):
    abstract = model("Base", "(ABC)").replace("def train", "@abstractmethod\n    def train")
    protocol = model("Shape", "(Protocol)")
    head = "from abc import ABC, abstractmethod\nfrom typing import Protocol\n"
    found = module(head + abstract + protocol + model("Ours", "(Base)") + FUNCTION)
    assert resolve(found) is found.Ours
    with pytest.raises(ReferenceModelError, match=r"Base \(is abstract\)"):
        resolve(module(head + abstract + FUNCTION))


def test_deterministic_may_be_only_annotated(module):
    found = module(model("Ours").replace("deterministic = True", "deterministic: bool") + FUNCTION)
    assert resolve(found) is found.Ours


@pytest.mark.parametrize("nothing", [None, 3, "a.name"])
def test_what_is_no_architecture_is_refused(nothing):
    with pytest.raises(ReferenceModelError, match="architecture_function is"):
        resolve_model_class(nothing, LAB, "experiments/theirs")


def test_a_module_outside_the_trust_list_is_refused_and_no_model_is_made(module):
    found = module(model("Ours") + FUNCTION)
    with pytest.raises(TrustError, match=r"'lab_of_models\.one' is not trusted.*add 'lab_of_models\.'"):
        resolve(found, Trust())


def test_the_experiments_own_module_was_trusted_when_it_was_loaded(module):
    found = module(model("Ours") + FUNCTION, f"{LOCAL_PREFIX}abc_decoder")
    assert resolve(found, Trust()) is found.Ours

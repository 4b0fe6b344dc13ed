import subprocess
import sys

import pytest

import zoo.evaluation as evaluation


def test_every_public_name_is_there_and_dir_lists_exactly_them():
    assert dir(evaluation) == evaluation.__all__ == sorted(evaluation._HOMES)
    for name in evaluation.__all__:
        assert getattr(evaluation, name).__module__.startswith("zoo.evaluation.")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Leaderbord'"):
        _ = evaluation.Leaderbord


def test_nothing_heavy_is_imported_before_it_is_used():
    code = (
        "import sys, zoo.evaluation\n"
        "assert not {'numpy', 'scipy', 'arch', 'pandas'} & set(sys.modules)\n"
        "from zoo.evaluation import *\n"
        "assert not {'scipy', 'arch', 'statsmodels'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

import pytest

from tests.manifest import lab


@pytest.fixture(scope="session")
def panel():
    return lab.panel()


@pytest.fixture(scope="session")
def ticks():
    return lab.ticks()


@pytest.fixture
def base():
    return lab.base()


@pytest.fixture
def done():
    """Prepare, fit and measure; what `run_model` gives."""

    def run(manifest, data, params=None):
        params = params or {}
        return manifest.run_model(manifest.prepare_data(data, params), params)

    return run

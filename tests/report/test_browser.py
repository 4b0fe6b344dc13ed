"""The page in a real browser, where one is found."""

import shutil
import subprocess

import pytest

from zoo.report import write_page
from zoo.report.figures import FIGURES

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")]


@pytest.mark.parametrize("scheme", [0, 1])  # Blink's numbers for dark and light
def test_every_chart_is_drawn_and_the_console_stays_empty(full_analysis, tmp_path, scheme):
    path = write_page(full_analysis, tmp_path / "page.html")
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        f"--user-data-dir={tmp_path / 'profile'}", f"--blink-settings=preferredColorScheme={scheme}",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=10000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert console == []
    dom = done.stdout[: done.stdout.index('id="charts"')]
    assert dom.count("js-plotly-plot") == len(FIGURES)
    assert ("rgb(116, 167, 247)" in dom) == (scheme == 0)  # the blue of a dark page

"""The page in a real browser, where one is found."""

import re
import shutil
import subprocess

import pytest

from zoo.report.figures import FIGURES
from zoo.report.page import page_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
DARK, LIGHT = 0, 1  # Blink's numbers

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")]


@pytest.fixture
def opened(full_analysis, tmp_path):
    """Open the page, with a script of the test's at its end; return what stands there then."""

    def browse(scheme=LIGHT, script=""):
        path = tmp_path / "page.html"
        text = page_of(full_analysis).replace("</body>", f"<script>{script}</script></body>")
        path.write_text(text, encoding="utf-8")
        command = [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}", f"--blink-settings=preferredColorScheme={scheme}",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=10000", "--dump-dom",
            path.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
        assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
        return done.stdout[: done.stdout.index('id="charts"')]

    return browse


@pytest.mark.parametrize("scheme", [DARK, LIGHT])
def test_every_chart_is_drawn_and_the_console_stays_empty(opened, scheme):
    dom = opened(scheme)
    assert dom.count("js-plotly-plot") == len(FIGURES)
    assert ("rgb(116, 167, 247)" in dom) == (scheme == DARK)  # the blue of a dark page


@pytest.mark.parametrize(("clicks", "reverse"), [(1, False), (2, True)])
def test_a_click_sorts_by_the_numbers_and_keeps_those_without_one_last(
    opened, full_analysis, clicks, reverse
):
    dom = opened(script="document.querySelector('#net th:nth-child(4)').click();" * clicks)
    net = dom[dom.index('<section id="net">') :]
    ids = [
        int(n)
        for n in re.findall(r'<th scope="row" class="n" data-v="(\d+)\.0">', net[: net.index("</table>")])
    ]
    scores = full_analysis.score.values.dropna().sort_values(ascending=not reverse)
    missing = full_analysis.score.values.index[full_analysis.score.values.isna()]
    assert ids == [*scores.index, *missing]

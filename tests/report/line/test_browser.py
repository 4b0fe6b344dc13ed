"""The page in a real browser, where one is found."""

import base64
import json
import re

import pytest

from tests.report.browser import needs_browser, paint, resize, start
from zoo.report.line import write_report
from zoo.report.line.report import FIGURES

pytestmark = [pytest.mark.slow, needs_browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    found = start(tmp_path_factory.mktemp("profile"))
    yield found
    found.quit()


@pytest.fixture(scope="module")
def address(report, tmp_path_factory):
    return write_report(report, tmp_path_factory.mktemp("pages") / "line.html").as_uri()


@pytest.fixture
def browse(driver, address):
    """Open the page at a width and in a scheme, with everything drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    def opened(width=1280, scheme="light"):
        resize(driver, width)
        paint(driver, scheme)
        driver.get_log("browser"), driver.get_log("performance")
        driver.get(address)
        drawn = "return document.querySelectorAll('.js-plotly-plot .main-svg').length >= arguments[0]"
        WebDriverWait(driver, 30).until(lambda d: d.execute_script(drawn, len(FIGURES)))
        return driver

    return opened


def find(driver, selector):
    from selenium.webdriver.common.by import By

    return driver.find_elements(By.CSS_SELECTOR, selector)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_loads_without_an_error_or_a_request_and_is_no_wider_than_the_window(
    browse, address, width, scheme
):
    driver = browse(width, scheme)
    assert driver.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [address]
    assert len(find(driver, ".js-plotly-plot")) == len(FIGURES)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.execute_script("return window.innerWidth") == width
    wide = driver.execute_script(
        "return [...document.querySelectorAll('.chart, .cards, .facts, .fold, figure')]"
        ".filter((e) => e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert wide == 0


def test_the_charts_follow_the_reader_s_scheme(browse):
    blue = {"light": "rgb(42, 102, 200)", "dark": "rgb(116, 167, 247)"}
    for scheme, color in blue.items():
        driver = browse(scheme=scheme)
        painted = driver.execute_script(
            "return [...document.querySelectorAll('[data-chart=equity] path.js-line')]"
            ".map((line) => line.style.stroke)"
        )
        assert color in painted
        assert (
            driver.execute_script(
                "return getComputedStyle(document.querySelector('.key i[data-color]')).backgroundColor"
            )
            == color
        )


def column(driver, place):
    return driver.execute_script(
        "return [...document.querySelectorAll('#leaderboard tbody tr')].map((row) => row.cells[arguments[0]])"
        ".map((cell) => cell.dataset.v === undefined ? null : Number(cell.dataset.v))",
        place,
    )


def test_a_click_on_a_heading_sorts_and_says_so(browse):
    driver = browse()
    headings = find(driver, "#leaderboard thead th")
    place = next(number for number, one in enumerate(headings) if one.text.startswith("net Sharpe"))
    assert headings[1].get_attribute("aria-sort") == "ascending"
    before = column(driver, place)
    known = sorted(value for value in before if value is not None)
    missing = [None] * before.count(None)
    find(driver, "#leaderboard thead th button")[place].click()
    assert column(driver, place) == [*known, *missing] != before
    assert headings[place].get_attribute("aria-sort") == "ascending"
    assert headings[1].get_attribute("aria-sort") is None
    find(driver, "#leaderboard thead th button")[place].click()
    assert column(driver, place) == [*known[::-1], *missing]
    assert headings[place].get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("key", ["\ue007", " "])  # Enter and the space bar
def test_a_keyboard_sorts_too(browse, key):
    driver = browse()
    button = find(driver, "#leaderboard thead th button")[0]
    button.send_keys(key)
    names = [row.text for row in find(driver, "#leaderboard tbody th .who")]
    assert names == sorted(names)
    assert find(driver, "#leaderboard thead th")[0].get_attribute("aria-sort") == "ascending"


def test_pointing_at_a_line_says_who_when_and_of_which_evidence(browse):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.support.ui import WebDriverWait

    driver = browse()
    plot = find(driver, "[data-chart=equity] .nsewdrag")[0]
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    spot = driver.execute_script(
        "const plot = document.querySelector('[data-chart=equity]'), axes = plot._fullLayout;"
        "const trace = plot.data.filter((one) => one.meta === 'live').at(-1), at = trace.x.length >> 1;"
        "return [axes.xaxis.d2p(trace.x[at]) - axes.xaxis._length / 2,"
        "        axes.yaxis.d2p(trace.y[at]) - axes.yaxis._length / 2]"
    )
    ActionChains(driver).move_to_element_with_offset(plot, *(round(place) for place in spot)).perform()
    label = WebDriverWait(driver, 10).until(lambda d: find(d, "[data-chart=equity] .hoverlayer .hovertext"))
    said = label[0].get_attribute("textContent")
    assert re.search(r"-20201230-[0-9a-f]{8}.*2021-\d\d-\d\d, live: [01]\.\d{3}", said), said


def test_the_key_hides_a_track_on_every_chart_and_brings_it_back(browse, setting):
    driver = browse()
    name = setting.world.second.version_id
    shown = (
        "return [...document.querySelectorAll('.js-plotly-plot')].flatMap((plot) => plot.data)"
        ".filter((trace) => trace.legendgroup === arguments[0] && trace.visible !== false).length"
    )
    button = find(driver, f'[data-track="{name}"]')[0]
    before = driver.execute_script(shown, name)
    assert before >= len(FIGURES)
    button.click()
    assert driver.execute_script(shown, name) == 0
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert driver.execute_script(shown, name) == before


def test_a_gate_s_conditions_open_on_a_click(browse):
    driver = browse(390)
    fold = find(driver, "#gate details")[0]
    fold.find_element("css selector", "summary").click()
    assert fold.get_attribute("open") is not None
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
    assert "soak" in fold.text


def test_it_prints_on_white_with_every_fold_open(browse):
    driver = browse(scheme="dark")
    driver.execute_script(
        "window.addEventListener('beforeprint', () => { window.seen = ["
        "document.querySelectorAll('details:not([open])').length,"
        "document.querySelector('[data-chart=equity] .xtick text').style.fill] })"
    )
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    content = base64.b64decode(printed["data"])
    assert content.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert 4 <= pages <= 40
    assert len(content) > 50_000
    closed, ink = driver.execute_script("return window.seen")
    assert closed == 0
    assert ink == "rgb(102, 112, 125)"  # what a light page has
    assert find(driver, "details[open]") == []
    assert driver.get_log("browser") == []

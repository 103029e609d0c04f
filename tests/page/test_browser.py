"""The page in a real browser: Debian's chromium, where it and Playwright are installed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from demo_films import film
from PIL import Image
from served_page import Served, until, workers

if TYPE_CHECKING:
    from playwright.sync_api import Page

RAFD = Path("data/demo/rafd")
SOURCE = RAFD / "Rafd090_27_Caucasian_female_surprised_frontal.jpg"
TARGET = RAFD / "Rafd090_14_Caucasian_female_neutral_frontal.jpg"

SOON = 60_000
"""Milliseconds in which a picture is made on a busy machine."""

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: make env-browser")
    found = os.environ.get("FET_CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.skip("there is no chromium; install Debian's, or name one in FET_CHROMIUM")
    with api.sync_playwright() as playwright:
        # A sandbox of its own it cannot have as root, nor in most containers.
        one = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture
def visit(browser: Any, served: Served) -> Iterator[Open]:
    """Opens the page as somebody new; nothing that it asks for may be elsewhere."""
    contexts, asked = [], []

    def new(width: int = 1280, height: int = 900) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        page = contexts[-1].new_page()
        page.set_default_timeout(SOON)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(served.url)
        page.get_by_role("button", name="Transfer", exact=True).wait_for()
        page.locator("input[type=file]").nth(1).wait_for(state="attached")
        return page

    yield new
    for context in contexts:
        context.close()
    here = urlsplit(served.url).netloc
    assert asked
    assert {urlsplit(url).netloc for url in asked if url.startswith("http")} == {here}


def put(page: Page, place: int, path: Path) -> None:
    """Upload a picture and wait until the page shows it."""
    same = page.locator(f"img[src$='{path.name}']:visible")
    before = same.count()  # of the demo faces below
    page.locator("input[type=file]").nth(place).set_input_files(path)
    same.nth(before).wait_for()


def go(page: Page) -> str:
    """Press the button; what is said then."""
    said = page.locator(".said:visible")
    before = said.inner_text()
    page.get_by_role("button", name="Transfer", exact=True).click()
    page.wait_for_function(
        "before => [...document.querySelectorAll('.said')].some(one => one.offsetParent && "
        "one.innerText != before)",
        arg=before,
    )
    return str(said.inner_text())


def test_upload_press_and_the_result_appears(visit: Open, tmp_path: Path) -> None:
    page = visit()
    put(page, 0, SOURCE)
    put(page, 1, TARGET)
    assert re.fullmatch(r"Made in [\d.]+ s, 340 × 512 pixels\.", go(page))
    made = page.locator("img[src$='-made.jpg']:visible")
    made.wait_for()
    assert made.count() == 1
    assert "jawOpen" in page.locator(".numbers:visible").inner_text()
    with page.expect_download() as waiting:
        page.get_by_text("Download", exact=True).locator("visible=true").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name.endswith("-made.jpg")
    assert Image.open(file).size == (340, 512)


def test_a_slider_and_an_expression_change_the_picture_at_once(visit: Open) -> None:
    page = visit()
    page.get_by_role("tab", name="Edit").click()
    # Until the tab is there, the faces that are seen are those of another one.
    page.get_by_label("happy").wait_for()
    page.locator("button:visible img").nth(1).click()
    page.get_by_text("Choose an expression or move a slider.").locator("visible=true").wait_for()
    page.get_by_label("happy").check()
    made = page.locator("img[src*='-made']:visible")
    made.wait_for()
    first = made.get_attribute("src")
    page.get_by_text("Jaw", exact=True).click()
    page.get_by_label("number input for jawOpen").fill("0.7")
    page.wait_for_function(
        "first => [...document.querySelectorAll('img')].some(one => one.src.includes('-made') && "
        "one.offsetParent && one.getAttribute('src') != first)",
        arg=first,
    )


def test_an_expression_stays_for_the_next_photograph(visit: Open) -> None:
    page = visit()
    page.get_by_role("tab", name="Edit").click()
    page.get_by_label("happy").check()
    page.locator(".mistake:visible").get_by_text("There is no photograph yet").wait_for()
    page.locator("button:visible img").nth(1).click()
    made = page.locator("img[src*='-made']:visible")
    made.wait_for()
    assert "Rafd090_08" in str(made.get_attribute("src"))
    assert page.get_by_label("happy").is_checked()


def test_a_broken_file_is_a_sentence(visit: Open, tmp_path: Path) -> None:
    page = visit()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(SOURCE.read_bytes()[:9000])
    put(page, 0, broken)
    put(page, 1, TARGET)
    told = go(page)
    assert re.match(r"The picture broken\.jpg cannot be used \(.*\); replace it or take", told)
    assert page.locator(".mistake:visible").get_attribute("role") == "alert"


def test_a_file_too_large_is_told_before_it_is_sent(visit: Open, tmp_path: Path) -> None:
    page = visit()
    large = tmp_path / "large.jpg"
    large.write_bytes(SOURCE.read_bytes())
    os.truncate(large, 201 << 20)
    page.locator("input[type=file]").nth(0).set_input_files(large)
    page.get_by_text("maximum allowed size of 200").wait_for()
    # What a film may have is too much for a picture.
    os.truncate(large, 11 << 20)
    put(page, 0, large)
    put(page, 1, TARGET)
    assert go(page) == "Large.jpg has 11 MB; make it smaller, at most 10 MB."


def animate(page: Page, driving: Path) -> None:
    """Give a film and one of the demo faces, and press the button."""
    page.get_by_role("tab", name="Video").click()
    tab = page.locator("[role=tabpanel]:visible")
    tab.locator("input[type=file]").nth(0).set_input_files(driving)
    tab.locator(f"video[src$='{driving.name}']").wait_for()
    tab.locator("button:visible img").nth(1).click()
    tab.locator("img[src$='Rafd090_08_Caucasian_female_neutral_frontal.jpg']").nth(1).wait_for()
    # What is beneath it must be of no consequence while nobody touches it.
    tab.get_by_text("Rest, teeth, several faces, comparison").click()
    tab.get_by_label("Show the film beside the result").wait_for()
    tab.get_by_role("button", name="Animate").click()


def test_a_film_plays(visit: Open, repository: Path, tmp_path: Path) -> None:
    page = visit()
    animate(page, film(tmp_path / "play.mp4", repository))
    made = page.locator("video[src$='-made.mp4']:visible")
    made.wait_for()
    page.wait_for_function("video => video.duration > 0", arg=made.element_handle())
    assert made.evaluate("video => [video.duration, video.videoWidth, video.error]") == [
        pytest.approx(1, abs=0.3),
        340,
        None,
    ]
    assert page.locator(".said:visible").inner_text().startswith("Made in ")
    with page.expect_download() as waiting:
        page.get_by_text("Download", exact=True).locator("visible=true").click()
    assert waiting.value.suggested_filename.endswith("-made.mp4")


def test_a_film_is_left_off_for_somebody_who_goes(
    visit: Open, served: Served, repository: Path, tmp_path: Path
) -> None:
    page = visit()
    animate(page, film(tmp_path / "long.mp4", repository, 200, 25))
    until(lambda: workers(served))
    # Long before the processes that read have read all, and others paint.
    page.close()
    until(lambda: not workers(served))


def test_two_people_at_once_have_their_own(visit: Open) -> None:
    one, other = visit(), visit()
    put(one, 0, SOURCE)
    put(other, 0, TARGET)
    put(one, 1, TARGET)
    put(other, 1, SOURCE)
    for page in (one, other):
        page.get_by_role("button", name="Transfer", exact=True).click()
    for page, target in ((one, TARGET), (other, SOURCE)):
        made = page.locator("img[src*='-made']:visible")
        made.wait_for()
        assert made.count() == 1
        assert target.stem in str(made.get_attribute("src"))


def test_a_telephone_s_width_is_enough(visit: Open) -> None:
    page = visit(width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    put(page, 0, SOURCE)
    put(page, 1, TARGET)
    assert go(page).startswith("Made in")
    box = page.locator("img[src*='-made']:visible").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390

"""The page for reviewers in a real browser, as wide as a desk and as narrow as a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser
import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Page]:
    """A tab that is shared by the tests of this module."""
    program = browser.chromium()
    if program is None:
        pytest.skip(f"no Chromium is on the PATH ({', '.join(browser.PROGRAMS)})")
    with browser.page(program, tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_asks_nothing_of_the_network_and_complains_of_nothing(
    page: browser.Page, width: int
) -> None:
    file = HERE / "expected" / "fleet" / "review.html"
    page.requests.clear()
    page.complaints.clear()
    page.open(file, width)
    assert page.evaluate("document.title").startswith("Security review: ")
    assert page.requests == [file.as_uri()]
    assert page.complaints == []


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_of_the_page_is_beyond_its_right_edge(page: browser.Page, width: int) -> None:
    page.open(HERE / "expected" / "fleet" / "review.html", width)
    # Pictures and listings scroll by themselves.
    beyond = (
        "[...document.querySelectorAll('body *:not(.frame *):not(pre *)')]"
        ".filter(each => each.getBoundingClientRect().right > innerWidth + 1)"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    assert page.evaluate(beyond) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_its_text_has_enough_contrast(page: browser.Page) -> None:
    page.open(HERE / "expected" / "fleet" / "review.html", 1280)
    assert page.evaluate(_POOR_CONTRAST) == []


_POOR_CONTRAST = """(() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = colour => parts(colour).slice(0, 3).map(each => each / 255)
    .map(each => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = each => {
    for (; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const ratio = each => {
    const pair = [getComputedStyle(each).color, ground(each)].map(luminance).sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  };
  return [...document.querySelectorAll('body *:not(svg):not(svg *)')]
    .filter(each => ratio(each) < 4.5).map(each => each.outerHTML.slice(0, 80));
})()"""
"""Elements whose text has less than WCAG 2.2 asks for (1.4.3)."""

"""The page of a report in a browser: filters, sorting, keyboard, light and dark, and accessibility.

usage: page.py CHROMIUM AXE.js PICTURES INDEX.html...

Writes pictures at 390, 800 and 1440 px, and of the page in the dark and on paper.
"""

import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

WIDTHS = [390, 800, 1440]
MOST_BYTES = 2_000_000


def violations(page, axe):
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]


def rows(table):
    return table.locator("> tbody:not([hidden]) > tr.item")


def explore(page):
    """Filters, sorts and opens the cells by keyboard alone."""
    table = page.locator("table.explorer")
    bar = page.locator("#cells-and-runs .filters")
    everything = rows(table).count()
    strategy = bar.locator("select").nth(2)
    name = strategy.locator("option").nth(1).get_attribute("value")
    strategy.focus()
    page.keyboard.press("ArrowDown")
    shown = rows(table).count()
    assert 0 < shown < everything, f"{shown} of {everything} rows have the strategy {name}"
    for at in range(shown):
        assert rows(table).nth(at).locator("td").nth(3).inner_text() == name
    strategy.select_option("")
    bar.locator("input").fill("no such words")
    assert rows(table).count() == 0
    bar.locator("input").fill("")
    assert rows(table).count() == everything

    button = rows(table).first.locator("button")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    detail = page.locator(f"#{button.get_attribute('aria-controls')}")
    expect(detail).to_be_visible()
    roots = detail.locator("tbody td:nth-child(5)").all_inner_texts()
    assert roots and all(len(root) == 64 for root in roots), roots

    head = table.locator("> thead th", has_text="Test")
    head.locator("button").focus()
    for order in ["descending", "ascending"]:
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", order)
        at = head.evaluate("cell => cell.cellIndex")
        column = table.locator(f"> tbody > tr.item > td:nth-child({at + 1})").all_inner_texts()
        found = [float(text.split()[0].replace("\u2212", "-")) for text in column if text[:1].isdigit()]
        assert found == sorted(found, reverse=order == "descending"), f"not {order}"


def contents(page):
    for link in page.locator("nav a").all():
        target = link.get_attribute("href")
        assert page.locator(target).count() == 1, f"{target} is no place on the page"


def check(browser, path, axe, pictures):
    size = path.stat().st_size
    assert size < MOST_BYTES, f"{path}: {size} bytes"
    problems = []
    for scheme in ["light", "dark"]:
        page = browser.new_page(color_scheme=scheme)
        page.on("console", lambda message: problems.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on("request", lambda asked: asked.url.startswith("file:") or problems.append(asked.url))
        page.goto(path.as_uri())
        problems += violations(page, axe)
        contents(page)
        explore(page)
        problems += violations(page, axe)
        if scheme == "dark":
            page.screenshot(path=pictures / "dark.png")
        page.close()
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(path.as_uri())
        across = page.evaluate("document.documentElement.scrollWidth")
        assert across <= width, f"{path}: {across} px wide at {width}"
        page.screenshot(path=pictures / f"{width}.png")
        page.close()
    page = browser.new_page()
    page.goto(path.as_uri())
    page.pdf(path=pictures / "paper.pdf", format="A4")
    page.close()
    assert not problems, "\n".join([str(path), *problems])


def main():
    chromium, axe, pictures, *paths = sys.argv[1:]
    axe = Path(axe).read_text()
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in map(Path, paths):
            into = Path(pictures) / path.parent.parent.name
            into.mkdir(parents=True, exist_ok=True)
            check(browser, path.resolve(), axe, into)
            print(f"{path}: fine; pictures in {into}")
        browser.close()


main()

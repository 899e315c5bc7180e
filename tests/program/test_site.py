"""`make site`: every link leads somewhere, nothing comes from elsewhere, every
document can be found."""

import filecmp
import functools
import html.parser
import http.server
import json
import posixpath
import subprocess
import threading

import pytest

from harness.programs import SOURCE

VOID = {"meta", "link", "img", "input", "br", "hr"}


class Page(html.parser.HTMLParser):
    """What a page names, and has."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.inline, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        self.open += [] if tag in VOID else [tag]
        self.ids += [has["id"]] if "id" in has else []
        for name in ("href", "src"):
            if name in has:
                self.links.append((tag, has[name]))
        self.inline += [name for name in has
                        if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in has):
            self.inline.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def make_site(folder):
    subprocess.run([SOURCE / "scripts/make-site", folder], check=True,
                   stdout=subprocess.DEVNULL, timeout=120)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("markdown_it")
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def pages(site):
    """{place: Page}"""
    return {str(path.relative_to(site)): Page(path.read_text())
            for path in site.rglob("*.html")}


def test_links_lead_to_a_page_and_to_a_place_in_it(site, pages):
    count = 0
    for place, page in pages.items():
        assert len(set(page.ids)) == len(page.ids), place
        for tag, link in page.links:
            if tag == "a" and link.startswith(("https://", "http://")):
                continue
            path, _, anchor = link.partition("#")
            target = posixpath.normpath(
                posixpath.join(posixpath.dirname(place), path)
            ) if path else place
            assert (site / target).is_file(), (place, link)
            if anchor:
                assert anchor in pages[target].ids, (place, link)
            count += 1
    assert count > 1000


def test_nothing_comes_from_elsewhere(site, pages):
    """So any Content-Security-Policy suits it, and it works from a disk."""
    for place, page in pages.items():
        assert page.inline == [], place
        for tag, link in page.links:
            assert tag == "a" or ":" not in link, (place, link)
    for name in ("site.css", "site.js"):
        text = (site / name).read_text()
        assert not any(word in text for word in ("http:", "https:", "@import",
                                                 "url("))


def test_every_document_is_in_the_navigation(site, pages):
    listed = {posixpath.normpath(posixpath.join("docs", link))
              for _, link in pages["docs/index.html"].links}
    made = {str(path.relative_to(site)) for path in site.rglob("*")
            if path.suffix in (".html", ".txt")}
    assert {place for place in made - listed
            if not place.startswith("docs/stable/")} == {"LICENSE.txt"}
    sources = {f"docs/{path.stem}.html" for path in
               (SOURCE / "docs").glob("*.md") if path.stem != "README"}
    assert sources <= made


def test_the_search_knows_every_section(site, pages):
    text = (site / "search.js").read_text()
    sections = json.loads(text.removeprefix("window.searchIndex = ")
                          .removesuffix(";\n"))
    assert {page for page, *_ in sections} == set(pages)
    for page, anchor, *_ in sections:
        assert not anchor or anchor in pages[page].ids, (page, anchor)
    assert any(page == "docs/tls.html" and "AUTHENTICATION" in text
               for page, _, _, _, text in sections)


def test_the_same_sources_make_the_same_bytes(site, tmp_path):
    again = make_site(tmp_path / "again")
    names = [str(path.relative_to(site)) for path in site.rglob("*")
             if path.is_file()]
    _, differing, missing = filecmp.cmpfiles(site, again, names, shallow=False)
    assert (differing, missing) == ([], [])


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    pytest.importorskip("markdown_it")
    (tmp_path / "precious").write_text("")
    result = subprocess.run([SOURCE / "scripts/make-site", tmp_path],
                            text=True, capture_output=True, check=False)
    assert result.returncode == 1 and "something else" in result.stderr
    assert (tmp_path / "precious").exists()


def test_a_site_that_came_to_no_end_is_made_again(tmp_path):
    pytest.importorskip("markdown_it")
    folder = tmp_path / "site"
    result = subprocess.run(
        ["/usr/bin/python3", SOURCE / "scripts/make-site", folder], text=True,
        capture_output=True, check=False, env={"PATH": "/nowhere"})
    assert result.returncode == 1 and "mandoc" in result.stderr
    make_site(folder)


class Handler(http.server.SimpleHTTPRequestHandler):
    """With the strictest policy that a page with a style, a script and
    pictures can have."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", "default-src 'none'; "
                         "style-src 'self'; script-src 'self'; img-src 'self'")
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served(site):
    """The site's address."""
    with http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0),
            functools.partial(Handler, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_somebody_searches(served, browser):
    page = browser.page(f"{served}/docs/tls.html")
    page.keyboard().press("/")
    page.keyboard().type("verify-audit")
    page.wait_text("#site-found", "The audit log")
    page.keyboard().press("Enter")
    page.wait("document.title.includes('udit')")
    page.fill("#site-search", "no such word anywhere")
    page.wait_text("#site-found", "Nothing has all of these words.")


def test_a_phone_has_the_contents_folded(served, browser):
    page = browser.page()
    page.setViewportSize({"width": 390, "height": 800})
    page.goto(f"{served}/docs/tls.html")
    assert not page.evaluate(
        "document.getElementById('site-navigation').open")
    assert page.evaluate(
        "document.documentElement.scrollWidth <= window.innerWidth")
    page.click("#site-navigation summary")
    page.click("nav a[href='limits.html']")
    page.wait("document.title.startsWith('Limits')")


def test_it_can_be_read_by_everybody(served, browser):
    for name in ("index.html", "docs/access.html", "man/vspc.1.html"):
        page = browser.page(f"{served}/{name}")
        found = page.axe("wcag2a", "wcag2aa")
        assert [] == found, name

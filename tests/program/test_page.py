"""The page: its files, and what they are allowed to do. docs/web.md."""

import gzip
import re
import urllib.error
import urllib.request

import pytest

from harness.programs import SOURCE

PAGE = SOURCE / "page"


def get(address, **headers):
    request = urllib.request.Request(
        address, headers={"Accept-Encoding": "gzip", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.status, error.headers, error.read()


@pytest.fixture
def web(start_vspcd, own_port):
    start_vspcd("--web", f"127.0.0.1:{own_port}")
    return f"http://127.0.0.1:{own_port}"


def test_files_are_those_of_the_tree(web):
    for path in sorted(PAGE.glob("*")) + sorted(PAGE.glob("vendor/*.mjs")):
        if path.is_file() and path.name != "README.md":
            status, headers, body = get(f"{web}/{path.relative_to(PAGE)}")
            assert (status, headers["Content-Encoding"]) == (200, "gzip")
            assert gzip.decompress(body) == path.read_bytes()
    assert get(f"{web}/")[2] == get(f"{web}/index.html")[2]


def test_what_a_browser_has_is_not_sent_again(web):
    _, headers, _ = get(f"{web}/app.js")
    status, again, body = get(f"{web}/app.js",
                              **{"If-None-Match": headers["ETag"]})
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert get(f"{web}/app.js", **{"If-None-Match": '"other"'})[0] == 200


@pytest.mark.parametrize("path", [
    "/vendor/README.md", "/vendor/source/", "/..%2findex.html", "/vendor",
    "/vendor%2fxterm.css/x", "/index.html/x",
    "/%00", "/" + "x" * 300])
def test_nothing_else_is_there(web, path):
    assert get(web + path)[0] in (400, 404)


def test_a_client_that_takes_no_gzip(web):
    status, _, body = get(f"{web}/", **{"Accept-Encoding": "identity"})
    assert status == 406 and b"gzip" in body


def test_the_policy_is_strict(web):
    _, headers, _ = get(f"{web}/")
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_first_view_is_small(web):
    """What is loaded before anything is clicked, with a console opened."""
    seen, ahead = set(), ["index.html"]
    size = 0
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        size += len(get(f"{web}/{name}")[2])
        text = (PAGE / name).read_text()
        if name.startswith("vendor/"):
            continue
        # Views are imported when they are shown: the list and a console.
        for found in re.findall(r'(?:src|href|from|import)[ =(]+"\.?/([\w./-]+)"',
                                text):
            ahead.append(found)
    assert size < 200 * 1024, f"{size} bytes: {sorted(seen)}"


def test_it_opens_in_a_browser(web, browser):
    page = browser.page(web)
    page.wait_text("h1", "Consoles")
    assert page.title() == "Consoles – vspcd"

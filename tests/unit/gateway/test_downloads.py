"""Names of downloads in headers, and sizes as people read them."""

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.downloads import disposition
from gateway.sizes import size_text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_name_makes_one_safe_header(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "/" not in unquote(header)
    assert "\\" not in unquote(header)
    header.encode("latin-1")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.wav", 'attachment; filename="a.wav"'),
        ("声.wav", "attachment; filename=\"_.wav\"; filename*=UTF-8''%E5%A3%B0.wav"),
        ('a"b.wav', "attachment; filename=\"a_b.wav\"; filename*=UTF-8''a%22b.wav"),
        ("../../etc/passwd", 'attachment; filename=".._.._etc_passwd"'),
        ("a\r\nb", 'attachment; filename="a__b"'),
        ("", 'attachment; filename="download"'),
    ],
)
def test_names_in_headers(name: str, header: str) -> None:
    assert disposition(name) == header


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (500_000_000, "500 MB"), (2 * 10**9, "2 GB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text

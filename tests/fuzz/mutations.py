"""Turns good recordings into bad ones; every input is a function of a seed and a number."""

import random
import struct
from collections.abc import Callable

from tests.fuzz.recordings import bombs, recordings, wav

Mutation = Callable[[random.Random, bytearray], bytearray]

INTERESTING = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
# Four letters behind or before which containers keep sizes and counts.
NAMES = (
    b"RIFF fmt  data LIST fact FORM COMM SSND moov trak mdia minf stbl stsd stts stsz stsc stco mdat mdhd mvhd tkhd "
    b"elst esds moof traf trun tfhd dref fLaC OggS OpusHead OpusTags vorbis ID3 APIC"
).split()


def truncate(draw: random.Random, data: bytearray) -> bytearray:
    """Cut the end off."""
    return data[: draw.randrange(len(data) + 1)]


def flip_bits(draw: random.Random, data: bytearray) -> bytearray:
    """Flip up to a hundred bits, anywhere or in the first 200 bytes."""
    end = len(data) if draw.random() < 0.5 else min(len(data), 200)
    for _ in range(draw.choice((1, 3, 10, 100))):
        data[draw.randrange(end)] ^= 1 << draw.randrange(8)
    return data


def set_number(draw: random.Random, data: bytearray) -> bytearray:
    """Write a number that programs trip over, near the beginning more often than not."""
    end = len(data) if draw.random() < 0.3 else min(len(data), draw.choice((64, 300, 2000)))
    _write_number(draw, data, draw.randrange(end))
    return data


def lie_in_header(draw: random.Random, data: bytearray) -> bytearray:
    """Change a number beside one of the names that containers are made of: lengths, counts, rates, channels."""
    places = [at for name in NAMES for at in _places(data, name)]
    if not places:
        return set_number(draw, data)
    _write_number(draw, data, max(0, draw.choice(places) + draw.randrange(-8, 40)))
    return data


def swap_chunks(draw: random.Random, data: bytearray) -> bytearray:
    """Exchange two pieces."""
    a, b, c, d = sorted(draw.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def repeat_chunk(draw: random.Random, data: bytearray) -> bytearray:
    """Repeat a piece, up to a thousand times."""
    a, b = sorted(draw.randrange(len(data) + 1) for _ in range(2))
    times = draw.choice((1, 2, 10, 1000))
    return data[:b] + data[a:b] * min(times, 4_000_000 // max(1, b - a)) + data[b:]


def drop_chunk(draw: random.Random, data: bytearray) -> bytearray:
    """Leave a piece out."""
    a = draw.randrange(len(data))
    return data[:a] + data[a + draw.choice((1, 2, 4, 16, 1024)) :]


def insert_noise(draw: random.Random, data: bytearray) -> bytearray:
    """Put random bytes in between."""
    a = draw.randrange(len(data) + 1)
    return data[:a] + draw.randbytes(draw.choice((1, 4, 64, 4096))) + data[a:]


def blank(draw: random.Random, data: bytearray) -> bytearray:
    """Overwrite a piece with zeros, ones or noise."""
    a = draw.randrange(len(data))
    size = min(len(data) - a, draw.choice((4, 64, 1024, 20_000)))
    data[a : a + size] = draw.choice((bytes(size), b"\xff" * size, draw.randbytes(size)))
    return data


def join(draw: random.Random, data: bytearray) -> bytearray:
    """Go on as another recording."""
    other = draw.choice(sorted(recordings()))
    return data[: draw.randrange(len(data) + 1)] + recordings()[other][draw.choice((0, 0, 4, 100)) :]


def nest(draw: random.Random, data: bytearray) -> bytearray:
    """Put a whole recording inside another."""
    a = draw.randrange(len(data) + 1)
    return data[:a] + recordings()[draw.choice(sorted(recordings()))] + data[a:]


MUTATIONS: tuple[Mutation, ...] = (
    truncate, flip_bits, flip_bits, set_number, lie_in_header, lie_in_header, lie_in_header, swap_chunks, repeat_chunk,
    drop_chunk, insert_noise, blank, join, nest,
)  # fmt: skip


def _places(data: bytearray, name: bytes) -> list[int]:
    found, at = [], data.find(name)
    while at >= 0 and len(found) < 20:
        found.append(at)
        at = data.find(name, at + 1)
    return found


def _write_number(draw: random.Random, data: bytearray, at: int) -> None:
    value = draw.choice(INTERESTING) if draw.random() < 0.7 else draw.randrange(1 << 32)
    form = draw.choice(("<B", "<H", ">H", "<I", ">I", ">Q"))
    value &= (1 << 8 * struct.calcsize(form)) - 1
    packed = struct.pack(form, value)[: len(data) - at]
    data[at : at + len(packed)] = packed


def lying_wav(draw: random.Random) -> bytes:
    """A header of strange rates, channel counts, depths, codecs and lengths."""
    return wav(
        draw.choice((0, 1, 100, 8_000, 16_000, 44_100, 768_000, 768_001, 0x7FFFFFFF, 0xFFFFFFFF)),
        draw.choice((0, 1, 2, 8, 9, 16, 64, 255, 1024, 0x7FFF, 0xFFFF)),
        draw.choice((0, 1, 4, 8, 12, 16, 20, 24, 32, 64, 128, 0xFFFF)),
        draw.choice((0, 1, 2, 3, 6, 7, 0x11, 0x31, 0x50, 0x55, 0xFF, 0x2000, 0xFFFE, draw.randrange(1 << 16))),
        align=draw.choice((None, None, 0, 1, 3, 0xFFFF)),
        stated_bytes=draw.choice((None, None, 0, 1, 0x7FFFFFFF, 0xFFFFFFFF)),
        data=draw.choice((bytes(32_000), draw.randbytes(32_000), b"", draw.randbytes(3))),
    )


def trick(draw: random.Random, target: str) -> bytes:
    """A file that would make FFmpeg open `target`, a path or a URL, if it were followed."""
    t = target
    return draw.choice(
        (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{t}\n#EXT-X-ENDLIST\n",
            f'#EXTM3U\n#EXT-X-MAP:URI="{t}"\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nconcat:{t}|{t}\n#EXT-X-ENDLIST\n',
            f"ffconcat version 1.0\nfile '{t}'\nduration 9\n",
            f"ffconcat version 1.0\nfile 'subfile,,start,0,end,0,,:{t}'\n",
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="x"><Period>'
            f'<AdaptationSet><Representation id="1"><BaseURL>{t}</BaseURL></Representation>'
            "</AdaptationSet></Period></MPD>",
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\na=control:{t}\n",
            f"[playlist]\nFile1={t}\nNumberOfEntries=1\n",
            f"RTSPtext\nrtsp://127.0.0.1{t}\n",
            f";FFMETADATA1\ntitle={t}\n",
            f"WEBVTT\n\n00:01.000 --> 00:02.000\n{t}\n",
            f"file:{t}\nconcat:{t}\n",
        )
    ).encode()


def hidden_trick(draw: random.Random, target: str) -> bytes:
    """A trick behind the first bytes, or inside, of something that looks like a recording."""
    text = trick(draw, target)
    form = draw.randrange(3)
    if form == 0:
        return draw.choice((b"RIFF\x00\x10\x00\x00WAVE", b"ID3\x04\x00\x00\x00\x00\x00\x00", b"OggS\x00\x02")) + text
    if form == 1:
        # A file whose media are said to lie elsewhere: QuickTime's data references.
        reference = b"url " + bytes(4) + target.encode() + b"\0"
        box = struct.pack(">I", len(reference) + 4) + reference
        return bytes(recordings()["mov"]).replace(b"\x00\x00\x00\x0curl \x00\x00\x00\x01", box)
    return wav(data=text * 50)


def make_input(seed: int, number: int, target: str) -> tuple[str, bytes]:
    """Input `number` of a seed, with a word about its kind; `target` is what tricks point to."""
    draw = random.Random(f"{seed}/{number}")
    kind = draw.random()
    if kind < 0.002:
        name = draw.choice(sorted(bombs()))
        return f"bomb/{name}", bombs()[name]
    if kind < 0.05:
        return "trick", trick(draw, target)
    if kind < 0.08:
        return "hidden_trick", hidden_trick(draw, target)
    if kind < 0.16:
        return "lying_wav", lying_wav(draw)
    name = draw.choice(sorted(recordings()))
    data = bytearray(recordings()[name])
    for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        if data:
            data = draw.choice(MUTATIONS)(draw, data)
    return f"mutant/{name}", bytes(data[:8_000_000])

"""Lists as others write them, and lists that an enemy writes."""

import json

import pytest

from forensics.errors import InputError
from forensics.exchange import FORMATS, Algorithm, Hash, format_of, imagehash, lines, pdq, vpdq

H1, H2 = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22", "0f" * 32


def lines_of(listing):
    return [entry.line for entry in listing.entries]


def test_a_pdq_list_of_threatexchange_is_read_with_labels_comments_and_qualities():
    data = f"# from a partner\n{H1}\n\nhash={H2.upper()},quality=87,photo.jpg\n{H1},100,../data/bridge.jpg\r\n".encode()
    listing = pdq.read(data)
    assert lines_of(listing) == [2, 4, 5]
    assert [entry.hash.quality for entry in listing.entries] == [None, 87, 100]
    assert listing.entries[1].hash.code.hex() == H2
    assert listing.notices == ()


def test_a_bad_line_is_named_by_its_number_and_the_others_are_read():
    listing = pdq.read(f"{H1}\n{H1[:-1]}\n\x1b[2Jgarbage\n{H2}\n".encode())
    assert lines_of(listing) == [1, 4]
    assert [notice.message.partition(":")[0] for notice in listing.notices] == ["line 2", "line 3"]
    assert {notice.code for notice in listing.notices} == {"exchange.bad_line"}
    assert "\x1b" not in listing.notices[1].message


def test_a_unicode_line_separator_does_not_shift_the_line_numbers():
    assert lines_of(pdq.read(f"{H1},\u2028 label\n{H2}\n".encode())) == [1, 2]


def test_fifty_bad_lines_are_named_and_the_rest_is_counted():
    listing = pdq.read(b"bad\n" * 70 + H1.encode())
    assert len(listing.notices) == lines.MAX_TOLD + 1
    assert listing.notices[-1].message.startswith("20 more lines")


def test_hashes_past_the_limit_are_not_read_and_it_is_said(monkeypatch):
    monkeypatch.setattr(lines, "MAX_ENTRIES", 3)
    listing = pdq.read(f"{H1}\n".encode() * 9)
    assert lines_of(listing) == [1, 2, 3]
    assert [notice.code for notice in listing.notices] == ["exchange.limit"]
    assert "line 4" in listing.notices[0].message


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([f"{H1},100,1.5", f"{H2},40,1.23e+03"]),
        json.dumps([{"pdq_hash": H1, "quality": 100, "frame_number": 0, "timestamp": 1.5}, f"{H2},40,1230"]),
        json.dumps(
            [{"hash": H1, "quality": 100, "timestamp": 1.5}, {"hex": H2, "quality": 40, "timestamp": 1230}], indent=1
        ),
        f'["{H1},100,1.500"]\n["{H2},40,1230.000"]\n',
        f"0,100,{H1},1.500\n30,40,{H2},1230.000\n",
        f"0,{H1},100,1.5\n30,{H2},40,1230\n",
    ],
    ids=["threatexchange", "objects", "pretty", "a video a line", "C++", "python binding"],
)
def test_vpdq_is_read_in_every_form_in_use(data):
    assert format_of(data.encode()) is vpdq
    assert [
        (each.hash.code.hex(), each.hash.quality, each.hash.at_ms) for each in vpdq.read(data.encode()).entries
    ] == [
        (H1, 100, 1500),
        (H2, 40, 1_230_000),
    ]


def test_entries_of_pretty_printed_json_stand_on_their_own_lines():
    data = json.dumps([f"{H1},100,1.5", "bad", f"{H2},40,2"], indent=1).encode()
    listing = vpdq.read(data)
    assert lines_of(listing) == [2, 4]
    assert listing.notices[0].message.startswith("line 3")


def test_json_that_breaks_spoils_only_its_own_list():
    listing = vpdq.read(f'["{H1},1,1"]\n["{H1},2\n["{H2},3,3"]\n'.encode())
    assert lines_of(listing) == [1, 3]
    assert [notice.message.partition(":")[0] for notice in listing.notices] == ["line 2"]


@pytest.mark.parametrize(
    "data",
    [b"[" * 200_000, b'[{"hash":' * 50_000, b"[" + b"9" * 10_000, b"[NaN,1e999,true,null,{},[]]", b'["a', b"[\xff\xfe"],
    ids=["nested", "nested objects", "long number", "odd values", "open text", "no text"],
)
def test_hostile_json_gives_notices_and_no_entry(data):
    listing = vpdq.read(data)
    assert listing.entries == ()
    assert listing.notices


def test_json_that_breaks_everywhere_is_given_up_and_it_is_said():
    good = f'["{H1},1,1"]\n'.encode()
    assert len(vpdq.read(b"[x\n" * (vpdq.MAX_BREAKS - 1) + good).entries) == 1
    given_up = vpdq.read(b"[x\n" * vpdq.MAX_BREAKS + good)
    assert given_up.entries == ()
    assert given_up.notices[-1].message.startswith("950 more")
    assert "exchange.limit" in {notice.code for notice in given_up.notices}


def test_times_and_qualities_that_cannot_be_are_unknown():
    listing = vpdq.read(f'["{H1},101,-1","{H1},x,inf","{H1},50,1e300"]'.encode())
    assert [(each.hash.quality, each.hash.at_ms) for each in listing.entries] == [
        (None, None),
        (None, None),
        (50, None),
    ]


def test_imagehash_lines_without_a_name_are_taken_as_phash_and_it_is_said():
    listing = imagehash.read(b"c3d40f1e2b3c4d5e\nc3d40f1e2b3c4d5e,dhash\nC3D40F1E2B3C4D5E,phash,label\n")
    assert [each.hash.algorithm for each in listing.entries] == [Algorithm.PHASH, Algorithm.DHASH, Algorithm.PHASH]
    assert [(notice.code, notice.message[0]) for notice in listing.notices] == [("exchange.algorithm_assumed", "1")]


def test_what_is_no_list_is_an_input_error():
    for data in (b"", b"\x00" * 5000, b"<html>", b"# only a comment\n", H1[:20].encode()):
        with pytest.raises(InputError) as caught:
            format_of(data)
        assert caught.value.code == "exchange.unknown_format"


def test_pdq_is_written_bare_so_that_threatexchange_takes_it():
    hashed = Hash(algorithm=Algorithm.PDQ, code=bytes.fromhex(H1), quality=99, at_ms=5)
    assert pdq.write([hashed]) == f"{H1}\n".encode()


def test_vpdq_is_written_as_threatexchange_reads_it_one_video_a_line():
    hashed = Hash(algorithm=Algorithm.PDQ, code=bytes.fromhex(H1), quality=99, at_ms=12_345)
    assert vpdq.write([hashed, hashed]) == f'["{H1},99,12.345","{H1},99,12.345"]\n'.encode()


def test_a_hash_of_another_length_is_no_hash():
    with pytest.raises(ValueError, match="32 bytes"):
        Hash(algorithm=Algorithm.PDQ, code=b"short")


def test_the_command_line_offers_every_format():
    from pipelines.cli.lists import FORMATS as OFFERED

    assert tuple(each.NAME for each in FORMATS) == OFFERED

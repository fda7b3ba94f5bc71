"""What every list format promises. A format joins by standing in the table."""

import pytest

from forensics.exchange import CODE_BYTES, FORMATS, Format, Hash, format_of

everywhere = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.NAME)


def sample(form: Format, count: int) -> list[Hash]:
    """Hashes of all algorithms of the format, in turn, no two alike."""
    hashes = []
    for number in range(count):
        algorithm = form.ALGORITHMS[number % len(form.ALGORITHMS)]
        code = bytes((number * 37 + place * 11) % 256 for place in range(CODE_BYTES[algorithm]))
        hashes.append(Hash(algorithm=algorithm, code=code, quality=50, at_ms=number * 40))
    return hashes


@everywhere
def test_what_was_written_is_known_by_its_own_format_only(form: Format) -> None:
    data = form.write(sample(form, 7))
    assert [each.NAME for each in FORMATS if each.sniff(data)] == [form.NAME]
    assert format_of(data) is form


@everywhere
def test_what_was_written_is_read_whole_in_order_and_without_notice(form: Format) -> None:
    hashes = sample(form, 7)
    listing = form.read(form.write(hashes))
    assert [(each.hash.algorithm, each.hash.code) for each in listing.entries] == [
        (each.algorithm, each.code) for each in hashes
    ]
    assert listing.notices == ()
    qualities = {each.hash.quality for each in listing.entries}
    assert qualities == ({50} if form.WITH_QUALITY else {None})


@everywhere
def test_the_lines_of_several_videos_may_follow_one_another(form: Format) -> None:
    parts = [form.write(sample(form, 3)), form.write(sample(form, 5))]
    joined = form.read(b"".join(parts))
    assert len(joined.entries) == 8
    assert joined.entries[3].line == parts[0].count(b"\n") + 1
    assert all(part.endswith(b"\n") for part in parts)


@everywhere
def test_no_cut_of_a_list_raises_or_invents_a_hash(form: Format) -> None:
    data = form.write(sample(form, 5))
    codes = {each.code for each in sample(form, 5)}
    for length in range(0, len(data), 3):
        assert {each.hash.code for each in form.read(data[:length]).entries} <= codes


@everywhere
@pytest.mark.parametrize("data", [b"", b"\x00" * 4096, b"\xff" * 4096, bytes(range(256)) * 16, b"<?xml?>\n" * 9])
def test_bytes_of_nothing_give_no_hash(form: Format, data: bytes) -> None:
    assert not form.sniff(data)
    assert form.read(data).entries == ()


@everywhere
def test_every_format_says_which_hashes_it_holds(form: Format) -> None:
    assert form.ALGORITHMS
    assert set(form.ALGORITHMS) <= set(CODE_BYTES)

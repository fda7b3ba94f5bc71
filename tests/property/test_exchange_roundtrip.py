"""Laws of hash lists: what is written is read again; whatever is read never raises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.exchange import CODE_BYTES, FORMATS, Algorithm, Format, Hash, imagehash, pdq, vpdq
from forensics.exchange.values import MOST_MS

everywhere = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.NAME)


def hashes(algorithms: tuple[Algorithm, ...], *, told: bool) -> st.SearchStrategy[list[Hash]]:
    """Hashes of these algorithms; with quality and time when the format tells them."""

    def of(algorithm: Algorithm) -> st.SearchStrategy[Hash]:
        size = CODE_BYTES[algorithm]
        return st.builds(
            Hash,
            algorithm=st.just(algorithm),
            code=st.binary(min_size=size, max_size=size),
            quality=st.integers(0, 100) if told else st.none(),
            at_ms=st.integers(0, MOST_MS) if told else st.none(),
        )

    return st.lists(st.one_of([of(algorithm) for algorithm in algorithms]), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(hashes(pdq.ALGORITHMS, told=False))
def test_pdq_survives_writing_and_reading(given_hashes: list[Hash]) -> None:
    assert [each.hash for each in pdq.read(pdq.write(given_hashes)).entries] == given_hashes


@settings(max_examples=60, deadline=None)
@given(hashes(vpdq.ALGORITHMS, told=True))
def test_vpdq_survives_writing_and_reading_with_quality_and_time(given_hashes: list[Hash]) -> None:
    assert [each.hash for each in vpdq.read(vpdq.write(given_hashes)).entries] == given_hashes


@settings(max_examples=60, deadline=None)
@given(hashes(imagehash.ALGORITHMS, told=False))
def test_imagehash_survives_writing_and_reading(given_hashes: list[Hash]) -> None:
    assert [each.hash for each in imagehash.read(imagehash.write(given_hashes)).entries] == given_hashes


@everywhere
@settings(max_examples=80, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=200), st.text('[]{},:"\n #0123456789abcdef-.eE', max_size=200).map(str.encode))
)
def test_no_bytes_make_reading_raise_and_lines_count_upwards(form: Format, data: bytes) -> None:
    listing = form.read(data)
    lines = [each.line for each in listing.entries]
    assert lines == sorted(lines)
    assert all(1 <= line <= data.count(b"\n") + 1 for line in lines)
    form.sniff(data)

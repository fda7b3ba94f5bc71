"""One ingest divided between several processes that know nothing of one another."""

from tests.adversarial import forked


def test_three_parts_at_once_into_one_case_take_each_file_once() -> None:
    found = forked.alone("tests.adversarial.sharded", 3)
    assert found["problems"] == {}
    assert found["again"] == 0
    assert [(line["parts"], line["done"], len(line["units"])) for line in found["told"]] == [(3, [1, 2, 3], 1)]

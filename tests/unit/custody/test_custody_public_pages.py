"""What was read from a public page stays in clear, and persons whom it names do not."""

import pytest

from forensics.custody import conceal_record
from forensics.model.manifest import Json, Record

POST: dict[str, Json] = {
    "channel": "Front",
    "channel_id": "front_online",
    "author": "Signed",
    "forwarded_from": "Some user",
    "forwarded_from_id": None,
    "forwarded_from_username": "some_user",
    "forwarded_message_id": None,
    "public_page": "t.me/front_online/613",
}


def _written(**more: Json) -> dict[str, Json]:
    seen: dict[str, Json] = {"kind": "telegram-page", "path": "/p", "post": {**POST, **more}}
    record = Record(case={}, appearances=(seen,), acquisition={}, environment={}, processing={}, log={})
    salts = iter(range(100))
    written, _ = conceal_record(record, lambda: next(salts).to_bytes(16, "big"))
    post = written.appearances[0]["post"]
    assert isinstance(post, dict)
    return post


def test_a_channel_with_a_public_page_is_in_clear_and_a_person_is_not() -> None:
    post = _written()
    assert (post["channel"], post["channel_id"]) == ("Front", "front_online")
    assert not {"author", "forwarded_from", "forwarded_from_username"} & {*post}


def test_the_origin_of_a_forward_with_its_number_is_in_clear() -> None:
    post = _written(forwarded_message_id="1811")
    assert (post["forwarded_from"], post["forwarded_from_username"]) == ("Some user", "some_user")


@pytest.mark.parametrize("kind", ["private_channel", None])
def test_a_chat_without_a_public_page_is_concealed(kind: str | None) -> None:
    post = _written(public_page=None, channel_type=kind)
    assert not {"channel", "channel_id"} & {*post}

"""Ids of the same chat or person, in the forms that programs write them."""

import pytest

from forensics.sources.telegram_ids import chat_key, sender_of


@pytest.mark.parametrize(
    ("kind", "number", "old_ids", "key"),
    [
        ("public_channel", "1700000001", False, "channel:1700000001"),
        ("private_supergroup", "-1001700000001", False, "channel:1700000001"),
        ("public_channel", str((2 << 32) + 1700000001), True, "channel:1700000001"),
        ("personal_chat", str((1 << 32) + 5), True, "user:5"),
        ("personal_chat", "6500000000", False, "user:6500000000"),
        ("private_group", "5", False, "chat:5"),
        ("saved_messages", None, False, "user:unknown"),
        ("new kind", "5", True, "unknown:5"),
    ],
)
def test_a_chat_has_one_key(kind: str, number: str | None, old_ids: bool, key: str) -> None:
    assert chat_key(kind, number, old_ids=old_ids) == key


def test_a_sender_of_old_exports_is_the_one_of_later_ones() -> None:
    told = ("user5", (1 << 32) + 5, (2 << 32) + 5, 5, True, None, "", [1])
    assert [sender_of(value) for value in told] == ["user5", "user5", "peer5", "5", None, None, None, None]

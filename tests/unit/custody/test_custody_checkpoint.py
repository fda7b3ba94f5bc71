"""Checkpoints: their one form, and finding a head in a mail."""

import hashlib

import pytest

from forensics.custody import checkpoint
from forensics.custody.checkpoint import Checkpoint, decode_checkpoint, find_head, name_of, seal_files, size_in_name
from forensics.errors import IntegrityError

HEAD = Checkpoint("footage-forensics/CASE 1", 42, hashlib.sha256(b"x").digest())


def test_the_text_is_three_lines_and_comes_back() -> None:
    assert HEAD.text == b"footage-forensics/CASE 1\n42\nLXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=\n"
    assert decode_checkpoint(HEAD.text) == HEAD
    assert HEAD.name == "000000042.ckpt"


def test_every_flipped_bit_is_no_checkpoint_or_another_one() -> None:
    for at in range(len(HEAD.text)):
        for bit in range(8):
            changed = HEAD.text[:at] + bytes([HEAD.text[at] ^ 1 << bit]) + HEAD.text[at + 1 :]
            try:
                assert decode_checkpoint(changed) != HEAD
            except IntegrityError:
                continue


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t + b"\n",
        lambda t: t[:-1],
        lambda t: t.replace(b"\n", b"\r\n"),
        lambda t: t.replace(b"42", b"042"),
        lambda t: t.replace(b"42", b"-1"),
        lambda t: t.replace(b"42", b"0"),
        lambda t: t.replace(b"SIE=", b"SIF="),
        lambda t: t.replace(b"footage-forensics/CASE 1", b""),
        lambda t: b"",
        lambda t: b"\xff" + t,
    ],
)
def test_other_forms_are_refused(change) -> None:
    with pytest.raises(IntegrityError):
        decode_checkpoint(change(HEAD.text))


def test_a_head_is_found_in_a_quoted_mail_with_windows_line_ends() -> None:
    mail = b"Subject: head\r\n\r\nSee below.\r\n" + b"".join(b"> " + line + b"\r\n" for line in HEAD.text.splitlines())
    assert find_head(mail, HEAD.origin) == HEAD
    assert find_head(HEAD.text * 2, HEAD.origin) == HEAD


@pytest.mark.parametrize("text", [b"", b"nothing", HEAD.text.replace(b"CASE 1", b"CASE 2")])
def test_a_text_without_a_head_of_this_log_is_refused(text: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        find_head(text, HEAD.origin)
    assert caught.value.code == "integrity.head"


def test_two_heads_that_differ_are_refused() -> None:
    with pytest.raises(IntegrityError, match="2 heads"):
        find_head(HEAD.text + HEAD._replace(size=43).text, HEAD.origin)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("000000007.ckpt", 7),
        ("000000007.ckpt.sig", 7),
        ("000000007.ckpt.sig.tsa-one.tsr", 7),
        ("1234567890.ckpt", 1234567890),
        ("7.ckpt", None),
        ("0000000007.ckpt", None),
        ("000000000.ckpt", None),
        ("000000007.ckpt.part", None),
        ("000000007.ckpt.sig.TSA.tsr", None),
        ("000000007.ckpt\n", None),
    ],
)
def test_only_names_of_seals_tell_a_size(name: str, size: int | None) -> None:
    assert size_in_name(name) == size
    assert size is None or name.startswith(name_of(size))


def test_the_files_of_a_seal_are_named_with_their_digests(tmp_path) -> None:
    assert seal_files(tmp_path, 7) == seal_files(tmp_path / "absent", 7) == seal_files(tmp_path, 0) == {}
    for name in ("000000007.ckpt", "000000007.ckpt.sig", "000000007.ckpt.sig.part", "000000008.ckpt", "note"):
        (tmp_path / name).write_bytes(b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    assert seal_files(tmp_path, 7) == {"000000007.ckpt": digest, "000000007.ckpt.sig": digest}
    assert checkpoint.name_of(10**9) == "1000000000.ckpt"

"""What a reader in its jail may do, what it may not, and what becomes of one that tries."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics import media, telemetry
from forensics.errors import ForensicsError, MediaError, ParserStopped
from forensics.media import hosting, jail_check, reading, values
from forensics.media.headers import read_outline
from forensics.media.jail import Level, reached
from forensics.model.telemetry import Packet
from tests import hostile_readers as hostile
from tests.loaded_modules import loaded

needs_full = pytest.mark.skipif(not reached().full, reason=f"this kernel gives {reached()}")
SHORT = replace(media.DEFAULT_LIMITS, reader_cpu_s=1, memory_bytes=1 << 30)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "evidence").write_bytes(b"evidence")
    fd = os.open(tmp_path / "evidence", os.O_RDONLY)
    yield fd
    os.close(fd)


def code_of(reader: Callable[..., object], *words: object, **more: object) -> tuple[str, str]:
    with pytest.raises(ForensicsError) as caught:
        media.read(reader, *words, limits=SHORT, **more)  # type: ignore[arg-type]
    assert media.read(hostile.sizes, (Packet(0, b"abc"),)) == (3,), "the next reader is not hindered"
    return caught.value.code, caught.value.message


def test_a_reader_that_eats_memory_is_stopped_and_the_next_one_runs(handle: int) -> None:
    assert code_of(hostile.eat_memory, handle=handle)[0] == "parser.memory"


def test_a_reader_that_eats_cpu_is_stopped_and_the_next_one_runs(handle: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 120)  # for a second of CPU on however busy a machine
    code, message = code_of(hostile.eat_cpu, handle=handle)
    assert code == "parser.cpu"
    assert message == "eat_cpu was stopped: it took 1 s of CPU time"


def test_a_reader_that_sleeps_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 0.2)
    assert code_of(hostile.sleep)[0] == "parser.silent"


def test_a_reader_that_crashes_takes_only_itself_with_it() -> None:
    assert code_of(hostile.crash) == ("parser.killed", "crash was stopped by SIGSEGV")
    assert code_of(hostile.leave_with_failure) == ("parser.killed", "leave_with_failure was stopped by exit status 7")


def test_an_answer_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert code_of(hostile.leave)[0] == "parser.nonsense"
    assert code_of(hostile.tell_another_type)[0] == "parser.nonsense"
    monkeypatch.setattr(reading, "MAX_FRAME", 1000)
    assert code_of(hostile.tell_much)[0] == "parser.output"


def test_errors_come_back_as_they_were_but_for_those_that_speak_of_the_machine() -> None:
    with pytest.raises(MediaError) as caught:
        media.read(hostile.refuse_the_file)
    assert (type(caught.value), caught.value.code, caught.value.message, caught.value.hint) == (
        MediaError, "media.damaged", "nothing in it", "Fetch it again.",
    )  # fmt: skip
    assert code_of(hostile.err) == ("parser.failed", "KeyError: 'missing'")
    assert code_of(hostile.blame_the_machine)[0] == "parser.nonsense"


@needs_full
def test_a_reader_can_open_connect_start_and_write_nothing(handle: int, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        tries: list[tuple[Callable[..., object], tuple[object, ...], dict[str, int]]] = [
            (hostile.open_another, (str(tmp_path / "evidence"),), {}),
            (hostile.open_another, ("/etc/passwd",), {}),
            (hostile.open_to_write, (str(tmp_path / "new"),), {}),
            (hostile.write_to_evidence, (), {"handle": handle}),
            (hostile.connect, (server.getsockname()[1],), {}),
            (hostile.start_a_process, (), {}),
            (hostile.run_a_program, (), {}),
            (hostile.become_a_program, (), {}),
            (hostile.signal_the_parent, (), {}),
        ]
        for reader, words, more in tries:
            code, message = code_of(reader, *words, **more)
            assert (code, message.partition(":")[0]) == ("parser.failed", "PermissionError"), reader.__name__
    assert not (tmp_path / "new").exists()


@needs_full
def test_every_forbidden_act_is_refused_to_readers() -> None:
    assert media.try_reader_jail() == (len(jail_check.ACTS), ())


def test_without_the_jail_the_same_acts_are_seen_to_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "reader_level", lambda: Level(0, seccomp=False))
    allowed = set(media.try_reader_jail().allowed)
    assert {"open another file", "list a folder", "open a TCP socket", "run another program"} <= allowed
    assert "take more memory than allowed" not in allowed


@pytest.mark.skipif(not reached().seccomp, reason=f"this kernel gives {reached()}")
def test_where_there_is_no_landlock_seccomp_refuses_readers_all_but_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "reader_level", lambda: Level(0, seccomp=True))
    assert set(media.try_reader_jail().allowed) == {"open another file", "list a folder"}


AS_SOMEBODY = """
import os
from forensics import media
from tests import hostile_readers as hostile
tried = media.try_reader_jail()
print(os.getuid(), len(tried.allowed), media.read(hostile.sizes, ()), sep="|")
"""


@needs_full
@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="only root can become an ordinary user")
def test_the_jail_of_readers_holds_for_an_ordinary_user_as_well() -> None:
    # The interpreter may lie in root's own folder: it is reached by the one capability that is left.
    left = ["--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"]
    somebody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *left]
    words = [*somebody, sys.executable, "-c", AS_SOMEBODY]
    surroundings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=60)
    assert done.stdout == "65534|0|()\n", done.stderr


def test_a_reader_holds_nothing_but_its_evidence_and_where_it_tells(handle: int) -> None:
    assert media.read(hostile.evidence, 100, handle=handle) == b"evidence"
    assert len(media.read(hostile.open_descriptors)) == 3 + 2, "the null device, the answer, the arguments"
    # What OpenCV sets when it is loaded is no settings of the user.
    assert not media.read(hostile.environment).keys() & {"HOME", "PATH", "USER", "PYTHONPATH"}


def test_what_forks_readers_has_loaded_numpy_for_files_whose_packets_are_counted_and_for_no_others(
    tmp_path: Path,
) -> None:
    hosting.running().forget()  # one that has read nothing yet
    heavy = ("numpy", "cv2", "exifread", "subprocess", "forensics.telemetry.drawing")
    for start, told in ((b"\0\0\0\x08free", ()), ((b"\x47" + bytes(187)) * 5, ("numpy",))):
        (tmp_path / "evidence").write_bytes(start)
        with (tmp_path / "evidence").open("rb") as file:
            read_outline(file.fileno(), SHORT)
            assert media.read(telemetry.read_boxes_of, handle=file.fileno()) is not None or told
        assert media.read(loaded, heavy) == told


def test_a_module_or_codec_may_be_loaded_late() -> None:
    assert media.read(hostile.load_late) == "[] c1 0.0"


def test_what_a_stream_told_before_its_error_is_not_lost_and_bytes_come_as_they_are() -> None:
    stream = media.read_each(hostile.mix_with_an_error, 700_000)
    first = [next(stream) for _ in range(6)]
    assert first == [0, b"", 1, b"\1" * 700_000, 2, b"\2" * 1_400_000]
    with pytest.raises(MediaError, match="nothing in it"):
        next(stream)


def test_a_stream_comes_value_by_value_and_tells_where_it_was_stopped() -> None:
    assert list(media.read_each(hostile.count_to, 30_000, -1)) == list(range(30_000))
    got: list[int] = []
    with pytest.raises(ParserStopped) as caught:
        got.extend(media.read_each(hostile.count_to, 50_000, 45_000))
    assert caught.value.code == "parser.killed"
    assert got == list(range(len(got)))
    assert len(got) > 10_000


def test_a_stream_that_nobody_wants_any_more_ends_its_child() -> None:
    stream = media.read_each(hostile.count_to, 10**9, -1)
    assert next(stream) == 0
    stream.close()
    assert media.read(hostile.sizes, ()) == ()


@needs_full
def test_folders_can_be_read_where_they_are_given_and_nowhere_else(tmp_path: Path) -> None:
    for name in ("given", "beside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.mp4").touch()
    folder = str(tmp_path / "given")
    assert list(media.read_each(hostile.names_in, folder, folders=(folder,))) == ["clip.mp4"]
    with pytest.raises(ParserStopped) as caught:
        list(media.read_each(hostile.names_in, str(tmp_path / "beside"), folders=(folder,)))
    assert caught.value.message.startswith("PermissionError")


def test_values_come_back_as_they_were(handle: int) -> None:
    assert media.read(hostile.undecodable_name) == hostile.undecodable_name()
    told, made = media.read(hostile.picture, 33), hostile.picture(33)
    assert np.array_equal(told.luma, made.luma)
    assert np.array_equal(told.seconds, made.seconds)
    assert told.luma.dtype == np.uint8
    assert telemetry.read_stream("none", (Packet(None, b"x"),)) is media.read(
        telemetry.read_stream, "none", (Packet(None, b"x"),)
    )


@pytest.mark.parametrize(
    "placed",
    [[0, "<f8", [1]], [0, "|u1", [9, 9, 9]], [-1, "|u1", [1]], [0, "|u1", [-1, -1]], ["a", "b"], [0, "|O", [1]]],
)
def test_an_array_that_does_not_lie_in_what_was_told_is_refused(placed: list[object]) -> None:
    import msgspec

    payload = msgspec.msgpack.encode([placed, placed])
    with pytest.raises(ParserStopped) as caught:
        values.value_from(values.VALUE, payload, memoryview(bytes(64)), reading.signature(hostile.picture)[1])
    assert caught.value.code == "parser.nonsense"


def test_what_starts_readers_is_started_anew_when_it_was_killed() -> None:
    media.read(hostile.sizes, ())
    first = hosting.running().process
    first.kill()
    first.wait()
    assert media.read(hostile.sizes, ()) == ()
    assert hosting.running().process.pid != first.pid


def test_a_reading_is_done_again_when_what_starts_readers_was_killed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 1.0)
    media.read(hostile.sizes, ())
    first = hosting.running().process
    killer = threading.Timer(0.2, first.kill)
    killer.start()
    assert code_of(hostile.sleep)[0] == "parser.silent"
    killer.join()
    assert hosting.running().process.pid != first.pid


def test_many_threads_share_what_starts_readers() -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [(Packet(0, bytes(length)),) for length in range(40)]
        told = list(pool.map(lambda packets: media.read(hostile.sizes, packets), asked))
    assert told == [(length,) for length in range(40)]


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_what_starts_readers_has_one_thread() -> None:
    media.read(hostile.sizes, ())
    assert len(os.listdir(f"/proc/{hosting.running().process.pid}/task")) == 1


def test_descriptors_and_children_do_not_pile_up(handle: int) -> None:
    media.read(hostile.evidence, 4, handle=handle)
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(3):
        media.read(hostile.evidence, 4, handle=handle)
        with pytest.raises(ParserStopped):
            media.read(hostile.crash)
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == before
        host = hosting.running().process.pid
        assert Path(f"/proc/{host}/task/{host}/children").read_text() == ""

"""What a volume keeps of a file is what decoding was told of it, also after it went to a worker."""

from __future__ import annotations

import pickle
from pathlib import Path

import msgspec

from forensics.model.manifest import Facts
from forensics.model.media import Probe, Stream
from forensics.model.time import MediaTime, TimeBase
from pipelines.volumes import volume_of

BASE = TimeBase(num=1, den=90_000)
PROBE = Probe(
    container="mov,mp4,m4a,3gp,3g2,mj2",
    duration="60.000",
    start=None,
    bit_rate=None,
    brands=("isom",),
    streams=(Stream(index=0, kind="video", codec="h264", time_base=BASE, start_pts=-7, duration="1", packets=30),),
    tags=(),
    video=0,
    origin=MediaTime(pts=-7, base=BASE),
    edit_list=True,
    trailing_bytes=3,
)
FACTS = Facts(
    exact={"kind": "video", "frames": {"decoded": "30"}, "container": msgspec.to_builtins(PROBE)},
    recipe={"fingerprint": {"sha256": "ab" * 32}},
)


def test_the_probe_and_the_paths_come_back_as_they_were() -> None:
    odd = Path("/case/\udcff name/original")
    made = volume_of("cd" * 32, odd, Path("/case/track"), None, FACTS)
    for volume in (made, pickle.loads(pickle.dumps(made))):
        assert volume.probe == PROBE
        assert volume.original == odd
        assert not volume.still


def test_a_still_has_no_probe() -> None:
    facts = Facts(exact={"kind": "still"}, recipe=FACTS.recipe)
    volume = volume_of("cd" * 32, Path("original"), Path("track"), None, facts)
    assert volume.probe is None
    assert volume.still

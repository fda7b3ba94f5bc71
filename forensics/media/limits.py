"""The bounds of every call to ffmpeg and ffprobe, each with its reason, and those that the kernel holds for us."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass

GIB = 1 << 30
_MAX_DESCRIPTORS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost. Times in seconds, sizes in bytes.

    probe_wall_s / probe_cpu_s: silence and CPU time of ffprobe, which reads the whole file once; honest clips take
        a tenth of a second, while a file of 60,000 crafted tags takes 12.
    decode_cpu_s: the most that one decode may burn whatever the file says: four hours of CPU are a two-hour 4K
        recording on a slow machine.
    decode_base_cpu_s / decode_ns_per_pixel: below that ceiling the allowance grows with packets times pixels (see
        `decode_allowance`), so that a small crafted file is stopped early. 60 ns is twenty times what HEVC cost here.
    stall_s: no output at all for this long means that the child hangs.
    memory_bytes: address space of the child: 17 frames of the largest picture at 10 bits are 1.8 GB.
    block_bytes: largest single allocation inside ffmpeg.
    max_pixels: 8192 x 4320, the largest picture of H.264 level 6.2 (Rec. ITU-T H.264, table A-1).
    max_frames: four and a half hours at 30 frames a second; 4 KiB are kept for each.
    sound_us_per_packet: CPU time that a packet of sound may take: twenty-five times what AAC cost here.
    max_sound_s: seconds of sound that are listened to; what fills a gap in the timestamps counts, and ffmpeg holds such
        a gap in memory (1.6 GB at most was seen, for a gap of a month).
    max_streams: a drone file has up to 8, a broadcast multiplex about 40.
    max_probe_bytes: JSON of an honest file is below 100 kB; 16 MiB bounds the parent's memory.
    reader_cpu_s / reader_us_per_kib: CPU time of a reader of metadata, telemetry or a still, and what it may take more
        for each KiB of text given to it: twenty times what SRT cost here. The largest still takes 5 s.
    reader_bytes: answer of a reader: a still of 128 million pixels has 4 bytes for each.
    max_tags / max_tag_chars: what goes into a manifest; longer than any caption or maker note seen in samples.
    max_opened_tags: above it a file is probed once and not opened again. libavformat looks each tag up among all before
        it at every opening: 60,000 of them take 15 s for ffprobe, and as long again for each pass of ffmpeg; 30,000
        take a quarter of that. Files in use have some dozens.
    """

    probe_wall_s: float = 120.0
    probe_cpu_s: int = 30
    decode_cpu_s: int = 4 * 3600
    decode_base_cpu_s: int = 30
    decode_ns_per_pixel: int = 60
    stall_s: float = 120.0
    memory_bytes: int = 3 * GIB
    block_bytes: int = GIB
    max_pixels: int = 8192 * 4320
    max_frames: int = 500_000
    sound_us_per_packet: int = 500
    max_sound_s: int = 6 * 3600
    max_streams: int = 64
    max_probe_bytes: int = 16 << 20
    reader_cpu_s: int = 30
    reader_us_per_kib: int = 4000
    reader_bytes: int = 640 << 20
    max_tags: int = 1000
    max_tag_chars: int = 4096
    max_opened_tags: int = 30_000

    def decode_allowance(self, packets: int, pixels: int) -> int:
        """CPU seconds for decoding ``packets`` packets of pictures of ``pixels`` pixels."""
        work = packets * pixels * self.decode_ns_per_pixel // 1_000_000_000
        return min(self.decode_cpu_s, self.decode_base_cpu_s + work)

    def sound_allowance(self, packets: int) -> int:
        """CPU seconds for listening to ``packets`` packets of sound."""
        return min(self.decode_cpu_s, self.decode_base_cpu_s + packets * self.sound_us_per_packet // 1_000_000)

    def reader_allowance(self, given: int) -> int:
        """CPU seconds for reading ``given`` bytes."""
        return self.reader_cpu_s + (given >> 10) * self.reader_us_per_kib // 1_000_000


DEFAULT_LIMITS = Limits()


def resource_bounds(memory_bytes: int, cpu_s: int, file_bytes: int = 0) -> list[tuple[int, tuple[int, int]]]:
    """Resource limits of the child; never above the hard limit that we run under ourselves."""
    wanted = [
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 5),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, _MAX_DESCRIPTORS, _MAX_DESCRIPTORS),
        # Outputs are pipes, but for attacked copies and films: a child that can write no file loses nothing.
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
    ]
    if sys.platform == "linux":
        wanted.append((resource.RLIMIT_AS, memory_bytes, memory_bytes))
    return [(which, _clip(which, soft, hard)) for which, soft, hard in wanted]


def _clip(which: int, soft: int, hard: int) -> tuple[int, int]:
    ceiling = resource.getrlimit(which)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    return soft, hard

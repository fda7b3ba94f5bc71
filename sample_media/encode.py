"""The only door to ffmpeg of this folder: masters from pictures, files from masters, copies from files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from stage import Image

BITEXACT = ("-threads", "1", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact")
FFMPEG = ("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y")
NOTE = "synthetic: rendered by sample_media/render.py, no real place"


def write_master(pictures: Iterable[Image], size: tuple[int, int], rate: int, target: Path) -> None:
    """Keep pictures without loss (4:2:0, H.264 with quantiser 0), for the encodes that follow."""
    source = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{size[0]}x{size[1]}", "-r", str(rate), "-i", "pipe:0")
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p", *BITEXACT)
    part = target.with_suffix(".part.mkv")
    command = [word for word in (*FFMPEG, *source, *codec, str(part)) if word != "-nostdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for picture in pictures:
            process.stdin.write(picture.tobytes())
        process.stdin.close()
        if process.wait() != 0:
            raise SystemExit(f"ffmpeg failed on {target.name}")
    part.rename(target)


def encode(
    source: Path,
    target: Path,
    *,
    quality: Sequence[str],
    filters: str | None = None,
    span: tuple[float, float] | None = None,
    tags: Sequence[tuple[str, str]] = (),
    handler: str = "VideoHandle",
    faststart: bool = True,
    overlay: Path | None = None,
) -> None:
    """One H.264 MP4 out of ``source``: part (start, length in seconds), filters, container tags."""
    target.parent.mkdir(parents=True, exist_ok=True)
    cut = () if span is None else ("-ss", f"{span[0]:.3f}", "-t", f"{span[1]:.3f}")
    inputs = (*cut, "-i", str(source), *(() if overlay is None else ("-i", str(overlay))))
    graph = () if filters is None else (("-filter_complex" if overlay else "-vf"), filters)
    codec = ("-c:v", "libx264", "-preset", "slow", "-pix_fmt", "yuv420p", *quality, *BITEXACT)
    shown = [word for key, value in (*tags, ("comment", NOTE)) for word in ("-metadata", f"{key}={value}")]
    flags = ("-movflags", "+faststart") if faststart else ()
    stream = ("-an", "-metadata:s:v:0", f"handler_name={handler}", "-brand", "isom", *flags)
    subprocess.run([*FFMPEG, *inputs, *graph, *codec, *shown, *stream, str(target)], check=True)


def first_picture(source: Path, seconds: float, width: int) -> Image:
    """One picture of a file, ``width`` pixels wide."""
    shot = ("-vf", f"scale={width}:-2", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1")
    done = subprocess.run(
        [*FFMPEG, "-ss", f"{seconds:.3f}", "-i", str(source), *shot], check=True, stdout=subprocess.PIPE
    )
    picture = cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.uint8)


def probe(source: Path) -> dict[str, str]:
    """Width, height and duration of the first video stream."""
    wanted = ("-select_streams", "v:0", "-show_entries", "stream=width,height:format=duration", "-of", "default=nw=1")
    done = subprocess.run(
        ["ffprobe", "-v", "error", *wanted, str(source)], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())

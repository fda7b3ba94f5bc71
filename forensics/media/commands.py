"""Every command line for ffmpeg, built with ffmpeg-python, and ffprobe's beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import ffmpeg

from forensics.media.limits import Limits
from forensics.media.pixels import LUMA_SIDE, SCALE_FLAGS, Recipe
from forensics.media.tools import Tool
from forensics.model.media import Probe, Stream
from forensics.model.sound import SoundSpec
from forensics.model.time import MediaTime

FORMATS = "mov,matroska,mpegts,mpeg,avi,flv,asf,ogg,gif,mxf"
"""Containers that ffmpeg may try. None of them names another file (playlists, concat, image sequences and text
formats do), and none is so weak that noise passes for it (raw streams, MP3)."""

PROBE_BYTES = 20_000_000
PROBE_MICROSECONDS = 10_000_000
"""How far ffmpeg looks for stream parameters; fixed, for its defaults differ between versions."""

SOUND_JUMP_S = 0.1
"""Timestamps of sound that are off by less are taken for rounding: some containers keep milliseconds only."""

NO_TIME = 1 << 52
"""What `data_command` prints for a packet without a time: muxers make one up, zero or the time of the one before. No
clock of 90 kHz gets there in a thousand years, and a float, in which ffmpeg computes, holds it exactly."""
_ORDER_ONLY = f"N-{1 << 50}"
"""Decoding times of copied packets: muxers demand that they rise and lie before what is shown; nothing reads them."""

_BARE = {"map_metadata": -1, "map_chapters": -1}
"""Outputs carry no metadata: copying 60,000 tags into three of them takes longer than decoding."""

FILM_SCALE_FLAGS = "bicubic+bitexact+accurate_rnd+full_chroma_int"
FILM_CRF = 23
"""Quality of a film that we draw: text and difference stay clear at about a megabyte a second."""
FILM_SYNC_FRAMES = 25
"""A player can enter every so many frames: about a second, so that people can scrub."""

_LOGLEVEL = "repeat+level+warning"

_PAD = re.compile(r"\[s(\d+)\]")

# Coded slices only: parameter sets and delimiters move between the container and the stream when a file is remuxed
# (Rec. ITU-T H.264 table 7-1 types 1-5; H.265 table 7-1 types 0-31). AV1: all but temporal delimiters (type 2).
# AAC: without ADTS headers, which only transport streams carry.
_ESSENCE_FILTERS = {
    "h264": "h264_mp4toannexb,filter_units=pass_types=1-5",
    "hevc": "hevc_mp4toannexb,filter_units=pass_types=0-31",
    "av1": "filter_units=remove_types=2",
    "aac": "aac_adtstoasc",
}


class Branch(NamedTuple):
    """Luma that the decode pass gives beside its own: an expression for the select filter, and the size."""

    select: str
    size: tuple[int, int]


class Voice(NamedTuple):
    """A sound stream to listen to: the tick of its clock that is heard at zero, and the fingerprint to make of it."""

    stream: Stream
    origin: MediaTime
    spec: SoundSpec


def is_mov(container: str) -> bool:
    """Whether ffprobe's format name is the ISO base media demuxer, the only one with edit list options."""
    return "mov" in container.split(",")


def global_options(limits: Limits, cpu_flags: str | None = None) -> list[str]:
    """Options that stand before the input; ``cpu_flags`` "0" turns SIMD off, to show that results do not move."""
    options = ["-hide_banner", "-nostats", "-nostdin", "-loglevel", _LOGLEVEL, "-max_alloc", str(limits.block_bytes)]
    options += ["-filter_complex_threads", "1"]
    return options if cpu_flags is None else [*options, "-cpuflags", cpu_flags]


def input_options(limits: Limits, *, mov: bool) -> dict[str, Any]:
    """Options of the input file that keep ffmpeg inside it, for ffmpeg and ffprobe alike."""
    options: dict[str, Any] = {
        "protocol_whitelist": "file,pipe",
        "format_whitelist": FORMATS,
        "max_streams": limits.max_streams,
        "max_pixels": limits.max_pixels,
        "probesize": PROBE_BYTES,
        "analyzeduration": PROBE_MICROSECONDS,
    }
    if mov:
        options["ignore_editlist"] = 1
    return options


def probe_command(tool: Tool, name: str, output: str, limits: Limits, *, tags: bool) -> list[str]:
    """The argv of ffprobe: ffmpeg-python has no builder for it, its ``probe()`` runs the program itself, unlimited."""
    words = [tool.path, "-hide_banner", "-loglevel", _LOGLEVEL, "-max_alloc", str(limits.block_bytes)]
    # Edit lists are ignored wherever they are: ffprobe skips the option for other containers, ffmpeg would not.
    for key, value in sorted(input_options(limits, mov=True).items()):
        words += [f"-{key}", str(value)]
    words += ["-threads", "1", "-count_packets", "-of", "json"]
    words += ["-show_format", "-show_streams"] if tags else ["-show_entries", "format:stream:stream_tags=:format_tags="]
    return [*words, "-o", output, "-i", name]


def _open(name: str, limits: Limits, probe: Probe, *, turned: bool = False, **more: Any) -> Any:
    # Rotation is kept out of the decoder, so that planes are what was coded; timestamps are kept as stored.
    options = ({} if turned else {"noautorotate": None}) | input_options(limits, mov=is_mov(probe.container)) | more
    return ffmpeg.input(name, copyts=None, threads=1, **options)


def _compile(tool: Tool, limits: Limits, outputs: Sequence[Any], cpu_flags: str | None = None) -> list[str]:
    command = ffmpeg.merge_outputs(*outputs)
    return list(command.compile(cmd=[tool.path, *global_options(limits, cpu_flags)]))


def _graph_of_its_own(outputs: Sequence[Any]) -> list[str]:
    """What follows the input for ``outputs`` of the same input that are made by a second filter graph. ffmpeg sets up
    a graph only when each of its streams has given a frame, and sets it up anew when one of them changes: in one graph
    the pictures would wait for the sound. Its pads have names that ffmpeg-python gives to no pad of the first.
    """
    words = ffmpeg.merge_outputs(*outputs).get_args()
    words = words[words.index("-filter_complex") :]
    return [_PAD.sub(r"[sound\1]", word) for word in words]


def _with_timestamps(stream: Any, output: str) -> Any:
    """Let the filter graph print each frame's pts to a pipe: before any encoder or muxer could move it.

    The metadata filter prints only frames that have metadata, hence the mark.
    """
    marked = stream.filter("metadata", mode="add", key="n", value="1")
    return marked.filter("metadata", mode="print", file=output, direct=1)


def _raw(stream: Any, output: str) -> Any:
    return ffmpeg.output(stream, output, format="rawvideo", fps_mode="passthrough", threads=1, **_BARE)


def _luma(stream: Any, recipe: Recipe, width: int, height: int) -> Any:
    """One plane of ``width`` x ``height``: luma as coded, then scaled; never converted to gray."""
    if not recipe.exact:
        return _picture(stream, recipe, width, height).filter("extractplanes", "y")
    if recipe.layout.chroma is not None:
        stream = stream.filter("extractplanes", "y")
    # Both ranges are named so that none is converted: a plane of a stream tagged as limited range would else be
    # stretched, and one of the same stream without the tag would not.
    stream = stream.filter("scale", width, height, in_range="full", out_range="full", flags=SCALE_FLAGS)
    # The pinned format changes nothing, unless the stream changes its own half-way: then the pipe stays in step.
    return stream.filter("format", recipe.layout.gray_name)


def _picture(stream: Any, recipe: Recipe, width: int, height: int) -> Any:
    """All planes at ``width`` x ``height``; a scale to the same size and format passes frames through untouched."""
    return stream.filter("scale", width, height, flags=SCALE_FLAGS).filter("format", recipe.layout.name)


def every_interval(ticks: int) -> str:
    """Expression for the select filter: the first frame, and the next at least ``ticks`` after each one taken."""
    return (
        "isnan(prev_selected_pts)"
        f"+gte(pts-prev_selected_pts,{ticks})"
        "+lt(pts,prev_selected_pts)"  # a clock that jumps back starts anew
    )


def one_a_place(scale: Fraction, shift: Fraction) -> str:
    """Expression for the select filter: the first frame in each place, the whole part of pts * scale + shift. It needs
    the frame before, but no frame taken before: it gives the same frames wherever decoding began.
    """
    factor, term = (f"{part.numerator}/{part.denominator}" for part in (scale, shift))
    return f"not(eq(floor(pts*{factor}+{term}),floor(prev_pts*{factor}+{term})))"


def _essence(source: Any, streams: Sequence[Stream], output: str) -> Any:
    filters = {
        f"bsf:{place}": _ESSENCE_FILTERS[stream.codec]
        for place, stream in enumerate(streams)
        if stream.codec in _ESSENCE_FILTERS
    }
    return ffmpeg.output(
        *(source[str(stream.index)] for stream in streams),
        output,
        format="streamhash",
        hash="sha256",
        c="copy",
        copyinkf=None,
        copypriorss=1,
        **_BARE,
        **filters,
    )


def essence_filters(codec: str | None) -> frozenset[str]:
    """Names of the bitstream filters that the packets of a codec pass on the way to their digest."""
    chain = _ESSENCE_FILTERS.get(codec or "")
    return frozenset(part.partition("=")[0] for part in chain.split(",")) if chain else frozenset()


def essence_streams(probe: Probe) -> tuple[Stream, ...]:
    """The streams that get an essence digest: the video that is decoded and every audio stream."""
    return tuple(s for s in probe.streams if s.index == probe.video or s.kind == "audio")


def decode_command(
    tool: Tool,
    probe: Probe,
    recipe: Recipe,
    names: tuple[str, tuple[str, ...]],
    *,
    interval_ticks: int,
    limits: Limits,
    essence: bool = True,
    cpu_flags: str | None = None,
    beside: Branch | None = None,
    voice: Voice | None = None,
    sync_only: bool = False,
) -> list[str]:
    """The one decode pass. ``names`` are the input and the outputs: luma, its timestamps, pictures, their
    timestamps, (with ``essence``) the stream digests, (with ``beside``) that luma and its timestamps, and (with
    ``voice``) the outputs of `sound_command`. ``sync_only`` lets the decoder of the video skip every packet that is no
    sync frame.
    """
    name, (luma, luma_pts, pictures, picture_pts, *more) = names
    video = probe.video_stream
    assert video is not None and video.width is not None and video.height is not None
    skipped: dict[str, Any] = {"skip_frame": "nokey"} if sync_only else {}
    source = _open(name, limits, probe, **skipped)
    parts = source[str(video.index)].filter_multi_output("split", 2 if beside is None else 3)
    small = _with_timestamps(_luma(parts[0], recipe, LUMA_SIDE, LUMA_SIDE), luma_pts)
    chosen = _with_timestamps(parts[1].filter("select", every_interval(interval_ticks)), picture_pts)
    outputs = [_raw(small, luma), _raw(_picture(chosen, recipe, video.width, video.height), pictures)]
    if essence:
        outputs.append(_essence(source, essence_streams(probe), more.pop(0)))
    if beside is not None:
        raw, raw_pts, *more = more
        taken = _with_timestamps(parts[2].filter("select", beside.select), raw_pts)
        outputs.append(_raw(_luma(taken, recipe, *beside.size), raw))
    command = _compile(tool, limits, outputs, cpu_flags)
    return command if voice is None else [*command, *_graph_of_its_own(_heard(source, voice, more, limits))]


def sound_command(
    tool: Tool,
    probe: Probe,
    voice: Voice,
    names: tuple[str, tuple[str, ...]],
    *,
    limits: Limits,
    cpu_flags: str | None = None,
) -> list[str]:
    """One pass over the sound alone: mono at the rate of the fingerprint, sample 0 at zero on the presentation clock.
    Outputs: Chromaprint's words as unsigned 32-bit numbers of this machine, and the samples as signed little-endian 16
    bits.
    """
    name, outputs = names
    return _compile(tool, limits, _heard(_open(name, limits, probe), voice, outputs, limits), cpu_flags)


def _heard(source: Any, voice: Voice, names: Sequence[str], limits: Limits) -> list[Any]:
    words, samples = names
    spec, zero = voice.spec, voice.origin.seconds
    sound = source[str(voice.stream.index)]
    sound = sound.filter("asetpts", f"PTS-round({zero.numerator}/{zero.denominator}/TB)")
    sound = sound.filter("aformat", sample_fmts="s16", channel_layouts="mono", sample_rates=spec.rate)
    # Only now, when a sample takes two bytes, are gaps filled with silence, and what comes before zero dropped.
    timed = {"async": 1, "first_pts": 0, "min_hard_comp": SOUND_JUMP_S}
    sound = sound.filter("aresample", spec.rate, **timed).filter("atrim", end_sample=limits.max_sound_s * spec.rate)
    both = sound.filter_multi_output("asplit", 2)
    printed = {"format": "chromaprint", "fp_format": "raw", "algorithm": 1, "silence_threshold": -1}
    return [
        ffmpeg.output(both[0], words, **printed, **_BARE),
        ffmpeg.output(both[1], samples, format="s16le", acodec="pcm_s16le", **_BARE),
    ]


def data_command(
    tool: Tool, probe: Probe, streams: Sequence[Stream], names: tuple[str, tuple[str, ...]], *, limits: Limits
) -> list[str]:
    """Copy packets undecoded. Outputs, for each stream: its bytes, and a line a packet with its time and size."""
    name, outputs = names
    source = _open(name, limits, probe)
    timed = {"bsf:0": f"setts=pts='if(eq(PTS,NOPTS),{NO_TIME},PTS)':dts={_ORDER_ONLY}"}
    copied = [
        ffmpeg.output(source[str(stream.index)], output, format=form, c="copy", copyinkf=None, **timed, **_BARE)
        for stream, pair in zip(streams, zip(outputs[::2], outputs[1::2], strict=True), strict=True)
        for form, output in zip(("data", "framecrc"), pair, strict=True)
    ]
    return _compile(tool, limits, copied)


def stretch_command(
    tool: Tool,
    probe: Probe,
    recipe: Recipe,
    names: tuple[str, tuple[str, ...]],
    *,
    seek_s: str | None,
    end_pts: int,
    select: str,
    size: tuple[int, int],
    luma_only: bool,
    limits: Limits,
) -> list[str]:
    """Decode from a sync frame before ``seek_s`` (None: from the start) up to ``end_pts`` and pass the frames that
    ``select`` takes, scaled to ``size``. Outputs: raw frames, their timestamps, timestamps of all decoded frames.
    """
    name, (raw, raw_pts, all_pts) = names
    video = probe.video_stream
    assert video is not None
    decoded = _entered(name, probe, video, seek_s, limits)
    taken = _with_timestamps(decoded, all_pts).filter("trim", end_pts=end_pts + 1).filter("select", select)
    shaped = (_luma if luma_only else _picture)(_with_timestamps(taken, raw_pts), recipe, *size)
    return _compile(tool, limits, [_raw(shaped, raw)])


def _entered(
    name: str, probe: Probe, video: Stream, seek_s: str | None, limits: Limits, *, turned: bool = False
) -> Any:
    """The decoded stream from a sync frame before ``seek_s`` on; from the start when it is None. ``turned`` lets
    ffmpeg turn the pictures upright.
    """
    if seek_s is None:
        return _open(name, limits, probe, turned=turned)[str(video.index)]
    source = _open(name, limits, probe, turned=turned, ss=seek_s, seek_timestamp=1, noaccurate_seek=None)
    # Containers without an index are entered anywhere: what comes before a sync frame lacks its references.
    return source[str(video.index)].filter("select", "key+gt(selected_n,0)")


def attack_command(
    tool: Tool,
    probe: Probe,
    names: tuple[str, tuple[str, ...]],
    *,
    seek_s: str | None,
    span: tuple[int, int],
    rate: str,
    size: tuple[int, int],
    shape: Callable[[Any], Any],
    encoding: Mapping[str, str | int],
    limits: Limits,
) -> list[str]:
    """Write an attacked copy: the frames with pts ``span`` (first, last), upright at ``size`` and an even ``rate``,
    through the chain ``shape``, encoded with ``encoding``. Outputs: timestamps of the taken frames, the file.
    """
    name, (taken_pts, target) = names
    video = probe.video_stream
    assert video is not None
    # Turned by ffmpeg itself: the matrix would else be handed on into the copy.
    decoded = _entered(name, probe, video, seek_s, limits, turned=True)
    kept = decoded.filter("trim", start_pts=span[0], end_pts=span[1] + 1)
    stream = _with_timestamps(kept, taken_pts).filter("setpts", "PTS-STARTPTS").filter("fps", rate)
    stream = stream.filter("scale", *size, flags=SCALE_FLAGS).filter("setsar", 1).filter("format", "yuv420p")
    shaped = shape(stream).filter("format", "yuv420p")
    options = {"format": "mp4", "c:v": "libx264", "threads": "1", "flags:v": "+bitexact", "fflags": "+bitexact"}
    written = ffmpeg.output(shaped, target, **options, **encoding, **_BARE)
    # The target is there already, empty and open; without a yes ffmpeg would not write into it.
    return list(written.compile(cmd=[tool.path, *global_options(limits)], overwrite_output=True))


def film_command(
    tool: Tool, names: tuple[str, str], *, size: tuple[int, int], rate: str, title: str, limits: Limits
) -> list[str]:
    """Write a film of raw BGR pictures that come down a pipe: H.264 of one thread in MP4, the same bytes each time.

    ``names`` are the pipe and the file, ``size`` is even, ``title`` fixed words of the caller: no text of an input.
    """
    source, target = names
    raw: dict[str, Any] = {"format": "rawvideo", "pixel_format": "bgr24", "video_size": size, "framerate": rate}
    frames = ffmpeg.input(source, protocol_whitelist="pipe", threads=1, **raw)["v"]
    colours = {"out_color_matrix": "bt709", "out_range": "limited"}
    shaped = frames.filter("scale", flags=FILM_SCALE_FLAGS, **colours).filter("format", "yuv420p")
    named = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv"}
    coded = {"format": "mp4", "c:v": "libx264", "threads": "1", "flags:v": "+bitexact", "fflags": "+bitexact"}
    kept = {"preset": "veryfast", "crf": FILM_CRF, "g": FILM_SYNC_FRAMES, "metadata": f"title={title}", **_BARE}
    written = ffmpeg.output(shaped, target, **coded, **named, **kept)
    # The target is there already, empty and open; without a yes ffmpeg would not write into it.
    return list(written.compile(cmd=[tool.path, *global_options(limits)], overwrite_output=True))


def generated(words: str) -> Any:
    """A source that ffmpeg draws itself (lavfi), for footage around a copy."""
    return ffmpeg.input(words, format="lavfi")["v"]

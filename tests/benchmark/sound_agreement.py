"""How well agreeing sound is told from sound that only seems to agree, on the shared clips and on generated sound.

    python -m tests.benchmark.sound_agreement [--shared ../shared]

1  copies of every clip with audible sound, made with ffmpeg: encoded again, filtered, cut, slowed, talked over
2  pairs that are no copies: every clip and every copy against every clip that it is not related to; speech, noise,
   melodies, hum and tones against their like and against the clips
3  silent tracks against one another, with the flags and without

Prints what agrees, and how near the rest comes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from forensics import fingerprint, matching, media
from forensics.matching.sound import SOUND_PARAMS, Agreement, compare_sound
from forensics.model.sound import SoundState, SoundTrack

ROOT = Path(__file__).resolve().parents[2]
AAC = ("-c:a", "aac", "-b:a", "64k")
SPEECH = (
    "flite=text='we see smoke over the bridge and two vehicles on the road moving north they have stopped':voice=kal"
)
ATTACKS: tuple[tuple[str, str, tuple[str, ...], float], ...] = (
    ("AAC 48 kbit/s", "anull", ("-c:a", "aac", "-b:a", "48k"), 0.0),
    ("AAC 24 kbit/s mono 22 kHz", "aformat=channel_layouts=mono", ("-c:a", "aac", "-b:a", "24k", "-ar", "22050"), 0.0),
    ("Opus 24 kbit/s", "anull", ("-c:a", "libopus", "-b:a", "24k"), 0.0),
    ("Opus 12 kbit/s", "aformat=channel_layouts=mono", ("-c:a", "libopus", "-b:a", "12k"), 0.0),
    ("MP3 32 kbit/s", "anull", ("-c:a", "libmp3lame", "-b:a", "32k"), 0.0),
    ("300 to 3400 Hz", "lowpass=f=3400,highpass=f=300", AAC, 0.0),
    ("20 dB quieter", "volume=-20dB", AAC, 0.0),
    ("levelled", "dynaudnorm", AAC, 0.0),
    ("cut at 1.437 s", "atrim=start=1.437,asetpts=PTS-STARTPTS", AAC, 1.437),
    ("2.31 s later", "adelay=2310:all=1", AAC, -2.31),
    ("tempo 1.03", "atempo=1.03", AAC, 0.0),
    ("tempo 1.1", "atempo=1.1", AAC, 0.0),
    ("speed and pitch 1.02", "asetrate=48000*1.02,aresample=48000", AAC, 0.0),
    ("echoes", "aecho=0.8:0.7:60|110:0.4|0.3", AAC, 0.0),
    ("pink noise at -40 dB", "MIX anoisesrc=c=pink:a=0.02:r=48000:seed=9", AAC, 0.0),
    ("talked over", f"MIX {SPEECH},aresample=48000,volume=0.25", AAC, 0.0),
)
"""Name, filters, encoder, and seconds of the source at the copy's zero. MIX is followed by what is mixed in."""


@dataclass(frozen=True)
class Sounding:
    """A track with its name, and the names of those that hold the same sound."""

    name: str
    track: SoundTrack
    kin: frozenset[str]


def heard(tools: media.Tools, path: Path) -> SoundTrack | None:
    handle = os.open(path, os.O_RDONLY)
    try:
        sound = media.read_sound(tools, handle, media.probe(tools, handle))
    finally:
        os.close(handle)
    if sound.state is not SoundState.READ:
        return None
    return fingerprint.flag_sound(media.CHROMAPRINT, sound.samples, sound.words, sound.levels)


def clips(tools: media.Tools, sources: Path) -> Iterator[Sounding]:
    near: dict[str, set[str]] = {}
    for entry in json.loads((sources / "sources.json").read_text("utf-8")):
        for other in entry["near"]:
            near.setdefault(entry["id"], {entry["id"]}).add(other)
            near.setdefault(other, {other}).add(entry["id"])
    for _ in range(2):  # what is near to what is near
        near = {name: set().union(*(near.get(other, {other}) for other in kin)) for name, kin in near.items()}
    for path in sorted(sources.iterdir()):
        track = None if path.suffix == ".json" else heard(tools, path)
        if track is not None:
            family = path.stem.split("_w")[0]
            yield Sounding(path.stem, track, frozenset({path.stem, family, *near.get(path.stem, ())}))


def attacked(tools: media.Tools, source: Path, attack: tuple[str, str, tuple[str, ...], float], folder: Path) -> Path:
    _, filters, encoder, _ = attack
    if filters.startswith("MIX "):
        mono = "[0:a:0]aformat=sample_rates=48000:channel_layouts=mono[x]"
        graph = f"{mono};{filters[4:]}[n];[x][n]amix=inputs=2:duration=first:normalize=0"
    else:
        graph = f"[0:a:0]aformat=sample_rates=48000,{filters}"
    out = folder / "copy.mkv"
    command = [tools.ffmpeg.path, "-nostdin", "-v", "error", "-y", "-i", str(source), "-filter_complex", graph]
    subprocess.run([*command, "-vn", *encoder, str(out)], check=True)
    return out


def generated(tools: media.Tools, folder: Path) -> Iterator[Sounding]:
    random = np.random.default_rng(5)
    words = "bridge north tank convoy smoke morning village road field crossing fire seven vehicles east river"
    graphs: dict[str, str] = {}
    for number, voice in itertools.product(range(6), ("kal", "slt", "awb", "rms")):
        graphs[f"speech {voice} {number}"] = f"flite=text='{' '.join(random.choice(words.split(), 70))}':voice={voice}"
    for number, color in itertools.product(range(6), ("white", "pink", "brown")):
        graphs[f"noise {color} {number}"] = f"anoisesrc=c={color}:seed={len(graphs)}:a=0.3:r=48000"
    for number in range(6):
        a, b = 2 + number % 3, 5 + 2 * number
        graphs[f"melody {number}"] = (
            f"aevalsrc='0.2*sin(2*PI*t*(200+37*mod(floor(t*{a})*{b},23)))"
            f"+0.2*sin(2*PI*t*(500+61*mod(floor(t*2)*{b}+3,17)))':s=44100"
        )
        hertz = 180 + 3 * number
        hum = "+".join(f"sin(2*PI*{order}*({hertz}*t+{2 + number}*sin(t/3)))/{order}" for order in range(1, 8))
        graphs[f"rotor {number}"] = f"aevalsrc='0.1*({hum})+0.01*(random({number})-0.5)':s=44100"
        # One progression, the notes of each chord out of step in another way: the same piece, played again.
        bass = "lt(mod(floor(t/2),4),2)*3-gt(mod(floor(t/2),3),0)*2"
        notes = "+".join(f"sin(2*PI*t*261.6*pow(2,({step}+{bass})/12)+{number * step})" for step in (0, 4, 7))
        graphs[f"chords {number}"] = f"aevalsrc='0.15*({notes})':s=44100"
        graphs[f"tone {number}"] = f"sine=f={400 + 100 * number}:beep_factor={number}"
        graphs[f"wind {number}"] = (
            f"anoisesrc=c=brown:seed={900 + number}:a=0.5:r=48000,lowpass=f=300,tremolo=f={0.3 + number / 20}:d=.7"
        )
    pictures = ("-f", "lavfi", "-i", "color=s=16x16:r=1")
    for name, graph in graphs.items():
        out = folder / "generated.mkv"
        command = [tools.ffmpeg.path, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", graph, *pictures]
        subprocess.run([*command, "-t", "20", "-c:a", "flac", str(out)], check=True)
        track = heard(tools, out)
        assert track is not None
        yield Sounding(name, track, frozenset({name}))


def put_in_words(found: Agreement | None) -> str:
    if found is None:
        return "not compared"
    return f"{found.bits:5.2f} bits, chance {found.chance:5.2f}, {found.compared} words"


class Nulls:
    """Pairs that are no copies, by kind: how many were tried, compared, agree, and which came nearest."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[str, Agreement | None]]] = {}

    def add(self, kind: str, one: Sounding, other: Sounding) -> None:
        self._rows.setdefault(kind, []).append((f"{one.name} / {other.name}", compare_sound(one.track, other.track)))

    def show(self) -> None:
        for kind, rows in self._rows.items():
            compared = [(name, found) for name, found in rows if found is not None]
            agreeing = [name for name, found in compared if found.holds(SOUND_PARAMS)]
            print(f"{kind}: {len(rows)} pairs, {len(compared)} compared, {len(agreeing)} agree {agreeing[:4]}")
            telling = [(name, found) for name, found in compared if found.chance >= SOUND_PARAMS.least_chance]
            for label, key in (("bits", lambda f: f.bits), ("share of chance", lambda f: f.bits / f.chance)):
                if telling:
                    name, found = min(telling, key=lambda row: key(row[1]))
                    print(f"    least {label}: {put_in_words(found)} ({found.bits / found.chance:.2f})  {name}")


def copies(
    tools: media.Tools, sources: Path, known: Mapping[str, Sounding], folder: Path, nulls: Nulls
) -> Iterator[str]:
    least = SOUND_PARAMS.least_words
    chosen = [
        clip for clip in known.values() if clip.track.audible.sum() >= least and not clip.name.startswith("chair22")
    ]
    order = list(known.values())
    index = matching.SoundIndex([clip.track for clip in order])
    chosen += [clip for clip in known.values() if clip.name == "chair22"]
    for attack in ATTACKS:
        bits, shares, offsets, missed, tried, proposed = [], [], [], [], 0, 0
        for clip in chosen:
            path = next(sources.glob(f"{clip.name}.*"))
            track = heard(tools, attacked(tools, path, attack, folder))
            if track is None:
                continue
            copy = Sounding(f"{clip.name}, {attack[0]}", track, clip.kin)
            for other in known.values():
                if not other.kin & clip.kin and other.track.audible.any():
                    nulls.add("a copy and a clip that it is no copy of", copy, other)
            tried += 1
            found = compare_sound(track, clip.track)
            if found is None or not found.holds(SOUND_PARAMS):
                missed.append(f"{clip.name} ({put_in_words(found)})" if found else f"{clip.name} (too quiet or short)")
                continue
            bits.append(found.bits)
            shares.append(found.bits / found.chance)
            proposed += order.index(clip) in index.propose(track).references
            offsets.append(abs(found.offset * media.CHROMAPRINT.step_s - attack[3]))
        yield (
            f"{attack[0]}: {len(bits)} of {tried} agree, the search proposes {proposed}; "
            f"bits median {np.median(bits):.2f}, most {max(bits):.2f}; "
            f"share of chance at most {max(shares):.2f}; offset off by at most {max(offsets):.2f} s; missed {missed}"
            if bits
            else f"{attack[0]}: 0 of {tried} agree; missed {missed}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    sources = parser.parse_args().shared / "bench/sources"
    tools = media.find_tools(os.environ.get("PATH", os.defpath))
    known = {clip.name: clip for clip in clips(tools, sources)}
    silent = [clip for clip in known.values() if not clip.track.audible.any() and (clip.track.levels >= 60).all()]
    nulls = Nulls()
    with tempfile.TemporaryDirectory(prefix="sound-") as folder:
        for line in copies(tools, sources, known, Path(folder), nulls):
            print(line)
        made = list(generated(tools, Path(folder)))
    for one, other in itertools.combinations(known.values(), 2):
        if not one.kin & other.kin:
            nulls.add("two clips", one, other)
    for one, other in itertools.combinations(made, 2):
        kinds = sorted({one.name.split()[0], other.name.split()[0]})
        nulls.add(f"generated, {kinds[0]} alone" if len(kinds) == 1 else "generated, two kinds", one, other)
    for one, other in itertools.product(known.values(), made):
        nulls.add("a clip and generated sound", one, other)
    nulls.show()
    agree = bare = 0
    pairs = list(itertools.combinations(silent, 2))
    for one, other in pairs:
        found = compare_sound(one.track, other.track)
        agree += found is not None and found.holds(SOUND_PARAMS)
        unflagged = [replace(each.track, flags=np.zeros_like(each.track.flags)) for each in (one, other)]
        found = compare_sound(*unflagged)
        bare += found is not None and found.bits <= SOUND_PARAMS.most_bits
    print(f"silent: {len(pairs)} pairs, {agree} agree; without flags and chance {bare} would")


if __name__ == "__main__":
    main()

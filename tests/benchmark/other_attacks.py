"""What is done to copies that neither the shared benchmark nor `forensics validate` does: is it found all the same?

    python -m tests.benchmark.other_attacks --out DIR [--shared ../shared] [--sources 10] [--seed 5] [--only NAME ...]

Eight seconds of real clips, each edited in all these ways and encoded again; then matched with all originals through
the real command line. Printed by kind: how many were matched, how many listed, and how many wrong files were matched.
Those whose picture moves are also made of other recordings from the originals' cameras, which must not be matched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.command_line import ROOT, files_sha256, forensics, keep_plan, program_sha256
from tests.benchmark.cost_measuring import case_of
from tests.benchmark.real_footage import Source, listed, real_sources

FROM_S, LENGTH_S, LEAST_S = 0.6, 8.0, 9.0
MOST_S = 3 * LENGTH_S
"""No copy is longer, whatever a filter makes of the times of its frames."""

EVEN = "scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1,format=yuv420p"

ALONE = {
    # the whole picture, moved or bent
    "upside_down": "vflip",
    "turned_180": "hflip,vflip",
    "turned_and_mirrored": "transpose=0",
    "tilted_20": "rotate=20*PI/180",
    "stretched": "scale=trunc(iw*1.35/2)*2:ih",
    "squeezed": "scale=trunc(iw*0.75/2)*2:ih",
    "keystone": "perspective=x0=W*0.08:y0=H*0.05:x1=W*0.95:y1=0:x2=0:y2=H*0.97:x3=W:y3=H:sense=source",
    "lens": "lenscorrection=k1=-0.2:k2=0.03",
    # a part of it
    "tall_crop": "crop=trunc(ih*9/32)*2:ih,scale=360:640",
    "round_note": "crop=min(iw\\,ih):min(iw\\,ih),scale=384:384,format=yuv420p,"
    "geq=lum='if(lte(hypot(X-192\\,Y-192)\\,190)\\,lum(X\\,Y)\\,255)':cb='if(lte(hypot(X-96\\,Y-96)\\,95)\\,cb(X\\,Y)\\,128)'"
    ":cr='if(lte(hypot(X-96\\,Y-96)\\,95)\\,cr(X\\,Y)\\,128)'",
    "two_halves": "crop=trunc(iw/4)*2:ih:0:0,split[a][b];[b]hflip[c];[a][c]hstack",
    # a picture that moves within its frame
    "zooming_in": "scale=640:-2,scale=w='2*trunc(iw*(1+0.05*t)/2)':h='2*trunc(ih*(1+0.05*t)/2)':eval=frame,crop=iw:ih",
    "panning": "crop=iw*0.75:ih*0.75:iw*0.25*t/8:ih*0.125",
    "shaken": "crop=iw*0.88:ih*0.88:iw*0.06*(1+sin(8*t)):ih*0.06*(1+cos(5.6*t))",
    "swaying": "rotate='0.1*sin(1.3*t)'",
    "filmed_from_a_screen": "perspective=x0=W*0.04:y0=H*0.03:x1=W*0.97:y1=0:x2=0:y2=H*0.98:x3=W:y3=H:sense=source,"
    "crop=iw*0.93:ih*0.93:iw*0.035*(1+sin(3.1*t)):ih*0.035*(1+cos(2.3*t)),vignette=PI/5,noise=alls=14:allf=t,fps=25",
    "steadied": "deshake",
    # tones
    "darkened": "eq=brightness=-0.2:contrast=0.55:gamma=0.7",
    "burnt_out": "eq=brightness=0.22:contrast=1.8",
    "posterized": "lutyuv=y='floor(val/52)*52+26'",
    "solarized": "lutyuv=y='if(lt(val\\,128)\\,2*val\\,2*(255-val))'",
    "false_colours": "pseudocolor=preset=turbo",
    "colours_swapped": "format=rgb24,colorchannelmixer=rr=0:rb=1:br=1:bb=0",
    "vignette": "vignette=PI/2.6",
    "drawn_edges": "edgedetect=mode=colormix:low=0.1:high=0.3",
    # detail
    "pixelated": "scale=80:-2:flags=area,scale=640:-2:flags=neighbor",
    "tiny": "scale=160:-2",
    "noise_strong": "noise=alls=55:allf=t",
    "oversharp": "unsharp=7:7:3",
    "frames_blended": "tmix=frames=5",
    "rate_blended": "framerate=fps=50",
    "combed": "tinterlace=mode=interleave_top",
    # laid over it
    "lower_half_covered": "drawbox=y=ih*0.55:h=ih*0.45:color=0x803020:t=fill",
    "passing_sticker": "split[a][b];[b]crop=iw*0.3:ih*0.3:0:0,negate[s];[a][s]overlay=x=W*t/9:y=H*0.35",
    "grid_of_lines": "drawgrid=w=iw/7:h=ih/7:t=4:c=white@0.7",
    "black_flashes": "drawbox=t=fill:c=black:enable='lt(mod(t\\,0.5)\\,0.09)'",
    "chat_on_a_phone": "scale=486:-2,pad=540:1170:27:(oh-ih)*0.3:color=0x17212b,"
    "drawbox=x=20:y=900:w=380:h=90:color=0x2b5278:t=fill,drawbox=x=20:y=40:w=60:h=60:color=0x5288c1:t=fill,fps=30",
    # time
    "backwards": "reverse",
    "there_and_back": "trim=duration=4,setpts=PTS-STARTPTS,split[a][b];[b]reverse[r];[a][r]concat",
    "looped": "trim=duration=2.5,setpts=PTS-STARTPTS,fps=25,loop=loop=2:size=62,setpts=N/25/TB",
    "jump_cuts": "fps=25,select='lt(mod(t\\,1.6)\\,1)',setpts=N/25/TB",
    "speed_ramp": "setpts='PTS-0.025*T*T/TB',fps=25",
    "double_speed": "setpts=PTS/2,fps=25",
    "half_speed": "setpts=2*PTS",
    "fourfold_speed": "setpts=PTS/4,fps=25",
    "fades": "fade=t=in:d=2,fade=t=out:st=6:d=2",
    # several at once
    "mirrored_crop_tone": "hflip,crop=iw*0.6:ih*0.6:iw*0.3:ih*0.1,eq=contrast=1.3:gamma=0.8,scale=480:-2",
    "stretched_captioned_note": "scale=480:480,pad=480:720:0:120:color=white,"
    "drawbox=x=40:y=20:w=380:h=70:color=black:t=fill",
}
"""Filters of ffmpeg for edits of the footage alone."""

MOVING = ("zooming_in", "panning", "shaken", "swaying", "filmed_from_a_screen")
"""Kinds whose picture moves within its frame: made of other recordings of the originals' places as well."""

WITH_OTHERS = {
    "four_at_once": "[0:v]scale=320:240,fps=25[a];[1:v]scale=320:240,fps=25,split[b][e];[2:v]scale=320:240,fps=25[c];"
    "[e]hflip[d];[b][a]hstack[t];[c][d]hstack[u];[t][u]vstack",
    "double_exposure": "[0:v]scale=640:360,fps=25[a];[1:v]scale=640:360,fps=25[b];[a][b]blend=all_expr='A*0.65+B*0.35'",
    "crossfaded": "[0:v]scale=640:360,fps=25,settb=1/25[a];[1:v]trim=duration=3,scale=640:360,fps=25,settb=1/25[b];"
    "[2:v]trim=duration=3,scale=640:360,fps=25,settb=1/25[c];[b][a]xfade=duration=1:offset=2[m];"
    "[m][c]xfade=transition=wipeleft:duration=1:offset=8",
    "wiped_fast": "[0:v]trim=duration=3,setpts=PTS-STARTPTS,scale=640:360,fps=25,settb=1/25[a];"
    "[1:v]trim=duration=3,scale=640:360,fps=25,settb=1/25[b];[2:v]trim=duration=3,scale=640:360,fps=25,settb=1/25[c];"
    "[b][a]xfade=transition=circleopen:duration=0.7:offset=2.3[m];[m][c]xfade=transition=pixelize:duration=0.7:offset=4.6",
}
"""Edits that show two other clips as well, which come first of all in these graphs' numbers: 1 and 2."""


@dataclass(frozen=True)
class Edit:
    """One query: ``source`` edited in one way, with others beside it where the way shows others."""

    kind: str
    source: Source
    others: tuple[Source, Source]
    elsewhere: bool = False
    """Whether nothing that it shows is among the originals."""

    @property
    def name(self) -> str:
        """Name of the query's file."""
        return f"{self.kind}-{self.source.id}.mp4"

    def command(self, target: Path) -> list[str]:
        """The ffmpeg command that makes it."""
        read = ["-ss", str(FROM_S), "-t", str(LENGTH_S), "-i", str(self.source.path)]
        graph = f"[0:v]{ALONE[self.kind]}" if self.kind in ALONE else WITH_OTHERS[self.kind]
        if self.kind in WITH_OTHERS:
            for other in self.others:
                read += ["-t", str(LENGTH_S), "-i", str(other.path)]
        coded = [
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-crf",
            "28",
            "-threads",
            "1",
            "-t",
            str(MOST_S),
            str(target),
        ]
        start = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
        return [*start, *read, "-an", "-filter_complex", f"{graph},{EVEN}[out]", "-map", "[out]", *coded]

    def shown(self) -> frozenset[str]:
        """Digests of all files that it shows something of."""
        others = self.others if self.kind in WITH_OTHERS else ()
        return frozenset(each.sha256 for each in (self.source, *others))


@dataclass(frozen=True)
class Row:
    """One kind: queries, those matched and listed with their original, wrong files matched."""

    kind: str
    queries: int
    matched: int
    listed: int
    wrong: int


def edits(shared: Path, count: int, seed: int, only: Sequence[str]) -> list[Edit]:
    """So many sources of the benchmark's references, each edited in every way, and the others of their cameras."""
    roles = {row["id"]: row["role"] for row in listed(shared)}
    long = [each for each in real_sources(shared) if roles.get(each.id) == "ref" and each.duration_s >= LEAST_S]
    near = [each for each in real_sources(shared) if roles.get(each.id) == "conf" and each.duration_s >= LEAST_S]
    draw = random.Random(seed)
    chosen = draw.sample(long, min(count, len(long)))
    beside = {each.id: _two(draw, [other for other in long if other.place != each.place]) for each in chosen}
    kinds = only or [*ALONE, *WITH_OTHERS]
    copies = [Edit(kind, source, beside[source.id]) for kind in kinds for source in chosen]
    pair = beside[chosen[0].id]
    return copies + [Edit(kind, source, pair, True) for kind in kinds if kind in MOVING for source in near]


def _two(draw: random.Random, among: Sequence[Source]) -> tuple[Source, Source]:
    one, other = draw.sample(list(among), 2)
    return one, other


def answers(queries: Sequence[Edit], case: Path, out: Path) -> dict[str, list[tuple[str, str]]]:
    """What `forensics match` says of each query, by its SHA-256: the reference's and the decision."""
    files = [out / "queries" / each.name for each in queries]
    for each, file in zip(queries, files, strict=True):
        if not file.exists():
            subprocess.run(each.command(file.with_suffix(".part.mp4")), check=True)
            file.with_suffix(".part.mp4").rename(file)
    spent = forensics(out / "home", "match", *files, "-c", case, "--json")
    found: dict[str, list[tuple[str, str]]] = {}
    for line in map(json.loads, spent.output.splitlines()):
        if line["type"] == "match":
            found.setdefault(line["query"]["id"], []).append((line["reference"]["id"], line["decision"]))
    return found


def rows(queries: Sequence[Edit], found: dict[str, list[tuple[str, str]]], out: Path) -> Iterator[Row]:
    """The table, a row for each kind, of copies and then of others."""
    for kind, elsewhere in dict.fromkeys((each.kind, each.elsewhere) for each in queries):
        matched = seen = wrong = 0
        mine = [each for each in queries if (each.kind, each.elsewhere) == (kind, elsewhere)]
        for each in mine:
            told = found.get(hashlib.sha256((out / "queries" / each.name).read_bytes()).hexdigest(), [])
            seen += any(elsewhere or reference == each.source.sha256 for reference, _ in told)
            matched += (each.source.sha256, "match") in told
            wrong += sum(reference not in each.shown() and decision == "match" for reference, decision in told)
        yield Row(f"{kind}, no copy" if elsewhere else kind, len(mine), matched, seen, wrong)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sources", type=int, default=10)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=())
    chosen = parser.parse_args(arguments)
    out, shared = chosen.out.resolve(), chosen.shared.resolve()
    (out / "queries").mkdir(parents=True, exist_ok=True)
    queries = edits(shared, chosen.sources, chosen.seed, chosen.only)
    keep_plan(out / "plan.txt", "".join(f"{each.command(Path(each.name))}\n" for each in queries))
    found = answers(queries, case_of(shared, out), out)
    files = [out / "queries" / each.name for each in queries]
    print(f"program {program_sha256()}, copies {files_sha256(files, out)}")
    print("| kind | matched | listed | wrong files matched |\n|---|---|---|---|")
    for row in rows(queries, found, out):
        print(f"| {row.kind} | {row.matched} of {row.queries} | {row.listed} of {row.queries} | {row.wrong} |")


if __name__ == "__main__":
    main()

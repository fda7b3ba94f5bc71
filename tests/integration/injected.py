"""A folder of input in which every text that a program might show is an attack: the strings of class D-inject of
../shared/hostile and lures of our own, as names of files and chats, captions, authors, forwards, tags and subtitles.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

CANARY = "canary"
"""What a payload that runs sets, on the window and as the title."""


CAPTION = 4096
"""Characters of a caption: Telegram's longest. In a tag a text stays as long as it is."""

KEPT = ("exif_count_4g_gps_div0.jpg", "exif_html_make.jpg", "jpg_trunc.jpg", "meta_html.mp4", "meta_long.mp4")
"""Files of the class that become evidence themselves. All its videos show one clip: each more would be a match with
every other, and the strings in their tags are read from all of them.
"""


def injected(hostile: Path) -> tuple[dict[str, Path], list[str]]:
    """The files `KEPT` of class D-inject by name, and the distinct texts in the tags of all its files."""
    listed = json.loads((hostile / "manifest.json").read_text())["files"]
    tagged = sorted(name for name, entry in listed.items() if entry["class"] == "D-inject" and name.startswith("meta_"))
    texts = [_title(hostile / name) for name in tagged]
    maker = re.search(rb"<script>[^\0]*", (hostile / "exif_html_make.jpg").read_bytes())
    return {name: hostile / name for name in KEPT}, [*texts, *([maker[0].decode("latin-1")] if maker else [])]


def _title(path: Path) -> str:
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags=title", "-of", "json", path]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return str(told["format"]["tags"]["title"])


def lures(port: int) -> list[str]:
    """Payloads that would call the listener, set the canary or leave the page, were they ever let be."""
    there = f"http://127.0.0.1:{port}"
    runs = f"window.{CANARY}=1;document.title='{CANARY}';new Image().src='{there}/run'"
    return [
        f"<script>{runs}</script>",
        f'"><img src="{there}/img" onerror="{runs}">',
        f"' autofocus onfocus=\"{runs}\" x='",
        f"</title></style></textarea><svg onload=\"{runs}\"><image href='{there}/svg'>",
        f"</pre></bdi></main><iframe src='{there}/frame'></iframe><base href='{there}/'>",
        f"<meta http-equiv=refresh content='0;url={there}/refresh'>",
        f"}}*{{background:url({there}/css)}}@import '{there}/import';\\3c/style>",
        f"javascript:{runs}",
        f"{{{{ cycler.__init__.__globals__ }}}}{{% for x in y %}} ${{{runs}}} `{there}`",
        f"[x]({there}/md) ![y]({there}/md.png) data:text/html,<script>{runs}</script>",
        "عاجل: مسيّرة فوق المدينة <b>الآن</b> \u202egpj.mp4\u2066",
    ]


def write(folder: Path, files: dict[str, Path], texts: list[str], clips: tuple[Path, Path]) -> Path:
    """Put the input below ``folder``: an export in which each text is a chat with one post, plain files named for the
    texts, a film with subtitles, and the files of D-inject as they are. Gives the export.
    """
    export = folder / "export"
    chats = [_chat(number, text, clips[number % 2], export) for number, text in enumerate(texts)]
    (export / "result.json").write_text(json.dumps({"chats": {"list": chats}}), "utf-8")
    plain = folder / "plain"
    plain.mkdir()
    for number, text in enumerate(texts):
        shutil.copyfile(clips[number % 2], plain / file_name(text, number))
    shutil.copyfile(clips[0], plain / "film.mp4")
    (plain / "film.srt").write_text("".join(_subtitle(number, text) for number, text in enumerate(texts)), "utf-8")
    for name, path in files.items():
        shutil.copyfile(path, plain / name)
    return export


def file_name(text: str, number: int) -> str:
    """A text as the name of a file: no slash, no zero, and short enough to be one."""
    shown = re.sub("[/\0]", "\u2044", text).encode("utf-8")[:200].decode("utf-8", "ignore")
    return f"{number} {shown}.mp4"


def _chat(number: int, text: str, clip: Path, export: Path) -> dict[str, object]:
    """A chat with one post, whose file lies under a plain name."""
    place = Path("chats") / f"chat_{number}" / "video_files" / "clip.mp4"
    (export / place).parent.mkdir(parents=True)
    shutil.copyfile(clip, export / place)
    post = {
        "id": number + 1,
        "type": "message",
        "date": f"2025-05-17T15:20:{number % 60:02d}",
        "date_unixtime": str(1_747_495_231 + 60 * number),
        "from": text,
        "from_id": f"channel{2_000_000 + number}",
        "author": text,
        "forwarded_from": text,
        "file": place.as_posix(),
        "file_name": text,
        "media_type": "video_file",
        "mime_type": "video/mp4",
        "text": text,
        "text_entities": [{"type": "plain", "text": text}],
    }
    return {"name": text, "type": "public_channel", "id": 2_000_000 + number, "messages": [post]}


def _subtitle(number: int, text: str) -> str:
    place = f"[latitude: 50.{number:04d}] [longitude: 36.{number:04d}] [rel_alt: 10.0 abs_alt: 150.0]"
    return (
        f"{number + 1}\n00:00:{number:02d},000 --> 00:00:{number:02d},900\n"
        f"SrtCnt : {number + 1}\n2025-05-17 15:20:{number:02d}.000\n{place} {text}\n\n"
    )

"""The files of posts that both captures have, compared by their bytes.

Telegram keeps one file for a post until its media is replaced, and gives it out unchanged. Two exports of one post with
other bytes mean that the media was replaced, or that one of the saved files is not as it was given: cut, re-encoded,
exchanged in the folder. Which, the post may tell (an edit, another size); the bytes do not.
"""

from __future__ import annotations

from dataclasses import dataclass

from forensics.model.capture import CapturedPost, Change, MediaState


@dataclass(slots=True, kw_only=True)
class Files:
    """How many files of posts that both captures have were equal, were not, and could not be compared."""

    equal: int = 0
    differ: int = 0
    not_at_hand: int = 0

    def compare(self, old: CapturedPost, new: CapturedPost) -> tuple[Change, ...]:
        """The files of a post whose digests differ, both with digests; counted.

        Posts with other numbers of files are not paired: their difference is told as such.
        """
        if len(old.media) != len(new.media):
            self.not_at_hand += sum(media.state is MediaState.NAMED for media in old.media)
            return ()
        changes = []
        for before, after in zip(old.media, new.media, strict=True):
            if before.state is not MediaState.NAMED or after.state is not MediaState.NAMED:
                continue
            if before.sha256 is None or after.sha256 is None:
                self.not_at_hand += 1
            elif before.sha256 == after.sha256:
                self.equal += 1
            else:
                self.differ += 1
                changes.append(Change(field="file.sha256", old=before.sha256, new=after.sha256))
        return tuple(changes)

"""Which telemetry file goes with which clip."""

from forensics.sources.sidecars import pair, pair_across_folders


def test_stems_pair_without_case() -> None:
    assert pair(["DJI_0042.MP4"], ["dji_0042.srt"]) == {"DJI_0042.MP4": ("dji_0042.srt",)}


def test_the_same_spelling_wins_over_another_case() -> None:
    assert pair(["Case.mp4", "case.mp4"], ["Case.SRT", "case.SRT"]) == {
        "Case.mp4": ("Case.SRT",),
        "case.mp4": ("case.SRT",),
    }


def test_a_lens_suffix_may_be_missing_on_either_side() -> None:
    assert pair(["DJI_1_0037_D.MP4"], ["DJI_1_0037.SRT"]) == {"DJI_1_0037_D.MP4": ("DJI_1_0037.SRT",)}
    assert pair(["DJI_1_0037.MP4"], ["DJI_1_0037_T.SRT"]) == {"DJI_1_0037.MP4": ("DJI_1_0037_T.SRT",)}


def test_one_telemetry_file_may_serve_the_clips_of_two_lenses() -> None:
    assert pair(["X_T.MP4", "X_W.MP4"], ["X.SRT"]) == {"X_T.MP4": ("X.SRT",), "X_W.MP4": ("X.SRT",)}


def test_a_telemetry_file_that_fits_one_clip_exactly_is_not_lent_to_another() -> None:
    assert pair(["X_T.MP4", "X_W.MP4"], ["X_W.SRT"]) == {"X_W.MP4": ("X_W.SRT",)}


def test_a_suffix_that_no_lens_has_does_not_pair() -> None:
    assert pair(["clip_x.mp4"], ["clip.srt"]) == {}
    assert pair(["clip10.mp4"], ["clip1.srt"]) == {}


def test_across_folders_only_an_unmistakable_name_pairs() -> None:
    assert pair_across_folders(["video_files/a.mp4"], ["files/a.SRT"]) == {"video_files/a.mp4": ("files/a.SRT",)}
    assert pair_across_folders(["v/a.mp4"], ["files/a.SRT", "more/a.SRT"]) == {}
    assert pair_across_folders(["v/a.mp4", "w/a.mp4"], ["files/a.SRT"]) == {}


def test_a_neighbour_pairs_before_one_from_another_folder() -> None:
    assert pair_across_folders(["v/a.mp4"], ["files/a.SRT", "v/a.srt"]) == {"v/a.mp4": ("v/a.srt",)}

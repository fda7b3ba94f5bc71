"""Pure functions from values to what people read: the case report, thumbnails, safe text."""

from forensics.report.comparison import ComparisonView, FilmView, Take, render_comparison
from forensics.report.differences import posting_moment, render_differences
from forensics.report.exhibit_paper import exhibit_paper, render_exhibit
from forensics.report.exhibit_values import CustodyRow, ExhibitView, Form, ManifestFiles, PaperFinding
from forensics.report.graphml import MAX_EDGES, MAX_NODES, Edge, Node, graphml
from forensics.report.groups import (
    RepostGroup,
    Sighting,
    alone,
    posting_range,
    posting_time,
    repost_groups,
    standing,
)
from forensics.report.lanes import chat_key
from forensics.report.page import is_large, render_case, render_folder
from forensics.report.paper import Bates, Paper, PaperSize, as_text, bates_from
from forensics.report.pictures import shrunk, thumbnail
from forensics.report.residual import UNCHANGED, Residual, residual
from forensics.report.residue import difference_map
from forensics.report.side_by_side import (
    BANNER,
    HEIGHT,
    PICTURE_SIDE,
    WIDTH,
    Instant,
    Party,
    Scene,
    compose,
    drawing_versions,
    heading,
)
from forensics.report.text import visible
from forensics.report.typeset import EXTRA, is_there, printable, typeset
from forensics.report.values import (
    AbsenceView,
    AlignedPair,
    CaseReport,
    EvidenceView,
    ForwardView,
    KeyframeView,
    LogHeadView,
    MatchView,
    MethodView,
    Row,
    ServerFileView,
    SideView,
    TelemetryView,
    ToolView,
    VerificationView,
)
from forensics.report.wording import clock, utc
from forensics.report.words import LANGUAGES, Words, words_of

__all__ = [
    "BANNER",
    "EXTRA",
    "HEIGHT",
    "LANGUAGES",
    "MAX_EDGES",
    "MAX_NODES",
    "PICTURE_SIDE",
    "UNCHANGED",
    "WIDTH",
    "AbsenceView",
    "AlignedPair",
    "Bates",
    "CaseReport",
    "ComparisonView",
    "CustodyRow",
    "Edge",
    "EvidenceView",
    "ExhibitView",
    "FilmView",
    "Form",
    "ForwardView",
    "Instant",
    "KeyframeView",
    "LogHeadView",
    "ManifestFiles",
    "MatchView",
    "MethodView",
    "Node",
    "Paper",
    "PaperFinding",
    "PaperSize",
    "Party",
    "RepostGroup",
    "Residual",
    "Row",
    "Scene",
    "ServerFileView",
    "SideView",
    "Sighting",
    "Take",
    "TelemetryView",
    "ToolView",
    "VerificationView",
    "Words",
    "alone",
    "as_text",
    "bates_from",
    "chat_key",
    "clock",
    "compose",
    "difference_map",
    "drawing_versions",
    "exhibit_paper",
    "graphml",
    "heading",
    "is_large",
    "is_there",
    "posting_moment",
    "posting_range",
    "posting_time",
    "printable",
    "render_case",
    "render_comparison",
    "render_differences",
    "render_exhibit",
    "render_folder",
    "repost_groups",
    "residual",
    "shrunk",
    "standing",
    "thumbnail",
    "typeset",
    "utc",
    "visible",
    "words_of",
]

"""Pure functions from values to what people read: the case report, contact sheets, thumbnails, safe text."""

from forensics.report.differences import posting_moment, render_differences
from forensics.report.graphml import MAX_EDGES, MAX_NODES, Edge, Node, graphml
from forensics.report.groups import RepostGroup, Sighting, posting_range, posting_time, repost_groups, standing
from forensics.report.page import render_case
from forensics.report.pictures import contact_sheet, thumbnail
from forensics.report.text import visible
from forensics.report.values import (
    AlignedPair,
    CaseReport,
    EvidenceView,
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

__all__ = [
    "MAX_EDGES",
    "MAX_NODES",
    "AlignedPair",
    "CaseReport",
    "Edge",
    "EvidenceView",
    "KeyframeView",
    "LogHeadView",
    "MatchView",
    "MethodView",
    "Node",
    "RepostGroup",
    "Row",
    "ServerFileView",
    "SideView",
    "Sighting",
    "TelemetryView",
    "ToolView",
    "VerificationView",
    "clock",
    "contact_sheet",
    "graphml",
    "posting_moment",
    "posting_range",
    "posting_time",
    "render_case",
    "render_differences",
    "repost_groups",
    "standing",
    "thumbnail",
    "utc",
    "visible",
]

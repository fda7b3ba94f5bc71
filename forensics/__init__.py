"""Video evidence forensics: the parts. The ordered jobs built from them are in `pipelines`."""

__version__ = "0.1.0"

"""`python -m pipelines` is the same as `forensics`."""

from pipelines.cli import main

main()

"""The ordered jobs and the command line, built from the parts in `forensics`."""

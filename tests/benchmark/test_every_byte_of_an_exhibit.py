"""A bit flipped in every byte of an exhibit's documents, and in a sample of its other files: never called verified."""

import random
import shutil
from pathlib import Path

import pytest

from tests.adversarial.exhibits import TOOLS, fired
from tests.adversarial.test_flipped_exhibit import files_of, flipped, stamped_exhibit

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="a tool is missing"),
]

EVERY = ("manifest.json", ".json", "checkpoint", ".tlog-proof", ".sig")
"""Ends of the names of files of which every byte is changed; of others it is `SAMPLE`."""

SAMPLE = 40


def test_every_byte_of_documents_and_a_sample_of_all_other_files(tmp_path: Path) -> None:
    exhibit, bits = stamped_exhibit(tmp_path), random.Random(3)
    tried = missed = 0
    for path in files_of(exhibit):
        size = path.stat().st_size
        places = list(range(size)) if path.name.endswith(EVERY) else sorted(bits.sample(range(size), min(size, SAMPLE)))
        for at in flipped(path, places, bits):
            tried += 1
            if not fired(exhibit):
                missed += 1
                print(f"missed: {path.name} byte {at}")
    print(f"{tried} bytes changed, {tried - missed} found")
    assert missed == 0

"""The book's page for Python, as it stands: its blocks run one after the other, where `fixtures` is."""

import re
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_pages_examples_run(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 5
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the development SRS, which the page names
        for block in blocks:
            exec(compile(block, "docs/python.md", "exec"), names)
    assert names["verified"].outputs["logits"].argmax() == names["proof"].outputs["logits"].argmax()

"""One page over several experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crayfish_ctl.report import write_index, write_report

from .experiments import batch_size, sustainable

if TYPE_CHECKING:
    from pathlib import Path


def test_it_has_what_each_found_and_the_way_to_its_report(tmp_path: Path) -> None:
    folders = [batch_size(tmp_path / "20261101-batch size"), sustainable(tmp_path / "later")]
    for folder in folders:
        write_report(folder)
    page = tmp_path / "index.html"
    write_index(page, folders, ["bursty: <no> room"])
    text = page.read_text()
    assert "2 experiments" in text
    assert 'href="20261101-batch%20size/report.html"' in text
    assert 'href="later/report.html"' in text
    assert "records/s" in text
    assert "VALID" in text
    assert "bursty: &lt;no&gt; room" in text
    for link in ("20261101-batch size/report.html", "later/report.html"):
        assert (tmp_path / link).is_file()

"""The audit page of 400 cases: its size, the time to make it, the time a browser needs to open it.

`python -m benchmarks.audit_page` from the checkout. Goals: under 3 MB, opened in under 2 s.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.reports.browser import PROGRAM, dom
from tests.reports.conftest import DEFECTS, make
from tests.reports.test_page_in_browser import TELL, four_hundred, told, with_script
from tokenspec.reports.audit import audit_page

MEASURE = f"""<script>{TELL}
addEventListener("load", () => {{
  const [navigation] = performance.getEntriesByType("navigation");
  const height = document.documentElement.offsetHeight;  // everything is laid out
  tell({{parsed: navigation.domInteractive, laid_out: performance.now(), height}});
}});
</script>"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        record = four_hundred(make(Path(folder) / "record.ndjson", DEFECTS).record)
        started = time.perf_counter()
        page = audit_page(record)
        seconds = time.perf_counter() - started
        path = Path(folder) / "audit.html"
        path.write_text(page, "utf-8")
        print(f"cases            {len(record.findings)}")
        print(f"size             {len(page.encode()) / 1e6:.2f} MB")
        print(f"made in          {seconds:.2f} s")
        if PROGRAM is None:
            print("opened in        not measured: Chromium is not installed")
            return
        times = told(dom(with_script(path, MEASURE), wait=False))
        print(f"parsed in        {times['parsed'] / 1000:.2f} s")
        print(f"laid out in      {times['laid_out'] / 1000:.2f} s, {times['height']:.0f} px high")


if __name__ == "__main__":
    main()

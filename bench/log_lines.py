"""Lines per second and peak memory of reading a query log, beside plain `pandas.read_csv` on the same file.

    python bench/log_lines.py                     # 100,000, 1 and 5 million lines, csv and jsonl
    python bench/log_lines.py --quick             # 20,000 lines of each
    python bench/log_lines.py --lines 1000000 --form csv

Each reading runs in a process of its own. pandas only parses cells; the workbench also tells columns, masks personal data, reads
times and lists, sorts and writes the interaction table. Memory is the highest resident set of process and children together.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

FORMS = ("csv", "jsonl")
TOPICS = ("excess", "flood cover", "claim deadline", "glass damage", "premium", "cancellation", "lodger", "bicycle")
PLACES = ("HO-W-25", "HO-W-26", "MO-C-11", "TR-A-04", "END-H-114")
BEGINNING = datetime(2026, 3, 1, 8, tzinfo=UTC)


def lines_of(count: int, seed: int = 1) -> Iterator[dict[str, object]]:
    """Made-up log lines of about 200 bytes, oldest first, some in a hundred with a mail address in the question."""
    rng = random.Random(seed)
    at = BEGINNING
    for number in range(count):
        at += timedelta(seconds=rng.random() * 4)
        topic, place = rng.choice(TOPICS), rng.choice(PLACES)
        shown = rng.sample(range(400), 3)
        contact = f" Write to user{number}@example.org." if number % 100 == 0 else ""
        yield {
            "request_id": f"r-{number:08}",
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "session_id": f"s{number // 4}",
            "user_id": f"u{rng.randrange(4000)}",
            "question": f"What is the {topic} under {place}?{contact}",
            "answer": f"Under {place} the {topic} is {rng.randrange(50, 900)}.",
            "retrieved_ids": [f"d-{part}.pdf" for part in shown],
            "scores": [round(0.9 - 0.1 * rank, 2) for rank in range(3)],
            "model": "m-large",
            "input_tokens": rng.randrange(400, 1500),
            "output_tokens": rng.randrange(20, 200),
            "latency_ms": rng.randrange(300, 4000),
            "cost_eur": round(rng.random() / 100, 5),
            "feedback": rng.choice(("", "", "up", "down")),
        }


def write_log(path: Path, form: str, count: int) -> None:
    """A log of so many lines."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        if form == "jsonl":
            stream.writelines(json.dumps(line) + "\n" for line in lines_of(count))
            return
        writer: csv.DictWriter[str] | None = None
        for line in lines_of(count):
            if writer is None:
                writer = csv.DictWriter(stream, list(line))
                writer.writeheader()
            listed = {name: json.dumps(value) if isinstance(value, list) else value for name, value in line.items()}
            writer.writerow(listed)


OURS = (
    "from pathlib import Path; from workbench.ingest.logs.reading import read_logs; import sys; r = Path(sys.argv[1]); \
print(read_logs(r, derived=r / '.workbench').total)"
)
PANDAS = "import sys, pandas; print(len(pandas.read_csv(sys.argv[2])))"
PANDAS_JSON = "import sys, pandas; print(len(pandas.read_json(sys.argv[2], lines=True)))"


def measured(code: str, *arguments: str) -> tuple[float, float, int]:
    """(seconds, highest MiB of the process and its children, what it printed) of a Python process."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    highest = 0.0
    ended = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not ended.wait(0.05):
            highest = max(highest, resident(child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = child.communicate()
    ended.set()
    watcher.join()
    if child.returncode:
        raise SystemExit(f"the child ended with {child.returncode}")
    return time.perf_counter() - began, highest, int(said)


def resident(pid: int) -> float:
    """MiB a process and its children hold; shared pages count in each."""
    total = 0.0
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        total += next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0.0)
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = (task / "children").read_text(encoding="utf-8").split()
            total += sum(resident(int(name)) for name in children)
    except OSError:
        return total
    return total


def run(form: str, count: int) -> None:
    """Read one log three ways and print a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = root / "logs" / f"log.{form}"
        path.parent.mkdir()
        write_log(path, form, count)
        size = path.stat().st_size / 2**20
        print(f"{form}, {count:,} lines, {size:,.0f} MiB")
        plain = PANDAS if form == "csv" else PANDAS_JSON
        for name, code in (("workbench", OURS), ("workbench, again", OURS), (f"pandas.read_{form[:4]}", plain)):
            seconds, memory, found = measured(code, str(root), str(path))
            print(
                f"  {name:18} {seconds:8.1f} s  {count / seconds:12,.0f} lines/s  {memory:8,.0f} MiB  {found:,} lines",
                flush=True,
            )


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 lines of each form")
    parser.add_argument("--lines", type=int, action="append", help="how many lines (may be repeated)")
    parser.add_argument("--form", choices=FORMS, action="append", help="csv or jsonl (may be repeated)")
    options = parser.parse_args()
    counts = [20_000] if options.quick else options.lines or [100_000, 1_000_000, 5_000_000]
    for form in options.form or FORMS:
        for count in counts:
            run(form, count)


if __name__ == "__main__":
    main()

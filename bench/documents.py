"""Prints how many pages and files a second are read into documents, with peak memory, beside plain markitdown.

Both read the same files, each in a process of its own: a made-up share of PDF, Word, HTML, PowerPoint and Excel files, and the
development data where it is there. markitdown is not a dependency: `pip install 'markitdown[pdf,docx,pptx,xlsx]'`.
Ours also finds sections, dates and languages, masks secrets and accounts for every file; markitdown turns files into Markdown.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "messy_files" / "files"
WORDS = (
    "excess storm claim policy vehicle repair estimate liability cover premium approved settlement damage " * 40
).split()
PDF_FILES, PDF_PAGES, OTHER_FILES = 10, 40, 20


def main() -> None:
    """Measure both readers on each share and print a line each with the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--case", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.reader:
        print(json.dumps(_measured(arguments.reader, arguments.case)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, case in _shares(Path(folder)):
            print(f"{name}:")
            _compare(case)


def _compare(case: Path) -> None:
    ours = _in_child("ours", case)
    peer = _in_child("markitdown", case)
    for name, found in (("ours", ours), ("markitdown", peer)):
        if "missing" in found:
            print(f"  {name:<12}not measured: {found['missing']}")
            continue
        rate = f"{found['files'] / found['seconds']:7.1f} files/s"
        print(
            f"  {name:<12}{rate}  {found['pdf_pages'] / max(found['pdf_seconds'], 1e-9):7.1f} PDF pages/s"
            f"  {found['characters']:>10,} characters  {found['failed']:>3} files failed  peak {found['peak'] / 2**20:,.0f} MiB"
        )
    if "missing" not in peer:
        print(f"  ratio       {peer['seconds'] / ours['seconds']:.2f} times the files/s of markitdown")


def _in_child(reader: str, case: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--reader", reader, "--case", str(case)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(reader: str, case: Path) -> dict[str, object]:
    paths = sorted(path for path in (case / "corpus").rglob("*") if path.is_file())
    try:
        found = READERS[reader](case, paths)
    except ImportError as error:
        return {"missing": f"{error.name} is not installed"}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {**found, "files": len(paths), "pdf_pages": sum(map(_pages, paths)), "peak": peak}


def _ours(case: Path, paths: list[Path]) -> dict[str, float]:
    from workbench.ingest.corpus.documents import read_corpus
    from workbench.ingest.readers import read_file

    begun = time.perf_counter()
    documents, intake = read_corpus(case)
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    for path in _pdfs(paths):
        try:
            read_file(path)
        except Exception:  # counted as failed by the reading above
            continue
    return {
        "seconds": seconds,
        "pdf_seconds": time.perf_counter() - begun,
        "characters": sum(len(document.text) for document in documents),
        "failed": sum(file.status == "unreadable" for file in intake),
    }


def _markitdown(_case: Path, paths: list[Path]) -> dict[str, float]:
    from markitdown import MarkItDown

    converter = MarkItDown()
    characters = failed = 0
    seconds = {True: 0.0, False: 0.0}
    for path in paths:
        begun = time.perf_counter()
        try:
            characters += len(converter.convert(str(path)).text_content)
        except Exception:
            failed += 1
        seconds[path.suffix == ".pdf"] += time.perf_counter() - begun
    return {
        "seconds": sum(seconds.values()),
        "pdf_seconds": seconds[True],
        "characters": characters,
        "failed": failed,
    }


READERS = {"ours": _ours, "markitdown": _markitdown}


def _pdfs(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.suffix == ".pdf"]


def _pages(path: Path) -> int:
    import pypdfium2

    if path.suffix != ".pdf":
        return 0
    try:
        return len(pypdfium2.PdfDocument(path))
    except pypdfium2.PdfiumError:
        return 0


def _shares(folder: Path) -> Iterator[tuple[str, Path]]:
    corpus = folder / "made" / "corpus"
    corpus.mkdir(parents=True)
    _make_files(corpus)
    yield "made-up share", folder / "made"
    if SHARED.is_dir():
        target = folder / "messy" / "corpus"
        shutil.copytree(SHARED, target)
        yield "messy files (development data)", folder / "messy"


def _make_files(corpus: Path) -> None:
    import docx
    import pptx
    import xlsxwriter
    from reportlab.pdfgen.canvas import Canvas

    for number in range(PDF_FILES):
        canvas = Canvas(str(corpus / f"manual-{number}.pdf"))
        for page in range(PDF_PAGES):
            for line in range(50):
                start = (number * 31 + page * 7 + line * 11) % 300
                canvas.drawString(60, 780 - 14 * line, " ".join(WORDS[start : start + 12]))
            canvas.showPage()
        canvas.save()
    for number in range(OTHER_FILES):
        paragraphs = [" ".join(WORDS[(number + 13 * line) % 300 :][:60]) for line in range(60)]
        (corpus / f"page-{number}.html").write_text(
            "<html><title>Page</title><body>" + "".join(f"<h2>{n}</h2><p>{p}</p>" for n, p in enumerate(paragraphs))
        )
        word = docx.Document()
        for paragraph in paragraphs:
            word.add_paragraph(paragraph)
        word.save(str(corpus / f"letter-{number}.docx"))
        slides = pptx.Presentation()
        for paragraph in paragraphs[:15]:
            slide = slides.slides.add_slide(slides.slide_layouts[1])
            slide.shapes.title.text, slide.placeholders[1].text = paragraph[:40], paragraph
        slides.save(str(corpus / f"slides-{number}.pptx"))
        with xlsxwriter.Workbook(str(corpus / f"list-{number}.xlsx")) as book:
            sheet = book.add_worksheet("Claims")
            for row in range(400):
                sheet.write_row(
                    row, 0, ["id", "text", "amount"] if row == 0 else [row, paragraphs[row % 60], row * 3.5]
                )


if __name__ == "__main__":
    main()

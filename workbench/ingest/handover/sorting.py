"""Which part of a case a file belongs to, told by its content first and its name second, with the reason in a few words.

It moves nothing and never fails: what nothing is known of is a document of the corpus, and the user decides.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from workbench.case import PARTS
from workbench.errors import InputError
from workbench.ingest import artefacts
from workbench.ingest.handover.table_sorting import TABLE_KINDS, Placement, table_part
from workbench.ingest.readers import READERS, kind_of, read_file

LABELS = "labels"
NAMED_FOLDERS: Mapping[str, str] = {**{part: part for part in PARTS}, "qrels": LABELS}
"""Folder a client named as the workbench would -> part."""
BEIR_FILES, SETTINGS = ("queries.jsonl", "corpus.jsonl"), "case.toml"
"""Files that stand beside the parts."""
REPOSITORY_MARKS = {
    ".git", ".github", ".gitlab-ci.yml", "pyproject.toml", "setup.py", "package.json", "dockerfile", "docker-compose.yml",
    "go.mod", "cargo.toml", "pom.xml", "build.gradle", "requirements.txt", "makefile", "gemfile", "composer.json",
}  # fmt: skip
"""Names, lower case, that stand at the root of a repository and hardly anywhere else."""
CODE_SUFFIXES = {
    ".py", ".pyi", ".ipynb", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".go", ".rs", ".java", ".kt", ".scala", ".cs", ".rb", ".php",
    ".c", ".h", ".cpp", ".hpp", ".sql", ".tf", ".sh", ".ps1", ".bicep", ".lock", ".j2", ".jinja", ".prompty",
}  # fmt: skip
SETTINGS_SUFFIXES = {".yaml", ".yml", ".toml", ".ini", ".cfg", ".env"}
HEAD = 64 * 2**10
MAX_OPENED = 2 * 2**20
"""Bytes of a document that is opened to look for a governance paper; a larger one is told by its name."""
DOCUMENTS_OPENED = {"docx", "pdf", "html", "eml", "msg", "odt", "rtf"}
SURE_PAPERS = {"adr", "impact_assessment", "risk_register", "model_card", "system_card"}
"""Kinds of papers that are hardly ever what a pilot answers questions from."""
# An insurer's corpus is full of policies, guidelines and runbooks: those of the pilot speak of a model or an assistant.
ABOUT_PILOT = re.compile(
    r"\b(ai|a\.i\.|artificial intelligence|gen ?ai|llms?|large language models?|language models?|machine learning|chat ?bots?|"
    r"copilots?|prompts?|rag|hallucinations?|go[- ]live|ai assistants?|assistant pilots?)\b"
)
_GIT_LOG = re.compile(r"\s*commit [0-9a-f]{7,64}\b.*\n(.*\n){0,3}(author|date)", re.IGNORECASE)

__all__ = ["Placement", "is_below", "part_of", "repository_roots"]

log = logging.getLogger(__name__)


def part_of(path: Path, name: str) -> Placement:
    """The part a file belongs to.

    Args:
        path: the file.
        name: its posix path as it was handed over, below the drop folder or inside an archive.
    """
    folder = PurePosixPath(name).parts[0] if "/" in name else ""
    if folder.lower() in NAMED_FOLDERS:
        return Placement(NAMED_FOLDERS[folder.lower()], 1.0, f"handed over in a folder named {folder}")
    try:
        kind = kind_of(path)
        found = (cue(path, name, kind) for cue in CUES)
        return next(
            (placement for placement in found if placement),
            Placement("corpus", 0.5, f"{kind} file, taken for a document"),
        )
    except (InputError, OSError) as error:
        log.info("%s: %s", name, error)
        return Placement("corpus", 0.2, "could not be looked into; taken for a document")


def repository_roots(names: Iterable[str]) -> tuple[str, ...]:
    """Folders, outermost first, that are the root of a repository; "" where the files as a whole are one.

    A folder is one when it holds `.git`, or two of the files that stand at the root of a repository; but not what is laid out as
    a case, and nothing inside a part of one.

    >>> repository_roots(["pilot/.git/HEAD", "pilot/app/main.py", "notes.txt"])
    ('pilot',)
    """
    inside: dict[str, set[str]] = {}
    for name in names:
        parts = PurePosixPath(name).parts
        for depth, part in enumerate(parts):
            if depth == 0 or parts[0].lower() not in NAMED_FOLDERS:
                inside.setdefault("/".join(parts[:depth]), set()).add(part.lower())
    found = (folder for folder, entries in inside.items() if _is_repository(entries))
    outermost: list[str] = []
    for root in sorted(found, key=lambda root: (root.count("/"), root)):
        if not any(is_below(root, other) for other in outermost):
            outermost.append(root)
    return tuple(outermost)


def _is_repository(entries: set[str]) -> bool:
    if ".git" in entries:
        return True
    case_like = "repo" in entries or len(entries & {"corpus", "logs", "governance"}) > 1
    return len(entries & REPOSITORY_MARKS) > 1 and not case_like


def is_below(name: str, folder: str) -> bool:
    """Whether a posix path lies in a folder; everything lies in ""."""
    return not folder or name.startswith(f"{folder}/")


def _label_file(path: Path, name: str, kind: str) -> Placement | None:
    plain = PurePosixPath(name).name.lower().removesuffix(".gz")
    if plain == SETTINGS:
        return Placement(LABELS, 0.9, "case.toml: the settings of a case")
    if plain not in BEIR_FILES:
        return None
    head = _head(path) if kind != "gzip" else '"_id"'
    wanted = "questions" if plain.startswith("queries") else "documents"
    return Placement(LABELS, 0.95, f"{plain} with _id and text: {wanted} in BEIR form") if '"_id"' in head else None


def _source_code(path: Path, name: str, kind: str) -> Placement | None:
    file = PurePosixPath(name)
    if kind in ("txt", "md") and _GIT_LOG.match(_head(path)):
        return Placement("repo", 0.95, "the output of git log")
    if file.suffix.lower() == ".rego":
        return Placement("governance", 0.8, "rules in Rego: a policy")
    if file.name.lower().startswith("promptfoo") and file.suffix.lower() in SETTINGS_SUFFIXES:
        return Placement("evals", 0.7, "settings of promptfoo: an eval set")
    if file.suffix.lower() in CODE_SUFFIXES or file.name.lower() in REPOSITORY_MARKS:
        return Placement("repo", 0.7, f"{file.suffix or file.name}: source code")
    if file.suffix.lower() in SETTINGS_SUFFIXES:
        return Placement("repo", 0.5, f"{file.suffix}: a settings file")
    return None


def _table(path: Path, name: str, kind: str) -> Placement | None:
    return table_part(path, name, kind) if kind in TABLE_KINDS else None


def _governance_paper(path: Path, name: str, kind: str) -> Placement | None:
    title, opening = _opening(path, kind)
    # kind_of leaves the first folder out, which is the part's own in a case.
    paper = artefacts.kind_of(f"governance/{name}", title, opening, ())
    if paper == "other":
        return None
    spoken = paper.replace("_", " ")
    if paper in SURE_PAPERS:
        return Placement("governance", 0.85, f"reads like a governance paper: {spoken}")
    words = re.sub(r"[\s/_.-]+", " ", f"{name} {title} {opening}").lower()
    about = ABOUT_PILOT.search(words)
    if about:
        return Placement(
            "governance", 0.65, f"reads like a governance paper: {spoken}, and speaks of '{about.group(0)}'"
        )
    return Placement("corpus", 0.45, f"a {spoken}, but not about the pilot: a document")


def _opening(path: Path, kind: str) -> tuple[str, str]:
    """Title and beginning of a document, as far as it is cheap to get."""
    if kind in ("txt", "md"):
        text = _head(path)
        heading = re.search(r"^#[ \t]+(\S.*)$", text, flags=re.MULTILINE)
        return heading.group(1).strip() if heading else "", text[: artefacts.OPENING]
    if kind in DOCUMENTS_OPENED and kind in READERS and path.stat().st_size <= MAX_OPENED:
        try:
            read = read_file(path, kind)
        except InputError:
            return "", ""
        return read.title, read.text[: artefacts.OPENING]
    return "", ""


def _head(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(HEAD).decode("utf-8", errors="replace")


Cue = Callable[[Path, str, str], Placement | None]
CUES: Sequence[Cue] = (_label_file, _source_code, _table, _governance_paper)
"""(path, name, kind) -> the part the file shows itself to belong to, None where it shows nothing; the first to speak counts."""

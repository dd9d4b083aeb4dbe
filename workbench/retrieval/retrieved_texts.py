"""What stood before the model for each logged question, as far as log and corpus together tell.

Logs keep whole texts, previews of one length, or ids alone; where the text is not whole, the document stands in for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from workbench.observing import DocumentNames
from workbench.records import CaseInputs, Interaction, RetrievedItem

PREVIEW_SHARE = 0.1
FEWEST_PREVIEWS = 10


class RetrievedTexts:
    """Texts retrieved for the lines of one case.

    Attributes:
        preview_length: characters after which the log cuts texts; None when it does not.
    """

    def __init__(self, inputs: CaseInputs) -> None:
        self._names = DocumentNames(inputs.documents)
        self.preview_length = preview_length(inputs.log.interactions)

    def whole(self, item: RetrievedItem) -> bool:
        """Whether the log kept the text itself, uncut."""
        return bool(item.text) and len(item.text or "") != self.preview_length

    def of(self, line: Interaction) -> str:
        """All texts retrieved for a line, each with id and title of its document; "" where no text is known."""
        texts = [self._text(item) for item in line.retrieved or ()]
        return "\n".join(texts) if any(texts) else ""

    def _text(self, item: RetrievedItem) -> str:
        document = self._names.find(item.doc_id)
        text = item.text if self.whole(item) or document is None else document.text
        return f"{item.doc_id or ''}\n{document.title if document else ''}\n{text}" if text else ""


def preview_length(lines: Sequence[Interaction]) -> int | None:
    """Length at which a log cuts texts: the longest one, when a tenth of all texts, ten at least, have just that length."""
    different = {item.text for line in lines for item in line.retrieved or () if item.text}
    lengths = Counter(len(text) for text in different)
    longest = max(lengths, default=0)
    cut = lengths[longest] >= max(FEWEST_PREVIEWS, PREVIEW_SHARE * len(different))
    return longest if cut else None

"""Addresses found by likeness: pieces of two and three characters choose candidates, the whole text ranks them.

Pieces, in a Tantivy index, need no dictionary and bear a missing, wrong or swapped character. Only the rarest pieces of what
is asked are looked up, so that 街道 and 号楼, which stand everywhere, cost nothing; the best by BM25 are then compared in
full by ``rapidfuzz``, and by the levels that they share.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import tantivy
from rapidfuzz.fuzz import ratio

from geo.addresses.parsing import finest_common, parse, plain_text

CANDIDATES: Final = 30
"""How many are compared in full."""
POSTINGS: Final = 300_000
HEAP_BYTES: Final = 256_000_000
GRAMS: Final = "grams"


@dataclass(frozen=True)
class Place:
    """An address that the city knows. ``lng``, ``lat``: WGS84 degrees."""

    code: str
    address: str
    lng: float
    lat: float


@dataclass(frozen=True)
class Found:
    """A place that was asked for, perhaps.

    Attributes
    ----------
    score : float
        Likeness of the two texts, 0 to 100 (``rapidfuzz.fuzz.ratio``).
    level : str
        The narrowest level of ``geo.addresses.parsing.LEVELS`` at which both say the same; ``""`` where none does.
    """

    place: Place
    score: float
    level: str


class Gazetteer:
    """Places by address, in memory: about 150 bytes a place besides its text."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places: Sequence[Place] = list(places)
        self._texts = [plain_text(place.address) for place in self.places]
        builder = tantivy.SchemaBuilder()
        builder.add_text_field(GRAMS, tokenizer_name=GRAMS, index_option="freq")
        builder.add_unsigned_field("at", stored=True)
        self._index = tantivy.Index(builder.build())
        self._index.register_tokenizer(GRAMS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        self._fill()

    def _fill(self) -> None:
        writer = self._index.writer(HEAP_BYTES, 1)
        for at, text in enumerate(self._texts):
            writer.add_document(tantivy.Document(**{GRAMS: " ".join(grams(text)), "at": at}))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def search(self, text: str, most: int = 5) -> list[Found]:
        """The places most like an address, the best first; none for a text of less than two characters."""
        asked = plain_text(text)
        searcher = self._index.searcher()
        telling = self._telling(searcher, asked)
        if not telling:
            return []
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, GRAMS, pair, "basic"))
            for pair in telling
        ]
        hits = searcher.search(tantivy.Query.boolean_query(terms), CANDIDATES, count=False).hits
        rows = [int(searcher.doc(address)["at"][0]) for _, address in hits]
        ranked = sorted(rows, key=lambda at: (-ratio(asked, self._texts[at]), at))[:most]
        levels = parse(text)
        return [
            Found(self.places[at], ratio(asked, self._texts[at]), finest_common(levels, parse(self._texts[at])))
            for at in ranked
        ]

    def _telling(self, searcher: tantivy.Searcher, asked: str) -> list[str]:
        """The rarest pairs of a text, as many as hold ``POSTINGS`` places together: what is in every address tells nothing."""
        counted = sorted((count, pair) for pair in set(grams(asked)) if (count := searcher.doc_freq(GRAMS, pair)))
        held = accumulate(count for count, _ in counted)
        return [pair for (_, pair), so_far in zip(counted, held, strict=True) if so_far <= POSTINGS] or [
            pair for _, pair in counted[:1]
        ]


def grams(text: str) -> list[str]:
    """Each character with the next, and with the next two."""
    return [text[at : at + size] for size in (2, 3) for at in range(len(text) - size + 1)]

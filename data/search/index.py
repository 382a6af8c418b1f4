"""An index of the registry on disk: entries come and go one by one or all at once, and are found in milliseconds.

It holds codes only, and tokens that cannot be read back: what is shown of an entry, and to whom, is decided where the entry is
read. The index can be thrown away at any time, and is filled from the registry anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tantivy

from data.search.tokens import Entry, tokens_asked, tokens_of

HEAP_BYTES: Final = 128_000_000
BOOSTS: Final = {"=": 8.0, "t": 3.0, "i": 2.0, "p": 2.0, "n": 1.5, "a": 1.0}
"""How much more a kind of token says than two characters of an address."""


@dataclass(frozen=True)
class Hit:
    """An entry that was found, and how well it fits (higher is better)."""

    code: str
    score: float


class SearchIndex:
    """The index in a folder, made when it is not there. One process writes; any number read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("code", tokenizer_name="raw", stored=True, index_option="basic")
        builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("token", tokenizer_name="token", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=str(folder))
        self._index.register_tokenizer("token", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())

    def __len__(self) -> int:
        """How many entries there are."""
        return int(self._index.searcher().num_docs)

    def fill(self, entries: Iterable[Entry]) -> None:
        """Hold these entries and no others."""
        self._write(entries, (), anew=True)

    def update(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        """Take in entries, in the place of those of the same code, and forget others by their codes."""
        self._write(entries, gone, anew=False)

    def find(self, text: str, most: int = 20, kind: str | None = None) -> list[Hit]:
        """Entries that fit what was typed, the best first: every word must fit somehow."""
        words = [self._any_of(tokens) for tokens in tokens_asked(text)]
        if not words:
            return []
        must = [(tantivy.Occur.Must, word) for word in words]
        if kind is not None:
            of_kind = tantivy.Query.const_score_query(self._term("kind", kind), 0.0)
            must.append((tantivy.Occur.Must, of_kind))
        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.boolean_query(must), most, count=False).hits
        return [Hit(str(searcher.doc(address)["code"][0]), float(score)) for score, address in hits]

    def _any_of(self, tokens: list[str]) -> tantivy.Query:
        """A query for one word."""
        weighed = (
            tantivy.Query.boost_query(self._term("token", token), BOOSTS[token[0]]) for token in dict.fromkeys(tokens)
        )
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in weighed])

    def _term(self, field: str, value: str) -> tantivy.Query:
        """A query for one exact token."""
        return tantivy.Query.term_query(self._schema, field, value, "freq" if field == "token" else "basic")

    def _write(self, entries: Iterable[Entry], gone: Iterable[str], *, anew: bool) -> None:
        """Change the index in one commit."""
        writer = self._index.writer(HEAP_BYTES, 1)
        if anew:
            writer.delete_all_documents()
        for code in gone:
            writer.delete_documents_by_term("code", code)
        for entry in entries:
            if not anew:
                writer.delete_documents_by_term("code", entry.code)
            text = " ".join(tokens_of(entry))
            writer.add_document(tantivy.Document(code=entry.code, kind=entry.kind, token=text))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

"""Open labelled sets, linked by our way of learning and by the model of Splink's own tutorials: the best F1 over pairs of each.

Our way: the chance of agreeing is counted over all pairs instead of sampled, the prior comes from the numbers and stays fixed.
The tutorials' way: their comparisons and their calls. Its F1 is said twice: with the tutorial's own blocks, and with ours, so
that what the blocks miss is not held against the model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import splink.comparison_library as cl
from numpy.typing import NDArray
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from data.linkage.linking import weigh
from data.linkage.model import REST, Comparison, Level, Model, either_missing

FEBRL_FIELDS: Final = (
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "suburb",
    "postcode",
    "state",
    "birth",
    "number",
)


@dataclass(frozen=True)
class OpenSet:
    """A labelled set: records with ``unique_id`` 0, 1, … , who each is of, and the two models."""

    name: str
    records: pd.DataFrame
    truth: NDArray[np.int64]
    ours: Model
    tutorial: Callable[[], tuple[SettingsCreator, list[Any], list[Any]]]
    across: NDArray[np.bool_] | None = None
    """Only pairs that differ in this are asked for."""


def same_or_rest(column: str, chance: float, *between: Level, by_frequency: bool = False) -> Comparison:
    """A comparison of one column: equal, what lies between, the rest."""
    same = Level("same", f"{column}_l = {column}_r", "", "", True, column if by_frequency else None, (column,), chance)
    return Comparison(column, either_missing(column), (same, *between, Level("different", REST, "", "", False)))


def close(column: str, at_least: float) -> Level:
    """Jaro-Winkler similarity from a value on."""
    return Level("close", f"jaro_winkler_similarity({column}_l, {column}_r) >= {at_least}", "", "", True)


def apart(column: str, at_most: int, chance: float | None = None) -> Level:
    """So many symbols apart."""
    return Level("apart", f"damerau_levenshtein({column}_l, {column}_r) <= {at_most}", "", "", True, chance=chance)


FEBRL: Final = Model(
    (
        same_or_rest("given_name", 0.95, close("given_name", 0.85)),
        same_or_rest("surname", 0.95, close("surname", 0.85)),
        same_or_rest("birth", 0.5, apart("birth", 1), apart("birth", 2)),
        same_or_rest("number", 0.001, apart("number", 1, 1e-6), apart("number", 2, 1e-5)),
        same_or_rest("address_1", 0.5, close("address_1", 0.85)),
        same_or_rest("suburb", 0.9, close("suburb", 0.85)),
        same_or_rest("postcode", 0.9, apart("postcode", 1)),
    ),
    (
        ("number",),
        ("given_name", "surname"),
        ("given_name", "birth"),
        ("surname", "birth"),
        ("surname", "postcode"),
        ("given_name", "postcode"),
        ("birth", "postcode"),
        ("address_1", "suburb"),
        ("substr(number, 1, 4)",),
        ("substr(number, 4, 4)",),
        ("surname", "substr(birth, 1, 4)"),
        ("given_name", "suburb"),
        ("given_name", "substr(birth, 1, 4)"),
        ("birth", "suburb"),
        ("address_1", "substr(postcode, 1, 2)"),
    ),
    (("number",), ("surname", "postcode"), ("birth",)),
    "number",
)
FAKE: Final = Model(
    (
        same_or_rest("first_name", 0.9, close("first_name", 0.8)),
        same_or_rest("surname", 0.9, close("surname", 0.8)),
        same_or_rest("dob", 0.3, apart("dob", 1), apart("dob", 2)),
        same_or_rest("city", 0.95, close("city", 0.85), by_frequency=True),
        same_or_rest("email", 0.01, apart("email", 2, 1e-4), close("email", 0.9)),
    ),
    (
        ("email",),
        ("first_name", "surname"),
        ("first_name", "dob"),
        ("surname", "dob"),
        ("dob", "city"),
        ("first_name", "city"),
        ("surname", "city"),
        ("substr(email, 1, 6)",),
        ("surname", "substr(dob, 1, 4)"),
        ("first_name", "substr(dob, 1, 4)"),
        ("dob",),
        ("surname",),
        ("first_name",),
    ),
    (("dob",), ("first_name", "surname"), ("email",)),
    "email",
)
FODORS: Final = Model(
    (
        same_or_rest("name", 0.3, close("name", 0.9), close("name", 0.75)),
        same_or_rest("phone", 0.01, apart("phone", 1, 1e-5), apart("phone", 3)),
        same_or_rest("street", 0.3, close("street", 0.9), close("street", 0.75)),
        same_or_rest("city", 0.95),
    ),
    (("phone",), ("substr(name, 1, 5)",), ("substr(street, 1, 6)",), ("substr(phone, 1, 8)",)),
    (("phone",), ("substr(name, 1, 5)",)),
    "phone",
)


def people_tutorial(
    rules: list[Any], training: list[Any], comparisons: list[Any]
) -> tuple[SettingsCreator, list[Any], list[Any]]:
    """Settings, the deterministic rules of the prior, and the blocks that chances are learned in."""
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules
    )
    return settings, rules[:2], training


def fake_tutorial() -> tuple[SettingsCreator, list[Any], list[Any]]:
    """Splink's tutorial on fake_1000."""
    comparisons = [
        cl.NameComparison("first_name"),
        cl.NameComparison("surname"),
        cl.LevenshteinAtThresholds("dob", 1),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email"),
    ]
    settings, _, training = people_tutorial(
        [block_on("first_name", "city"), block_on("surname")],
        [block_on("first_name", "surname"), block_on("dob")],
        comparisons,
    )
    exact = ["l.first_name = r.first_name and levenshtein(r.dob, l.dob) <= 1"]
    return settings, [*exact, block_on("email")], training


def febrl_tutorial() -> tuple[SettingsCreator, list[Any], list[Any]]:
    """Splink's example on the FEBRL sets."""
    comparisons = [
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("birth", input_is_string=True, datetime_format="%Y%m%d"),
        cl.DamerauLevenshteinAtThresholds("number", [2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
    ]
    rules = [
        block_on("number"),
        block_on("given_name", "surname", "street_number"),
        block_on("given_name", "surname"),
        block_on("birth"),
        block_on("postcode", "given_name"),
        block_on("postcode", "surname"),
        block_on("address_1", "surname"),
        block_on("given_name", "suburb"),
    ]
    return people_tutorial(rules, [block_on("birth"), block_on("postcode")], comparisons)


def fodors_tutorial() -> tuple[SettingsCreator, list[Any], list[Any]]:
    """The comparisons that Splink's guides name for texts, on restaurants."""
    comparisons = [
        cl.JaroWinklerAtThresholds("name", [0.9, 0.7]),
        cl.LevenshteinAtThresholds("phone", 1),
        cl.JaroWinklerAtThresholds("street", [0.9, 0.7]),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
    ]
    rules = [block_on("phone"), block_on("name"), block_on("substr(name, 1, 5)"), block_on("substr(street, 1, 6)")]
    return people_tutorial(rules, [block_on("phone"), block_on("substr(name, 1, 5)")], comparisons)


def open_sets(folder: Path) -> list[OpenSet]:
    """The five sets, from the folder of real data's ``linkage``."""
    return [*(febrl(folder, number) for number in (1, 2, 3)), fake_1000(folder), fodors_zagats(folder)]


def febrl(folder: Path, number: int) -> OpenSet:
    """FEBRL 1, 2 or 3: who a record is of is in its ``rec_id``."""
    read = pd.read_csv(folder / f"febrl{number}.csv.gz", skipinitialspace=True, dtype="str")
    records = read.rename(columns={"date_of_birth": "birth", "soc_sec_id": "number"})[[*FEBRL_FIELDS]]
    truth = read["rec_id"].str.extract(r"rec-(\d+)-")[0].astype(int).to_numpy()
    return OpenSet(f"febrl{number}", numbered(records), np.asarray(truth, np.int64), FEBRL, febrl_tutorial)


def fake_1000(folder: Path) -> OpenSet:
    """Splink's fake_1000: ``cluster`` is the truth."""
    read = pd.read_csv(folder / "fake_1000.csv", dtype="str")
    records = numbered(read[["first_name", "surname", "dob", "city", "email"]])
    return OpenSet("fake_1000", records, np.asarray(read["cluster"].astype(int), np.int64), FAKE, fake_tutorial)


def fodors_zagats(folder: Path) -> OpenSet:
    """Two guides to restaurants; the pairs of ``matches`` are the truth."""
    guides = [pd.read_csv(folder / f"{name}.csv", dtype="str").assign(guide=name) for name in ("fodors", "zagats")]
    read = pd.concat(guides, ignore_index=True)
    digits = read["phone"].str.replace(r"[^0-9]", "", regex=True).str[:10]
    records = pd.DataFrame({"name": read["name"], "phone": digits, "street": read["addr"], "city": read["city"]})
    truth = np.arange(len(read), dtype=np.int64)
    zagats, fodors = (
        {row: at for at, row in enumerate(read["id"]) if read["guide"][at] == guide} for guide in ("zagats", "fodors")
    )
    for one, other in pd.read_csv(folder / "matches_fodors_zagats.csv", dtype="str").itertuples(index=False):
        truth[zagats[other]] = fodors[one]
    return OpenSet(
        "fodors_zagats", numbered(records), truth, FODORS, fodors_tutorial, (read["guide"] == "fodors").to_numpy()
    )


def numbered(records: pd.DataFrame) -> pd.DataFrame:
    """Records with their row as unique_id; what is empty is missing."""
    return records.where(records != "").assign(unique_id=np.arange(len(records), dtype=np.int32))


def best_f1(of: OpenSet, left: NDArray[np.int64], right: NDArray[np.int64], weight: NDArray[np.float64]) -> float:
    """The best F1 over pairs that any threshold on the weight gives; pairs that no block brings together are missed."""
    asked = np.ones(len(left), np.bool_) if of.across is None else of.across[left] != of.across[right]
    order = np.argsort(-weight[asked], kind="stable")
    same = (of.truth[left] == of.truth[right])[asked][order]
    counts = np.bincount(of.truth)
    true_pairs = int((counts * (counts - 1) // 2).sum())
    found = np.cumsum(same)
    f1 = 2 * found / (np.arange(1, len(same) + 1) + true_pairs)
    ends = np.append(np.diff(weight[asked][order]) != 0, True)
    return float(f1[ends].max(initial=0.0))


def ours_f1(of: OpenSet) -> float:
    """Best F1 of our model."""
    with duckdb.connect() as connection:
        connection.register("given", of.records)
        connection.execute("create table record as select * from given")
        found, _ = weigh(connection, of.ours, len(of.records), lambda _what, _share: None)
        left, right = (np.asarray(found[f"unique_id_{side}"], np.int64) for side in "lr")
        return best_f1(of, left, right, np.asarray(found["match_weight"], np.float64))


def tutorial_f1(of: OpenSet, blocks: tuple[tuple[str, ...], ...] | None) -> float:
    """Best F1 of the tutorial's model, with its own blocks or these."""
    settings, certain, training = of.tutorial()
    if blocks is not None:
        settings.blocking_rules_to_generate_predictions = [block_on(*block) for block in blocks]
    with duckdb.connect() as connection:
        connection.register("given", of.records)
        connection.execute("create table record as select * from given")
        linker = Linker(DuckDBAPI(connection).register("record"), settings, log_level=None)
        linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6 + 1)
        for block in training:
            linker.training.estimate_parameters_using_expectation_maximisation(block)
        predicted = linker.inference.predict(warning_mode="never")
        query = f"select unique_id_l, unique_id_r, match_weight from {predicted.physical_name}"
        found = connection.sql(query).fetchnumpy()
    left, right = (np.asarray(found[f"unique_id_{side}"], np.int64) for side in "lr")
    return best_f1(of, left, right, np.asarray(found["match_weight"], np.float64))

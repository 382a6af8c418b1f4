"""Rules compiled for one city: matter and place to the chain of rules that hold there, by one table look-up.

Matters with the same rules share a class. A class looks only at the layers that its rules name, and there only at which
of its rules name a polygon: polygons that the same rules name share a number. The numbers of all those layers together
are the address of the chain in the class's block of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

import numpy as np

from dispatch.match_columns import Ints, flat, starts
from dispatch.rule_values import ANYWHERE, Rule, RuleSet
from geo.errors import NeedleError
from geo.layers import Layer

MOST_ADDRESSES = 1 << 24

RuleNumbers = tuple[int, ...]


class PowerColumns(NamedTuple):
    """The compiled table as flat arrays, in the form in which the kernels take it.

    Attributes
    ----------
    block : int32 (n_classes,)
        Where a class's block begins in ``table``.
    dims_from : int32 (n_classes + 1,)
        Which entries of ``dim_*`` belong to a class.
    dim_layer, dim_offset, dim_stride : int32 (n_dims,)
        The layer a class looks at, where its polygons' numbers begin in ``number`` (entry 0: outside every polygon),
        and what one number weighs in the address.
    number : int32
    table : int32
        Chain at an address.
    chain_from : int32 (n_chains + 1,)
    chain_rules : int32
        Rules of a chain, first come first asked.
    """

    block: Ints
    dims_from: Ints
    dim_layer: Ints
    dim_offset: Ints
    dim_stride: Ints
    number: Ints
    table: Ints
    chain_from: Ints
    chain_rules: Ints


@dataclass
class PowerTable:
    """Compiles a rule set for layers, class by class as matters come."""

    ruleset: RuleSet
    layers: Sequence[Layer]
    chains: dict[RuleNumbers, int] = field(default_factory=dict)
    classes: dict[RuleNumbers, int] = field(default_factory=dict)
    class_of: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.layer_index = {layer.name: i for i, layer in enumerate(self.layers)}
        self.polygon_index = [{code: i for i, code in enumerate(layer.codes)} for layer in self.layers]
        self.blocks: list[Ints] = []
        self.dims: list[list[tuple[int, int, Ints]]] = []

    def add(self, matter_key: str) -> bool:
        """Make a matter known; whether that brought a new class, so that ``columns`` must be asked again."""
        numbers = tuple(i for i, rule in enumerate(self.ruleset.rules) if rule.is_about(matter_key))
        is_new = numbers not in self.classes
        if is_new:
            self.classes[numbers] = len(self.classes)
            self.compile_class(numbers)
        self.class_of[matter_key] = self.classes[numbers]
        return is_new

    def compile_class(self, numbers: RuleNumbers) -> None:
        """Append the block and the dimensions of a class of matters."""
        named = self.named_polygons(numbers)
        signatures = {layer: distinct_signatures(polygons) for layer, polygons in named.items()}
        size = int(np.prod([len(found) for found in signatures.values()], dtype=np.float64))
        if size > MOST_ADDRESSES:
            raise NeedleError("rules.too_wide", rules=", ".join(self.ruleset.rules[i].name for i in numbers[:5]))
        block = [self.chain(numbers, combination) for combination in product(*signatures.values())]
        self.blocks.append(np.array(block, dtype=np.int32))
        self.dims.append(self.dimensions(named, signatures))

    def named_polygons(self, numbers: RuleNumbers) -> dict[int, dict[int, frozenset[int]]]:
        """Layer -> polygon -> the rules among ``numbers`` that name it, as far as the city has them."""
        named: dict[int, dict[int, frozenset[int]]] = {}
        for number in numbers:
            for layer, polygon in self.polygons_of(self.ruleset.rules[number]):
                polygons = named.setdefault(layer, {})
                polygons[polygon] = polygons.get(polygon, frozenset()) | {number}
        return named

    def polygons_of(self, rule: Rule) -> list[tuple[int, int]]:
        """(layer, polygon) of every area of a rule; none for a rule that holds anywhere."""
        if ANYWHERE in rule.area:
            return []
        keys = [key.partition(":") for key in rule.area]
        layers = [(self.layer_index.get(name, -1), code) for name, _, code in keys]
        return [(i, self.polygon_index[i][code]) for i, code in layers if i >= 0 and code in self.polygon_index[i]]

    def chain(self, numbers: RuleNumbers, named: tuple[frozenset[int], ...]) -> int:
        """The number of the chain of rules that hold where exactly these rules name the place."""
        rules: list[int] = []
        for number in numbers:
            rule = self.ruleset.rules[number]
            if ANYWHERE in rule.area or any(number in signature for signature in named):
                rules.append(number)
                if rule.exclusive:
                    break
        return self.chains.setdefault(tuple(rules), len(self.chains))

    def dimensions(
        self, named: dict[int, dict[int, frozenset[int]]], signatures: dict[int, list[frozenset[int]]]
    ) -> list[tuple[int, int, Ints]]:
        """(layer, stride, numbers of its polygons with "outside" in front) of each layer; the last varies fastest."""
        dims: list[tuple[int, int, Ints]] = []
        stride = 1
        for layer in reversed(signatures):
            order = {signature: i for i, signature in enumerate(signatures[layer])}
            number = np.zeros(len(self.layers[layer]) + 1, dtype=np.int32)
            for polygon, signature in named[layer].items():
                number[polygon + 1] = order[signature]
            dims.append((layer, stride, number))
            stride *= len(order)
        return dims

    def columns(self) -> PowerColumns:
        """Everything compiled so far, flat."""
        dims = [dim for of_class in self.dims for dim in of_class]
        return PowerColumns(
            block=starts(len(block) for block in self.blocks)[:-1],
            dims_from=starts(len(of_class) for of_class in self.dims),
            dim_layer=np.array([layer for layer, _, _ in dims], dtype=np.int32),
            dim_offset=starts(len(number) for _, _, number in dims)[:-1],
            dim_stride=np.array([stride for _, stride, _ in dims], dtype=np.int32),
            number=flat(number for _, _, number in dims),
            table=flat(self.blocks),
            chain_from=starts(len(chain) for chain in self.chains),
            chain_rules=np.array([number for chain in self.chains for number in chain], dtype=np.int32),
        )


def distinct_signatures(polygons: dict[int, frozenset[int]]) -> list[frozenset[int]]:
    """Which sets of rules name some polygon of a layer; first the empty set, for the other polygons and outside."""
    return [frozenset(), *dict.fromkeys(polygons.values())]

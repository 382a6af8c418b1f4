"""Mixed-integer programmes solved by OR-Tools (SCIP), with the best bound that it reached in its time."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver.python import model_builder
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
LIMIT_S: Final = 15.0
WHOLE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Solution:
    """Values of the variables, and what no solution can be below."""

    values: Floats
    bound: float


def minimise(
    objective: Floats, rows: csr_matrix, ends: tuple[Floats, Floats], whole: int, limit_s: float = LIMIT_S
) -> Solution | None:
    """The least objective over variables from 0 to 1; None where the time brought no solution.

    Parameters
    ----------
    objective : ndarray of float, shape (n,)
    rows : csr_matrix, shape (m, n)
    ends : (lower, upper), each of shape (m,)
    whole : int
        The first so many variables are 0 or 1, the others anything between.
    """
    model: Any = model_builder.Model()  # type: ignore[no-untyped-call]
    n = len(objective)
    model.helper.fill_model_from_sparse_data(np.zeros(n), np.ones(n), objective, *ends, rows)
    for at in range(whole):
        model.helper.set_var_integrality(at, True)
    solver = model_builder.Solver("scip")
    solver.set_time_limit_in_seconds(limit_s)
    status = solver.solve(model)
    if status not in (model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE):
        return None
    values = np.array([solver.value(model.var_from_index(at)) for at in range(n)])
    return Solution(values, float(solver.best_objective_bound))

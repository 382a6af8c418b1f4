"""看得见、管不着: who saw it stays the witness. Who is asked to verify a case; never who handled it. Pure."""

from collections.abc import Collection, Sequence

from data.stores.nearby import NearWorker


def choose_verifier(reporter: str | None, near: Sequence[NearWorker], handlers: Collection[str]) -> str | None:
    """The actor to ask: the grid worker who reported it, else the nearest; None where nobody is known.

    Parameters
    ----------
    reporter : str or None
        Who submitted the case; counts only as a grid worker with a name.
    near : sequence of NearWorker
        The nearest first.
    handlers : collection of str
        Actors who took part in handling the case.
    """
    witness = [reporter] if reporter is not None and reporter.startswith("grid_worker:") else []
    return next((actor for actor in (*witness, *(w.actor for w in near)) if actor not in handlers), None)

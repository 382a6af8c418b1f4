"""QR codes for print (ISO/IEC 18004): error level Q, so that a quarter may be dirty or torn, in the quiet zone it asks for."""

from functools import lru_cache
from io import BytesIO
from typing import Final

import numpy as np
import qrcode
from numpy.typing import NDArray
from PIL import Image

QUIET: Final = 4
"""Modules of white around: what the standard asks for."""


@lru_cache(maxsize=64)
def modules(text: str) -> NDArray[np.bool_]:
    """The code with its quiet zone: True is black, shape (n, n)."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_Q, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    found = np.array(code.get_matrix(), dtype=np.bool_)
    found.flags.writeable = False
    return found


def bars(code: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Black runs of each row as (row, first column, length): far fewer shapes than modules."""
    edges = np.diff(np.pad(code, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    return [(int(row), int(a), int(b - a)) for (row, a), (_, b) in zip(starts, ends, strict=True)]


def svg(text: str, size_mm: float) -> str:
    """The code as SVG, quiet zone included, so many millimetres wide."""
    code = modules(text)
    path = "".join(f"M{column} {row}h{length}v1h-{length}z" for row, column, length in bars(code))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size_mm:g}mm" height="{size_mm:g}mm" '
        f'viewBox="0 0 {len(code)} {len(code)}" shape-rendering="crispEdges" role="img">'
        f'<path fill="#fff" d="M0 0h{len(code)}v{len(code)}H0z"/><path d="{path}"/></svg>'
    )


def png(text: str, size_mm: float, dpi: int = 600) -> bytes:
    """The code as a PNG of one bit a pixel, quiet zone included, at least so many millimetres wide at ``dpi``.

    Every module has the same whole number of pixels, so that nothing is blurred.
    """
    code = modules(text)
    pixels = max(1, -(-round(size_mm / 25.4 * dpi) // len(code)))
    whole = np.kron(~code, np.ones((pixels, pixels), dtype=np.bool_))
    out = BytesIO()
    Image.fromarray(whole).convert("1").save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return out.getvalue()

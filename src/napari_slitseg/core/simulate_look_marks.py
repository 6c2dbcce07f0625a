"""What software burns into a micrograph: scale bars, lines of text and frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

GLYPHS = {
    "0": "07557557",
    "1": "02622227",
    "2": "07117447",
    "3": "07117117",
    "5": "07447117",
    "8": "07557557",
    "k": "04456656",
    "m": "00057775",
    "n": "00065555",
    "u": "00055574",
    "x": "00055255",
    ".": "00000022",
    ":": "00020020",
    "A": "02557555",
    "H": "05557555",
    "V": "05555552",
    " ": "00000000",
}
TRIES = 6

Levels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def burn_in(levels: Levels, keep: Mask, rng: np.random.Generator) -> Levels:
    """Burn text, a scale bar or a frame into a picture, never over pixels to keep."""
    marked = levels.copy()
    for _ in range(int(rng.choice([0, 1, 2], p=[0.75, 0.15, 0.1]))):
        _place(marked, keep, _bar(rng) if rng.random() < 0.4 else _text(rng), rng)
    if rng.random() < 0.06:
        _frame(marked, keep, rng)
    return marked


def _place(levels: Levels, keep: Mask, mark: Levels, rng: np.random.Generator) -> None:
    """Put a mark near an edge of the picture, at the first of some places that is free."""
    room = [side - size for side, size in zip(levels.shape, mark.shape, strict=True)]
    for _ in range(TRIES):
        share = rng.uniform(0, 1, 2)
        share[int(rng.integers(2))] = rng.choice([0.02, 0.98])
        if min(room) < 0:
            continue
        top, left = (int(part * space) for part, space in zip(share, room, strict=True))
        window = (slice(top, top + mark.shape[0]), slice(left, left + mark.shape[1]))
        if not keep[window].any():
            levels[window] = mark
            return


def _text(rng: np.random.Generator) -> Levels:
    """Draw words on a plate, dark on bright or the other way round."""
    letters = rng.choice(list(GLYPHS), int(rng.integers(3, 16)))
    bits = np.hstack([_glyph(str(letter)) for letter in letters])
    big = np.kron(np.pad(bits, 2), np.ones((int(rng.integers(1, 4)),) * 2))
    soft = ndimage.gaussian_filter(big, rng.uniform(0.2, 0.7))
    plate, ink = (255.0, 0.0) if rng.random() < 0.6 else (0.0, 255.0)
    return np.asarray(np.round(plate + soft * (ink - plate)), dtype=np.uint8)


def _glyph(letter: str) -> NDArray[np.float64]:
    rows = [int(code) for code in GLYPHS[letter]]
    return np.array([[row >> 2 & 1, row >> 1 & 1, row & 1, 0] for row in rows], dtype=float)


def _bar(rng: np.random.Generator) -> Levels:
    thick, long = int(rng.integers(3, 12)), int(rng.integers(50, 240))
    return np.full((thick, long), rng.choice([0, 255]), dtype=np.uint8)


def _frame(levels: Levels, keep: Mask, rng: np.random.Generator) -> None:
    """Blacken or whiten a margin of the picture."""
    wide, tone = int(rng.integers(3, 60)), int(rng.choice([0, 255, 20]))
    every, first, last = slice(None), slice(wide), slice(-wide, None)
    for margin in ((first, every), (last, every), (every, first), (every, last)):
        if rng.random() < 0.4 and not keep[margin].any():
            levels[margin] = tone

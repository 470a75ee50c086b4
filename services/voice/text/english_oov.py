"""Pronunciations for English words that no dictionary holds, spelled by a small GRU sequence-to-sequence model.

The weights ship in the wheel of g2p_en (Apache-2.0, Kyubyong Park and Jongseok Kim); only its weights file is used,
because importing the package wants data from the network. Two GRU layers of 256 units (Cho et al. 2014), greedy.
"""

from __future__ import annotations

import importlib.metadata
from functools import lru_cache
from pathlib import Path

import numpy as np

DISTRIBUTION, WEIGHTS = "g2p_en", "checkpoint20.npz"
MAX_PHONEMES = 20

_UNKNOWN_LETTER, _WORD_END = 1, 2
_LETTERS = {letter: index + 3 for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
_START, _END = 2, 3
_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split()
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()
# Row order of the weights: four control symbols, then ARPAbet in alphabetical order, vowels with stress.
_PHONEMES = ["", "", "", "", *sorted([f"{v}{stress}" for v in _VOWELS for stress in "012"] + _CONSONANTS + ["UW"])]


class SpellingModel:
    """Letters of a word to ARPAbet."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights

    def _step(self, side: str, x: np.ndarray, h: np.ndarray) -> np.ndarray:
        """One GRU step: x (256), h (256) -> h (256). Gates are stacked as reset, update, new."""
        w = self.weights
        from_x = w[f"{side}_w_ih"] @ x + w[f"{side}_b_ih"]
        from_h = w[f"{side}_w_hh"] @ h + w[f"{side}_b_hh"]
        size = len(h)
        reset, update = np.split(1 / (1 + np.exp(-(from_x[: 2 * size] + from_h[: 2 * size]))), 2)
        new = np.tanh(from_x[2 * size :] + reset * from_h[2 * size :])
        return (1 - update) * new + update * h

    def spell(self, word: str) -> list[str]:
        """ARPAbet of a lower-case word; characters other than a-z count as an unknown letter."""
        h = np.zeros(self.weights["enc_w_hh"].shape[1], np.float32)
        for index in [*(_LETTERS.get(letter, _UNKNOWN_LETTER) for letter in word), _WORD_END]:
            h = self._step("enc", self.weights["enc_emb"][index], h)
        phonemes, index = [], _START
        for _ in range(MAX_PHONEMES):
            h = self._step("dec", self.weights["dec_emb"][index], h)
            index = int(np.argmax(self.weights["fc_w"] @ h + self.weights["fc_b"]))
            if index == _END:
                break
            if index > _END:
                phonemes.append(_PHONEMES[index].replace("UW", "UW1") if index == _BARE_UW else _PHONEMES[index])
        return phonemes


_BARE_UW = _PHONEMES.index("UW")


@lru_cache(maxsize=1)
def load_spelling_model() -> SpellingModel:
    """The model, from the installed wheel's file. Raises FileNotFoundError when the wheel lacks it."""
    files = importlib.metadata.distribution(DISTRIBUTION).files or []
    for file in files:
        if file.name == WEIGHTS:
            with np.load(Path(str(file.locate())), allow_pickle=False) as weights:
                return SpellingModel({name: weights[name] for name in weights.files})
    raise FileNotFoundError(f"{WEIGHTS} is missing from the installed {DISTRIBUTION}")


@lru_cache(maxsize=4096)
def spell(word: str) -> tuple[str, ...]:
    """ARPAbet of an unknown word, remembered."""
    return tuple(load_spelling_model().spell(word))

"""IPA of espeak-ng to Kokoro's letters."""

import pytest

from services.training.synthetic.phonemes import to_kokoro


@pytest.mark.parametrize(
    ("ipa", "british", "letters"),
    [
        ("d^ʒˈe^ɪmz", False, "ʤˈAmz"),
        ("hˈo^ʊm", False, "hˈOm"),
        ("hˈə^ʊm", True, "hˈQm"),
        ("bˈɜːd", False, "bˈɜɹd"),
        ("bˈɜːd", True, "bˈɜːd"),
        ("wˈɔːɾɚ", False, "wˈɔTəɹ"),
        ("wˈɔːtə", True, "wˈɔːtə"),
        ("ðˈe^ə", True, "ðˈɛː"),
        ("nˈi^ə", True, "nˈɪə"),
        ("bˈɑːɾə^l", False, "bˈɑTᵊl"),
    ],
)
def test_sounds_become_the_letters_of_their_accent(ipa: str, british: bool, letters: str) -> None:
    assert to_kokoro(ipa, british) == letters

"""English words in one spelling, and numbers said in one way, so that only what is heard is compared.

The rules are applied to both sides of a comparison, so what they do to other words ("wise") does no harm unless two
words that sound different become one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_VARIANTS = dict(
    pair.split("=")
    for pair in """
    acknowledgement=acknowledgment ageing=aging aeroplane=airplane archaeology=archeology artefact=artifact axe=ax
    cheque=check cheques=checks cosy=cozy defence=defense draught=draft enrol=enroll fulfil=fulfill furore=furor
    gaol=jail grey=gray greys=grays jewellery=jewelry judgement=judgment kerb=curb licence=license manoeuvre=maneuver
    mould=mold moulds=molds moustache=mustache odour=odor odours=odors offence=offense ok=okay omelette=omelet
    plough=plow ploughs=plows ploughed=plowed ploughing=plowing ploughshares=plowshares practise=practice
    practised=practiced pretence=pretense programme=program programmes=programs pyjamas=pajamas sceptical=skeptical
    skilful=skillful smoulder=smolder speciality=specialty storey=story storeys=stories sulphur=sulfur
    traveller=traveler tyre=tire tyres=tires whisky=whiskey wilful=willful woollen=woolen yoghurt=yogurt
    """.split()
)
_RULES = (
    (re.compile(r"(?<=[a-z]{3})our(?=(?:s|ed|ing|able|ite|ites|hood|ful|less|er|ers|ly)?$)"), "or"),  # colour
    (re.compile(r"(?<=[a-z]{3})is(?=(?:e|ed|es|ing|er|ers|ation|ations)$)"), "iz"),  # organise
    (re.compile(r"(?<=[a-z]{2})ys(?=(?:e|ed|es|ing|er|ers)$)"), "yz"),  # analyse
    (re.compile(r"(?<=[a-z]{2}[tb])re(?=s?$)"), "er"),  # centre, fibre
    (re.compile(r"(?<=[a-z]{3}[aeio])ll(?=(?:ed|ing|er|ers)$)"), "l"),  # travelled
    (re.compile(r"(?<=[a-z]{3}o)gue(?=s?$)"), "g"),  # dialogue
)
_LARGE = frozenset({"hundred", "thousand", "million", "billion"})
_SMALL = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split()
)


def american(word: str) -> str:
    """A lower-case word as it is spelled in America."""
    if word in _VARIANTS:
        return _VARIANTS[word]
    for pattern, spelling in _RULES:
        word = pattern.sub(spelling, word)
    return word


def plain_number(words: Sequence[str]) -> list[str]:
    """ "a hundred and five" as "one hundred five"."""
    plain: list[str] = []
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word == "a" and following in _LARGE:
            plain.append("one")
        elif not (word == "and" and plain and plain[-1] in _LARGE and following in _SMALL):
            plain.append(word)
    return plain

"""Turns what pydantic says about a request into fields and sentences in the client's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.messages import Language, Said

# pydantic's error type -> key under messages "invalid", and which of its context values is the limit.
_KEYS = {
    "missing": "missing",
    "literal_error": "choice",
    "enum": "choice",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_few_items",
    "too_long": "too_many_items",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_big",
    "greater_than": "above",
    "less_than": "below",
    "json_invalid": "json",
    "model_type": "object",
    "model_attributes_type": "object",
    "dict_type": "object",
    "list_type": "list",
    "string_type": "string",
    "int_type": "integer",
    "int_parsing": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "bool_type": "boolean",
    "bool_parsing": "boolean",
    "extra_forbidden": "unknown_field",
}
_LIMITS = ("min_length", "max_length", "ge", "le", "gt", "lt")
# Where a value came from is no part of a field's name.
_SOURCES = ("body", "query", "path", "header")


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field; ``key`` is one of messages ``invalid.*`` without the prefix."""

    field: str
    key: str
    args: Mapping[str, str] | None = None

    @property
    def said(self) -> Said:
        """What is wrong, without the field's name."""
        return Said(f"invalid.{self.key}", self.args or {})

    def sentence(self, language: Language) -> str:
        """The field's name and what is wrong with it."""
        return f"{self.field} {self.said.text(language)}"


def _field_of(location: Sequence[Any]) -> str:
    names = list(location)
    if len(names) > 1 and names[0] in _SOURCES:
        names = names[1:]
    # The position inside broken JSON is no field.
    return "body" if names and isinstance(names[0], int) else ".".join(str(name) for name in names)


def _problem_of(error: Mapping[str, Any]) -> Problem:
    context = error.get("ctx", {})
    kind = str(error["type"])
    if kind == "string_too_short" and context.get("min_length") == 1:
        key = "blank"
    elif kind.startswith("invalid."):
        key = kind.removeprefix("invalid.")
    else:
        key = _KEYS.get(kind, "value")
    args = {}
    if "expected" in context:
        args["expected"] = str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if limits := [str(context[name]) for name in _LIMITS if name in context]:
        args["limit"] = limits[0]
    return Problem(_field_of(error["loc"]), key, args)


def problems_of(errors: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """The problems behind pydantic's error list, in its order."""
    return [_problem_of(error) for error in errors]

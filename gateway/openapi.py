"""Builds the OpenAPI document: its shape from the routes, its words from messages/api_{zh,en}.toml."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from gateway.messages import LANGUAGES, Language, catalogue

TAGS = ("tasks", "files", "service")
_METHODS = ("get", "post", "put", "patch", "delete", "head")
# The framework describes its own 422 answers and their schemas; this API answers 400 instead.
_FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ValidationError")


def build(app: FastAPI) -> dict[Language, bytes]:
    """The document of an application, once per language, as JSON."""
    shape = app.openapi()
    _drop_framework_errors(shape)
    _correct_contents(shape)
    return {language: _encode(shape, language) for language in LANGUAGES}


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in _METHODS)


def _drop_framework_errors(document: dict[str, Any]) -> None:
    for operation in _operations(document):
        operation["responses"].pop("422", None)
    for name in _FRAMEWORK_SCHEMAS:
        document["components"]["schemas"].pop(name, None)


def _correct_contents(document: Mapping[str, Any]) -> None:
    """Errors are JSON also where success is not; the framework says that they have the type of the success."""
    for operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                (content,) = response["content"].values()
                response["content"] = {"application/json": content}
            elif "text/event-stream" in response.get("content", {}):
                response["content"]["text/event-stream"] = {}  # many events, and not one string


def _encode(shape: Mapping[str, Any], language: Language) -> bytes:
    document = json.loads(json.dumps(shape))
    words = catalogue(language, "api")
    document["info"] |= {"title": words["title"], "description": words["description"]}
    document["tags"] = [{"name": tag, "description": words[f"tag.{tag}"]} for tag in TAGS]
    for operation in _operations(document):
        _describe_operation(operation, words)
    for name, schema in document["components"]["schemas"].items():
        _describe_schema(name, schema, words)
    return json.dumps(document, ensure_ascii=False).encode()


def _describe_operation(operation: dict[str, Any], words: Mapping[str, str]) -> None:
    name = operation["operationId"]
    operation["summary"] = words[f"{name}.summary"]
    operation["description"] = words[f"{name}.description"]
    for status, response in operation["responses"].items():
        response["description"] = words.get(f"{name}.{status}") or words[f"status.{status}"]
    for parameter in operation.get("parameters", ()):
        parameter["description"] = words[f"parameter.{parameter['name']}"]
        parameter["schema"].pop("title", None)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "title" in content["schema"]:
            _describe_schema(content["schema"]["title"], content["schema"], words)


def _describe_schema(name: str, schema: dict[str, Any], words: Mapping[str, str]) -> None:
    schema["description"] = words[f"schema.{name}"]
    for field, content in schema.get("properties", {}).items():
        content["description"] = words.get(f"field.{name}.{field}") or words[f"field.{field}"]
        content.pop("title", None)

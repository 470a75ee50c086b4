"""What decides what a stage makes: declared beside the stage, digested into the key that finds its result again.

A stage with a recipe is handed the declared parts of its claim and nothing else, so what it did not declare cannot
decide anything, and the key cannot be incomplete. Where and when work was done (device, threads, leases, keys of
objects) and the names that people give are no part of the key: they do not change what is made.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message as ProtoMessage

from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StageFailedError
from services.runtime.stage import Basis, StageContext, StageFunction
from voiceloom.orchestrator.v1.orchestrator_pb2 import Lease
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

# Fields of manifests and references that say where something lies, how it came to be or what people call it.
_NOT_CONTENT = frozenset({"provenance", "uri", "filename", "resumed_from_step"})
# The parts of a claim that every stage sees: they name the work and decide nothing.
_ALWAYS = ("lease", "attempt", "ttl_s", "exp_name", "owner", "checkpoint")
# Longer values are kept in the provenance as their digest.
_MOST_CHARS = 200


def _nothing_to_rename(context: StageContext, manifest: Any) -> None:
    """The manifest holds no name that people gave."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a stage reads and what decides its result."""

    makes: type[ProtoMessage]
    """Class of its manifest."""
    code: str
    """See `code_version`."""
    pack_sha256: str
    reads: Mapping[str, type[ProtoMessage]] = field(default_factory=dict)
    """Stages whose manifests it reads, with the classes of these."""
    claims: tuple[str, ...] = ()
    """Paths of the fields of its claim that it reads: "options.quality", "files.ref"."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Settings and seed, as far as they decide; values as JSON knows them."""
    take_over: Callable[[StageContext, Any], None] = _nothing_to_rename
    """Gives a manifest that is taken over the names of this task, and tells what people should know of it."""

    def __post_init__(self) -> None:
        for path in self.claims:
            _check_path(Lease.DESCRIPTOR, path)

    def serve(self, context: StageContext) -> StageContext:
        """The context as the stage may see it, with the basis of what it will make."""
        basis = self.basis(context.stage, context.claim, context.artifacts)
        return replace(context, claim=self.visible(context.claim), basis=basis)

    def visible(self, claim: Lease) -> Lease:
        """The declared part of a claim."""
        seen = self._declared(claim)
        for name in _ALWAYS:
            _copy(claim, seen, [name])
        for stage in self.reads:
            if stage in claim.manifests:
                seen.manifests[stage].CopyFrom(claim.manifests[stage])
        return seen

    def basis(self, stage: str, claim: Lease, artifacts: ArtifactStore) -> Basis:
        """Everything that decides, and its digest. Reads manifests; raises as ArtifactStore.get_bytes does."""
        declared = self._declared(claim)
        _strip(declared)
        document = {
            "stage": stage,
            "code": self.code,
            "pack": self.pack_sha256,
            "settings": dict(self.settings),
            "claim": MessageToDict(declared, preserving_proto_field_name=True),
            "reads": {name: _digest_of(name, cls, claim, artifacts) for name, cls in self.reads.items()},
        }
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
        facts = {name: value for name, value in _flat(document) if name != "stage"}
        return Basis(hashlib.sha256(canonical.encode()).hexdigest(), self.code, facts, frozenset(self.reads))

    def _declared(self, claim: Lease) -> Lease:
        declared = Lease()
        for path in self.claims:
            _copy(claim, declared, path.split("."))
        return declared


@dataclass(frozen=True)
class Repeatable:
    """A stage function whose results may be taken over by equal work."""

    function: StageFunction
    recipe: Recipe

    def __call__(self, context: StageContext) -> ProtoMessage:
        """Run the stage."""
        return self.function(context)


def code_version(*packages: str) -> str:
    """Digest of all that is in these packages, and of the versions of the libraries that we name as dependencies.

    A number that somebody has to raise is forgotten one day, and then old results pass for new ones; this changes too
    often at worst. Meant to be called once per process, at its start.
    """
    digest = hashlib.sha256()
    for package in packages:
        for name, content in _files_of(package):
            digest.update(f"{package}/{name}:{len(content)}\n".encode())
            digest.update(content)
    for requirement in importlib.metadata.requires("voiceloom") or []:
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        if "extra ==" not in requirement:
            digest.update(f"{name}=={importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()


def _files_of(package: str) -> Iterator[tuple[str, bytes]]:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ValueError(f"{package} is no package")
    folder = Path(found.submodule_search_locations[0])
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield str(path.relative_to(folder)), path.read_bytes()


def content_digest(manifest: ProtoMessage) -> str:
    """Digest of what a manifest says, whoever made it, wherever its artifacts lie, whatever people call them."""
    content = type(manifest)()
    content.CopyFrom(manifest)
    _strip(content)
    return hashlib.sha256(content.SerializeToString(deterministic=True)).hexdigest()


def refs_in(message: ProtoMessage) -> Iterator[ArtifactRef]:
    """Every reference to an artifact anywhere in a message."""
    for part in _parts(message):
        if not isinstance(part, ArtifactRef):
            yield from refs_in(part)
        elif part.uri:
            yield part


def _digest_of(stage: str, cls: type[ProtoMessage], claim: Lease, artifacts: ArtifactStore) -> str:
    if stage not in claim.manifests:
        raise StageFailedError("ARTIFACT_CORRUPT", detail=f"no manifest of {stage}")
    return content_digest(cls.FromString(artifacts.get_bytes(claim.manifests[stage])))


def _strip(message: ProtoMessage) -> None:
    for field_, _ in message.ListFields():
        if field_.name in _NOT_CONTENT:
            message.ClearField(field_.name)
    for part in _parts(message):
        _strip(part)


def _parts(message: ProtoMessage) -> Iterator[ProtoMessage]:
    """Messages directly within a message."""
    for field_, value in message.ListFields():
        if field_.message_type is None:
            continue
        if field_.message_type.GetOptions().map_entry:
            yield from (part for part in value.values() if isinstance(part, ProtoMessage))
        else:
            yield from value if field_.is_repeated else (value,)


def _check_path(kind: Any, path: str) -> None:
    """Raise ValueError for a path that leads nowhere. ``kind`` is the descriptor of a message."""
    for name in path.split("."):
        if kind is None or name not in kind.fields_by_name:
            raise ValueError(f"no such field: {path}")
        kind = kind.fields_by_name[name].message_type


def _copy(source: ProtoMessage, target: ProtoMessage, path: list[str]) -> None:
    """Copy the field at a path; below a repeated field, that of every element."""
    name, *rest = path
    field_ = source.DESCRIPTOR.fields_by_name[name]
    if field_.has_presence and not source.HasField(name):
        return
    if rest and field_.is_repeated:
        copies = getattr(target, name)
        for index, part in enumerate(getattr(source, name)):
            _copy(part, copies[index] if index < len(copies) else copies.add(), rest)
    elif rest:
        # A message of which nothing is set stays unset: what was not asked for is no part of a key.
        _copy(getattr(source, name), getattr(target, name), rest)
    elif field_.is_repeated:
        getattr(target, name).extend(getattr(source, name))
    elif field_.message_type is not None:
        getattr(target, name).CopyFrom(getattr(source, name))
    else:
        setattr(target, name, getattr(source, name))


def _flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of plain data, named by their paths."""
    prefix = f"{name}." if name else ""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{prefix}{key}")
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _flat(part, f"{prefix}{index}")
    else:
        text = str(value)
        if len(text) > _MOST_CHARS:
            text = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        yield name, text

"""The key of a stage's result: whatever decides changes it, and nothing else does."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StageFailedError
from services.runtime.recipe import Recipe, code_version, content_digest, refs_in
from services.runtime.stage import Basis, StageContext
from voiceloom.orchestrator.v1.orchestrator_pb2 import File, Lease
from voiceloom.pipeline.v1.manifest_pb2 import (
    AsrManifest,
    AudioSliceManifest,
    Clip,
    EpochLosses,
    InferenceManifest,
    Model,
    Output,
    Provenance,
    TrainManifest,
)
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef, Quality, StageCheckpoint, Synthesis, TaskOptions

RECIPE = Recipe(
    makes=InferenceManifest,
    code="code-1",
    pack_sha256="pack-1",
    reads={"audio_slice": AudioSliceManifest, "sovits_train": TrainManifest},
    claims=("options.quality", "options.inference.seed", "options.inference.target_text", "files.ref", "ref_audio.ref"),
    settings={"beam": 5, "rules": {"least_s": 0.5}},
)
text = st.text(max_size=20)
digests = st.text("0123456789abcdef", min_size=4, max_size=4)
names = st.text("abcdefgh", min_size=1, max_size=8)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return ArtifactStore(str(tmp_path_factory.mktemp("store")))


class Work:
    """A claim and the manifests that it names."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self.artifacts = artifacts
        self.slices = AudioSliceManifest(
            clips_ref=ArtifactRef(uri="tasks/a/x", sha256="aa", size_bytes=3), clips=[Clip(id="c0000", kept=True)]
        )
        self.models = TrainManifest(
            models=[Model(filename="me_e4.pth", epoch=4, ref=ArtifactRef(uri="tasks/a/y", sha256="bb", size_bytes=4))],
            epochs=[EpochLosses(epoch=1, losses={"mel": 0.5, "kl": 0.25})],
        )
        self.claim = Lease(
            lease=1,
            attempt=1,
            exp_name="me",
            owner="local",
            options=TaskOptions(quality=Quality.QUALITY_FAST, inference=Synthesis(target_text="hello", seed=1)),
            files=[File(id="f", filename="me.wav", ref=ArtifactRef(uri="files/f/recording", sha256="cc"))],
        )
        self.recipe = RECIPE

    def basis(self) -> Basis:
        for stage, manifest in (("audio_slice", self.slices), ("sovits_train", self.models)):
            ref = self.artifacts.put_bytes(f"tasks/a/{stage}/1/manifest.pb", manifest.SerializeToString())
            self.claim.manifests[stage].CopyFrom(ref)
        return self.recipe.basis("inference", self.claim, self.artifacts)

    def key(self) -> str:
        return self.basis().cache_key


DECIDES: dict[str, st.SearchStrategy] = {
    "seed": st.one_of(st.none(), st.integers(0, 2**40)),
    "text": text,
    "quality": st.sampled_from([Quality.QUALITY_FAST, Quality.QUALITY_HIGH]),
    "recordings": st.lists(digests, min_size=1, max_size=3),
    "reference": st.one_of(st.none(), digests),
    "clip": digests,
    "model": digests,
    "kept": st.booleans(),
    "loss": st.floats(0, 9),
    "code": digests,
    "pack": digests,
    "beam": st.integers(1, 9),
}
several = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@several
@given(
    data=st.fixed_dictionaries(DECIDES),
    other=st.data(),
)
def test_any_change_of_what_decides_changes_the_key(artifacts: ArtifactStore, data: dict, other: st.DataObject) -> None:
    field = other.draw(st.sampled_from(sorted(data)))
    changed = {**data, field: other.draw(DECIDES[field].filter(lambda value: value != data[field]))}
    assert _of(artifacts, data).key() == _of(artifacts, data).key()
    assert _of(artifacts, data).key() != _of(artifacts, changed).key()


def _of(artifacts: ArtifactStore, data: dict) -> Work:
    work = Work(artifacts)
    work.claim.options.quality = data["quality"]
    work.claim.options.inference.target_text = data["text"]
    work.claim.options.inference.ClearField("seed")
    if data["seed"] is not None:
        work.claim.options.inference.seed = data["seed"]
    del work.claim.files[:]
    work.claim.files.extend(File(ref=ArtifactRef(sha256=digest)) for digest in data["recordings"])
    if data["reference"] is not None:
        work.claim.ref_audio.ref.sha256 = data["reference"]
    work.slices.clips_ref.sha256 = data["clip"]
    work.slices.clips[0].kept = data["kept"]
    work.models.models[0].ref.sha256 = data["model"]
    work.models.epochs[0].losses["mel"] = data["loss"]
    work.recipe = replace(
        RECIPE, code=data["code"], pack_sha256=data["pack"], settings={**RECIPE.settings, "beam": data["beam"]}
    )
    return work


@several
@given(name=names, number=st.integers(2, 2**31 - 1), words=text)
def test_names_places_leases_and_undeclared_options_leave_the_key_alone(
    artifacts: ArtifactStore, name: str, number: int, words: str
) -> None:
    work = Work(artifacts)
    before = work.key()
    work.claim.exp_name, work.claim.owner, work.claim.lease, work.claim.attempt = name, name, number, number
    work.claim.checkpoint.CopyFrom(StageCheckpoint(step=number))
    work.claim.options.callback_url = work.claim.options.language = name
    work.claim.options.transcript = words
    work.claim.options.inference.ref_audio_id = name
    work.claim.files[0].id = work.claim.files[0].filename = name
    work.claim.files[0].ref.uri = f"files/{name}/recording"
    work.slices.clips_ref.uri = f"tasks/{name}/clips"
    work.slices.provenance.CopyFrom(Provenance(lease=number, seconds=2.5, taken_from=name))
    work.models.models[0].filename = name
    work.models.resumed_from_step = number
    work.models.models[0].ref.uri = f"tasks/{name}/model"
    work.claim.manifests["asr"].CopyFrom(ArtifactRef(uri=f"tasks/{name}/asr/1/manifest.pb", sha256=name))
    assert work.key() == before


def test_stages_of_equal_inputs_have_keys_of_their_own(artifacts: ArtifactStore) -> None:
    work = Work(artifacts)
    work.key()
    keys = {RECIPE.basis(stage, work.claim, artifacts).cache_key for stage in ("inference", "gpt_train")}
    assert len(keys) == 2


def test_stage_sees_what_it_declares_and_nothing_else(artifacts: ArtifactStore, tmp_path: Path) -> None:
    work = Work(artifacts)
    work.basis()
    work.claim.options.language = "en"
    work.claim.manifests["asr"].CopyFrom(ArtifactRef(uri="tasks/a/asr/1/manifest.pb"))
    whole = copy.deepcopy(work.claim)
    context = StageContext("a", "inference", work.claim, artifacts, tmp_path, lambda report: None)
    seen = RECIPE.serve(context)
    assert seen.claim.options.quality == Quality.QUALITY_FAST
    assert (seen.claim.options.inference.target_text, seen.claim.options.inference.seed) == ("hello", 1)
    assert seen.claim.options.language == ""
    assert [(file.ref.sha256, file.filename) for file in seen.claim.files] == [("cc", "")]
    assert not seen.claim.HasField("ref_audio")
    assert (seen.exp_name, seen.lease) == ("me", 1)
    assert seen.manifest("audio_slice", AudioSliceManifest) == work.slices
    with pytest.raises(StageFailedError, match="does not declare that it reads asr"):
        seen.manifest("asr", AsrManifest)
    assert work.claim == whole


def test_provenance_holds_everything_that_decided(artifacts: ArtifactStore, tmp_path: Path) -> None:
    work = Work(artifacts)
    work.claim.options.inference.target_text = "word " * 100
    basis = work.basis()
    context = StageContext("a", "inference", work.claim, artifacts, tmp_path, lambda report: None, basis=basis)
    provenance = context.provenance(seed=1)
    facts = provenance.settings
    assert facts["claim.options.quality"] == "QUALITY_FAST"
    assert facts["claim.options.inference.seed"] == "1"
    assert facts["claim.options.inference.target_text"].startswith("sha256:")
    assert facts["claim.files.0.ref.sha256"] == "cc"
    assert facts["reads.audio_slice"] == content_digest(work.slices)
    assert (facts["pack"], facts["settings.beam"], facts["settings.rules.least_s"]) == ("pack-1", "5", "0.5")
    assert provenance.code_version.endswith("+code-1")


def test_misspelt_claim_is_refused_at_once() -> None:
    for path in ("options.qualiti", "files.ref.sha", "exp_name.x"):
        with pytest.raises(ValueError, match="no such field"):
            replace(RECIPE, claims=(path,))


def test_missing_manifest_is_a_failure(artifacts: ArtifactStore) -> None:
    with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
        RECIPE.basis("inference", Lease(), artifacts)


def test_every_reference_of_a_manifest_is_found() -> None:
    manifest = InferenceManifest(
        ref_audio_ref=ArtifactRef(uri="a"),
        outputs=[Output(ref=ArtifactRef(uri="b"), gpt=Model(ref=ArtifactRef(uri="c")))],
    )
    assert {ref.uri for ref in refs_in(manifest)} == {"a", "b", "c"}


def test_code_version_changes_with_any_file_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "changing_package"
    (package / "part").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "part" / "table.json").write_text("1")
    monkeypatch.syspath_prepend(tmp_path)
    before = code_version("changing_package")
    assert code_version("changing_package") == before
    (package / "part" / "table.json").write_text("2")
    changed = code_version("changing_package")
    (package / "part" / "table.json").rename(package / "part" / "other.json")
    assert len({before, changed, code_version("changing_package")}) == 3
    with pytest.raises(ValueError, match="no package"):
        code_version("no_such_package")

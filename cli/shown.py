"""What REST answers, as text for people: one function per kind of thing."""

from collections.abc import Mapping, Sequence

from cli.client import JsonObject
from cli.progress import clock_time
from cli.session import columns
from cli.texts import text


def size(size_bytes: int) -> str:
    """Bytes as people read them."""
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:.2f} GB"


def task_rows(tasks: Sequence[JsonObject], language: str) -> str:
    """One line for each task."""
    rows = [
        (
            task["id"],
            text(language, f"status.{task['status']}"),
            f"{task['progress']:.0%}",
            task["quality"],
            task["exp_name"],
            task["current_stage"] or "",
        )
        for task in tasks
    ]
    return columns(rows, right=[2]) if rows else text(language, "task.none")


def detail(task: JsonObject, language: str) -> str:
    """A task, its stages, what experts chose, and why it failed."""
    stages = [
        (
            f"  {stage['name']}",
            text(language, f"stage_status.{stage['status']}"),
            f"{stage['progress']:.0%}",
            f"{stage['seconds']:.1f} s" if stage["seconds"] else "",
            stage["message"] or "",
        )
        for stage in task["stages"]
    ]
    lines = [task_rows([task], language), columns(stages, right=[2, 3])]
    expert = {name: value for name, value in (task.get("expert") or {}).items() if value is not None}
    if expert:
        chosen = ", ".join(f"{name} {value:g}" for name, value in expert.items())
        lines.append(f"  {text(language, 'task.expert', chosen=chosen)}")
    if task["error"]:
        lines.append(f"  {task['error']['detail']} [{task['error']['code']}]")
    return "\n".join(lines)


def output_rows(made: JsonObject, language: str) -> str:
    """What a task has made: outputs with their scores, the best with a star, and models."""
    lines = [text(language, "output.said", text=made["target_text"])] if made["target_text"] else []
    outputs = [
        (
            "*" if output["best"] else " ",
            output["filename"],
            f"{output['seconds']:.1f} s",
            scores(output, language),
            f"{output['sovits_model']} + {output['gpt_model']}",
        )
        for output in made["outputs"]
    ]
    models = [
        (
            "*" if model["best"] else " ",
            model["filename"],
            text(language, "output.epoch", epoch=model["epoch"]),
            size(model["size_bytes"]),
        )
        for model in made["models"]
    ]
    lines += [columns(rows, right=[2]) for rows in (outputs, models) if rows]
    return "\n".join(lines) or text(language, "output.none")


def scores(output: JsonObject, language: str) -> str:
    """How well an output speaks; nothing when it was not judged."""
    if output["word_error_rate"] is None:
        return ""
    similarity = f"{output['speaker_similarity']:.2f}"
    return text(language, "output.scores", errors=f"{output['word_error_rate']:.0%}", similarity=similarity)


def file_rows(files: Sequence[JsonObject], language: str) -> str:
    """One line for each uploaded recording."""
    rows = [
        (
            file["file_id"],
            f"{file['seconds']:.1f} s",
            f"{file['sample_rate'] / 1000:g} kHz",
            size(file["size_bytes"]),
            file["filename"],
        )
        for file in files
    ]
    return columns(rows, right=[1, 2, 3]) if rows else text(language, "file.none")


def report(found: JsonObject, language: str) -> str:
    """How good a recording is: the verdict, figures, what was found, and how many clips stay."""
    kept = [clip for clip in found["clips"] if clip["kept"]]
    figures = {
        "usable": f"{found['usable_seconds']:.1f} s / {found['seconds']:.1f} s",
        "clips": f"{len(kept)} / {len(found['clips'])}",
        "snr": f"{found['snr_db']:.0f} dB",
        "clipping": f"{found['clipping_ratio']:.2%}",
        "loudness": f"{found['loudness_lufs']:.1f} LUFS",
        "sampling": f"{found['sample_rate'] / 1000:g} kHz",
    }
    rows = [(f"  {text(language, f'report.{name}')}", value) for name, value in figures.items()]
    lines = [f"{text(language, 'outlook.' + found['outlook'])}: {found['verdict']}", columns(rows)]
    lines += [f"  ! {warning['message']}" for warning in found["warnings"]]
    if found["problem"]:
        lines.append(f"  {found['problem']['detail']} [{found['problem']['code']}]")
    return "\n".join(lines)


def transcript_rows(found: JsonObject, language: str, sentences: Mapping[str, str]) -> str:
    """Clips with their texts, the least certain first; what was changed or left out is marked.

    `sentences` are the server's: they say in words why a clip was left out.
    """
    rows = [
        (
            item["clip_id"],
            f"{item['confidence']:.0%}",
            clock_time(item["start"]),
            f"{item['seconds']:.1f} s",
            _mark(item, language, sentences),
            item["text"],
        )
        for item in by_doubt(found["items"])
    ]
    lines = [columns(rows, right=[1, 2, 3]) if rows else text(language, "transcript.none")]
    if found["pending"]:
        lines.append(text(language, "transcript.pending"))
    return "\n".join(lines)


def by_doubt(items: Sequence[JsonObject]) -> list[JsonObject]:
    """Clips, the least certain first."""
    return sorted(items, key=lambda item: (item["confidence"], item["start"]))


def _mark(item: JsonObject, language: str, sentences: Mapping[str, str]) -> str:
    if item["dropped"]:
        return text(language, "transcript.dropped")
    if item["corrected"]:
        return text(language, "transcript.corrected")
    if item["kept"]:
        return ""
    why = item["drop_reason"] or "?"
    return text(language, "transcript.left_out", reason=sentences.get(f"reason.{why}", why))


def metric_rows(found: JsonObject, language: str) -> str:
    """For each training stage: how far it is, and every loss at its first and its last point."""
    blocks = []
    for curve in found["curves"]:
        points = curve["points"]
        if not points:
            continue
        first, last = points[0], points[-1]
        at = text(
            language,
            "metric.at",
            step=last["step"],
            steps=curve["total_steps"],
            epoch=last["epoch"],
            epochs=curve["total_epochs"],
            batch=curve["batch_size"],
        )
        rows = [
            (f"  {name}", f"{first['losses'].get(name, value):.4f}", "->", f"{value:.4f}")
            for name, value in last["losses"].items()
        ]
        blocks.append("\n".join([f"{curve['stage']}: {at}", *([columns(rows, right=[1, 3])] if rows else [])]))
    return "\n".join(blocks) or text(language, "metric.none")


def estimate_rows(found: JsonObject, language: str) -> str:
    """How long each quality would take, and how long its turn would have to be waited for."""
    rows = [
        (
            item["quality"],
            clock_time(item["seconds"]),
            f"({clock_time(item['least_seconds'])} - {clock_time(item['most_seconds'])})",
            text(language, f"estimate.{item['basis']}"),
        )
        for item in found["items"]
    ]
    lines = [columns(rows, right=[1])] if rows else []
    if found["tasks_before"]:
        wait = clock_time(found["wait_seconds"])
        lines.append(text(language, "estimate.wait", count=found["tasks_before"], time=wait))
    return "\n".join(lines)

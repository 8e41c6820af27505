"""Reading `sequences/NAME.yaml`: the sequence, and all that is wrong with it at once, in English and in Dutch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from service.domain.reading import LineOf, ModelT, Path, Report, closest, did_you_mean, items, mapping, repeated
from service.domain.sequence import Sequence, Step, Window
from service.domain.waits import HOE_TE_WACHTEN, HOW_TO_WAIT
from service.errors import Problem


def parse_sequence(name: str, data: object, line_of: LineOf, file: str) -> tuple[Sequence | None, list[Problem]]:
    """The sequence in the data of one YAML file, or None, and every problem in it; warnings alone leave it usable."""
    report = Report(file=file, line_of=line_of)
    if not isinstance(data, Mapping):
        report.add(
            "sequence-wrong-shape",
            (),
            "this is no sequence; write `title:`, `topic:`, `window:` and `steps:`",
            "dit is geen reeks; schrijf `title:`, `topic:`, `window:` en `steps:`",
        )
        return None, report.problems
    if "name" in data:
        report.add(
            "content-unknown-key",
            ("name",),
            "unknown key `name`; leave it out, the file's name is used",
            "`name` bestaat hier niet; laat het weg, de naam van het bestand telt",
        )
    sequence = report.read(Sequence, {**data, "name": name})
    _check_window(report, data.get("window"))
    _check_steps(report, data)
    return (None if report.failed else sequence), report.problems


def _check_window(report: Report, raw: object) -> None:
    window = _quietly(Window, raw)
    if not window:
        return
    if window.opens >= window.closes:
        report.add(
            "window-empty",
            ("window", "to"),
            f"the window closes at {window.closes:%H:%M}, not after it opens at {window.opens:%H:%M}; "
            "write a later time at `to`",
            f"het venster sluit om {window.closes:%H:%M}, en dat is niet na het openen om {window.opens:%H:%M}; "
            "schrijf bij `to` een latere tijd",
        )
    for position, day in repeated(enumerate(window.days)):
        report.add(
            "window-repeats-day",
            ("window", "days", position),
            f"`{day}` stands here twice; leave one out",
            f"`{day}` staat hier twee keer; laat er een weg",
        )


def _check_steps(report: Report, data: Mapping[object, object]) -> None:
    """What a step cannot know by itself; looks at the raw data, so that one bad key does not hide the rest."""
    steps = [mapping(raw) for raw in items(data.get("steps"))]
    keys = [str(raw.get("key")) for raw in steps]
    for position, key in repeated((i, key) for i, key in enumerate(keys) if "key" in steps[i]):
        report.add(
            "step-repeats-key",
            ("steps", position, "key"),
            f"two steps have the key `{key}`; give each its own",
            f"twee stappen hebben de `key` `{key}`; geef elke stap een eigen naam",
        )
    window = _quietly(Window, data.get("window"))
    advices = [position for position, raw in enumerate(steps) if raw.get("purpose") == "advice"]
    lower = advices[0] if advices and advices[0] > 0 else None
    for position, raw in enumerate(steps):
        if not raw:
            continue
        path: Path = ("steps", position)
        _check_template(report, path, raw)
        if position == 0:
            _check_advice(report, path, raw, lower=lower)
        elif position != lower:
            _check_follow_up(report, path, raw)
        _check_at(report, path, raw, window)
        _check_sent(report, path, raw, keys[:position], keys)
        _check_facts(report, path, raw, confirmation=data.get("confirmation", "double"))


def _check_template(report: Report, path: Path, raw: Mapping[object, object]) -> None:
    variants = raw.get("variants")
    named = [key for key in ("template", "variants") if raw.get(key) is not None]  # one left empty names nothing
    if len(named) != 1:
        name = f"step `{raw.get('key', path[-1])}`", f"stap `{raw.get('key', path[-1])}`"
        if named:
            say, zeg = "has both `template` and `variants`; write one", "heeft `template` en `variants`; kies er een"
        elif _misspelt(raw) & {"template", "variants"}:
            return
        else:
            say, zeg = "has no `template`; name one", "heeft geen `template`; schrijf welke mail het is"
        report.add("step-template", path, f"{name[0]} {say}", f"{name[1]} {zeg}")
    elif isinstance(variants, Mapping) and len(variants) < 2:
        report.add(
            "step-few-variants",
            (*path, "variants"),
            "`variants` needs two templates or more; for one write `template`",
            "bij `variants` horen twee of meer mails; schrijf bij één mail `template`",
        )


def _misspelt(raw: Mapping[object, object]) -> set[str | None]:
    """The keys that unknown ones were meant to be: told as misspelt, they need not be told as missing too."""
    return {closest(str(key), Step.model_fields) for key in raw if key not in Step.model_fields}


def _check_advice(report: Report, path: Path, raw: Mapping[object, object], *, lower: int | None) -> None:
    """`lower`: where the advice stands instead."""
    if lower is not None:
        report.add(
            "first-step-not-advice",
            ("steps", lower, "purpose"),
            "the advice leaves before all else; make this the first step",
            "het advies gaat als eerste weg; zet deze stap bovenaan",
        )
        return
    if raw.get("purpose") != "advice":
        report.add(
            "first-step-not-advice",
            path,
            "the first step must be the advice itself; write `purpose: advice` in it",
            "de eerste stap is het advies zelf; schrijf er `purpose: advice` bij",
        )
        return
    for key in ("wait", "at", "only_if", "skip_if", "max_late"):
        if key in raw:
            report.add(
                "advice-waits",
                (*path, key),
                f"the advice leaves at once, for everyone; leave out `{key}`",
                f"het advies gaat meteen weg, naar iedereen; laat `{key}` weg",
            )


def _check_follow_up(report: Report, path: Path, raw: Mapping[object, object]) -> None:
    if raw.get("purpose") == "advice":
        report.add(
            "second-advice",
            (*path, "purpose"),
            "only the first step can be the advice; leave out `purpose` here",
            "alleen de eerste stap kan het advies zijn; laat `purpose` hier weg",
        )
    elif raw.get("wait") is None and "wait" not in _misspelt(raw):
        report.add(
            "step-no-wait",
            path,
            f"step `{raw.get('key', '?')}` has no `wait`; write {HOW_TO_WAIT}",
            f"stap `{raw.get('key', '?')}` heeft geen `wait`; schrijf {HOE_TE_WACHTEN}",
        )


def _check_at(report: Report, path: Path, raw: Mapping[object, object], window: Window | None) -> None:
    step = _quietly(Step, {"key": "x", "at": raw.get("at")})
    if not step or not step.at or not window or window.opens >= window.closes:
        return
    if not window.opens <= step.at < window.closes:
        report.add(
            "at-outside-window",
            (*path, "at"),
            f"{step.at:%H:%M} lies outside the window; write a time from {window.opens:%H:%M} up to, "
            f"and not including, {window.closes:%H:%M}",
            f"{step.at:%H:%M} valt buiten het venster; schrijf een tijd vanaf {window.opens:%H:%M} en "
            f"vóór {window.closes:%H:%M}",
        )


def _check_sent(
    report: Report, path: Path, raw: Mapping[object, object], earlier: list[str], all_keys: list[str]
) -> None:
    for where, key in _sent_references(raw):
        if key in earlier:
            continue
        if key in all_keys:
            report.add(
                "sent-not-earlier",
                (*path, *where),
                f"`{key}` comes later, or is this step itself, and cannot have been sent; name an earlier step",
                f"`{key}` komt later, of is deze stap zelf, en kan nog niet verstuurd zijn; noem een eerdere stap",
            )
        else:
            report.add(
                "sent-unknown-step",
                (*path, *where),
                f"there is no step `{key}`; {did_you_mean(key, earlier)}",
                f"er is geen stap `{key}`; {did_you_mean(key, earlier, 'nl')}",
            )


def _check_facts(report: Report, path: Path, raw: Mapping[object, object], *, confirmation: object) -> None:
    """What is the same for everybody says nothing, and most likely something else was meant."""
    for kind in ("only_if", "skip_if"):
        condition = mapping(raw.get(kind))
        if isinstance(condition.get("confirmed"), bool) and confirmation == "double":
            report.add(
                "confirmed-always",
                (*path, kind, "confirmed"),
                "with `confirmation: double` nobody gets this mail before the button is pressed; leave out `confirmed`",
                "met `confirmation: double` krijgt niemand deze mail vóór de druk op de knop; laat `confirmed` weg",
                severity="warning",
            )
        months = [month for month in items(condition.get("month")) if isinstance(month, str)]
        for position, month in repeated(enumerate(months)):
            report.add(
                "month-repeated",
                (*path, kind, "month", position),
                f"`{month}` stands here twice; leave one out",
                f"`{month}` staat hier twee keer; laat er een weg",
            )


def _sent_references(raw: Mapping[object, object]) -> Iterator[tuple[Path, str]]:
    for condition in ("only_if", "skip_if"):
        for position, key in enumerate(items(mapping(raw.get(condition)).get("sent"))):
            if isinstance(key, str):
                yield (condition, "sent", position), key


def _quietly(model: type[ModelT], raw: object) -> ModelT | None:
    """The model when the data is right; what is wrong with it has been told already."""
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None

"""A new topic as a copy of one, what is left to do before it goes live, and closing a sequence to new leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.responses import Response

from service.domain.reading import mapping
from service.domain.step_words import Both
from service.errors import InvalidInputError, NurtureError, Problem, ProblemsError, RefusedError
from service.flows import new_topic, sequence_archive, sequence_editing
from service.flows.content import TEMPLATES
from service.flows.content_desk import NEW, Change
from service.flows.drafts import Draft
from service.flows.sequence_editing import OpenSequence
from service.flows.whole_files import as_before, plain
from service.store import enrolments
from service.store import sequences as store
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.publishing.saving import save
from service.web.studio.sequences import shown, step_fields, timeline
from service.web.studio.sequences.views import ArchivePage, CheckItem, ChecklistPage, CopyPage

COPY_FIELDS: Mapping[str, tuple[str, ...]] = {"title": (), "name": ()}
ARCHIVE_FIELDS: Mapping[str, tuple[str, ...]] = {"seen": (), "seen_forms": (), "what": ("archive", "reopen")}


def show_copy(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/copy`."""
    _, opened = timeline.opened_of(visit)
    return rendering.render(_copy_page(visit, opened))


def copy(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/copy`: a sequence, its mails, its exercises and its form under a new name."""
    _, opened = timeline.opened_of(visit)
    name, title = visit.field("name").strip(), " ".join(visit.field("title").split())
    wrong: dict[str, Both] = {}
    if told := step_fields.wrong_title(title):
        wrong["title"] = told
    forms = visit.desk.open(new_topic.FORMS)
    problems: Iterable[Problem] = ()
    try:
        made = new_topic.prepare(
            visit.services.content_dir, name, source=opened.name, topic=name, title=opened.title if told else title
        )
    except ProblemsError as error:
        problems = error.problems
    except NurtureError as error:
        wrong["name"] = error.dutch[:1].upper() + error.dutch[1:], error.english[:1].upper() + error.english[1:]
    with visit.services.database.reading() as session:
        if ("sequence", name) in store.live_ids(session):
            wrong["name"] = (
                "Er is al een reeks met deze naam gepubliceerd. Kies een andere naam.",
                "A sequence of this name was published already. Choose another name.",
            )
    if wrong or problems:
        return rendering.render(_copy_page(visit, opened, wrong, problems), status=422)
    changes = {file: Change(data=text.encode(), seen=NEW) for file, text in made.files.items()}
    grown = as_before(forms.data, made.files[new_topic.FORMS])
    changes[new_topic.FORMS] = Change(data=grown, seen=forms.mark)
    return save(visit, changes, done=f"{timeline.ROOM}/{name}/checklist")


def show_checklist(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/checklist`: ticked is what can be seen from here; the rest is for a person."""
    draft, opened = timeline.opened_of(visit)
    items = tuple(_items(visit, draft, opened))
    page = ChecklistPage(frame=visit.frame(), name=opened.name, title=opened.title, items=items)
    return rendering.render(page)


def show_archive(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/archive`."""
    draft, opened = timeline.opened_of(visit)
    return rendering.render(_archive_page(visit, draft, opened))


def archive(visit: Visit) -> Response:
    """`POST /studio/sequences/{name}/archive`: nobody new enters, from the next publication on; or they do again."""
    draft, opened = timeline.opened_of(visit)
    what = visit.field("what")
    if what not in ARCHIVE_FIELDS["what"]:
        raise InvalidInputError("choose to archive or to open again", "Kies of de reeks dicht of open gaat.")
    changes: dict[str, Change] = {}
    try:
        values = {"archived": True if what == "archive" else None}
        text = sequence_editing.with_rules(opened, values)
        topic = str(mapping(opened.yaml.data).get("topic") or "")
        forms = visit.desk.open(sequence_archive.FORMS)
        if what == "archive" and draft.content.forms is None:
            raise RefusedError(
                "forms.yaml has an error in it, so it cannot be seen which forms lead here; mend that first",
                "In forms.yaml staat een fout. Welke formulieren hierheen leiden, is nu niet te zien. Verhelp die "
                "eerst.",
            )
        if what == "archive" and sequence_archive.forms_leading_to(draft.content.forms, topic):
            closed = sequence_archive.forms_without(plain(forms.data), topic)
            changes[forms.file] = Change(data=as_before(forms.data, closed), seen=visit.field("seen_forms"))
    except NurtureError as error:
        return rendering.render(_archive_page(visit, draft, opened, error), status=422)
    changes[opened.file] = Change(data=opened.bytes_of(text), seen=visit.field("seen"))
    done = "archived" if what == "archive" else "reopened"
    return save(visit, changes, done=f"{timeline.ROOM}/{opened.name}?done={done}")


def _copy_page(
    visit: Visit, opened: OpenSequence, wrong: Mapping[str, Both] | None = None, problems: Iterable[Problem] = ()
) -> CopyPage:
    return CopyPage(
        frame=visit.frame(),
        name=opened.name,
        title=opened.title,
        mark=opened.mark,
        typed=visit.fields,
        wrong={name: shown.say(visit, each) for name, each in (wrong or {}).items()},
        problems=shown.problem_lines(visit, problems),
    )


def _archive_page(visit: Visit, draft: Draft, opened: OpenSequence, error: NurtureError | None = None) -> ArchivePage:
    with visit.services.database.reading() as session:
        under_way = enrolments.count_open(session, opened.name)
    topic = str(mapping(opened.yaml.data).get("topic") or "")
    there = draft.content.forms
    gone = tuple(form.name for form in (there.forms.values() if there else ()) if form.topic == topic)
    marks = {"seen_forms": [visit.field("seen_forms") or visit.desk.open(sequence_archive.FORMS).mark]}
    return ArchivePage(
        frame=visit.frame(),
        name=opened.name,
        title=opened.title,
        mark=visit.field("seen") or opened.mark,
        typed=marks,
        archived=opened.rules.get("archived") is True,
        under_way=under_way,
        forms=tuple(each for each in sequence_archive.forms_leading_to(there, topic) if each not in gone),
        gone=gone,
        left=sequence_archive.without_a_form(there, topic),
        told=visit.words(error) if error else "",
    )


def _items(visit: Visit, draft: Draft, opened: OpenSequence) -> Iterable[CheckItem]:
    here, sequence = f"{timeline.ROOM}/{opened.name}", opened.sequence
    mails = {f"{TEMPLATES}/{name}.md" for name in (sequence.templates() if sequence else ())}
    mine = [each for each in draft.problems if each.file in {opened.file, *mails}]
    errors = [each for each in mine if each.severity == "error"]
    compiled = [draft.mails[name] for name in (sequence.templates() if sequence else ()) if name in draft.mails]
    texts = {each.name: each for mail in compiled for each in mail.contains if each.needs_approval}
    waiting = sorted(name for name, each in texts.items() if each.approval != "approved")
    topic = sequence.topic if sequence else ""
    form = draft.content.forms.for_topic(topic) if draft.content.forms else None
    with visit.services.database.reading() as session:
        state = shown.states(session, draft).get(opened.name, "changed")

    def item(text: Both, done: bool | None, more: Both = ("", ""), href: str = "") -> CheckItem:
        return CheckItem(text=shown.say(visit, text), done=done, more=shown.say(visit, more), href=href)

    yield item(
        ("De reeks en haar mails hebben geen fouten", "The sequence and its mails have no errors"),
        sequence is not None and not errors,
        (f"Fouten: {len(errors)}" if errors else "", f"Errors: {len(errors)}" if errors else ""),
        here,
    )
    yield item(
        ("Elke waarschuwing is bekeken", "Every warning was looked at"),
        None if len(mine) > len(errors) else True,
        (f"Waarschuwingen: {len(mine) - len(errors)}", f"Warnings: {len(mine) - len(errors)}"),
        here,
    )
    yield item(
        ("Elke mail gaat over dit onderwerp, ook de onderwerpregel", "Every mail is on this topic, its subject too"),
        None,
        ("In onderwerp en links staan geen woorden over de klacht.", "Subjects and links name no complaint."),
        "/studio/mails",
    )
    yield item(
        ("Een zorgverlener heeft elke medische tekst goedgekeurd", "A clinician approved every medical text"),
        not waiting,
        (
            f"Deze wachten erop: {', '.join(waiting)}" if waiting else "",
            f"These wait for it: {', '.join(waiting)}" if waiting else "",
        ),
        "/studio/mails",
    )
    yield item(("De dagen kloppen op de kalender", "The days are right on the calendar"), None, href=f"{here}/calendar")
    yield item(
        ("Een formulier leidt naar deze reeks", "A form leads to this sequence"),
        form is not None,
        (f"Formulier {form.name}" if form else "", f"Form {form.name}" if form else ""),
        "/studio/settings",
    )
    yield item(
        ("De vragen en toestemmingen van het formulier kloppen", "The form's questions and consent texts are right"),
        None,
        ("Alleen in overleg met wie over de privacy gaat.", "Only together with whoever looks after privacy."),
        "/studio/settings",
    )
    yield item(("De reeks is gepubliceerd", "The sequence is published"), state == "live", href="/studio/publish")
    yield item(
        ("Het formulier staat op de website", "The form is on the website"),
        None,
        (
            f"Wat je daar plakt, staat bij formulier {form.name}. Het stuurt die naam mee." if form else "",
            f"What to paste there stands with the form {form.name}. It sends that name along." if form else "",
        ),
        "/studio/settings/forms",
    )
    yield item(
        (
            "Je hebt het advies zelf aangevraagd, en de links werken",
            "You asked for the advice yourself; its links work",
        ),
        None,
    )

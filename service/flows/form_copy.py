"""A form for a new topic, put at the end of forms.yaml: not a byte of what stands there already changes."""

from __future__ import annotations

import textwrap
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from service.errors import RefusedError
from service.flows.content import Content


def with_form_copied(text: str, content: Content, *, source: str, name: str, topic: str) -> str:
    """The text of forms.yaml with a copy of the form of the topic `source`, under a new name and for another topic.

    No answer of the copy chooses a topic: that was the old form's. RefusedError where there is no such form, or where
    the forms do not stand on lines of their own.
    """
    form = content.forms.for_topic(source) if content.forms else None
    if form is None:
        raise RefusedError(
            f"no form in forms.yaml leads to the topic {source}; make one first",
            f"geen formulier in forms.yaml leidt naar het topic {source}; maak er eerst een",
        )
    yaml = _yaml()
    document = yaml.load(text)
    forms = document["forms"]
    if document.fa.flow_style() or forms.fa.flow_style():
        raise RefusedError(
            "forms.yaml has its forms between { and }; write each on lines of its own",
            "in forms.yaml staan de formulieren tussen { en }; zet elk formulier op eigen regels",
        )
    copy = _bare(forms[form.name])
    copy["topic"] = topic
    for question in copy.get("questions") or ():
        for option in question.get("options") or ():
            option.pop("chooses_topic", None)
    written = StringIO()
    yaml.dump(CommentedMap({name: copy}), written)
    first = next(iter(forms))
    return f"{text.rstrip()}\n\n{textwrap.indent(written.getvalue(), ' ' * forms.lc.key(first)[1])}"


def _bare(value: Any) -> Any:
    """The same without comments, which speak of the form it was; quotes, blocks and one-line lists stay as written."""
    if isinstance(value, CommentedMap):
        found: Any = CommentedMap((key, _bare(each)) for key, each in value.items())
    elif isinstance(value, CommentedSeq):
        found = CommentedSeq(_bare(each) for each in value)
    else:
        return value
    if value.fa.flow_style():
        found.fa.set_flow_style()
    return found


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml

"""What the fields of a model say of themselves: their keys, what to write there, and which type stands at a path."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Loc = tuple[str | int, ...]
"""Where a value stands in a model: keys, and positions from 0."""


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What to write in a field. `dutch` is empty where it has no Dutch words."""

    english: str
    dutch: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """In a field's annotation: what to do where a form or a prompt asks for it, when a file wants it otherwise."""

    english: str
    dutch: str


def hint(model: type[BaseModel], loc: Loc) -> Hint | None:
    """What to write, from the description of the innermost field on the way that has one."""
    field = _described(model, loc)
    return Hint(english=field.description or "", dutch=_dutch(field)) if field else None


def asked(model: type[BaseModel], loc: Loc) -> Asked | None:
    """What to do at its place in a form or at a prompt; None where that is what its hint says."""
    field = _described(model, loc)
    return next((each for each in field.metadata if isinstance(each, Asked)), None) if field else None


def _described(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    for end in range(len(loc), 0, -1):
        owner = _model_in(annotation_at(model, loc[: end - 1]))
        for name, field in owner.model_fields.items() if owner else ():
            if loc[end - 1] in (name, field.alias) and field.description:
                return field
    return None


def _dutch(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("description", "")) if isinstance(extra, dict) else ""


def keys(annotation: object) -> list[str]:
    """The keys of a model, as they are written; none of what is no model."""
    model = _model_in(annotation)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def annotation_at(annotation: object, loc: Loc) -> object:
    """The type that stands at a path inside a model: through fields, tuples and mappings."""
    for part in loc:
        model = _model_in(annotation)
        if model and isinstance(part, str):
            found = (f.annotation for n, f in model.model_fields.items() if part in (n, f.alias))
            annotation = next(found, None)
        else:
            arguments = get_args(_without_none(annotation))
            annotation = (arguments[-1] if isinstance(part, str) else arguments[0]) if arguments else None
    return annotation


def _without_none(annotation: object) -> object:
    if get_origin(annotation) in (Union, types.UnionType):
        return next((each for each in get_args(annotation) if each is not type(None)), None)
    return _without_none(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def _model_in(annotation: object) -> type[BaseModel] | None:
    plain = _without_none(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None

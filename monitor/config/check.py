"""One value of the document against its model; pydantic's complaints in plain words, each with its place."""

from __future__ import annotations

import copy
import types
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.problems import Path, Problem, nearest
from monitor.config.source import Document

Model = TypeVar("Model", bound=BaseModel)

_WORDS = {
    "missing": "is missing",
    "string_type": "must be a text: put it in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "list_type": "must be a list",
    "dict_type": "must be a group of names and values",
    "model_type": "must be a group of settings",
    "model_attributes_type": "must be a group of settings",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "too_short": "must not be empty",
    "union_tag_not_found": "'kind' is missing; write kind: email, slack, webhook, file or apprise",
}

#: settings that commands need before, or without, reading a file
ELSEWHERE = {
    "database_url": "use --database or MONITOR_DATABASE_URL",
    "database": "use --database or MONITOR_DATABASE_URL",
    "state_folder": "use MONITOR_HOME",
}

#: for required values that are missing or wrong, while the rest is checked
STAND_INS: dict[str, Any] = {
    "id": "unnamed",
    "name": "unnamed",
    "title": "unnamed",
    "url": "https://unnamed.invalid/",
    "schedule": "daily at 08:00",
    "host": "unnamed.invalid",
    "from": "unnamed@unnamed.invalid",
    "to": ["unnamed@unnamed.invalid"],
}


def check(document: Document, value: Any, model: Any, path: Path) -> Any:
    """The value as its model, or None; what is wrong goes to the document's problems.

    A value with mistakes comes back without them where that can be, so that the checks which follow find the others
    that it has. It is never used: a document with problems makes no Config.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
    document.problems.extend(_problem(document, model, path, detail) for detail in details)
    try:
        return adapter.validate_python(_without_mistakes(model, value, details))
    except (ValidationError, LookupError, TypeError):
        return None


def _without_mistakes(model: Any, value: Any, details: list[ErrorDetails]) -> Any:
    """A copy that lacks what is wrong, with stand-ins for what cannot be lacked. Raises LookupError, TypeError."""
    repaired = copy.deepcopy(value)
    # later list positions first: removing one moves those behind it
    wrong = {_without_tags(model, detail["loc"]) for detail in details}
    for location in sorted(wrong, key=lambda path: [f"{step:>9}" for step in path], reverse=True):
        container: Any = repaired
        for step in location[:-1]:
            container = container[step]
        last = location[-1]
        if isinstance(container, list):
            del container[int(last)]
        elif not isinstance(container, dict):
            raise TypeError(f"nothing can be taken out of {container!r}")
        elif last in STAND_INS:
            container[last] = STAND_INS[str(last)]
        else:
            container.pop(last, None)
    return repaired


def _problem(document: Document, model: Any, base: Path, detail: ErrorDetails) -> Problem:
    steps = _without_tags(model, detail["loc"])
    path: Path = (*base, *steps)
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _keys(_model_at(model, detail["loc"][:-1]))
        word = str(steps[-1])
        hint = nearest(word, known)
        if word in ELSEWHERE:
            return document.problem(f"is not set in this file; {ELSEWHERE[word]}", *path)
        listed = "" if hint else f" (known: {', '.join(sorted(known))})" if known else ""
        return document.problem(f"unknown setting{listed}", *path, hint=hint)
    if kind == "literal_error":
        expected = [word.strip("'") for word in detail["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        hint = nearest(str(detail["input"]), expected)
        return document.problem(f"must be one of {', '.join(expected)}, not {detail['input']!r}", *path, hint=hint)
    if kind == "union_tag_invalid":
        kinds = [word.strip("'") for word in detail["ctx"]["expected_tags"].split(", ")]
        tag = str(detail["ctx"]["tag"])
        return document.problem(f"must be one of {', '.join(kinds)}", *path, "kind", hint=nearest(tag, kinds))
    if kind == "value_error":
        return document.problem(str(detail["ctx"]["error"]), *path)
    words = _WORDS.get(kind) or detail["msg"].replace("Input should", "must").replace("Value should", "must")
    return document.problem(words, *path)


def _without_tags(model: Any, location: tuple[int | str, ...]) -> Path:
    """pydantic puts the tag of a discriminated union into the location: it stands nowhere in the file."""
    if location and _union_of_models(model) and isinstance(location[0], str):
        return tuple(location[1:])
    return tuple(location)


def _union_of_models(model: Any) -> tuple[type[BaseModel], ...]:
    bare = get_args(model)[0] if get_origin(model) is Annotated else model
    if get_origin(bare) not in (Union, types.UnionType):
        return ()
    return tuple(each for each in get_args(bare) if isinstance(each, type) and issubclass(each, BaseModel))


def _model_at(model: Any, location: tuple[int | str, ...]) -> Any:
    """The model that stands at a location."""
    for step in location:
        if members := _union_of_models(model):
            tagged = [each for each in members if step in get_args(each.model_fields["kind"].annotation)]
            if tagged:
                model = tagged[0]
                continue
        model = _inside(model, step)
    return _bare(model)


def _inside(model: Any, step: int | str) -> Any:
    model = _bare(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        for name, info in model.model_fields.items():
            if step in (name, info.alias):
                return info.annotation
        return None
    arguments = get_args(model)
    return arguments[-1] if arguments else None


def _bare(model: Any) -> Any:
    """Without Annotated and without None."""
    while True:
        if get_origin(model) is Annotated:
            model = get_args(model)[0]
        elif get_origin(model) in (Union, types.UnionType):
            rest = [each for each in get_args(model) if each is not type(None)]
            if len(rest) != 1:
                return model
            model = rest[0]
        else:
            return model


def _keys(model: Any) -> list[str]:
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [info.alias or name for name, info in model.model_fields.items()]
    return []

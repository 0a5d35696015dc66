"""Reads events back that were written as XML and as YAML, with lxml and with PyYAML.

    DIR/venv/bin/python read_formats.py FOLDER

For each N.json in the folder (what an event's data was, as its emitter wrote it) reads N.xml and N.yaml and
prints a line of JSON: `case`, and for `xml`, `yaml` (PyYAML's own reader) and `libyaml` (the one in C) null, or what differs.
Numbers must have the very text that they have in JSON, and YAML the same values as JSON.
"""

import base64
import json
import pathlib
import sys

import yaml
from lxml import etree


class Number(str):
    """A number by its text."""


class Pairs(list):
    """An object: its members in their order, some perhaps twice."""


def exactly(text):
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=Pairs)


def tagged(value):
    """A value that equals another only if their types are equal too."""
    if isinstance(value, (dict, Pairs)):
        members = value.items() if isinstance(value, dict) else value
        return ("object", [(name, tagged(member)) for name, member in members])
    if isinstance(value, list):
        return ("array", [tagged(item) for item in value])
    return (type(value).__name__, value)


def last_wins(value):
    if isinstance(value, Pairs):
        return {name: last_wins(member) for name, member in value}
    if isinstance(value, list):
        return [last_wins(item) for item in value]
    return value


def unordered(value):
    kind, inside = value
    if kind == "object":
        return (kind, {name: unordered(member) for name, member in inside})
    if kind == "array":
        return (kind, [unordered(item) for item in inside])
    return value


def of_element(element):
    kind = element.get("type")
    if kind in ("object", "array"):
        assert not element.text, element.text
        assert all(not child.tail for child in element)
    if kind == "object":
        return Pairs((name(child), of_element(child)) for child in element)
    if kind == "array":
        assert all(child.tag == "item" for child in element)
        return [of_element(child) for child in element]
    assert len(element) == 0
    text = element.text or ""
    if kind is None:
        return text
    if kind == "base64":
        return base64.b64decode(text, validate=True).decode()
    return {"null": lambda: None, "number": lambda: Number(text), "boolean": lambda: {"true": True, "false": False}[text]}[kind]()


def name(element):
    if element.tag == "field" and "base64" in element.attrib:
        return base64.b64decode(element.get("base64"), validate=True).decode()
    if element.tag == "field" and "name" in element.attrib:
        return element.get("name")
    return element.tag


def read_xml(content, data):
    root = etree.fromstring(content)
    assert root.tag == "event" and not root.attrib and [child.tag for child in root] == ["type", "timestamp", "data"]
    found, expected = tagged(of_element(root[2])), tagged(exactly(data))
    return None if found == expected else f"{found} is not {expected}"


def of_node(node):
    """A node with its numbers as they are written."""
    if isinstance(node, yaml.MappingNode):
        return Pairs((of_node(key), of_node(value)) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return [of_node(item) for item in node.value]
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    return {"str": node.value, "int": Number(node.value), "float": Number(node.value), "null": None, "bool": node.value == "true"}[kind]


def read_yaml(content, data, loader):
    whole = yaml.load(content, loader)
    assert list(whole) == ["type", "timestamp", "data"] and isinstance(whole["timestamp"], str), whole
    found, expected = unordered(tagged(whole["data"])), unordered(tagged(json.loads(data)))
    if found != expected:
        return f"{found} is not {expected}"
    node = next(value for key, value in yaml.compose(content, loader).value if key.value == "data")
    found, expected = unordered(tagged(of_node(node))), unordered(tagged(last_wins(exactly(data))))
    return None if found == expected else f"{found} is not {expected}"


def attempt(read, *arguments):
    try:
        return read(*arguments)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"


def main():
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        data, xml, text = file.read_text("utf-8"), file.with_suffix(".xml").read_bytes(), file.with_suffix(".yaml").read_bytes()
        said = {"case": file.stem, "xml": attempt(read_xml, xml, data)}
        said["yaml"] = attempt(read_yaml, text, data, yaml.SafeLoader)
        said["libyaml"] = attempt(read_yaml, text, data, yaml.CSafeLoader)
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()

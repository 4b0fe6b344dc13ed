"""A page as a reader without scripts has it."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr", "wbr"}


def numbers(value):
    """Yield every float in what JSON has said, however deep."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, float):
        yield value


@dataclass
class Read:
    """What a page holds.

    Attributes:
        attributes: every attribute, as (tag, name, value).
        tables: by the id of their section: rows of cells' texts, the heading first.
        texts: text outside of scripts and styles.
        scripts: what stands in each script element, by its id.
        style: the style sheet.
        ids: of elements.
    """

    attributes: list = field(default_factory=list)
    tables: dict = field(default_factory=dict)
    texts: list = field(default_factory=list)
    scripts: list = field(default_factory=list)
    style: str = ""
    ids: list = field(default_factory=list)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def json(self, name):
        return next(json.loads(text) for own, text in self.scripts if own == name)


class Page(HTMLParser):
    """Reads a page, and fails where an element is not closed in its turn."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.read, self.open, self.section = Read(), [], None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.read.attributes += [(tag, name, value) for name, value in attrs]
        if "id" in given:
            self.read.ids.append(given["id"])
        if tag == "section":
            self.section = given["id"]
        if tag == "table":
            self.read.tables.setdefault(self.section, [])
        if tag == "tr":
            self.read.tables[self.section].append([])
        if tag in ("td", "th"):
            self.read.tables[self.section][-1].append("")
        if tag == "script":
            self.read.scripts.append((given.get("id"), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" in self.open:
            name, text = self.read.scripts[-1]
            self.read.scripts[-1] = (name, text + data)
        elif "style" in self.open:
            self.read.style += data
        else:
            self.read.texts.append(data)
            if self.open and {"td", "th"} & set(self.open):
                self.read.tables[self.section][-1][-1] += data


def read_page(text):
    return Page(text).read

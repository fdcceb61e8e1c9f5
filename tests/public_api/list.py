"""Lists the public items of the library with their signatures, from the pages of rustdoc, one a line.

Usage: list.py FOLDER_OF_THE_CRATES_PAGES
"""

import sys
from html.parser import HTMLParser
from pathlib import Path

# Of these elements the text is the signature of an item.
DECLARATION = ("pre", "item-decl")
MEMBER = ("h4", "code-header")
# What implements a trait for a type of ours is listed by the section that it stands in.
SECTIONS = {"trait-implementations", "synthetic-implementations", "blanket-implementations"}


class Page(HTMLParser):
    """Collects the signatures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.signatures: list[str] = []
        self.open: str | None = None
        self.text: list[str] = []
        self.is_foreign = False
        self.hidden = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if names.get("id") in SECTIONS:
            self.is_foreign = True
        classes = (names.get("class") or "").split()
        for wanted, name in (DECLARATION, MEMBER):
            if tag == wanted and name in classes and not self.is_foreign:
                self.open, self.text = tag, []
        if tag == "summary" and self.open:
            self.hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "summary" and self.hidden:
            self.hidden -= 1
        if tag == self.open:
            self.signatures.append(" ".join("".join(self.text).split()))
            self.open = None

    def handle_data(self, data: str) -> None:
        if self.open and not self.hidden:
            self.text.append(data)


def main() -> None:
    """Prints the list."""
    root = Path(sys.argv[1])
    for path in sorted(root.rglob("*.html")):
        kind = path.name.split(".")[0]
        if kind not in {"struct", "enum", "trait", "fn", "constant", "static", "type", "macro"}:
            continue
        page = Page()
        page.feed(path.read_text())
        module = "::".join(path.relative_to(root).parts[:-1])
        name = path.name.split(".")[1]
        for signature in page.signatures:
            if kind == "constant":
                # The value can be a whole file.
                signature = signature.partition(" = ")[0]
            print(f"{module}::{name}: {signature}")


if __name__ == "__main__":
    main()

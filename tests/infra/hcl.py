"""As much of HCL as the tests need: blocks by their first line, attributes by name. No Terraform is asked."""

import re
from dataclasses import dataclass

from tests.architecture.source import ROOT

TERRAFORM = ROOT / "infra" / "terraform"
_OPENING = re.compile(r'^(\w+)((?: "[^"]+")*) \{$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block at the top of a file: where it is, its kind, its labels and the text within."""

    path: str
    kind: str
    labels: tuple[str, ...]
    text: str

    def has(self, name: str) -> bool:
        """Whether there is an attribute or a block of that name directly inside (`terraform fmt` indents by two)."""
        return re.search(rf"^  {name}\b", self.text, re.MULTILINE) is not None


def blocks(kind: str) -> list[Block]:
    """Every block of a kind in the committed Terraform, which `terraform fmt` has laid out."""
    found = []
    for path in sorted(TERRAFORM.rglob("*.tf")):
        text = path.read_text(encoding="utf-8")
        for opening in _OPENING.finditer(text):
            if opening.group(1) == kind:
                end = text.index("\n}", opening.end())
                labels = tuple(re.findall(r'"([^"]+)"', opening.group(2)))
                found.append(Block(path.relative_to(TERRAFORM).as_posix(), kind, labels, text[opening.end() : end]))
    return found

"""A document as YAML, which people review in differences: written by the command line, and by nothing that serves."""

from collections.abc import Mapping
from typing import Any

import yaml


def to_yaml(document: Mapping[str, Any]) -> str:
    """The document as YAML: keys in their order, no anchors, text of several lines as such."""
    return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)

#!/usr/bin/env python3
"""Checks that no module includes one above it, as docs/development.md orders them.

    tests/include_direction.py [ROOT]

The order and the exceptions are read from that page's section "Modules", so the page is the rule:
    a -> b, c -> d           a above b and c above d: the arrows are the allowed direction
    peers: b -> c            inside one rank, only what is listed here
    never: b -> e, f/port    forbidden although below; a name with a slash is a header, `*` ends a prefix

Public headers (include/trunkline/MODULE) include public headers only, and nobody the private ones of another module.
"""

import dataclasses
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<trunkline/([^>]+)>|"([^"]+)")')


@dataclasses.dataclass
class Rules:
    ranks: dict  # module -> height, 0 at the bottom
    peers: set  # (from, to)
    never: set  # (from, module or header pattern)


def read_rules(page):
    section = page.split("\n## Modules", 1)[1].split("\n## ", 1)[0]
    block = re.search(r"```\n(.*?)```", section, re.S)[1]
    peers, never, order = set(), set(), ""
    for line in block.splitlines():
        kind, _, rest = line.partition(":")
        if kind in ("peers", "never"):
            users, used = (names(part) for part in rest.split("->"))
            (peers if kind == "peers" else never).update((user, target) for user in users for target in used)
        else:
            order += " " + line
    heights = reversed([names(rank) for rank in order.split("->")])
    return Rules({module: height for height, rank in enumerate(heights) for module in rank}, peers, never)


def names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def matches(pattern, module, header):
    if "/" not in pattern:
        return pattern == module
    return header.startswith(pattern[:-1]) if pattern.endswith("*") else header == pattern


def judge(rules, user, used, header):
    """Why a file of module `user` must not include the public `header` of module `used`, or None."""
    if used not in rules.ranks:
        return f"module '{used}' is not in the order"
    if any(user == owner and matches(pattern, used, header) for owner, pattern in rules.never):
        return f"{user} never includes {header}"
    if user == used:
        return None
    if rules.ranks[used] > rules.ranks[user]:
        return f"{user} is below {used}"
    if rules.ranks[used] == rules.ranks[user] and (user, used) not in rules.peers:
        return f"{user} and {used} are peers, and '{user} -> {used}' is not listed"
    return None


def private_module(root, path, header):
    """The module whose private header a quoted include names, or None when it names no header of the tree."""
    for candidate in (path.parent / header, root / "src" / header):
        resolved = candidate.resolve()
        if resolved.is_file() and resolved.is_relative_to(root / "src"):
            return resolved.relative_to(root / "src").parts[0]
    return None


def offences_of(root, path, user, public, rules):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        if include[1]:
            reason = judge(rules, user, include[1].split("/")[0], include[1])
        elif public:
            reason = f'a public header includes "{include[2]}"; it may include <trunkline/...> only'
        else:
            owner = private_module(root, path, include[2])
            reason = f"{include[2]} is private to {owner}" if owner not in (None, user) else None
        if reason:
            yield f"{path.relative_to(root)}:{number}: {reason}"


def check(root):
    """Returns (files read, offences)."""
    root = root.resolve()
    rules = read_rules((root / "docs" / "development.md").read_text())
    offences, files = [], 0
    for base, public in ((root / "include" / "trunkline", True), (root / "src", False)):
        for path in sorted((*base.rglob("*.hpp"), *base.rglob("*.cpp"))):
            user = path.relative_to(base).parts[0]
            files += 1
            if user not in rules.ranks:
                offences.append(f"{path.relative_to(root)}:1: module '{user}' is not in the order")
            else:
                offences += offences_of(root, path, user, public, rules)
    return files, offences


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    files, offences = check(root if root.is_dir() else root.parent.parent)
    print("\n".join(offences) or f"{files} files include downwards only")
    return 1 if offences or not files else 0


if __name__ == "__main__":
    sys.exit(main())

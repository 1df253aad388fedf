"""Holds the locked versions against packaging/advisories.toml; part of packaging/licences."""

import operator
import re

VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
COMPARE = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "=": operator.eq}


def version(text):
    """A key that sorts as semver does: a release after its pre-releases, build metadata ignored."""
    match = VERSION.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no version")
    major, minor, patch, pre = match.groups()
    identifiers = [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in (pre or "").split(".")]
    return (int(major), int(minor or 0), int(patch or 0)), pre is None, identifiers if pre else []


def caret_end(numbers):
    """The first release that ^numbers leaves out: one more at the first part that is not zero."""
    place = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
    return (*numbers[:place], numbers[place] + 1, *[0] * (len(numbers) - place - 1))


def holds(requirement, locked):
    """Whether a comma list of comparisons holds a version; ValueError if it is none."""
    for part in requirement.split(","):
        sign, number = re.fullmatch(r"\s*([<>=^]*)\s*(.*)", part).groups()
        wanted = version(number)
        if sign == "^":
            met = wanted <= locked and locked[0] < caret_end(wanted[0])
        elif sign in COMPARE:
            met = COMPARE[sign](locked, wanted)
        else:
            raise ValueError(f"{part.strip()!r} is no comparison")
        if not met:
            return False
    return True


def advisory_findings(locked, advisories, accepted):
    """locked: (name, version) pairs; accepted: `ignore` of deny.toml, id and reason each."""
    reasons = {entry["id"]: entry.get("reason", "").strip() for entry in accepted}
    hit = set()
    for advisory in advisories:
        fine = advisory["patched"] + advisory.get("unaffected", [])
        for name, number in locked:
            if name != advisory["crate"] or any([holds(r, version(number)) for r in fine]):
                continue
            hit.add(advisory["id"])
            if not reasons.get(advisory["id"]):
                patched = " or ".join(advisory["patched"]) or "nothing"
                yield f"{advisory['id']}: {name} {number}: {advisory['title']}; patched: {patched}"
    for name in sorted(name for name, reason in reasons.items() if not reason):
        yield f"deny.toml: {name} is ignored without a reason"
    for name in sorted(set(reasons) - hit):
        yield f"deny.toml: no locked version has {name}: take it out of ignore"


def unread_findings(built, looked_up):
    """A crate that nobody has looked up would pass for one without advisories."""
    for name in sorted(set(built) - set(looked_up)):
        yield f"packaging/advisories.toml: the advisories of {name} were not looked up"

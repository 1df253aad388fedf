"""python3 packaging/test_advisories.py: the advisory check finds a planted old version, and that alone."""

import sys
import tomllib
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
from advisories import advisory_findings, holds, unread_findings, version

ROOT = Path(__file__).resolve().parent.parent
KNOWN = tomllib.loads((ROOT / "packaging/advisories.toml").read_text())["advisories"]
LOCKED = [(p["name"], p["version"]) for p in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]]


def found(locked, accepted=(), known=KNOWN):
    return list(advisory_findings(locked, known, accepted))


class Advisories(unittest.TestCase):
    def test_planted_old_version_is_the_one_line(self):
        old = [(name, "0.4.10" if name == "slab" else number) for name, number in LOCKED]
        before, after = found(LOCKED), found(old)
        new = [line for line in after if line not in before]
        self.assertEqual(len(new), 1, new)
        self.assertTrue(new[0].startswith("RUSTSEC-2025-0047: slab 0.4.10: "), new)
        self.assertTrue(new[0].endswith("; patched: >= 0.4.11"), new)

    def test_every_advisory_names_a_locked_crate_and_can_be_hit(self):
        names = {name for name, _ in LOCKED}
        self.assertEqual([a["id"] for a in KNOWN if a["crate"] not in names], [])
        self.assertEqual(len({a["id"] for a in KNOWN}), len(KNOWN))
        for advisory in KNOWN:
            # Its own limits and versions between them: one of these has to be affected by it.
            fine = advisory["patched"] + advisory.get("unaffected", [])
            numbers = [part.strip(" <>=^") for r in fine for part in r.split(",")]
            tried = [*numbers, "0.0.1", "0.4.9", "0.9.1", "0.5.12", "0.1.38", "111.0.0", "300.0.1", "0.2.9"]
            self.assertTrue(any(found([(advisory["crate"], n)], known=[advisory]) for n in tried), advisory["id"])

    def test_vendored_openssl_is_held_against_its_own_numbers(self):
        ids = [line[:17] for line in found([("openssl-src", "300.0.8+3.0.4")])]
        self.assertIn("RUSTSEC-2022-0033", ids)
        self.assertIn("RUSTSEC-2022-0014", [line[:17] for line in found([("openssl-src", "300.0.4+3.0.1")])])
        self.assertNotIn("RUSTSEC-2022-0014", ids)
        self.assertEqual(found([("openssl-src", "300.6.1+3.6.3")]), [])

    def test_an_accepted_advisory_needs_a_reason_and_a_use(self):
        old = [("slab", "0.4.10")]
        self.assertEqual(found(old, [{"id": "RUSTSEC-2025-0047", "reason": "not called"}]), [])
        self.assertEqual(len(found(old, [{"id": "RUSTSEC-2025-0047"}])), 2)
        unused = found([("slab", "0.4.12")], [{"id": "RUSTSEC-2025-0047", "reason": "not called"}])
        self.assertEqual(unused, ["deny.toml: no locked version has RUSTSEC-2025-0047: take it out of ignore"])

    def test_a_crate_that_was_not_looked_up_is_told(self):
        told = list(unread_findings(["slab", "new", "new"], ["slab", "gone"]))
        self.assertEqual(told, ["packaging/advisories.toml: the advisories of new were not looked up"])

    def test_ranges(self):
        for requirement, number, expected in [
            (">= 0.4.9", "0.4.10", True), ("< 0.4.10", "0.4.9", True), ("> 1.2.3", "1.2.3", False),
            ("<= 0.5.11", "0.5.11", True), ("= 1.2.3", "1.2.3+4", True), ("^0.20.2", "0.20.9", True),
            ("^0.20.2", "0.21.0", False), ("^ 1.2", "1.99.0", True), ("^1.2", "2.0.0", False),
            ("^0.0.3", "0.0.4", False), (">= 111.25, < 300.0", "300.0.0+3.0.0", False),
            (">= 0.25.0-alpha.5", "0.25.0-alpha.10", True), (">= 0.25.0", "0.25.0-alpha.5", False),
        ]:
            self.assertEqual(holds(requirement, version(number)), expected, (requirement, number))
        for broken in ["", "~1.2", ">= x", ">> 1.0", "1.*"]:
            self.assertRaises(ValueError, holds, broken, version("1.0.0"))


if __name__ == "__main__":
    unittest.main()

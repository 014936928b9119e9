"""Writes unicode_tables.inc: which code points are letters and digits, and what their lower case is, as Python's
unicodedata says it.

    python3 unicode_tables.py > unicode_tables.inc
"""

import unicodedata

END = 0x110000


def runs(holds):
    found, begin = [], None
    for c in range(END + 1):
        inside = c < END and holds(chr(c))
        if inside and begin is None:
            begin = c
        elif not inside and begin is not None:
            found.append((begin, c - 1))
            begin = None
    return found


def lower_runs():
    """(first, last, step, difference) of the characters with one lower-case character."""
    found = []
    for c in range(END):
        small = chr(c).lower()
        if len(small) != 1 or ord(small) == c:
            continue
        difference = ord(small) - c
        if found:
            first, last, step, before = found[-1]
            if before == difference and (c - last == step or (first == last and c - last <= 2)):
                found[-1] = (first, c, c - last, difference)
                continue
        found.append((c, c, 1, difference))
    return found


def table(kind, name, rows):
    print(f"inline constexpr {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        text = " {" + ", ".join(map(str, row)) + "},"
        if len(line) + len(text) > 118:
            print(line)
            line = "   "
        line += text
    print(line + "\n};")


print(f"// Written by unicode_tables.py, from Unicode {unicodedata.unidata_version}.")
print("// clang-format off")
table("code_points", "letters", runs(lambda c: unicodedata.category(c)[0] == "L"))
table("code_points", "numbers", runs(lambda c: unicodedata.category(c)[0] == "N"))
table("code_points", "spaces", runs(str.isspace))
table("lower_case", "lower_cases", lower_runs())
print("// clang-format on")

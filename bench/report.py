"""The tables of the relay benchmark, from what bench/run measured: of each "server protocol" its parts."""

import statistics


def median(rounds, name, part, *keys):
    """Over the rounds that have it; nothing without any."""
    values = []
    for measured in rounds:
        value = measured[name].get(part)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            values.append(value)
    return statistics.median(values) if values else None


def number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def rows(header, lines):
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]

    def row(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    return "\n".join([row(header), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(row, lines)])


def capacity(rounds, names):
    lines = []
    for name in names:
        limits = {str(measured[name]["ramp"]["limitedBy"]) for measured in rounds if measured[name].get("ramp")}
        lines.append([*name.split(), number(median(rounds, name, "ramp", "maxStreams")), ", ".join(sorted(limits)) or "-",
                      number(median(rounds, name, "ramp", "atMax", "usPerFrame"), 1),
                      number(median(rounds, name, "setup", "setupsPerSecond")),
                      number(median(rounds, name, "setup", "usPerCall"))])
    return rows(["server", "protocol", "streams a core", "limited by", "us/frame there", "set-ups/s", "us/set-up"],
                lines)


def steady(rounds, names):
    parts = sorted({part for measured in rounds for name in names for part in measured[name] if part.startswith("steady")},
                   key=lambda part: int(part.split()[1]))
    lines = []
    for part in parts:
        for name in names:
            def value(*keys, digits=0, name=name, part=part):
                return number(median(rounds, name, part, *keys), digits)
            lines.append([part.split()[1], *name.split(), value("usPerFrame", digits=1), value("corePercent"),
                          " / ".join(value("relayMs", key, digits=2) for key in ("p50", "p99", "max")),
                          value("lost"), value("failed"), value("rssKbPerStream"), value("foreignPercent")])
    return rows(["streams", "server", "protocol", "us/frame", "core %", "relay p50 / p99 / max ms", "lost", "failed",
                 "kB/stream", "others' CPU %"], lines)


def ratios(rounds, names):
    lines = []
    for name in names:
        server, protocol = name.split()
        us = f"trunkline {protocol}"
        ours = median(rounds, us, "ramp", "maxStreams") if us in names else None
        theirs = median(rounds, name, "ramp", "maxStreams")
        if server != "trunkline" and ours and theirs:
            lines.append(f"Trunkline carries {ours / theirs:.2f} times the {protocol} streams of {server}.")
    return "\n".join(lines)


def table(rounds):
    names = list(rounds[0])
    return "\n\n".join(filter(None, [capacity(rounds, names), steady(rounds, names), ratios(rounds, names)]))

#!/usr/bin/env python3
"""Makes a report of the machine on which it runs, as a web page that is kept with the job."""

import html
import json
import os
import platform
import shutil
import sys
import time


def say(**line):
    print(json.dumps(line), flush=True)


def memory():
    """The memory that is there and that is in use, in bytes."""
    fields = {}
    with open("/proc/meminfo") as file:
        for line in file:
            name, value = line.split(":")
            fields[name] = int(value.split()[0]) * 1024
    return fields["MemTotal"], fields["MemTotal"] - fields["MemAvailable"]


def busy(seconds=0.5):
    """The share of processor time that is used, measured over a moment."""

    def sample():
        with open("/proc/stat") as file:
            times = [int(word) for word in file.readline().split()[1:]]
        # The fourth is idle, the fifth waits for a disk.
        return sum(times), times[3] + times[4]

    total, idle = sample()
    time.sleep(seconds)
    later, later_idle = sample()
    return 1 - (later_idle - idle) / max(1, later - total)


def largest_processes(count=10):
    """The processes with the most memory: bytes, id, name."""
    page = os.sysconf("SC_PAGE_SIZE")
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/statm") as file:
                resident = int(file.read().split()[1]) * page
            with open(f"/proc/{pid}/comm") as file:
                found.append((resident, int(pid), file.read().strip()))
        except OSError:
            # It has ended since it was listed.
            continue
    return sorted(found, reverse=True)[:count]


def mebibytes(size):
    return f"{size / (1 << 20):,.0f} MiB"


def table(head, rows):
    cells = lambda tag, row: "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row)
    body = "".join(f"<tr>{cells('td', row)}</tr>\n" for row in rows)
    return f"<table>\n<tr>{cells('th', head)}</tr>\n{body}</table>\n"


def main():
    title = json.load(sys.stdin).get("title", f"The machine {platform.node()}")

    say(**{"$progress": 0.1, "message": "measuring"})
    usage = busy()
    total, used = memory()
    disk = shutil.disk_usage("/")
    load = os.getloadavg()

    say(**{"$progress": 0.5, "message": "looking at processes"})
    processes = largest_processes()

    say(**{"$progress": 0.8, "message": "writing"})
    facts = [
        ("System", f"{platform.system()} {platform.release()} ({platform.machine()})"),
        ("Processors", f"{os.cpu_count()}, {usage:.0%} busy"),
        ("Load", ", ".join(f"{value:.2f}" for value in load)),
        ("Memory", f"{mebibytes(used)} of {mebibytes(total)}"),
        ("Disk", f"{mebibytes(disk.used)} of {mebibytes(disk.total)}"),
    ]
    page = (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        "<style>body{font:16px sans-serif;margin:2em}td,th{text-align:left;padding:.2em 1em .2em 0}</style>\n"
        f"<h1>{html.escape(title)}</h1>\n<p>{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())}</p>\n"
        + table(("What", "How much"), facts)
        + "<h2>Largest processes</h2>\n"
        + table(("Memory", "Id", "Name"), ((mebibytes(size), pid, name) for size, pid, name in processes))
    )
    with open(os.path.join(os.environ["TMPDIR"], "report.html"), "w", encoding="utf-8") as file:
        file.write(page)
    say(**{"$artifact": "report.html"})

    say(**{"$progress": 1, "message": "done"})
    say(processors=os.cpu_count(), busy=round(usage, 3), memory=total, memoryUsed=used, disk=disk.total, diskUsed=disk.used)
    return 0


if __name__ == "__main__":
    sys.exit(main())

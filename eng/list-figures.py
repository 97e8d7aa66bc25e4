#!/usr/bin/env python3
"""Measures the lists that the Studio asks for: definitions with many versions, and a great many instances.

  eng/list-figures.py [--instances N] [--definitions N] [--versions N] [--postgres URL [--filled]] [--rounds N]

Fills an empty database (SQLite in a temporary folder, or the PostgreSQL that a postgresql:// URL names), starts the
server that was built, asks for every filter and sort at the first, a middle and the last page, one request after
another, and prints the 95th percentile of each kind: of the time by the clock, and of the processor time that server
and database took, which other programs on the machine do not lengthen. Ends with 1 if a kind is above 100 ms by the
clock (or, with --busy, in processor time).
"""
import argparse, contextlib, json, os, sqlite3, statistics, subprocess, sys, tempfile, time, urllib.parse
from measured import Server, connection_string, p95

CONTENT = json.dumps({"root": {"id": "flow", "type": "Elsa.Flowchart", "version": 1, "connections": [], "activities": [
    {"id": f"a{i}", "name": f"Write{i}", "type": "Elsa.WriteLine", "version": 1, "text": {"typeName": "String", "expression": {"type": "Literal", "value": "hello"}}} for i in range(10)]}})


def rows(count):
    return f"WITH RECURSIVE n(i) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {count} - 1)"


def fill(args, now):
    d, v = args.definitions, args.versions
    total = d * v
    # One a minute, as their ids tell; each took up to three days.
    made, took = f"({now} - ({args.instances} - i) * 60000000 - 259200000000)", "i * 104729 % 259200 * 1000000"
    yes = lambda condition: f"CASE WHEN {condition} THEN {args.true} ELSE {args.false} END"
    yield f"""{rows(total)} INSERT INTO workflow_definitions
        SELECT 'v-' || i, 'def-' || (i / {v}), i % {v} + 1, 'Order workflow ' || ((i / {v}) * 7919 % {d}), 'What happens with orders of kind ' || (i / {v}), '3.8.0.0',
        'Database', NULL, {yes(f'i % {v} = {v - 1}')}, {yes(f'i % {v} = {v - 2}')}, {args.false}, {args.false}, {args.false}, 'h' || i, {now} - i * 1000, {now} - i * 1000, 1,
        {args.text} FROM n"""
    yield f"""{rows(args.instances)} INSERT INTO workflow_instances
        SELECT {args.id}, 'def-' || (i * 31 % {d}), 'v-' || ((i * 31 % {d}) * {v} + {v - 2}), {v - 1},
        CASE i % 20 WHEN 0 THEN 5 WHEN 1 THEN 4 WHEN 2 THEN 2 ELSE 3 END, {args.false}, CASE WHEN i % 20 = 0 THEN 1 ELSE 0 END,
        CASE WHEN i % 3 = 0 THEN 'call-' || (i / 9) END, CASE WHEN i % 2 = 0 THEN 'Order ' || i END, NULL, NULL,
        {made}, {made} + {took}, CASE WHEN i % 20 <> 2 THEN {made} + {took} END, 1, '{{"filler":"{'x' * 600}"}}' FROM n"""


class Lists(Server):
    """Asks for lists as the Studio does."""

    def __init__(self, folder, connection, database_process=None):
        super().__init__(folder, connection, database_process, Automation__Workflows__Retention__Age="00:00:00",
                         Automation__Workflows__Directory=os.path.join(folder, "none"))

    def ask(self, method, path, body=None):
        used = self.processor()
        took, read = super().ask("/elsa/api" + path, method, None if body is None else json.dumps(body).encode())
        return took, self.processor() - used, read


def pages(total, size):
    last = max(0, (total - 1) // size)
    return sorted({0, 1, last // 2, last})


def definitions(server):
    shapes = [dict(versionOptions="Latest", IsSystem="False"), dict(versionOptions="Published", IsSystem="False"), dict(versionOptions="Latest", IsSystem="False", SearchTerm="order"),
              dict(versionOptions="Latest", IsSystem="False", SearchTerm="kind 77"), dict(versionOptions="")]
    for shape in shapes:
        for order in ("Name", "Created", "Version"):
            for direction in ("Ascending", "Descending"):
                query = dict(shape, OrderBy=order, OrderDirection=direction, PageSize="10")
                total = json.loads(server.ask("GET", "/workflow-definitions?" + urllib.parse.urlencode(dict(query, Page="0")))[2])["totalCount"]
                for page in pages(total, 10):
                    yield f"definitions {shape}", "GET", "/workflow-definitions?" + urllib.parse.urlencode(dict(query, Page=str(page))), None
    yield "definitions: all that are latest or published, for the filter of the instances", "GET", "/workflow-definitions?versionOptions=LatestOrPublished", None
    yield "definitions: the published versions of a page", "GET", "/workflow-definitions?versionOptions=Published&" + "&".join(f"DefinitionIds=def-{i}" for i in range(10)), None


def instances(server, args):
    middle = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - args.instances * 30))
    shapes = [{}, {"status": "Running"}, {"statuses": ["Finished"]}, {"subStatuses": ["Faulted"]}, {"subStatuses": ["Faulted", "Suspended"]}, {"hasIncidents": True}, {"definitionIds": ["def-7"]},
              {"definitionIds": ["def-7", "def-8"], "statuses": ["Finished"]}, {"searchTerm": "def-12"}, {"searchTerm": "0195c0de-0003"}, {"searchTerm": "00777"}, {"searchTerm": "e0f7"}, {"searchTerm": "call-77"}, {"searchTerm": "Order 99"}, {"searchTerm": "order"}, {"searchTerm": "a"},
              {"searchTerm": "nothing has this"}, {"searchTerm": "order", "subStatuses": ["Suspended"]}, {"searchTerm": "call-7", "definitionIds": ["def-7", "def-8"]}, {"timestampFilters": [{"column": "CreatedAt", "operator": "GreaterThan", "timestamp": middle}]},
              {"timestampFilters": [{"column": "UpdatedAt", "operator": "LessThan", "timestamp": middle}]},
              {"timestampFilters": [{"column": "FinishedAt", "operator": "LessThan", "timestamp": middle}], "subStatuses": ["Faulted"]}]
    for shape in shapes:
        for order in ("Created", "LastExecuted", "Finished", "Name"):
            for direction in ("Ascending", "Descending"):
                body = dict({"isSystem": False}, **shape, orderBy=order, orderDirection=direction, pageSize=10)
                total = json.loads(server.ask("POST", "/workflow-instances", dict(body, page=0))[2])["totalCount"]
                for page in pages(total, 10):
                    yield f"instances {json.dumps(shape)}", "POST", "/workflow-instances", dict(body, page=page)


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("instances", 1_000_000), ("definitions", 1_000), ("versions", 20), ("rounds", 5)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--postgres")
    parser.add_argument("--postgres-pid", help="the postmaster, so that its servers' processor time counts (PostgreSQL on this machine)")
    parser.add_argument("--busy", action="store_true", help="judge by processor time")
    parser.add_argument("--folder", help="keeps the data of SQLite for further runs")
    parser.add_argument("--filled", action="store_true", help="PostgreSQL holds what an earlier run filled in")
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    args = parser.parse_args()
    args.true, args.false = ("true", "false") if args.postgres else ("1", "0")
    # As the server makes them: the time in milliseconds, then what is random.
    hexed = (lambda digits, value: f"lpad(to_hex({value}), {digits}, '0')") if args.postgres else (lambda digits, value: f"printf('%0{digits}x', {value})")
    args.id = " || ".join(("'0195c0de-'", hexed(4, "i >> 12 & 65535"), "'-7'", hexed(3, "i & 4095"), "'-'", hexed(4, "32768 + i * 40503 % 16384"), "'-'", hexed(12, "i * 2654435761 % 281474976710656")))
    args.text = "'" + CONTENT + "'"
    with contextlib.ExitStack() as stack:
        folder = args.folder or stack.enter_context(tempfile.TemporaryDirectory())
        filled = args.filled or os.path.exists(os.path.join(folder, "automation.db"))
        connection = connection_string(args.postgres)
        Lists(folder, connection).stop()
        now = int(time.time() * 1_000_000)
        if filled:
            pass
        elif args.postgres:
            script = ";\n".join(fill(args, now)) + ";\nVACUUM ANALYZE;"
            subprocess.run(["psql", args.postgres, "-q", "-v", "ON_ERROR_STOP=1"], input=script.encode(), check=True)
        else:
            database = sqlite3.connect(os.path.join(folder, "automation.db"))
            # Filling takes minutes otherwise; nothing of it must outlive a crash.
            database.execute("PRAGMA synchronous = OFF")
            database.execute("PRAGMA cache_size = -2000000")
            for statement in fill(args, now):
                database.execute(statement)
            database.commit()
            database.close()
        server = Lists(folder, connection, args.postgres_pid)
        try:
            times, used, sizes = {}, {}, {}
            asked = [a for a in (*definitions(server), *instances(server, args)) if args.only in a[0]]
            for _ in range(args.rounds):
                for kind, method, path, body in asked:
                    took, processor, read = server.ask(method, path, body)
                    times.setdefault(kind, []).append(took)
                    used.setdefault(kind, []).append(processor)
                    sizes[kind] = max(sizes.get(kind, 0), len(read))
        finally:
            server.stop()
    print("by the clock, ms       processor, ms")
    print("    p95    p50   most    p95    p50   most   size")
    for kind in times:
        figures = [f(sorted(taken)) for taken in (times[kind], used[kind]) for f in (p95, statistics.median, max)]
        print("".join(f"{f:7.1f}" for f in figures) + f" {sizes[kind] // 1024:3} KB  {kind}")
    for name, all_of in (("by the clock", times), ("processor", used)):
        print(f"{name}: {p95(sum(all_of.values(), [])):.1f} ms p95 of all {sum(map(len, all_of.values()))} requests; worst kind {max(map(p95, all_of.values())):.1f} ms")
    return 1 if max(map(p95, (used if args.busy else times).values())) > 100 else 0


sys.exit(main())

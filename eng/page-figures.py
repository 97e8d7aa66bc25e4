#!/usr/bin/env python3
"""Measures the console's pages over a great many stored events, instances and jobs (SQLite).

  eng/page-figures.py [--events N] [--instances N] [--jobs N] [--rounds N] [--keep FOLDER] [--only TEXT]

Fills an empty database by SQL, starts the server that was built, waits until the overview's counts are caught up, asks
for every page one after another, and prints of each the median, the 95th percentile and the server's processor time for
one, in milliseconds. Ends with 1 if a 95th percentile is above 150 ms. --keep fills FOLDER once and uses it again; --only
asks for the pages whose name contains TEXT. The default takes 14 GB.
"""
import argparse, json, os, shutil, sqlite3, statistics, sys, tempfile, time, urllib.parse, urllib.request
from measured import ROOT, Server, p95

SPAN = 30 * 86400 * 1000  # milliseconds over which the events lie


def rows(count):
    return f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count} - 1)"


def event_id(i, ms):
    return f"printf('%08x-%04x-7%03x-8%03x-%012x', ({ms}) >> 16, ({ms}) & 65535, ({i}) & 4095, ({i} * 7919) & 4095, {i})"


def fill(path, events, instances, jobs, now):
    db = sqlite3.connect(path)
    # Without a journal: it would be as large again, and a fill that is cut off is begun anew.
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
    ms = f"({now} - {SPAN} + i * {SPAN} / {events})"
    status = "CASE WHEN i % 100 < 90 THEN 1 WHEN i % 100 < 93 THEN 2 WHEN i % 100 < 96 THEN 3 WHEN i % 100 < 97 THEN 4 ELSE 5 END"
    source = "CASE i % 4 WHEN 0 THEN 'flyflow' WHEN 1 THEN 'ai-flow' WHEN 2 THEN 'flow-sessions' ELSE 'inbox' END"
    body = "'{\"event_type\":\"call_ended\",\"call_id\":\"call-' || (i / 5) || '\",\"data\":{\"duration_seconds\":' || (i % 600) || ',\"outcome\":\"completed\",\"summary\":\"The caller asked for an appointment and got one on Thursday at ten.\"}}'"
    db.execute(f"""{rows(events)} INSERT INTO events (id, status, received_at, source, type, correlation_key, dedupe_key, occurred_at, answer, verification, reason, headers, body_size, body)
        SELECT {event_id('i', ms)}, {status}, {ms} * 1000, {source}, CASE i % 3 WHEN 0 THEN 'call_ended' WHEN 1 THEN 'call_started' ELSE 'user_speak' END, CASE WHEN i % 100 < 97 THEN 'call-' || (i / 5) END,
        CASE WHEN i % 100 < 93 THEN 'd' || i END, {ms} * 1000 - 350000, CASE WHEN i % 100 < 97 THEN 200 ELSE 401 END, 'open', CASE WHEN i % 100 >= 96 THEN 'The signature does not match.' END,
        '{{"Content-Type":"application/json","User-Agent":"flyflow/2.1","Host":"automation.example"}}', 240, CAST({body} AS BLOB) FROM n""")
    step = max(1, events // instances)
    at = f"({now} - {SPAN} + (i * {step}) * {SPAN} / {events})"
    db.execute(f"""{rows(instances)} INSERT INTO workflow_instances
        SELECT 'instance-' || printf('%09d', i), 'call-ended', 'v1', 1, CASE i % 20 WHEN 0 THEN 5 WHEN 1 THEN 4 WHEN 2 THEN 2 ELSE 3 END, 0, CASE WHEN i % 20 = 0 THEN 1 ELSE 0 END,
        'call-' || (i * {step} / 5), CASE WHEN i % 2 = 0 THEN 'Call ' || i END, NULL, NULL, {at} * 1000 + 4000, {at} * 1000 + 90000, CASE WHEN i % 20 <> 2 THEN {at} * 1000 + 90000 END, 1, '{{}}' FROM n""")
    db.execute(f"""{rows(instances)} INSERT OR IGNORE INTO event_starts
        SELECT {event_id(f'(i * {step})', at)}, 'calls', 'call-ended', 'instance-' || printf('%09d', i), {at} * 1000 + 4000 FROM n""")
    db.commit()
    if jobs:
        with open(os.path.join(ROOT, "eng", "fill-jobs-sqlite.sql")) as script:
            db.executescript(script.read().replace(":jobs", str(jobs)))
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


def caught_up(server, now):
    # The oldest hour is counted first, the newest last.
    while True:
        series = json.loads(server.ask("/api/overview/series?period=hour")[1])
        if any(series["events"]):
            return
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    args = parser.parse_args()
    folder = args.keep or tempfile.mkdtemp(prefix="automation-pages-")
    workflows = os.path.join(folder, "workflows")

    def start():
        return Server(folder, Automation__Workflows__Retention__Age="00:00:00", Automation__Workflows__Directory=workflows,
                      Automation__Intake__MappingsFile=os.path.join(workflows, "mappings.json"))

    try:
        path = os.path.join(folder, "automation.db")
        now = int(time.time() * 1000)
        if not os.path.exists(path):
            os.makedirs(folder, exist_ok=True)
            shutil.copytree(os.path.join(ROOT, "workflows"), workflows)
            start().stop()
            began = time.time()
            fill(path, args.events, args.instances, args.jobs, now)
            print(f"filled in {time.time() - began:.0f} s, {os.path.getsize(path) / 1e9:.1f} GB", flush=True)
        server = start()
        try:
            began = time.time()
            caught_up(server, now)
            print(f"counted for the overview in {time.time() - began:.0f} s", flush=True)
            # One of the real kind, whose instance has steps.
            call = urllib.request.Request(server.base + "/webhooks/flyflow", method="POST", headers={"Content-Type": "application/json"},
                                          data=b'{"event_type":"call_ended","call_id":"real","timestamp":"2026-01-01T00:00:00Z","data":{"duration_seconds":60,"outcome":"completed"}}')
            urllib.request.urlopen(call).close()
            while not (found := json.loads(server.ask("/api/instances?take=1&correlationId=real&status=Finished")[1])["items"]):
                time.sleep(.2)
            instance = found[0]["id"]
            events = json.loads(server.ask("/api/events?limit=50&type=call_ended&status=Routed")[1])["items"]
            old = json.loads(server.ask(f"/api/events?limit=1&status=Failed&to={urllib.parse.quote(events[0]['receivedAt'])}")[1])["items"][0]
            keyless = json.loads(server.ask("/api/events?limit=1&source=inbox&status=Rejected")[1])["items"][0]
            pages = {
                "overview": "/", "overview, 30 days": "/?period=month", "events": "/events", "events of a source": "/events?source=ai-flow", "events of a source that never sent": "/events?source=weather",
                "events of a type": "/events?type=user_speak", "events that failed": "/events?status=Failed", "events of a call": "/events?correlation=" + events[0]["correlationKey"],
                "an event": "/events/" + events[0]["id"], "an event that failed": "/events/" + old["id"], "an event without a key": "/events/" + keyless["id"], "sources": "/sources", "a source": "/sources/flyflow", "mappings": "/mappings",
                "a rule": "/mappings/new?event=" + events[0]["id"], "what would happen": "/mappings/preview?event=" + events[0]["id"], "history of the mappings": "/mappings/history", "instances": "/instances", "instances that failed": "/instances?status=Faulted", "instances of a call": "/instances?correlation=" + events[0]["correlationKey"],
                "an instance": "/instances/" + instance, "jobs": "/hangfire", "jobs that wait": "/hangfire/jobs/enqueued/bulk", "jobs that succeeded": "/hangfire/jobs/succeeded", "jobs that failed": "/hangfire/jobs/failed",
                "jobs of a name": "/hangfire/jobs?name=crm.sync", "failures": "/hangfire/failures", "queues": "/hangfire/jobs/enqueued", "recurring jobs": "/hangfire/recurring", "a job": "/hangfire/jobs/details/1234567", "deliveries": "/deliveries", "inbox": "/inbox", "notifications": "/notifications", "data": "/data", "secrets": "/secrets",
                "users": "/users", "audit": "/audit", "settings": "/settings", "search by id": "/search?text=" + events[5]["id"], "search by call": "/search?text=" + events[0]["correlationKey"],
                "search by a job's number": "/search?text=1234567", "search by text": "/search?text=appointment", "search for nothing": "/search?text=nowhere-to-be-found", "Ctrl+K": "/search/found?text=" + events[5]["id"],
            }
            worst = 0
            for name, address in ((n, a) for n, a in pages.items() if args.only in n):
                server.ask(address)
                used = server.processor()
                times = [server.ask(address)[0] for _ in range(args.rounds)]
                used = (server.processor() - used) / args.rounds
                high = p95(times)
                worst = max(worst, high)
                print(f"{name:36} {statistics.median(times):8.1f} {high:8.1f} {used:8.1f}{'  !' if high > 150 else ''}", flush=True)
        finally:
            server.stop()
    finally:
        if not args.keep:
            shutil.rmtree(folder)
    sys.exit(1 if worst > 150 else 0)


main()

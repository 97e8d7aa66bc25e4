#!/usr/bin/env python3
"""Measures the job pages over a database with a great many jobs, on SQLite or PostgreSQL.

  eng/job-figures.py --folder FOLDER              # automation.db in it was filled with eng/fill-jobs-sqlite.sql
  eng/job-figures.py --postgres URL [--postgres-pid PID]   # filled with eng/fill-jobs-postgres.sql

Starts the server that was built (the database gets its schema from a first start; nothing runs the jobs), asks for every
page with every filter it offers, one request after another, and prints of each the median and the 95th percentile by the
clock, and the processor time that server and database took for one. Ends with 1 if a page is above 100 ms by the clock
(or, with --busy, in processor time).
"""
import argparse, json, os, statistics, sys, tempfile, time
from measured import Server, connection_string, p95

NOWHERE = "nothing-like-this"


def pages(newest):
    """Every page, every filter by itself with what there is much of, little of and nothing of, and the filters together."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    yield from ("/hangfire", "/hangfire?period=week", "/hangfire/jobs/enqueued", "/hangfire/jobs/enqueued/bulk", "/hangfire/jobs/enqueued/bulk?after=500000&count=500",
                "/hangfire/jobs/enqueued/" + NOWHERE, "/hangfire/jobs/enqueued/fetched/bulk", "/hangfire/retries", f"/hangfire/retries?after=0:{newest // 2}", f"/hangfire/retries?argument={NOWHERE}",
                f"/hangfire/retries?exception={NOWHERE}", "/hangfire/retries?name=crm.sync", "/hangfire/recurring", "/hangfire/recurring?text=" + NOWHERE, "/hangfire/servers",
                "/hangfire/failures", f"/hangfire/jobs/details/{newest - 81}", f"/hangfire/jobs/details/{newest // 2 - newest // 2 % 100 + 16}")
    for state in ("scheduled", "processing", "succeeded", "failed", "deleted", "awaiting"):
        list_of = f"/hangfire/jobs/{state}"
        yield from (list_of, list_of + "?count=500", f"{list_of}?after={int(time.time() + 6.5 * 86400)}:0" if state == "scheduled" else f"{list_of}?before={newest // 2}", list_of + "?name=crm.sync", f"{list_of}?name={NOWHERE}", f"{list_of}?argument=person-77@",
                    f"{list_of}?argument={NOWHERE}", list_of + "?queue=default", f"{list_of}?queue={NOWHERE}", f"{list_of}?from={day}T10:00&to={day}T10:05", f"{list_of}?to={day}T01:00",
                    f"{list_of}?name=crm.sync&argument=person&queue=default&from={day}T00:00")
        if state in ("scheduled", "failed", "deleted"):
            yield from (list_of + "?exception=Timeout", f"{list_of}?exception={NOWHERE}")
    every = "/hangfire/jobs"
    yield from (every, every + "?state=Enqueued", every + "?state=Processing", every + "?name=crm.sync", f"{every}?name={NOWHERE}", f"{every}?argument={NOWHERE}", every + "?queue=bulk",
                f"{every}?queue={NOWHERE}", every + "?exception=Timeout", f"{every}?exception={NOWHERE}", f"{every}?from={day}T10:00&to={day}T10:05", every + "?to=2020-01-01T00:00",
                f"{every}?state=Failed&name=crm.sync&exception=Timeout&to={day}T12:00")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("--postgres")
    parser.add_argument("--postgres-pid", help="the postmaster, so that its servers' processor time counts (PostgreSQL on this machine)")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    parser.add_argument("--busy", action="store_true", help="judge by processor time")
    args = parser.parse_args()
    if not args.folder and not args.postgres:
        parser.error("--folder or --postgres")
    with tempfile.TemporaryDirectory() as empty:
        folder = args.folder or empty
        server = Server(folder, connection_string(args.postgres), args.postgres_pid,
                        Automation__Jobs__Queues__0="nothing-waits-here", Automation__Workflows__Directory=os.path.join(folder, "none"))
        print(f"started in {server.started_in:.1f} s", flush=True)
        try:
            newest = json.loads(server.ask("/api/jobs?limit=1")[1])["jobs"][0]["id"]
            worst = 0
            print("    p50      p95  processor")
            for page in pages(newest):
                if args.only not in page:
                    continue
                for _ in range(2):
                    server.ask(page)
                used = server.processor()
                times = [server.ask(page)[0] for _ in range(args.rounds)]
                used = (server.processor() - used) / args.rounds
                high = p95(times)
                judged = used if args.busy else high
                worst = max(worst, judged)
                print(f"{statistics.median(times):7.1f} {high:8.1f} {used:8.1f}  {page}{'  !' if judged > 100 else ''}", flush=True)
        finally:
            server.stop()
    print(f"worst {worst:.0f} ms")
    sys.exit(1 if worst > 100 else 0)


main()

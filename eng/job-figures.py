#!/usr/bin/env python3
"""Measures the job pages over a database with a great many jobs, on SQLite or PostgreSQL.

  eng/job-figures.py --folder FOLDER              # automation.db in it was filled with eng/fill-jobs-sqlite.sql
  eng/job-figures.py --postgres URL [--postgres-pid PID]   # filled with eng/fill-jobs-postgres.sql

Starts the server that was built (the database gets its schema from a first start; nothing runs the jobs), asks for every
page with every filter it offers, one request after another, and prints of each the median and the 95th percentile by the
clock, and the processor time that server and database took for one. Ends with 1 if a page is above 100 ms by the clock
(or, with --busy, in processor time).
"""
import argparse, glob, json, os, socket, statistics, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEY = "a-key-for-measuring"
NOWHERE = "nothing-like-this"


def processor_time(processes):
    """Of all threads of these processes, in milliseconds."""
    nanoseconds = 0
    for process in processes:
        for path in glob.glob(f"/proc/{process}/task/*/schedstat"):
            try:
                with open(path) as f:
                    nanoseconds += int(f.read().split()[0])
            except OSError:
                pass  # the thread has ended
    return nanoseconds / 1e6


class Server:
    def __init__(self, folder, connection, database_process):
        self.database_process = database_process
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{s.getsockname()[1]}"
        environment = dict(os.environ, Automation__DataDirectory=folder, Automation__AdminKey=KEY, Automation__Jobs__Queues__0="nothing-waits-here",
                           Automation__Workflows__Directory=os.path.join(folder, "none"), Logging__LogLevel__Default="Warning")
        if connection:
            environment["ConnectionStrings__Automation"] = connection
        build = os.environ.get("AUTOMATION_HOST") or next(
            p for p in (f"{ROOT}/src/Automation.Host/bin/{b}/net10.0/Automation.Host.dll" for b in ("Release", "Debug")) if os.path.exists(p))
        began = time.perf_counter()
        self.process = subprocess.Popen(["dotnet", build, "--urls", self.base], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        while True:
            try:
                urllib.request.urlopen(self.base + "/healthz/ready").close()
                break
            except OSError:
                if self.process.poll() is not None:
                    sys.exit("the server ended")
                time.sleep(.05)
        print(f"started in {time.perf_counter() - began:.1f} s", flush=True)

    def processor(self):
        processes = [self.process.pid]
        if self.database_process:
            with open(f"/proc/{self.database_process}/task/{self.database_process}/children") as f:
                processes += f.read().split()
        return processor_time(processes)

    def ask(self, path):
        request = urllib.request.Request(self.base + path, headers={"Authorization": "ApiKey " + KEY})
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
        except urllib.error.HTTPError as e:
            sys.exit(f"{path}: {e.code} {e.read().decode()}")
        return (time.perf_counter() - began) * 1000, text

    def stop(self):
        self.process.terminate()
        self.process.wait()


def pages(newest):
    """Every page, every filter by itself with what there is much of, little of and nothing of, and the filters together."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    yield from ("/hangfire", "/hangfire?period=week", "/hangfire/jobs/enqueued", "/hangfire/jobs/enqueued/bulk", "/hangfire/jobs/enqueued/bulk?after=500000&count=500",
                "/hangfire/jobs/enqueued/" + NOWHERE, "/hangfire/jobs/enqueued/fetched/bulk", "/hangfire/retries", "/hangfire/retries?skip=9000", f"/hangfire/retries?argument={NOWHERE}",
                f"/hangfire/retries?exception={NOWHERE}", "/hangfire/retries?name=crm.sync", "/hangfire/recurring", "/hangfire/recurring?text=" + NOWHERE, "/hangfire/servers",
                "/hangfire/failures", f"/hangfire/jobs/details/{newest - 81}", f"/hangfire/jobs/details/{newest // 2 - newest // 2 % 100 + 16}")
    for state in ("scheduled", "processing", "succeeded", "failed", "deleted", "awaiting"):
        list_of = f"/hangfire/jobs/{state}"
        yield from (list_of, list_of + "?count=500", f"{list_of}?before={9000 if state == 'scheduled' else newest // 2}", list_of + "?name=crm.sync", f"{list_of}?name={NOWHERE}", f"{list_of}?argument=person-77@",
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
    connection = None
    if args.postgres:
        url = urllib.parse.urlparse(args.postgres)
        connection = f"Host={url.hostname};Port={url.port or 5432};Username={url.username};Password={url.password or ''};Database={url.path[1:]}"
    with tempfile.TemporaryDirectory() as empty:
        server = Server(args.folder or empty, connection, args.postgres_pid)
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
                times = sorted(server.ask(page)[0] for _ in range(args.rounds))
                used = (server.processor() - used) / args.rounds
                high = times[min(len(times) - 1, int(len(times) * .95))]
                judged = used if args.busy else high
                worst = max(worst, judged)
                print(f"{statistics.median(times):7.1f} {high:8.1f} {used:8.1f}  {page}{'  !' if judged > 100 else ''}", flush=True)
        finally:
            server.stop()
    print(f"worst {worst:.0f} ms")
    sys.exit(1 if worst > 100 else 0)


main()

"""What the measurements of pages and lists share: a server that was built, asked over HTTP, and the time that it takes."""
import glob, math, os, socket, subprocess, sys, time, urllib.error, urllib.parse, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEY = "a-key-for-measuring"


def p95(taken):
    """By nearest rank: the smallest of these that 95 in 100 of them do not exceed."""
    return sorted(taken)[math.ceil(len(taken) * .95) - 1]


def connection_string(url):
    """What .NET makes of a postgresql:// address; None for none."""
    if not url:
        return None
    url = urllib.parse.urlparse(url)
    return f"Host={url.hostname};Port={url.port or 5432};Username={url.username};Password={url.password or ''};Database={url.path[1:]}"


def processor_time(processes):
    """Of all threads of these processes, in milliseconds (Linux)."""
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
    """A server of its own on a free port, ready when this returns.

    settings: environment variables besides those that every measurement sets. database_process: the postmaster, where the
    processor time of its servers counts too. AUTOMATION_HOST names another Automation.Host.dll than this tree's.
    """

    def __init__(self, folder, connection=None, database_process=None, **settings):
        self.database_process = database_process
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{s.getsockname()[1]}"
        environment = dict(os.environ, Automation__DataDirectory=folder, Automation__AdminKey=KEY, Logging__LogLevel__Default="Warning", **settings)
        if connection:
            environment["ConnectionStrings__Automation"] = connection
        build = os.environ.get("AUTOMATION_HOST") or next(p for p in (f"{ROOT}/src/Automation.Host/bin/{b}/net10.0/Automation.Host.dll" for b in ("Release", "Debug")) if os.path.exists(p))
        began = time.perf_counter()
        with open(os.path.join(folder, "server.log"), "w") as log:
            self.process = subprocess.Popen(["dotnet", build, "--urls", self.base], cwd=ROOT, env=environment, stdout=log)
        while True:
            try:
                urllib.request.urlopen(self.base + "/healthz/ready").close()
                break
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"the server ended; see {folder}/server.log")
                time.sleep(.05)
        self.started_in = time.perf_counter() - began

    def processor(self):
        processes = [self.process.pid]
        if self.database_process:
            with open(f"/proc/{self.database_process}/task/{self.database_process}/children") as f:
                processes += f.read().split()
        return processor_time(processes)

    def ask(self, path, method="GET", body=None):
        """Milliseconds by the clock, and what was answered. Any answer but a good one ends the measurement."""
        request = urllib.request.Request(self.base + path, method=method, data=body, headers={
            "Authorization": "ApiKey " + KEY, "Accept": "text/html,application/json", "Content-Type": "application/json"})
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(request) as answer:
                read = answer.read()
        except urllib.error.HTTPError as e:
            sys.exit(f"{method} {path} {body}: {e.code} {e.read().decode()}")
        return (time.perf_counter() - began) * 1000, read

    def stop(self):
        self.process.terminate()
        self.process.wait()

"""The app served by children of a process that has it loaded: killed, and up again in a moment.

A server that starts from nothing takes seconds to import what it needs. A test that kills it many
times has a parent that imported all of it once and forks a server whenever it is asked to.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from headless import ROOT, Served, _wait_until_up


class Forked(Served):
    """As `Served`, with servers that a loaded parent forks; `kill` takes the one that is up."""

    child = 0

    def start(self) -> None:
        """Fork a server, and the parent first where there is none."""
        if not hasattr(self, "process"):
            environment = {**os.environ, "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none"}
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(self.port)], cwd=ROOT, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, env={**environment, **self.settings},
            )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.child = int(self.process.stdout.readline())
        _wait_until_up(f"{self.at}/_stcore/health")

    def kill(self) -> None:
        """Kill the server where it stands, and wait until it is gone."""
        os.kill(self.child, signal.SIGKILL)
        with suppress(ProcessLookupError):
            while True:
                os.kill(self.child, 0)
                time.sleep(0.005)

    def stop(self) -> None:
        """End server and parent."""
        with suppress(ProcessLookupError):
            self.kill()
        with self.process as parent:
            parent.terminate()


def _serve(port: int) -> None:
    """Fork a server for each line that comes in, and say its process."""
    sys.path.insert(0, str(ROOT))
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415  the test itself wants none of this

    import cli  # noqa: PLC0415

    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    page.query_params["plan"] = "areas"
    page.run().switch_page("app/pages/redraw.py").run()  # pack and scene are in memory from now on

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a child that was killed leaves nothing behind
    for _ in sys.stdin:
        child = os.fork()
        if child:
            print(child, flush=True)  # noqa: T201  the test reads it
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        cli.main(["app", "--no-browser", "--port", str(port)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]))

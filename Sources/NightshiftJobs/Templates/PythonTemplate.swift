enum PythonTemplate {
  static let files = [
    JobTemplate.File(path: "run.py", contents: script, isExecutable: true),
    JobTemplate.File(path: "test_run.py", contents: test, isExecutable: true),
  ]

  private static let script = #"""
    #!/usr/bin/env python3
    """JOB_NAME: measures a folder and keeps the list of its largest files.

    In:   the payload, one line of JSON on standard input.
    Out:  lines on standard output: {"$progress": …}, {"$log": …}, {"$artifact": …}; other text is log; the
          last line that is JSON without $ is the result. What goes to standard error is log too.
    Exit: 0 done, 75 run me again later, 64 to 78 give up at once; anything else is tried again.
    """

    import csv
    import heapq
    import json
    import os
    import sys


    def say(**line):
        """Writes one line to Nightshift, at once and not when a buffer is full."""
        print(json.dumps(line), flush=True)


    def sizes(path):
        """The size and name of each file below a folder."""
        for folder, _, names in os.walk(path):
            for name in names:
                file = os.path.join(folder, name)
                try:
                    yield os.lstat(file).st_size, file
                except OSError as error:
                    # It may have vanished since it was listed, which is no failure.
                    say(**{"$log": f"skipped {file}: {error.strerror}", "level": "warning"})


    def main():
        payload = json.load(sys.stdin)
        path = payload.get("path")
        if not path:
            print('the payload must be like {"path": "/var/log"}', file=sys.stderr)
            return 64
        if not os.path.isdir(path):
            # Perhaps it is made later: come back without counting a failure.
            print(f"there is no folder {path} yet")
            say(**{"$retryAfter": "5m"})
            return 75

        say(**{"$progress": 0.1, "message": f"listing {path}"})
        found = list(sizes(path))

        say(**{"$progress": 0.6, "message": "adding up"})
        with open(os.path.join(os.environ["TMPDIR"], "largest.csv"), "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["bytes", "file"])
            writer.writerows(heapq.nlargest(payload.get("largest", 10), found))
        say(**{"$artifact": "largest.csv"})

        say(**{"$progress": 1, "message": "done"})
        say(path=path, files=len(found), bytes=sum(size for size, _ in found))
        return 0


    if __name__ == "__main__":
        sys.exit(main())

    """#

  private static let test = #"""
    #!/usr/bin/env python3
    """Runs the job with sample payloads and checks what it says. Needs no server: python3 test_run.py"""

    import json
    import os
    import subprocess
    import sys
    import tempfile
    import unittest

    SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")


    class RunTest(unittest.TestCase):
        def setUp(self):
            folder = tempfile.TemporaryDirectory()
            self.addCleanup(folder.cleanup)
            self.temporary = folder.name

        def run_job(self, payload):
            return subprocess.run(
                [sys.executable, SCRIPT],
                input=json.dumps(payload) + "\n",
                env=dict(os.environ, TMPDIR=self.temporary),
                capture_output=True,
                text=True,
                timeout=60,
            )

        def test_measures_a_folder(self):
            sample = os.path.join(self.temporary, "sample")
            os.makedirs(os.path.join(sample, "below"))
            for name, text in (("five", "12345"), ("below/three", "123")):
                with open(os.path.join(sample, name), "w") as file:
                    file.write(text)

            job = self.run_job({"path": sample, "largest": 1})

            self.assertEqual(job.returncode, 0, job.stderr)
            lines = [json.loads(line) for line in job.stdout.splitlines()]
            self.assertEqual(lines[-1], {"path": sample, "files": 2, "bytes": 8})
            self.assertIn({"$artifact": "largest.csv"}, lines)
            with open(os.path.join(self.temporary, "largest.csv")) as file:
                rows = file.read().splitlines()
            self.assertEqual(rows, ["bytes,file", f"5,{sample}/five"])

        def test_comes_back_for_a_folder_that_is_not_there_yet(self):
            self.assertEqual(self.run_job({"path": "/does/not/exist"}).returncode, 75)

        def test_gives_up_on_a_bad_payload(self):
            self.assertEqual(self.run_job({}).returncode, 64)


    if __name__ == "__main__":
        unittest.main()

    """#
}

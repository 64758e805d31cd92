enum NodeTemplate {
  static let files = [
    JobTemplate.File(path: "run.mjs", contents: script, isExecutable: true),
    JobTemplate.File(path: "run.test.mjs", contents: test, isExecutable: false),
  ]

  private static let script = #"""
    #!/usr/bin/env node
    // JOB_NAME: measures a folder and keeps the list of its largest files.
    //
    // In:   the payload, one line of JSON on standard input.
    // Out:  lines on standard output: {"$progress": …}, {"$log": …}, {"$artifact": …}; other text is log; the
    //       last line that is JSON without $ is the result. What goes to standard error is log too.
    // Exit: 0 done, 75 run me again later, 64 to 78 give up at once; anything else is tried again.
    import { lstat, readdir, writeFile } from "node:fs/promises";
    import { readFileSync } from "node:fs";
    import path from "node:path";

    const say = (line) => console.log(JSON.stringify(line));

    /** The size and name of each file below a folder. */
    async function sizes(folder) {
      const found = [];
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        const file = path.join(folder, entry.name);
        try {
          if (entry.isDirectory()) found.push(...(await sizes(file)));
          else found.push({ bytes: (await lstat(file)).size, file });
        } catch (error) {
          // It may have vanished since it was listed, which is no failure.
          say({ $log: `skipped ${file}: ${error.code}`, level: "warning" });
        }
      }
      return found;
    }

    async function main() {
      const payload = JSON.parse(readFileSync(0, "utf8"));
      if (!payload.path) {
        console.error('the payload must be like {"path": "/var/log"}');
        return 64;
      }
      say({ $progress: 0.1, message: `listing ${payload.path}` });
      let found;
      try {
        found = await sizes(payload.path);
      } catch (error) {
        if (error.code !== "ENOENT") throw error;
        // Perhaps it is made later: come back without counting a failure.
        console.log(`there is no folder ${payload.path} yet`);
        say({ $retryAfter: "5m" });
        return 75;
      }

      say({ $progress: 0.6, message: "adding up" });
      const largest = [...found].sort((a, b) => b.bytes - a.bytes).slice(0, payload.largest ?? 10);
      await writeFile(path.join(process.env.TMPDIR, "largest.json"), JSON.stringify(largest, null, 2));
      say({ $artifact: "largest.json" });

      say({ $progress: 1, message: "done" });
      const bytes = found.reduce((sum, file) => sum + file.bytes, 0);
      say({ path: payload.path, files: found.length, bytes });
      return 0;
    }

    // Not process.exit(), which may cut off what was printed last.
    process.exitCode = await main();

    """#

  private static let test = #"""
    // Runs the job with sample payloads and checks what it says. Needs no server: node --test run.test.mjs
    import assert from "node:assert/strict";
    import { spawnSync } from "node:child_process";
    import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
    import os from "node:os";
    import path from "node:path";
    import { after, test } from "node:test";
    import { fileURLToPath } from "node:url";

    const script = fileURLToPath(new URL("run.mjs", import.meta.url));
    const temporary = mkdtempSync(path.join(os.tmpdir(), "JOB_NAME-"));
    after(() => rmSync(temporary, { recursive: true }));

    const run = (payload) =>
      spawnSync(process.execPath, [script], {
        input: JSON.stringify(payload) + "\n",
        env: { ...process.env, TMPDIR: temporary },
        encoding: "utf8",
        timeout: 60_000,
      });

    test("measures a folder", () => {
      const sample = path.join(temporary, "sample");
      mkdirSync(path.join(sample, "below"), { recursive: true });
      writeFileSync(path.join(sample, "five"), "12345");
      writeFileSync(path.join(sample, "below", "three"), "123");

      const job = run({ path: sample, largest: 1 });

      assert.equal(job.status, 0, job.stderr);
      const lines = job.stdout.trim().split("\n").map(JSON.parse);
      assert.deepEqual(lines.at(-1), { path: sample, files: 2, bytes: 8 });
      assert.ok(lines.some((line) => line.$artifact === "largest.json"));
      const largest = JSON.parse(readFileSync(path.join(temporary, "largest.json"), "utf8"));
      assert.deepEqual(largest, [{ bytes: 5, file: path.join(sample, "five") }]);
    });

    test("comes back for a folder that is not there yet", () => {
      assert.equal(run({ path: "/does/not/exist" }).status, 75);
    });

    test("gives up on a bad payload", () => {
      assert.equal(run({}).status, 64);
    });

    """#
}

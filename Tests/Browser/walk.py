#!/usr/bin/env python3
"""Walks the console's main paths in a real browser, and looks at every page as a person would.

    python3 Tests/Browser/walk.py .build/debug/nightshift [PICTURES]

Signs in, watches a job live, approves on a phone, edits a schedule, runs a dead job again with another payload, signs
out; reads and approves with JavaScript off; checks names and contrast of what is on each page; and with PICTURES makes
pictures of each page, light and dark, wide and narrow.
"""

import json
import os
import pathlib
import re
import sys
import tempfile

from browser import Browser
from demo import Server, fill
from pictures import LOOKS

HERE = pathlib.Path(__file__).parent
PAGES = [
    "/approvals", "/approvals?show=decided", "/overview", "/jobs", "/jobs?state=dead", "/jobs/new", "/dead-letters",
    "/operations", "/queues", "/queues/billing", "/workflows", "/schedules", "/schedules/nightly-report", "/workers",
    "/profile", "/audit", "/audit/check", "/users", "/users/admin", "/account", "/settings", "/secrets", "/reference",
    "/limits", "/limits/per-customer", "/breakers", "/kinds", "/kinds/send-invoice", "/new-schedule",
    "/schedules/nightly-report/edit", "/profile?period=7d",
]


class Failed(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failed(what)


class Walk:
    def __init__(self, browser, server, made):
        self.browser, self.server, self.made = browser, server, made
        log = (server.folder / "server.log").read_text()
        found = re.search(r"Sign in as (\S+) with (\S+)", log)
        expect(found, f"the server's first words name no user:\n{log[:2000]}")
        self.name, self.password = found.groups()

    def page(self, **options):
        return self.browser.page(**options)

    def open(self, page, path):
        page.open(self.server.url + path)

    def submit(self, page, selector):
        """Presses a button and waits for the page that comes of it."""
        page.run("window.left = false")
        self.browser.events.clear()
        pressed = page.run(
            f"(() => {{ const it = document.querySelector({json.dumps(selector)}); if (!it) return false;"
            " it.click(); return true; })()")
        expect(pressed, f"there is no {selector} on {page.run('location.pathname')}")
        page.wait("Page.loadEventFired")

    def fill(self, page, selector, value):
        done = page.run(
            f"(() => {{ const it = document.querySelector({json.dumps(selector)}); if (!it) return false;"
            f" it.value = {json.dumps(value)}; it.dispatchEvent(new Event('input', {{bubbles: true}})); return true; }})()")
        expect(done, f"there is no {selector} on {page.run('location.pathname')}")

    def sign_in(self):
        page = self.page()
        self.open(page, "/users")
        expect(page.run("location.pathname") == "/sign-in", "a page was shown to a stranger")
        self.fill(page, "#name", self.name)
        self.fill(page, "#password", "not this one")
        self.submit(page, "form button[type=submit]")
        expect("wrong" in page.run("document.body.innerText"), "a wrong password is not called so")
        self.fill(page, "#password", self.password)
        self.submit(page, "form button[type=submit]")
        expect(page.run("location.pathname") == "/users", "signing in does not lead to the page that was asked for")
        expect(page.run("document.cookie").find("nightshift_session") < 0, "scripts can read the session's cookie")
        page.close()

    def watch_live(self):
        job = self.server.call("POST", "/api/jobs", {"kind": "import-orders", "payload": {"steps": 12, "pause": 0.25}})
        page = self.page()
        self.open(page, f"/jobs/{job['id']}")
        page.run("window.same = true")
        page.until("document.querySelector('progress')", timeout=20)
        page.until("document.querySelector('#job-log').innerText.includes('part 12')", timeout=30)
        page.until("document.querySelector('#job-head').innerText.includes('completed')", timeout=30)
        expect(page.run("window.same === true"), "the page was loaded anew instead of being live")
        self.check_complaints(page, "the page of a live job")
        page.close()

    def approve_on_a_phone(self):
        page = self.page(width=390, height=844, phone=True)
        self.open(page, "/approvals")
        question = "Send 3 reminders"
        before = self.waiting()
        card = next(item for item in before if item["title"].startswith(question))
        expect(page.run("document.documentElement.scrollWidth <= innerWidth"), "the inbox is wider than a phone")
        size = page.run(
            "(() => { const box = document.querySelector('.decide-buttons button').getBoundingClientRect();"
            " return [box.width, box.height]; })()")
        expect(size[1] >= 44, f"the button to approve is {size[1]} pixels high: too small for a thumb")
        expect(len(self.waiting()) == len(before), "looking at a question has decided it")
        self.submit(page, f"#{card['id']} button[value=approve]")
        expect("Approved" in page.run("document.body.innerText"), "the page does not say that it was approved")
        decided = self.server.call("GET", f"/api/checkpoints/{card['id']}")
        expect(decided["state"] == "approved", f"the question is {decided['state']}")
        expect(decided["decisions"][0]["by"] == self.name, "the decision does not bear the name of who took it")
        page.close()

    def waiting(self):
        return self.server.call("GET", "/api/checkpoints")["checkpoints"]

    def edit_schedule(self):
        page = self.page()
        self.open(page, "/schedules/nightly-report/edit")
        self.fill(page, "[name=expression]", "15 3 * * 1-5")
        self.submit(page, "form[data-schedule-form] button.primary, form.card button.primary")
        schedule = self.server.call("GET", "/api/schedules/nightly-report")
        expect("15 3 * * 1-5" in json.dumps(schedule), "the schedule was not changed")
        expect("03:15" in page.run("document.body.innerText"), "the page does not say when it runs from now on")
        page.close()

    def retry_edited(self):
        jobs = self.server.call("GET", "/api/jobs?state=dead&kind=send-invoice&limit=1")["jobs"]
        expect(jobs, "no job of the demo has died")
        page = self.page()
        self.open(page, f"/jobs/{jobs[0]['id']}/edit")
        payload = {"customer": "C-2", "amount": 12.5}
        self.fill(page, "#json", json.dumps(payload))
        page.run("document.querySelector('#json').closest('details').open = true")
        self.submit(page, "form:has(#json) button[type=submit]")
        text = page.run("document.querySelector('#review-result').innerText")
        expect("C-1" in text and "C-2" in text, f"the difference is not shown: {text}")
        self.submit(page, "#review-result button.primary")
        page.until("document.querySelector('#job-head').innerText.includes('completed')", timeout=30)
        job = self.server.call("GET", f"/api/jobs/{jobs[0]['id']}")
        expect(job["payload"] == payload, f"the job ran with {job['payload']}")
        page.close()

    def without_scripts(self):
        page = self.page(scripts=False)
        self.open(page, "/approvals")
        text = page.run("document.body.innerText")
        expect("Buy 5,000" in text, "the inbox is empty without JavaScript")
        self.open(page, "/jobs")
        expect(page.run("document.querySelectorAll('#jobs tr').length") > 10, "the list of jobs is empty without JavaScript")
        card = next(item for item in self.waiting() if item["title"].startswith("Buy"))
        self.open(page, f"/approvals/{card['id']}")
        self.submit(page, "button[value=approve]")
        expect(self.server.call("GET", f"/api/checkpoints/{card['id']}")["state"] == "approved",
               "approving takes JavaScript")
        page.close()

    def look_at_everything(self, pictures):
        check = (HERE / "check.js").read_text()
        wide = self.page()
        found = []
        for look, options in LOOKS.items():
            page = self.page(**options)
            made = [f"/jobs/{self.made['picture']}", f"/jobs/{self.made['long']}", f"/workflows/{self.made['workflow']}"]
            for path in [*PAGES, *made]:
                self.browser.events.clear()
                self.open(page, path)
                if page.run("document.querySelector('.error-code') !== null"):
                    found.append(f"{path}: {page.run('document.title')}")
                    continue
                found += [f"{path} ({look}): {fault}" for fault in page.run(check)]
                found += [f"{path} ({look}): {complaint}" for complaint in page.complaints()]
                if pictures:
                    name = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-")
                    page.picture(f"{pictures}/{name}-{look}.png", whole="phone" not in look)
            page.close()
        wide.close()
        expect(not found, "\n".join(dict.fromkeys(found)))

    def check_complaints(self, page, what):
        complaints = page.complaints()
        expect(not complaints, f"{what}: {complaints}")

    def sign_out(self):
        page = self.page()
        self.open(page, "/jobs")
        page.run("document.querySelector('.person').open = true")
        self.submit(page, "form[action='/sign-out'] button")
        expect(page.run("location.pathname") == "/sign-in", "signing out does not lead to the door")
        self.open(page, "/jobs")
        expect(page.run("location.pathname") == "/sign-in", "the session goes on after signing out")
        page.close()


def main():
    binary = os.path.abspath(sys.argv[1])
    pictures = sys.argv[2] if len(sys.argv) > 2 else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nightshift-walk-") as folder:
        server = Server(binary, folder)
        browser = None
        try:
            made = fill(server, 120)
            browser = Browser()
            walk = Walk(browser, server, made)
            for name, step in [
                ("sign in", walk.sign_in), ("watch a job live", walk.watch_live),
                ("look at every page", lambda: walk.look_at_everything(pictures)),
                ("approve on a phone", walk.approve_on_a_phone), ("edit a schedule", walk.edit_schedule),
                ("run a dead job again with another payload", walk.retry_edited),
                ("read and approve without JavaScript", walk.without_scripts), ("sign out", walk.sign_out),
            ]:
                try:
                    step()
                except (Failed, RuntimeError, TimeoutError) as error:
                    sys.exit(f"✘ {name}: {error}")
                print(f"✔ {name}", flush=True)
        finally:
            if browser:
                browser.close()
            server.stop()


if __name__ == "__main__":
    main()

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
import time

from browser import Browser
from demo import LONG, Server, fill, picture
from pictures import LOOKS

HERE = pathlib.Path(__file__).parent
PAGES = [
    "/approvals", "/approvals?show=decided", "/overview", "/jobs", "/jobs?state=dead", "/jobs/new", "/dead-letters",
    "/operations", "/queues", "/queues/billing", "/workflows", "/schedules", "/schedules/nightly-report", "/workers",
    "/profile", "/audit", "/audit/check", "/users", "/users/admin", "/account", "/settings", "/secrets", "/reference",
    "/limits", "/limits/per-customer", "/breakers", "/kinds", "/kinds/send-invoice", "/new-schedule",
    "/schedules/nightly-report/edit", "/profile?period=7d", "/approvals/remembered",
    f"/queues/{LONG}", f"/limits/{LONG}", f"/schedules/{LONG}", "/jobs?queue=" + LONG,
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
        job = self.server.call("POST", "/api/jobs", {"kind": "import-orders", "payload": {
            "steps": 12, "pause": 0.25, "artifact": picture()}})
        page = self.page()
        self.open(page, f"/jobs/{job['id']}")
        page.run("window.same = true")
        page.until("document.querySelector('progress')", timeout=20)
        status = "document.querySelector('#job-head [data-live-status]').textContent"
        page.until(f"{status} === 'live' && document.querySelector('#job-log').innerText.includes('part 3')", timeout=20)
        expect(page.run(status) == "live", f"a page that is live says: {page.run(status)}")
        page.until("document.querySelector('#job-log').innerText.includes('part 12')", timeout=30)
        page.until("document.querySelector('#job-head').innerText.includes('completed')", timeout=30)
        page.until("document.querySelector('#job-files').innerText.includes('rows.csv')", timeout=10)
        page.until("!document.querySelector('#log-summary').innerText.startsWith('0 lines')", timeout=10)
        page.until("document.querySelector('#job-signal form') === null", timeout=10)
        expect(page.run("window.same === true"), "the page was loaded anew instead of being live")
        self.check_complaints(page, "the page of a live job")
        page.close()

    def watch_question(self):
        """A job that comes to ask says so on its page, without being loaded anew."""
        job = self.server.call("POST", "/api/jobs", {"kind": "import-orders", "delay": "1s", "payload": {
            "ask": {"key": "ask", "title": "May it come live?", "risk": "read"}}})["id"]
        page = self.page()
        self.open(page, f"/jobs/{job}")
        page.run("window.same = true")
        page.until("document.querySelector('#job-notices').innerText.includes('May it come live?')", timeout=20)
        page.until("document.querySelector('#job-questions').innerText.includes('May it come live?')")
        page.until("document.querySelector('#job-steps').innerText.includes('prepare 1')")
        expect(page.run("window.same === true"), "the page was loaded anew instead of being live")
        self.server.call("POST", f"/api/jobs/{job}/cancel")
        page.close()

    def approve_on_a_phone(self):
        page = self.page(width=390, height=844, phone=True)
        self.open(page, "/approvals")
        question = "Send 3 reminders"
        before = self.waiting()
        card = next(item for item in before if item["title"].startswith(question))
        expect(page.excess() == 0, f"the inbox is {page.excess()} pixels wider than a phone")
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

    def hold_a_key(self):
        """A key that is held, or goes on repeating over a new page, decides nothing."""
        jobs = [self.ask(f"Held key {n}?") for n in range(3)]
        page = self.page()
        self.open(page, "/approvals?kind=import-orders")
        before = len(self.waiting())
        page.until("performance.now() > 600")
        page.key("j")
        page.hold("a", 40, since_before=True)
        expect(len(self.waiting()) == before, "a key that is held since the page before has decided")
        self.browser.events.clear()
        page.hold("a", 1)
        page.wait("Page.loadEventFired")
        expect(len(self.waiting()) == before - 1, "a key that is pressed once has not decided one question")
        expect(page.run("location.search") == "?kind=import-orders", "the filter is gone after a decision")
        marked = page.run("document.querySelector('.is-marked')?.innerText ?? ''")
        expect("Held key 1" in marked, f"the next question is not marked, but: {marked}")
        page.until("performance.now() > 600")
        self.browser.events.clear()
        page.hold("a", 40)
        page.wait("Page.loadEventFired")
        page.until("performance.now() > 600")
        page.hold("x", 40, since_before=True)
        expect(len(self.waiting()) == before - 2, "a key that is held has decided more than one question")
        page.close()
        # What cannot be undone takes each of the two keys twice, with the key let go of in between.
        risky = self.ask("Held key on what cannot be undone?", "irreversible")
        page = self.page()
        card = next(item for item in self.waiting() if item["title"].startswith("Held key on"))
        self.open(page, f"/approvals/{card['id']}")
        page.until("performance.now() > 600")
        for key in "ax":
            page.hold(key, 40)
            expect(page.run("document.querySelector('[data-armed]') !== null"), f"{key} does not ask for a second press")
        expect(self.server.call("GET", f"/api/checkpoints/{card['id']}")["state"] == "pending",
               "a key that is held has decided what cannot be undone")
        page.close()
        for job in [jobs[2], risky]:
            self.server.call("POST", f"/api/jobs/{job}/cancel")

    def ask(self, title, risk="reversible"):
        """Has a job ask something; returns once the question is there."""
        job = self.server.call("POST", "/api/jobs", {"kind": "import-orders", "payload": {
            "ask": {"key": "ask", "title": title, "risk": risk}}})["id"]
        for _ in range(300):
            if any(item["title"] == title for item in self.waiting()):
                return job
            time.sleep(0.05)
        raise Failed(f"nobody has asked {title}")

    def confirm_first(self):
        """What cannot be taken back asks first, and a no changes nothing."""
        page = self.page()
        self.server.call("PUT", "/api/limits/passing", {"kinds": ["purge-cache"], "concurrency": 7})
        self.open(page, "/limits/passing")
        button = "form[action$='/remove'] button"
        page.run(f"document.querySelector({json.dumps(button)}).click()")
        expect(page.run("document.querySelector('#confirm').open"), "removing a limit does not ask first")
        expect(page.run("document.activeElement.textContent") == "Cancel", "the focus is not on the way out")
        page.key("Escape")
        expect(not page.run("document.querySelector('#confirm').open"), "Escape does not close the question")
        expect(self.server.call("GET", "/api/limits/passing"), "a no has removed the limit")
        page.run(f"document.querySelector({json.dumps(button)}).click()")
        self.submit(page, "[data-confirm-yes]")
        expect(page.run("location.pathname") == "/limits", "a yes does not remove the limit")
        names = [limit["name"] for limit in self.server.call("GET", "/api/limits")["limits"]]
        expect("passing" not in names, "the limit is still there")
        page.close()
        page = self.page(scripts=False)
        self.server.call("PUT", "/api/limits/passing", {"kinds": ["purge-cache"], "concurrency": 7})
        self.open(page, "/limits/passing")
        self.submit(page, button)
        expect("Remove the limit passing?" in page.run("document.body.innerText"), "without scripts nothing is asked")
        self.submit(page, "button[name=confirmed]")
        names = [limit["name"] for limit in self.server.call("GET", "/api/limits")["limits"]]
        expect("passing" not in names, "without scripts the limit stays")
        page.close()

    def choose_jobs(self):
        """Choosing goes on by keyboard after a tap, and on a phone one tap chooses all."""
        page = self.page()
        self.open(page, "/jobs")
        page.run("(() => { const box = document.querySelector('#jobs input[type=checkbox]'); box.focus(); box.click(); })()")
        page.key("j")
        expect(page.run("document.querySelector('#jobs tr.is-marked') !== null"), "a box that is ticked swallows keys")
        page.close()
        page = self.page(width=390, height=844, phone=True)
        self.open(page, "/jobs")
        left = page.run("(() => { document.querySelector('[data-choose-all]').click();"
                        " return document.querySelectorAll('#jobs input:not(:checked)').length; })()")
        expect(left == 0, f"{left} jobs are not chosen by the box for all")
        page.run("scrollTo(0, document.body.scrollHeight)")
        bar = page.run("document.querySelector('[data-bulk]').getBoundingClientRect().top")
        expect(0 <= bar < 844, f"the actions have scrolled away, to {bar}")
        expect(page.excess() == 0, "the actions are wider than a phone")
        page.close()

    def stay_in_place(self):
        """New groups and questions wait until they are asked for: nothing moves under the pointer."""
        page = self.page()
        self.open(page, "/dead-letters")
        order = "[...document.querySelectorAll('#groups > [data-row]')].map((row) => row.id).join()"
        before = page.run(order)
        self.server.call("POST", "/api/jobs", {"kind": "reindex-search", "payload": {"fails": "quite another failure"}})
        page.until("!document.querySelector('[data-arrived]').hidden", timeout=20)
        expect(page.run(order) == before, "a new group was put among those that are pressed")
        page.run("document.querySelector('[data-arrived] button').click()")
        page.until("document.querySelector('#groups').innerText.includes('quite another failure')")
        self.open(page, "/approvals")
        order = "[...document.querySelectorAll('#inbox > [data-row]')].map((row) => row.id).join()"
        before = page.run(order)
        self.ask("May it stay where it is?", "read")
        page.until("!document.querySelector('[data-arrived]').hidden", timeout=20)
        expect(page.run(order) == before, "a new question was put among those that are pressed")
        page.run("document.querySelector('[data-arrived] button').click()")
        page.until("document.querySelector('#inbox').innerText.includes('May it stay where it is?')")
        card = next(item for item in self.waiting() if item["title"].startswith("May it stay"))
        self.server.call("POST", f"/api/checkpoints/{card['id']}/reject", {})
        page.until("document.querySelector('.is-gone')?.innerText.includes('May it stay where it is?')", timeout=20)
        expect(page.run("document.querySelector('.is-gone').inert"), "what is gone can still be pressed")
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
            made = [f"/jobs/{self.made['picture']}", f"/jobs/{self.made['long']}", f"/workflows/{self.made['workflow']}",
                    f"/workflows/{self.made['longWorkflow']}"]
            for path in [*PAGES, *made]:
                self.browser.events.clear()
                self.open(page, path)
                if page.run("document.querySelector('.error-code') !== null"):
                    found.append(f"{path}: {page.run('document.title')}")
                    continue
                found += [f"{path} ({look}): {fault}" for fault in page.run(check)]
                if page.excess():
                    found.append(f"{path} ({look}): is {page.excess()} pixels wider than the screen")
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
                ("keep what is pressed in its place", walk.stay_in_place), ("hold a key", walk.hold_a_key),
                ("choose jobs", walk.choose_jobs),
                ("ask before what cannot be taken back", walk.confirm_first), ("watch a question come", walk.watch_question),
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

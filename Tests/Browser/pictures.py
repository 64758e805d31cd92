#!/usr/bin/env python3
"""Makes pictures of the console's pages, light and dark, wide and narrow.

    python3 Tests/Browser/pictures.py URL TOKEN FOLDER /approvals /jobs …
"""

import os
import sys

from browser import Browser

LOOKS = {
    "wide-light": dict(width=1280, height=860, dark=False),
    "wide-dark": dict(width=1280, height=860, dark=True),
    "phone-light": dict(width=390, height=844, dark=False, phone=True),
    "phone-dark": dict(width=390, height=844, dark=True, phone=True),
}


def main():
    url, token, folder, *paths = sys.argv[1:]
    wanted = os.environ.get("LOOKS", ",".join(LOOKS)).split(",")
    os.makedirs(folder, exist_ok=True)
    browser = Browser()
    try:
        for look in wanted:
            page = browser.page(headers={"Authorization": f"Bearer {token}"}, **LOOKS[look])
            for path in paths:
                page.open(url + path)
                name = path.strip("/").split("?")[0].replace("/", "-") or "start"
                wide = page.excess() > 0
                page.picture(f"{folder}/{name}-{look}.png", whole="phone" not in look)
                print(name, look, "WIDER THAN THE SCREEN" if wide else "", *page.complaints(), flush=True)
                browser.events.clear()
            page.close()
    finally:
        browser.close()


if __name__ == "__main__":
    main()

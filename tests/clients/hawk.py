# Signs a request with mohawk, or with requests-hawk, sends it, and insists on a signed answer from mohawk.
import sys

import mohawk
import requests
from requests_hawk import HawkAuth

PACKAGE, ID, KEY, ORGANIZATION, URL = sys.argv[1:6]
METHOD, BODY = (sys.argv[6:] + ["GET", ""])[:2] if len(sys.argv) > 7 else ("GET", "")

headers = {"Content-Type": "application/json"} if BODY else {}
if PACKAGE == "requests-hawk":
    auth = HawkAuth(id=ID, key=KEY, ext=ORGANIZATION, always_hash_content=bool(BODY))
    response = requests.request(METHOD, URL, auth=auth, data=BODY, headers=headers)
else:
    credentials = {"id": ID, "key": KEY, "algorithm": "sha256"}
    content_type = headers.get("Content-Type", "")
    sender = mohawk.Sender(credentials, URL, METHOD, content=BODY, content_type=content_type, ext=ORGANIZATION)
    headers["Authorization"] = sender.request_header
    response = requests.request(METHOD, URL, data=BODY, headers=headers)
    sender.accept_response(
        response.headers["Server-Authorization"],
        content=response.content,
        content_type=response.headers["Content-Type"],
    )
print(response.status_code, response.text)

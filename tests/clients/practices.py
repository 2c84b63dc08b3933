# The document's best practices 1 (handle errors), 3 (back off) and 4 (look for a cached result).
import sys
import time
import requests

BASE_URL, API_KEY, TARGET = sys.argv[1:4]
headers = {"Authorization": f"Bearer {API_KEY}"}

try:
    response = requests.post(f"{BASE_URL}/scans", headers=headers, json={"target": "invalid..host"})
    response.raise_for_status()
except requests.exceptions.HTTPError as e:
    print(f"HTTP Error: {e.response.status_code}")
    print(f"Details: {e.response.json()}")

retries = 0
max_retries = 5
backoff = 1
while retries < max_retries:
    try:
        response = requests.get(
            f"{BASE_URL}/scans?target={TARGET}&status=completed&sort=created_at&order=desc&per_page=1",
            headers=headers,
        )
        break
    except Exception:
        retries += 1
        time.sleep(backoff)
        backoff *= 2

print(f"Cached: {response.json()['data']['scans'][0]['scan_id']}")

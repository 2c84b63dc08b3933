# The document's Python example; host, key and target come from the command line.
import sys
import requests

BASE_URL, API_KEY, TARGET = sys.argv[1:4]

headers = {
    "Authorization": f"Bearer {API_KEY}",
    "Content-Type": "application/json",
}
response = requests.post(
    f"{BASE_URL}/scans",
    headers=headers,
    json={
        "target": TARGET,
        "scan_type": "tcp",
        "ports": "1-1000",
        "options": {"service_detection": True, "ssl_check": True},
    },
)
scan_data = response.json()
scan_id = scan_data["data"]["scan_id"]
print(f"Scan started: {scan_id}")

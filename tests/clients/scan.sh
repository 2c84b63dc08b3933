# The document's cURL example; host, key and target come from the command line.
exec curl -sS -X POST "$1/scans" \
  -H "Authorization: Bearer $2" \
  -H "Content-Type: application/json" \
  -d '{
"target": "'"$3"'",
"scan_type": "tcp",
"ports": "1-1000"
}'

# The document's cURL examples of the first step; base, e-mail address and key come from the command line. A key of the
# server's, then one of the client's own, then the same again.
set -e
curl -sS "$1/access/claim/$2"
echo
for again in 1 2; do
  curl -sS -X POST -H "Content-Type: application/json" -d '{"email":"'"$2"'", "api_key":"'"$3"'"}' "$1/access/claim"
  echo
done

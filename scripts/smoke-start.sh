#!/bin/sh
# Starts Stillwatch the way the README says and asks it one question.
set -e
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
npm start --silent -- --data "$folder/data" --port 0 --admin-port 0 --json >"$folder/out" 2>"$folder/err" &
pid=$!
trap 'kill $pid 2>/dev/null || true; rm -rf "$folder"' EXIT
tries=0
until [ -s "$folder/out" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 120 ] || ! kill -0 $pid 2>/dev/null; then
    echo "npm start did not come up:" >&2
    cat "$folder/err" >&2
    exit 1
  fi
  sleep 0.5
done
node -e '
  const ready = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").at(-1));
  const ask = (path, init) => fetch(ready.url + path, { ...init, headers: { authorization: `Bearer ${ready.key}`, "content-type": "application/json" } });
  (async () => {
    const body = JSON.stringify({ model: "any", messages: [{ role: "user", content: "hello" }] });
    const answer = await ask("/v1/chat/completions", { method: "POST", body });
    const id = answer.headers.get("x-stillwatch-exchange");
    const text = (await answer.json()).choices[0].message.content;
    const receipt = await ask(`/v1/stillwatch/receipts/${id}`);
    const status = await fetch(ready.adminUrl, { headers: { authorization: `Bearer ${ready.adminToken}` } });
    const stranger = await fetch(ready.adminUrl);
    if (stranger.status !== 401) throw new Error(`the status page answers ${stranger.status} without a token`);
    if (answer.status !== 200 || !text || receipt.status !== 200 || status.status !== 200)
      throw new Error(`answer ${answer.status}, receipt ${receipt.status}, status page ${status.status}`);
    console.log("npm start: gateway, receipt and status page answer");
  })().catch((error) => { console.error(error); process.exit(1); });
' "$folder/out"

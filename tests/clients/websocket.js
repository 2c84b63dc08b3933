// The document's WebSocket example; a browser has WebSocket, Node takes the package `ws`.
const WebSocket = require('ws');

const [HOST, API_KEY, SCAN_ID] = process.argv.slice(2);

const ws = new WebSocket(`ws://${HOST}/ws/scans/${SCAN_ID}?api_key=${API_KEY}`);

ws.onopen = () => {
  console.log('Connected to scan stream');
};

ws.onmessage = (event) => {
  const data = JSON.parse(event.data);
  console.log('Scan update:', data);
};

ws.onerror = (error) => {
  console.error('WebSocket error:', error);
};

ws.onclose = () => {
  console.log('Disconnected from scan stream');
};

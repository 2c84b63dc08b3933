// The document's Server-Sent Events example; a browser has EventSource, Node takes the package of that name.
const EventSource = require('eventsource');

const [HOST, API_KEY, SCAN_ID] = process.argv.slice(2);

const eventSource = new EventSource(`http://${HOST}/api/v1/scans/${SCAN_ID}/stream?api_key=${API_KEY}`);

eventSource.addEventListener('progress', (event) => {
  const data = JSON.parse(event.data);
  console.log('Progress:', data.progress);
});

eventSource.addEventListener('port_found', (event) => {
  const data = JSON.parse(event.data);
  console.log('Port found:', data.port);
});

eventSource.addEventListener('complete', (event) => {
  const data = JSON.parse(event.data);
  console.log('Scan complete');
  eventSource.close();
});

eventSource.onerror = (error) => {
  console.error('SSE error:', error);
  eventSource.close();
};

// What people write with node: `ws` for WebSockets, plain responses for SSE, one set of listeners a topic.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const listeners = new Map();
const of = (topic) => listeners.get(topic) ?? listeners.set(topic, { sse: new Set(), sockets: new Set(), id: 0 }).get(topic);
const sockets = new WebSocketServer({ noServer: true });

const server = createServer((request, response) => {
  const [, what, topic] = request.url.split('/');
  const here = of(topic);
  if (what === 'sub') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    here.sse.add(response);
    response.on('close', () => here.sse.delete(response));
    return;
  }
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    here.id += 1;
    const event = `id: ${here.id}\nevent: port_found\ndata: ${body}\n\n`;
    for (const listener of here.sse) listener.write(event);
    for (const socket of here.sockets) socket.send(body);
    response.writeHead(204).end();
  });
});
server.on('upgrade', (request, connection, head) => {
  sockets.handleUpgrade(request, connection, head, (socket) => {
    const here = of(request.url.split('/')[2]);
    here.sockets.add(socket);
    socket.on('close', () => here.sockets.delete(socket));
  });
});
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });

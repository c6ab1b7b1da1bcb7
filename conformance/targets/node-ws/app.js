// The contract's WebSockets with ws on node:http, with its defaults. Usage: node app.js PORT
'use strict';

const { on } = require('node:events');
const http = require('node:http');
const { WebSocket, WebSocketServer } = require('ws');

const [port] = process.argv.slice(2);
const SUBPROTOCOLS = ['merkhet.one', 'merkhet.two'];

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function serving(connected, options = {}) {
  const server = new WebSocketServer({ noServer: true, ...options });
  server.on('connection', (socket) => {
    // ws has closed a socket by the time that it tells of an error; without a listener node would end the process.
    socket.on('error', () => {});
    // The same error reaches a loop over events.on as an exception.
    Promise.resolve(connected(socket, server)).catch(() => {});
  });
  return server;
}

function echo(socket) {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

async function serial(socket) {
  for await (const [data] of on(socket, 'message', { close: ['close'] })) {
    const [name, ms] = data.toString().split(' ');
    await pause(Number(ms));
    socket.send(name);
  }
}

const ORDERS = {
  send(socket, argument) {
    const [count, size] = argument.split(' ').map(Number);
    for (let number = 0; number < count; number++) socket.send(String(number).padEnd(size));
  },
  close(socket, argument) {
    const [code, ...reason] = argument.split(' ');
    socket.close(Number(code), reason.join(' '));
  },
  ping(socket, argument) {
    socket.ping(argument);
  },
  all(socket, argument, server) {
    for (const other of server.clients) if (other.readyState === WebSocket.OPEN) other.send(argument);
  },
};

function push(socket, server) {
  socket.on('message', (data) => {
    const [order, ...argument] = data.toString().split(' ');
    ORDERS[order](socket, argument.join(' '), server);
  });
}

const SERVERS = new Map([
  ['/ws', serving(echo)],
  ['/ws-deflate', serving(echo, { perMessageDeflate: true })],
  ['/ws-subproto', serving(echo, { handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) || false })],
  ['/ws-serial', serving(serial)],
  ['/ws-push', serving(push)],
]);
// A server that is bound to a path refuses every other: the refusal is that of ws.
const ELSEWHERE = new WebSocketServer({ noServer: true, path: '/ws' });

// Not by URL, for which "http:///unknown" is the root of a host of that name.
function pathOf(target) {
  const found = /^(?:https?:\/\/(?:[^/?#@]*@)?[^/?#@:][^/?#@]*)?(\/[^?]*)?(?:\?|$)/i.exec(target);
  return found ? found[1] || '/' : '';
}

const server = http.createServer((request, response) => {
  const found = pathOf(request.url) === '/';
  const content = found ? 'merkhet target\n' : '404\n';
  request.resume();
  request.on('end', () => {
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/plain', 'Content-Length': content.length });
    response.end(content);
  });
});

server.on('upgrade', (request, socket, head) => {
  const chosen = SERVERS.get(pathOf(request.url)) || ELSEWHERE;
  chosen.handleUpgrade(request, socket, head, (opened) => chosen.emit('connection', opened, request));
});

process.on('SIGTERM', () => process.exit(0));
server.listen(Number(port), '127.0.0.1');

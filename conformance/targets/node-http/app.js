// The target contract on node:http, with nothing but its defaults. Usage: node app.js PORT FILES
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const [port, folder] = process.argv.slice(2);
const SLEEP_MS_MAX = 10000;
const PIECES_MAX = 10000;
const STORED_NAMES_MAX = 256;
const STORED_BYTES_MAX = 1 << 20;
const INTERIM = { 102: (response) => response.writeProcessing(), 103: (response) => response.writeEarlyHints({ link: '</>; rel=preload' }) };
const stored = new Map();

const b64 = (text) => Buffer.from(text, 'latin1').toString('base64');

function lines(raw) {
  const rows = [];
  for (let i = 0; i < raw.length; i += 2) rows.push([b64(raw[i]), b64(raw[i + 1])]);
  return rows;
}

function send(response, status, content = '', fields = {}) {
  const data = Buffer.from(content);
  const bare = status === 204 || status === 304;
  const head = bare ? fields : { 'Content-Type': 'text/plain', ...fields, 'Content-Length': data.length };
  response.writeHead(status, head);
  response.end(bare || status === 205 ? undefined : data);
}

function echo(request, response, argument, content) {
  const document = {
    method: request.method,
    target: b64(request.url),
    fields: lines(request.rawHeaders),
    body: content.toString('base64'),
    trailers: lines(request.rawTrailers),
  };
  send(response, 200, JSON.stringify(document), { 'Content-Type': 'application/json' });
}

function status(request, response, argument) {
  const code = Number(argument);
  if (code >= 200) return send(response, code, code === 205 ? '' : `${code}\n`);
  if (!INTERIM[code]) return send(response, 404, '404\n');
  INTERIM[code](response);
  return send(response, 200, `${code}\n`);
}

function sleep(request, response, argument) {
  const milliseconds = Math.min(Number(argument), SLEEP_MS_MAX);
  setTimeout(() => send(response, 200, String(milliseconds)), milliseconds);
}

function stream(request, response, argument) {
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  const pieces = Math.min(Number(argument), PIECES_MAX);
  for (let i = 0; i < pieces; i++) response.write(`piece ${i}\n`);
  response.end();
}

async function pieces(request, response) {
  const { n, ms, end } = Object.fromEntries(new URL(request.url, 'http://h').searchParams);
  // HTTP/1.0 has no chunks for them to stand behind, and Node throws where they are named nevertheless.
  const asked = request.httpVersion !== '1.0' && /(^|,)\s*trailers\s*(,|$)/i.test(request.headers.te || '');
  const trailed = end === 'trailer' && asked;
  response.writeHead(200, { 'Content-Type': 'text/plain', ...(trailed && { Trailer: 'Merkhet-Pieces' }) });
  for (let i = 0; i < Math.min(Number(n), PIECES_MAX); i++) {
    if (i) await new Promise((done) => setTimeout(done, Math.min(Number(ms), SLEEP_MS_MAX)));
    response.write(`piece ${i}\n`);
  }
  // node has no way in which a handler that fails ends its answer: what Express does is to destroy the socket.
  if (end === 'abort') return response.destroy(new Error('asked to fail'));
  if (trailed) response.addTrailers({ 'Merkhet-Pieces': n });
  return response.end();
}

function mutable(request, response, argument, content) {
  if (request.method === 'DELETE') return send(response, stored.delete(argument) ? 204 : 404);
  if (request.method !== 'PUT') {
    const found = stored.get(argument);
    return found === undefined ? send(response, 404) : send(response, 200, found, { 'Content-Type': 'application/octet-stream' });
  }
  if (content.length > STORED_BYTES_MAX) return send(response, 413);
  const known = stored.has(argument);
  if (!known && stored.size >= STORED_NAMES_MAX) return send(response, 507);
  stored.set(argument, content);
  return send(response, known ? 204 : 201);
}

function files(request, response, argument) {
  const parts = argument.split('/');
  if (/[\0\\]/.test(argument) || parts.some((part) => part === '' || part === '.' || part === '..')) {
    return send(response, 404, '404\n');
  }
  const name = path.join(folder, ...parts);
  return fs.stat(name, (error, found) => {
    if (error || !found.isFile()) return send(response, 404, '404\n');
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': found.size });
    if (request.method === 'HEAD') return response.end();
    return fs.createReadStream(name).on('error', () => response.destroy()).pipe(response);
  });
}

async function events(request, response) {
  const { n, ms } = Object.fromEntries(new URL(request.url, 'http://h').searchParams);
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (let id = 1; id <= Math.min(Number(n), PIECES_MAX); id++) {
    if (id > 1) await new Promise((done) => setTimeout(done, Math.min(Number(ms), SLEEP_MS_MAX)));
    response.write(`id: ${id}\ndata: event ${id}\n\n`);
  }
  response.end();
}

const READ = ['GET', 'HEAD'];
const KNOWN = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT']);
const ROUTES = [
  [/^\/$/, READ, (request, response) => send(response, 200, 'merkhet target\n')],
  [/^\/echo$/, null, echo],
  [/^\/status\/([1-5][0-9]{2})$/, READ, status],
  [/^\/sleep\/([0-9]{1,5})$/, READ, sleep],
  [/^\/stream\/([0-9]{1,5})$/, READ, stream],
  [/^\/pieces$/, ['GET'], pieces],
  [/^\/redirect$/, READ, (request, response) => send(response, 302, '', { Location: '/' })],
  [/^\/param\/(.*)$/s, READ, (request, response, argument) => send(response, 200, argument)],
  [/^\/mutable\/([^/]+)$/s, ['GET', 'HEAD', 'PUT', 'DELETE'], mutable],
  [/^\/files\/(.+)$/s, READ, files],
  [/^\/events$/, ['GET'], events],
];

// node:http hands over the request target as it came: the four forms and the one decoding are the application's work.
function decodedPath(target) {
  const origin = target.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const raw = origin.replace(/\?.*$/s, '') || '/';
  return decodeURIComponent(raw);
}

function answer(request, response, content) {
  let where;
  try {
    where = decodedPath(request.url);
  } catch {
    return send(response, 400, '400\n');
  }
  for (const [pattern, methods, handler] of ROUTES) {
    const match = pattern.exec(where);
    if (!match) continue;
    if (!methods || methods.includes(request.method)) return handler(request, response, match[1], content);
    if (!KNOWN.has(request.method)) return send(response, 501, '501\n');
    return send(response, 405, '405\n', { Allow: methods.join(', ') });
  }
  return send(response, 404, '404\n');
}

// A content that breaks off ends in 'aborted', never in 'end': such a request gets no answer from here.
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => answer(request, response, Buffer.concat(parts)));
  request.on('error', () => {});
});

process.on('SIGTERM', () => process.exit(0));
server.listen(Number(port), '127.0.0.1');

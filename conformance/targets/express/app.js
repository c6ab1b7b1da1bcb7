// The target contract on Express, with nothing but its defaults. Usage: node app.js PORT FILES
'use strict';

const auth = require('basic-auth');
const busboy = require('busboy');
const compression = require('compression');
const express = require('express');
const { createChannel, createEventBuffer, createSession } = require('better-sse');

const [port, folder] = process.argv.slice(2);
const SLEEP_MS_MAX = 10000;
const PIECES_MAX = 10000;
const STORED_NAMES_MAX = 256;
const RESUMED = 5;
const stored = new Map();
const channel = createChannel();
const app = express();

const b64 = (text) => Buffer.from(text, 'latin1').toString('base64');
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const number = (text, most) => Math.min(Number(text), most);
const anyType = express.raw({ type: () => true, limit: '1mb' });

function lines(raw) {
  return raw.flatMap((name, i) => (i % 2 ? [] : [[b64(name), b64(raw[i + 1])]]));
}

app.get('/', (req, res) => res.type('text').send('merkhet target\n'));

// A content that breaks off never reaches 'end': such a request gets no answer from here.
app.all('/echo', (req, res) => {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('error', () => {});
  req.on('end', () => res.json({
    method: req.method,
    target: b64(req.originalUrl),
    fields: lines(req.rawHeaders),
    body: Buffer.concat(parts).toString('base64'),
    trailers: lines(req.rawTrailers),
  }));
});

app.get(/^\/status\/([2-5][0-9]{2})$/, (req, res) => {
  const code = Number(req.params[0]);
  res.status(code).type('text').send([204, 205, 304].includes(code) ? '' : `${code}\n`);
});

app.get(/^\/sleep\/([0-9]{1,5})$/, async (req, res) => {
  const ms = number(req.params[0], SLEEP_MS_MAX);
  await pause(ms);
  res.type('text').send(String(ms));
});

app.get(/^\/stream\/([0-9]{1,5})$/, (req, res) => {
  res.type('text');
  for (let i = 0; i < number(req.params[0], PIECES_MAX); i++) res.write(`piece ${i}\n`);
  res.end();
});

app.get('/redirect', (req, res) => res.redirect('/'));
app.get(/^\/param\/(.*)$/s, (req, res) => res.type('text').send(req.params[0]));

app.route('/mutable/:name')
  .get((req, res) => {
    const found = stored.get(req.params.name);
    if (found === undefined) return res.sendStatus(404);
    // Not by `send`, which gives a tag: Express has no means for conditions of PUT and DELETE, so none is promised.
    return res.type('application/octet-stream').set('Content-Length', String(found.length)).end(found);
  })
  .put(anyType, (req, res) => {
    const known = stored.has(req.params.name);
    if (!known && stored.size >= STORED_NAMES_MAX) return res.sendStatus(507);
    stored.set(req.params.name, Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0));
    return res.status(known ? 204 : 201).end();
  })
  .delete((req, res) => res.sendStatus(stored.delete(req.params.name) ? 204 : 404));

app.use('/files', express.static(folder, { index: false, redirect: false }));
app.get('/text', compression(), (req, res) => res.sendFile('text.txt', { root: folder }));

app.get('/conneg', (req, res) => res.format({
  html: () => res.send('<p>merkhet</p>'),
  json: () => res.send({ name: 'merkhet' }),
}));

// The parser below Express's own multer, which keeps no order between names.
app.post('/form', (req, res) => {
  if (!req.is(['multipart/form-data', 'application/x-www-form-urlencoded'])) return res.sendStatus(415);
  let parser;
  try {
    parser = busboy({ headers: req.headers, defParamCharset: 'utf8' });
  } catch {
    return res.sendStatus(400);
  }
  const fields = [];
  const files = [];
  parser.on('field', (name, value) => fields.push([name, value]));
  parser.on('file', (name, file, info) => {
    const parts = [];
    const told = [name, info.filename ?? '', info.mimeType, ''];
    files.push(told);
    file.on('data', (part) => parts.push(part)).on('end', () => { told[3] = Buffer.concat(parts).toString('base64'); });
    file.on('error', () => {});
  });
  // After an error busboy says 'close' too, as if all were well.
  let broken = false;
  parser.on('error', () => {
    if (!broken) res.sendStatus(400);
    broken = true;
    req.unpipe(parser);
    req.resume();
  });
  parser.on('close', () => { if (!broken) res.json({ fields, files }); });
  return req.pipe(parser);
});

app.get('/download/:name', (req, res) => res.attachment(req.params.name).send(Buffer.from('download\n')));

app.get('/private', (req, res) => {
  const who = auth(req);
  if (who?.name === 'merkhet' && who.pass === 'merkhet') return res.type('text').send('private\n');
  return res.set('WWW-Authenticate', 'Basic realm="merkhet"').sendStatus(401);
});

// An event stream has no HEAD, and app.get would give it one.
for (const path of ['/events', '/sse-echo', '/sse-push', '/sse-resume']) {
  app.head(path, (req, res) => res.set('Allow', path === '/sse-push' ? 'GET, POST' : 'GET').sendStatus(405));
}

app.get('/events', async (req, res) => {
  const session = await createSession(req, res, { serializer: String });
  for (let id = 1; id <= number(req.query.n, PIECES_MAX) && session.isConnected; id++) {
    if (id > 1) await pause(Number(req.query.ms));
    if (session.isConnected) session.push(`event ${id}`, undefined, String(id));
  }
  res.end();
});

app.get('/sse-resume', async (req, res) => {
  const session = await createSession(req, res, { serializer: String });
  const seen = /^[1-5]$/.test(session.lastId) ? Number(session.lastId) : 0;
  for (let id = seen + 1; id <= RESUMED; id++) session.push(`event ${id}`, undefined, String(id));
  res.end();
});

app.get('/sse-echo', async (req, res) => {
  const said = new URL(req.originalUrl, 'http://localhost').searchParams;
  const buffer = createEventBuffer({ serializer: String });
  for (const name of ['comment', 'event', 'id', 'retry']) if (said.has(name)) buffer[name](said.get(name));
  buffer.data(said.get('data') ?? '').dispatch();
  if (said.has('then')) buffer.data(said.get('then')).dispatch();
  const session = await createSession(req, res, { retry: null });
  await session.batch(buffer);
  res.end();
});

app.get('/sse-push', async (req, res) => {
  const session = await createSession(req, res, { serializer: String });
  channel.register(session);
  await session.batch((buffer) => { buffer.comment('listening').dispatch(); });
});

app.post('/sse-push', anyType, (req, res) => {
  channel.broadcast(Buffer.isBuffer(req.body) ? req.body.toString('utf8') : '');
  res.status(204).end();
});

process.on('SIGTERM', () => process.exit(0));
app.listen(Number(port), '127.0.0.1');

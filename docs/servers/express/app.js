'use strict';
// An Express app with the endpoints root and echo of merkhet's contract: node app.js PORT
const express = require('express');

const app = express();
const octets = (text) => Buffer.from(text, 'latin1').toString('base64');
const lines = (raw) => raw.flatMap((word, at) => (at % 2 ? [] : [[octets(word), octets(raw[at + 1])]]));

app.get('/', (request, response) => response.type('text/plain').send('hello\n'));

app.all('/echo', (request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => response.json({
    method: request.method,
    target: octets(request.url),
    fields: lines(request.rawHeaders),
    body: Buffer.concat(pieces).toString('base64'),
    trailers: lines(request.rawTrailers),
  }));
});

app.listen(Number(process.argv[2]), '127.0.0.1');

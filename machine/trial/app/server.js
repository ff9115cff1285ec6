// The smallest app that can tell whether a deploy lost something: a POST is answered once it is on the disk.
const { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } = require('node:fs');
const { createServer } = require('node:http');

if (process.env.LEDGER_KEY === 'broken') {
  console.error('LEDGER_KEY is no key');
  process.exit(1);
}

// As a database that is written in place: what it was started on is no longer what it was when it gives up.
if (process.env.LEDGER_KEY === 'spoiling') {
  const database = openSync('/state/database', 'r+');
  writeSync(database, 'spoilt', 0);
  fsyncSync(database);
  console.error('it has written in place');
  process.exit(1);
}

const LEDGER = '/state/ledger';
const ledger = openSync(LEDGER, 'a');
const DOWNLOAD_BYTES = 32 * 1024 * 1024;
const startedAt = Date.now();
let stopping = false;
let writes = readFileSync(LEDGER, 'utf8').split('\n').length - 1;

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (stopping) response.setHeader('connection', 'close');
    const text = Buffer.concat(chunks).toString();
    if (request.url === '/fail') {
      response.statusCode = 500;
      return response.end('as it was asked to');
    }
    if (request.url === '/upload') return response.end(String(text.length));
    if (request.url === '/download') return response.end(Buffer.alloc(DOWNLOAD_BYTES, 'x'));
    if (request.url === '/events') return tellEvents(response);
    if (request.url === '/slow') return void setTimeout(() => response.end('slow'), 2_000);
    if (request.method === 'POST') {
      writeSync(ledger, `${text}\n`);
      fsyncSync(ledger);
      writes += 1;
      return response.end(`kept by ${process.env.RELEASE ?? ''}`);
    }
    if (request.url === '/ledger') return response.end(readFileSync(LEDGER));
    if (request.url === '/who') {
      return response.end(JSON.stringify({ client: request.headers['x-forwarded-for'], env: process.env.GREETING }));
    }
    if (request.url === '/health') return response.end(JSON.stringify({ ok: true, startedAt, writes }));
    response.statusCode = 404;
    response.end();
  });
});
function tellEvents(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  const timer = setInterval(() => (stopping ? response.end() : response.write('data: still here\n\n')), 50);
  response.on('close', () => clearInterval(timer));
}

/** Connections that are no longer HTTP: what comes goes back. */
const streams = new Set();
server.on('upgrade', (_request, socket) => {
  streams.add(socket);
  socket.on('close', () => streams.delete(socket)).on('error', () => socket.destroy());
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.pipe(socket);
});
server.keepAliveTimeout = 75_000;
server.listen(8000, '0.0.0.0');

process.on('SIGTERM', () => {
  stopping = true;
  for (const socket of streams) socket.end();
  const idle = setInterval(() => server.closeIdleConnections(), 10);
  server.close(() => {
    clearInterval(idle);
    fsyncSync(ledger);
    closeSync(ledger);
    appendFileSync('/state/stops', `${Date.now()}\n`);
    process.exit(0);
  });
});

// The smallest app that can tell whether a deploy lost something: a POST is answered once it is on the disk.
const { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } = require('node:fs');
const { createServer } = require('node:http');

const LEDGER = '/state/ledger';
const ledger = openSync(LEDGER, 'a');
const startedAt = Date.now();
let stopping = false;

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (stopping) response.setHeader('connection', 'close');
    const text = Buffer.concat(chunks).toString();
    if (request.method === 'POST') {
      writeSync(ledger, `${text}\n`);
      fsyncSync(ledger);
      return response.end(`kept by ${process.env.RELEASE ?? ''}`);
    }
    if (request.url === '/ledger') return response.end(readFileSync(LEDGER));
    if (request.url === '/who') {
      return response.end(JSON.stringify({ client: request.headers['x-forwarded-for'], env: process.env.GREETING }));
    }
    if (request.url === '/health') return response.end(JSON.stringify({ ok: true, startedAt }));
    response.statusCode = 404;
    response.end();
  });
});
server.keepAliveTimeout = 75_000;
server.listen(8000, '0.0.0.0');

process.on('SIGTERM', () => {
  stopping = true;
  const idle = setInterval(() => server.closeIdleConnections(), 10);
  server.close(() => {
    clearInterval(idle);
    fsyncSync(ledger);
    closeSync(ledger);
    appendFileSync('/state/stops', `${Date.now()}\n`);
    process.exit(0);
  });
});

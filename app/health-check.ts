import { get } from 'node:http';

/** For the image's HEALTHCHECK: ends with 0 when Anny says that it is healthy. */
const port = process.env.ANNY_PORT || '8000';
const request = get({ host: '127.0.0.1', port, path: '/health', timeout: 4000 }, (answer) => {
  process.exit(answer.statusCode === 200 ? 0 : 1);
});
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', () => process.exit(1));

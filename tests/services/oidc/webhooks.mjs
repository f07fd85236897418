// A receiver of webhooks over TLS for tests: the reference library of Standard Webhooks says whether a signature fits.
//
// DIRECTORY holds `webhook.key`, `tls.key` and `tls.pem`; the receiver's URL is written to `webhook.url` in it.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';

import { Webhook } from 'standardwebhooks';

export async function receiveWebhooks(directory) {
  const file = (name) => `${directory}/${name}`;
  const webhook = new Webhook(readFileSync(file('webhook.key'), 'utf8').trim());
  const answer = async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    try {
      webhook.verify(body, request.headers);
      response.writeHead(204).end();
    } catch (error) {
      response.writeHead(400).end(error.message);
    }
  };
  const server = createServer({ key: readFileSync(file('tls.key')), cert: readFileSync(file('tls.pem')) }, answer);
  await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
  writeFileSync(file('webhook.url'), `https://localhost:${server.address().port}/hook\n`);
}

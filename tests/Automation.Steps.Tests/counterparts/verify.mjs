// Verifies webhooks: v1 with the library of Standard Webhooks, v1a with Node's own Ed25519. Reads lines {secret, headers, body},
// answers {ok, error}.
import { createPublicKey, verify } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';

function check(secret, headers, body) {
  if (!secret.startsWith('whpk_')) return new Webhook(secret).verify(body, headers);
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(secret.slice(5), 'base64')]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  const good = headers['webhook-signature'].split(' ').some(s => s.startsWith('v1a,') && verify(null, signed, key, Buffer.from(s.slice(4), 'base64')));
  if (!good) throw new Error('No matching signature found');
}

process.stdout.write(JSON.stringify({ ready: true }) + '\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  let answer;
  try {
    check(secret, headers, body);
    answer = { ok: true };
  } catch (e) {
    answer = { ok: false, error: String(e.message) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}

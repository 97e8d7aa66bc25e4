// Verifies webhooks with the library of Standard Webhooks. Reads lines {secret, headers, body}, answers {ok, error}.
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';

process.stdout.write(JSON.stringify({ ready: true }) + '\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  let answer;
  try {
    new Webhook(secret).verify(body, headers);
    answer = { ok: true };
  } catch (e) {
    answer = { ok: false, error: String(e.message) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}

// A real SMTP server. Says its port, then one line of JSON for each mail that it took, parsed by an independent reader.
// usage: node smtp.mjs KEYFILE CERTFILE [secure|plain|starttls]
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';
import PostalMime from 'postal-mime';

const [, , key, cert, mode] = process.argv;
const refusedOnce = new Set();
const say = value => process.stdout.write(JSON.stringify(value) + '\n');
const server = new SMTPServer({
  key: readFileSync(key),
  cert: readFileSync(cert),
  secure: mode === 'secure',
  hideSTARTTLS: mode === 'plain',
  authOptional: true,
  onAuth(auth, session, callback) {
    if (auth.username === 'robot' && auth.password === 's3cret-mail') return callback(null, { user: auth.username });
    callback(new Error('Wrong user name or password'));
  },
  onRcptTo(address, session, callback) {
    if (address.address.startsWith('nobody@')) return callback(Object.assign(new Error('No such mailbox'), { responseCode: 550 }));
    if (address.address.startsWith('later@') && !refusedOnce.has(address.address)) {
      refusedOnce.add(address.address);
      return callback(Object.assign(new Error('Come again'), { responseCode: 451 }));
    }
    callback();
  },
  onData(stream, session, callback) {
    const chunks = [];
    stream.on('data', c => chunks.push(c));
    stream.on('end', async () => {
      const mail = await PostalMime.parse(Buffer.concat(chunks));
      say({
        envelopeFrom: session.envelope.mailFrom.address,
        envelopeTo: session.envelope.rcptTo.map(r => r.address),
        secure: session.secure,
        user: session.user ?? null,
        subject: mail.subject,
        from: mail.from,
        to: mail.to,
        messageId: mail.messageId,
        text: mail.text,
        html: mail.html ?? null,
        attachments: mail.attachments.map(a => ({ name: a.filename, type: a.mimeType, text: Buffer.from(a.content).toString('utf8') })),
      });
      callback(null, 'taken');
    });
  },
});
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
process.stdin.on('end', () => process.exit(0)).resume();

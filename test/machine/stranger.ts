/**
 * A page in the place of the kiosk's: it refuses no key, tries what a page must not, and tells this process, which writes it
 * down line by line. Runs on the machine.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';

const [, , diary = '', elsewhere = ''] = process.argv;
/** The page's own port, which the browser may show, and another on the same machine, which it may not. */
const PORTS = { page: 8420, other: 8422 };

const PAGE = `<!doctype html><title>stranger</title><style>body { background: #2a9d3a }</style><script>
  const say = word => fetch('/said/' + encodeURIComponent(word));
  const size = () => say(innerWidth + 'x' + innerHeight);
  const deeds = {
    // What the browser's policies say nothing about: shows that the other port is there.
    f: () => fetch('http://127.0.0.1:${PORTS.other}/fetched', { mode: 'no-cors' }),
    e: () => fetch('${elsewhere}', { mode: 'no-cors' }).then(() => say('was elsewhere'), () => say('not elsewhere')),
    d: () => Object.assign(document.createElement('a'), { href: '/file', download: 'stranger.txt' }).click(),
    c: () => navigator.mediaDevices.enumerateDevices().then(() => navigator.mediaDevices.getUserMedia({ video: true }))
      .then(() => say('camera'), ({ name }) => say('camera ' + name)),
    g: () => location.assign('http://127.0.0.1:${PORTS.other}/navigated'),
  };
  addEventListener('keydown', ({ key }) => { say('key ' + key); deeds[key]?.(); });
  addEventListener('resize', size);
  addEventListener('load', size);
  // As the kiosk's own page does.
  new EventSource('/held');
</script>`;

const write = (line: string) => appendFileSync(diary, `${line}\n`);

const answer: RequestListener = ({ url = '', socket }, response) => {
  const said = /^\/said\/(.*)$/.exec(url)?.[1];
  if (said !== undefined) write(decodeURIComponent(said));
  else write(`${socket.localPort} ${url}`);
  if (url === '/held')
    return void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  if (url === '/') response.setHeader('content-type', 'text/html');
  response.end(url === '/' ? PAGE : 'of a stranger');
};
for (const port of Object.values(PORTS)) createServer(answer).listen(port, '127.0.0.1');

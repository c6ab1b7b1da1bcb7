// Hold one session through the WebSocket interface that browsers have, and ws for Node.js too: `open` makes the socket.
// The session is asked for, and what was heard is told, in JSON: octets in base64.
const octets = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function base64(buffer) {
  let letters = '';
  for (const octet of new Uint8Array(buffer)) letters += String.fromCharCode(octet);
  return btoa(letters);
}

function say(socket, said) {
  const pieces = said.binary ? said.binary.map(octets) : said.text;
  // Only ws takes a second argument; a browser is given no fragments.
  pieces.forEach((piece, index) => {
    if (pieces.length === 1) socket.send(piece);
    else socket.send(piece, { fin: index === pieces.length - 1, binary: Boolean(said.binary) });
  });
}

function hold(open, asked) {
  return new Promise((resolve) => {
    const heard = { protocol: '', extensions: '', messages: [], code: null, reason: '', error: '' };
    const socket = open(asked);
    let answered = asked.ping === null;
    const late = setTimeout(() => {
      heard.error = heard.error || `no end within ${asked.patience} s`;
      resolve(heard);
    }, asked.patience * 1000);
    const leave = () => {
      if (asked.closes && answered && heard.messages.length >= asked.awaits) socket.close(...asked.closes);
    };
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      heard.protocol = socket.protocol;
      heard.extensions = socket.extensions;
      asked.says.forEach((said) => say(socket, said));
      if (!answered) {
        socket.on('pong', (data) => {
          answered = base64(data) === asked.ping;
          leave();
        });
        socket.ping(octets(asked.ping));
      }
      leave();
    });
    socket.addEventListener('message', ({ data }) => {
      heard.messages.push(typeof data === 'string' ? { text: [data] } : { binary: [base64(data)] });
      leave();
    });
    socket.addEventListener('error', (event) => {
      heard.error = heard.error || event.message || 'the browser does not say what is wrong';
    });
    socket.addEventListener('close', (event) => {
      clearTimeout(late);
      if (!answered) heard.error = heard.error || 'the connection ended before the Pong';
      heard.code = event.code;
      heard.reason = event.reason;
      resolve(heard);
    });
  });
}
